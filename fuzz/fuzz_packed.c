/*
 * A packed segment, a description of a part, stored growth figures. Whatever the bytes are: no crash, no read or write
 * out of bounds; what is taken for good holds together. The guard over the table, which a fuzzer cannot guess, is put
 * behind the bytes here; damaged frames are read as far as they go, as the auditor does.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/crc32c.h"
#include "chain/growth.h"
#include "chain/log_file.h"
#include "chain/packed.h"
#include "chain/part.h"
#include "fuzz.h"

#define READ 5000u

static void read_all(struct chain_packed *p, int fd)
{
    static char bytes[READ];
    size_t n;
    for (uint64_t offset = 0; offset < p->plain_size && offset < (4u << 20); offset += n) {
        CHECK(chain_packed_rest(p, offset) > 0);
        if (chain_packed_read(p, fd, bytes, READ, offset, &n) != YH_OK)
            return;
        CHECK(n > 0 && n <= READ && offset + n <= p->plain_size);
    }
    for (size_t i = 0; i < p->n && i < 1000; i++)
        CHECK(chain_packed_find(p, p->frames[i].seq) >= p->frames[i].plain_at);
}

static void read_growth(const struct chain_packed *p, int fd)
{
    yh_buf_auto stored = yh_buf_make(64u << 20);
    struct chain_growth g = {0};
    if (chain_packed_growth(p, fd, &stored) == YH_OK)
        (void)!chain_growth_parse(&g, yh_buf_view(&stored), INT32_MIN, INT32_MAX);
    chain_growth_done(&g);
}

/* `data`: the file up to the guard, its last `table_n` bytes the table. */
static void as_segment(const char *data, size_t size, size_t table_n)
{
    char tail[16] = {0};
    yh_fd_auto fd = memfd_create("packed", MFD_CLOEXEC);
    struct chain_packed *p;
    CHECK(fd >= 0);
    chain_put_u32(tail, chain_crc32c(0, data + size - table_n, table_n));
    chain_put_u32(tail + 4, (uint32_t)(table_n + sizeof tail - 8));
    memcpy(tail + 8, "YHPACKED", 8);
    CHECK(chain_pwrite_full(fd, "the input", data, size, 0) == YH_OK);
    CHECK(chain_pwrite_full(fd, "the input", tail, sizeof tail, size) == YH_OK);
    for (int lenient = 0; lenient < 2; lenient++) {
        if (chain_packed_open(fd, 0, &p) != YH_OK)
            return;
        p->lenient = lenient;
        read_all(p, fd);
        read_growth(p, fd);
        chain_packed_free(p);
    }
}

static void as_text(yh_str text)
{
    struct chain_part part;
    struct chain_growth g = {0};
    yh_buf_auto again = yh_buf_make(65536);
    if (chain_part_parse(text, &part) == YH_OK) {
        CHECK(chain_part_write(&part, &again) == YH_OK);
        CHECK(yh_str_eq(yh_buf_view(&again), text));
    }
    (void)!chain_growth_parse(&g, text, 0, 20000);
    chain_growth_done(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t table_n = (size_t)data[0] | (size_t)data[1] << 8;
    const char *bytes = (const char *)data + 2;
    size -= 2;
    as_text((yh_str){bytes, size});
    if (table_n >= 8 && table_n <= size)
        as_segment(bytes, size, table_n);
    return 0;
}
