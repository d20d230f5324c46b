#include "chain/checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/log_file.h"

#define FILE_NAME "checkpoints"
#define ORIGIN "yuheng evidence log "
#define SIGNED_BY "\u2014 sm2 "
#define SIGNATURE_MAX 128 /* DER bytes */
#define BASE64_MAX 192

static const char file_header[] = "yuheng checkpoints 1\n";

static void add_base64(yh_buf *out, const void *bytes, size_t n)
{
    unsigned char text[BASE64_MAX];
    int length = EVP_EncodeBlock(text, bytes, (int)n);
    yh_buf_add(out, text, (size_t)length);
}

static void write_signed(const struct chain_head *head, uint64_t number, yh_str key_id, yh_buf *out)
{
    yh_buf_puts(out, ORIGIN);
    yh_buf_str(out, key_id);
    yh_buf_putc(out, '\n');
    yh_buf_u64(out, head->size);
    yh_buf_putc(out, '\n');
    add_base64(out, head->root.b, YH_SM3_LEN);
    yh_buf_puts(out, "\ntime ");
    yh_time_rfc3339(head->at, YH_CST, out);
    yh_buf_puts(out, "\nnumber ");
    yh_buf_u64(out, number);
    yh_buf_putc(out, '\n');
}

static void write_signature(yh_str der, yh_buf *out)
{
    yh_buf_puts(out, "\n" SIGNED_BY);
    add_base64(out, der.p, der.n);
    yh_buf_putc(out, '\n');
}

yh_err chain_checkpoint_write(const struct chain_keys *k, const struct chain_head *head, uint64_t number, yh_buf *out)
{
    yh_buf_auto der = yh_buf_make(SIGNATURE_MAX);
    size_t start = out->n;
    write_signed(head, number, yh_str_of(chain_keys_id(k)), out);
    YH_TRY(yh_buf_check(out));
    YH_TRY(chain_keys_sign(k, (yh_str){out->p + start, out->n - start}, &der));
    write_signature(yh_buf_view(&der), out);
    return yh_buf_check(out);
}

/* One line without its end; false when there is no complete line. */
static bool take_line(yh_str *rest, yh_str *ret)
{
    size_t end = yh_str_find(*rest, '\n', 0);
    if (end == rest->n)
        return false;
    *ret = (yh_str){rest->p, end};
    *rest = yh_str_sub(*rest, end + 1, rest->n);
    return true;
}

static bool take_prefixed(yh_str *rest, const char *prefix, yh_str *ret)
{
    yh_str line, p = yh_str_of(prefix);
    if (!take_line(rest, &line) || !yh_str_starts(line, p))
        return false;
    *ret = yh_str_sub(line, p.n, line.n);
    return true;
}

static bool from_base64(yh_str text, void *to, size_t max, size_t *ret_n)
{
    unsigned char bytes[BASE64_MAX];
    if (text.n == 0 || text.n > BASE64_MAX || text.n % 4 != 0)
        return false;
    int n = EVP_DecodeBlock(bytes, (const unsigned char *)text.p, (int)text.n);
    if (n < 0)
        return false;
    size_t padding = text.p[text.n - 1] != '=' ? 0 : text.p[text.n - 2] != '=' ? 1 : 2;
    size_t have = (size_t)n - padding;
    if (have > max)
        return false;
    memcpy(to, bytes, have);
    *ret_n = have;
    return true;
}

static bool only_line_ends(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\n')
            return false;
    return true;
}

struct lines {
    yh_str key_id, size, root, time, number, empty, signature, rest;
};

static bool take_lines(yh_str text, struct lines *l)
{
    l->rest = text;
    return take_prefixed(&l->rest, ORIGIN, &l->key_id) && take_line(&l->rest, &l->size) &&
           take_line(&l->rest, &l->root) && take_prefixed(&l->rest, "time ", &l->time) &&
           take_prefixed(&l->rest, "number ", &l->number) && take_line(&l->rest, &l->empty) && l->empty.n == 0 &&
           take_prefixed(&l->rest, SIGNED_BY, &l->signature) && only_line_ends(l->rest);
}

/* Exactly what the fields would be written as: nothing may hide in a second spelling. */
static bool is_canonical(yh_str text, const struct lines *l, const struct chain_checkpoint *c, yh_str der)
{
    yh_buf_auto again = yh_buf_make(4096);
    write_signed(&c->head, c->number, l->key_id, &again);
    write_signature(der, &again);
    return !again.failed && yh_str_starts(text, yh_buf_view(&again));
}

static bool parse(yh_str text, struct chain_checkpoint *ret, yh_str *ret_key_id, char der[SIGNATURE_MAX],
                  size_t *ret_der_n)
{
    struct lines l;
    struct chain_checkpoint c = {0};
    size_t root_n;
    if (!take_lines(text, &l) || !yh_str_to_u64(l.size, &c.head.size) || !yh_str_to_u64(l.number, &c.number) ||
        !yh_time_parse(l.time, YH_CST, &c.head.at) || !from_base64(l.root, c.head.root.b, YH_SM3_LEN, &root_n) ||
        root_n != YH_SM3_LEN || !from_base64(l.signature, der, SIGNATURE_MAX, ret_der_n) ||
        !is_canonical(text, &l, &c, (yh_str){der, *ret_der_n}))
        return false;
    c.text = (yh_str){text.p, (size_t)(l.empty.p - text.p)};
    c.signature = l.signature;
    *ret = c;
    *ret_key_id = l.key_id;
    return true;
}

yh_err chain_checkpoint_parse(yh_str text, struct chain_checkpoint *ret, yh_str *ret_key_id)
{
    char der[SIGNATURE_MAX];
    size_t n;
    if (!parse(text, ret, ret_key_id, der, &n))
        return yh_fail(YH_E_INVALID, "this is not the text of a checkpoint");
    return YH_OK;
}

yh_err chain_checkpoint_check(const struct chain_keys *k, yh_str text, struct chain_checkpoint *ret)
{
    char der[SIGNATURE_MAX];
    size_t n;
    yh_str key_id;
    struct chain_checkpoint c;
    if (!parse(text, &c, &key_id, der, &n))
        return yh_fail(YH_E_CORRUPT, "this is not the text of a checkpoint");
    if (!yh_str_is(key_id, chain_keys_id(k)))
        return yh_fail(YH_E_CORRUPT, "signed with key %.*s, the log's key is %s", YH_FMT(yh_str_sub(key_id, 0, 16)),
                       chain_keys_id(k));
    YH_TRY(chain_keys_check(k, c.text, (yh_str){der, n}));
    *ret = c;
    return YH_OK;
}

static void fill_slot(yh_str text, char slot[CHAIN_SLOT])
{
    memset(slot, '\n', CHAIN_SLOT);
    memcpy(slot, text.p, text.n);
}

yh_err chain_checkpoints_open(const char *dir, bool writable, struct chain_checkpoints *ret)
{
    char path[CHAIN_PATH], want[CHAIN_SLOT], have[CHAIN_SLOT];
    size_t n;
    YH_TRY(chain_path(dir, FILE_NAME, path));
    yh_fd_auto fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    fill_slot(yh_str_of(file_header), want);
    YH_TRY(chain_pread(fd, path, have, sizeof have, 0, &n));
    if (n != sizeof have || memcmp(have, want, sizeof have) != 0)
        return yh_fail(YH_E_CORRUPT, "file checkpoints: the header does not verify (offset 0)");
    *ret = (struct chain_checkpoints){.fd = fd, .writable = writable};
    fd = -1;
    return YH_OK;
}

yh_err chain_checkpoints_create(const char *dir, struct chain_checkpoints *ret)
{
    char path[CHAIN_PATH], header[CHAIN_SLOT];
    YH_TRY(chain_path(dir, FILE_NAME, path));
    fill_slot(yh_str_of(file_header), header);
    YH_TRY(yh_file_replace(path, (yh_str){header, sizeof header}, 0640));
    return chain_checkpoints_open(dir, true, ret);
}

void chain_checkpoints_close(struct chain_checkpoints *s)
{
    yh_fd_close(&s->fd);
}

/* Text has no NUL: a slot that holds one was never written out completely. */
static yh_err last_is_torn(const struct chain_checkpoints *s, uint64_t number, bool *ret)
{
    char slot[CHAIN_SLOT];
    size_t n;
    YH_TRY(chain_pread(s->fd, FILE_NAME, slot, sizeof slot, (number + 1) * CHAIN_SLOT, &n));
    *ret = n != sizeof slot || memchr(slot, '\0', sizeof slot) != NULL;
    return YH_OK;
}

yh_err chain_checkpoints_count(const struct chain_checkpoints *s, uint64_t *ret)
{
    struct stat st;
    if (fstat(s->fd, &st) != 0)
        return yh_fail_errno("cannot stat the file checkpoints");
    uint64_t slots = (uint64_t)st.st_size / CHAIN_SLOT, count = slots ? slots - 1 : 0;
    bool torn = false;
    if (count)
        YH_TRY(last_is_torn(s, count - 1, &torn));
    *ret = torn ? count - 1 : count;
    return YH_OK;
}

yh_err chain_checkpoints_get(const struct chain_checkpoints *s, uint64_t number, yh_buf *text,
                             struct chain_checkpoint *ret)
{
    char slot[CHAIN_SLOT];
    size_t n;
    YH_TRY(chain_pread(s->fd, FILE_NAME, slot, sizeof slot, (number + 1) * CHAIN_SLOT, &n));
    if (n != sizeof slot)
        return yh_fail(YH_E_NOT_FOUND, "there is no checkpoint %" PRIu64, number);
    while (n > 1 && slot[n - 1] == '\n' && slot[n - 2] == '\n')
        n--;
    size_t start = text->n;
    yh_buf_add(text, slot, n);
    YH_TRY(yh_buf_check(text));
    yh_str key_id;
    struct chain_checkpoint c;
    if (chain_checkpoint_parse((yh_str){text->p + start, n}, &c, &key_id) != YH_OK || c.number != number) {
        text->n = start;
        return yh_fail(YH_E_CORRUPT, "file checkpoints: number %" PRIu64 " does not verify (offset %" PRIu64 ")", number,
                       (number + 1) * CHAIN_SLOT);
    }
    *ret = c;
    return YH_OK;
}

yh_err chain_checkpoints_find(const struct chain_checkpoints *s, uint64_t count, uint64_t seq, yh_buf *text,
                              struct chain_checkpoint *ret)
{
    uint64_t low = 0, high = count;
    size_t start = text->n;
    struct chain_checkpoint c;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        YH_TRY(chain_checkpoints_get(s, middle, text, &c));
        text->n = start;
        if (c.head.size > seq)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == count)
        return yh_fail(YH_E_NOT_FOUND, "no checkpoint covers record %" PRIu64 " yet", seq);
    return chain_checkpoints_get(s, low, text, ret);
}

yh_err chain_checkpoints_put(struct chain_checkpoints *s, uint64_t number, yh_str text)
{
    char slot[CHAIN_SLOT];
    if (text.n > sizeof slot)
        return yh_fail(YH_E_INTERNAL, "a checkpoint of %zu bytes does not fit its slot", text.n);
    fill_slot(text, slot);
    YH_TRY(chain_checkpoints_cut(s, number));
    YH_TRY(chain_pwrite_full(s->fd, "the file checkpoints", slot, sizeof slot, (number + 1) * CHAIN_SLOT));
    if (fdatasync(s->fd) != 0)
        return yh_fail_errno("cannot sync the file checkpoints");
    return YH_OK;
}

yh_err chain_checkpoints_cut(struct chain_checkpoints *s, uint64_t count)
{
    if (ftruncate(s->fd, (off_t)((count + 1) * CHAIN_SLOT)) != 0)
        return yh_fail_errno("cannot cut the file checkpoints");
    return YH_OK;
}
