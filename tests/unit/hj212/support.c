#include "support.h"

#include <zlib.h>

#include "hj212/compose.h"
#include "hj212/sm4.h"
#include "hj212/text.h"

void vectors_read(const char *name, yh_buf *out)
{
    const char *folder = getenv("YH_VECTORS");
    yh_buf_auto path = yh_buf_make(4096);
    assert_non_null(folder);
    yh_buf_printf(&path, "%s/%s", folder, name);
    gzFile g = gzopen(yh_buf_z(&path), "rb");
    assert_non_null(g);
    for (;;) {
        char *to = yh_buf_reserve(out, 65536);
        assert_non_null(to);
        int n = gzread(g, to, 65536);
        assert_true(n >= 0);
        if (n == 0)
            break;
        out->n += (size_t)n;
    }
    gzclose_r(g);
}

/* id source version crc_ok cn st mn frame expected key note */
static void load_line(struct vectors *all, yh_str line)
{
    yh_str column[11];
    size_t n = 0;
    while (n < YH_LEN(column) && yh_str_split(&line, '\t', &column[n]))
        n++;
    assert_true(n >= 10);
    yh_buf_auto bytes = yh_buf_make(65536);
    assert_true(hj212_unescape(column[7], &bytes));
    struct vector *v = &all->v[all->n++];
    v->id = yh_arena_str(&all->arena, column[0]);
    v->raw = yh_arena_str(&all->arena, yh_buf_view(&bytes));
    if (column[9].n)
        assert_int_equal(hj212_key_parse(column[9], &v->key), YH_OK);
    v->expected = json_loadb(column[8].p, column[8].n, JSON_ALLOW_NUL, NULL); /* an ST of two NUL bytes */
    assert_non_null(v->expected);
}

struct vectors vectors_load(void)
{
    struct vectors all = {.arena = yh_arena_make((size_t)16 << 20)};
    yh_buf_auto text = yh_buf_make((size_t)16 << 20);
    vectors_read("frames.tsv", &text);
    yh_str rest = yh_buf_view(&text), line;
    all.v = YH_NEW_N(&all.arena, struct vector, 2000);
    assert_non_null(all.v);
    assert_true(yh_str_split(&rest, '\n', &line));
    while (yh_str_split(&rest, '\n', &line))
        if (line.n)
            load_line(&all, line);
    return all;
}

void vectors_free(struct vectors *v)
{
    for (size_t i = 0; i < v->n; i++)
        json_decref(v->v[i].expected);
    yh_arena_done(&v->arena);
}

const struct hj212_frame *parse_z(const char *raw, size_t n, const struct hj212_key *key)
{
    static struct hj212_frame frame;
    static char room[2 * 4096];
    /* The static room stands in for a buffer that outlives the frame; it never grows. */
    static yh_buf scratch;
    scratch = (yh_buf){.p = room, .cap = sizeof room, .max = sizeof room};
    hj212_parse((yh_str){raw, n}, key, &scratch, &frame);
    return &frame;
}

yh_str wrap_z(const char *segment, yh_buf *out)
{
    yh_buf_clear(out);
    assert_int_equal(hj212_wrap(yh_str_of(segment), out), YH_OK);
    return yh_buf_view(out);
}

const struct hj212_frame *parse_segment_z(const char *segment)
{
    static char kept[8192];
    yh_buf_auto out = yh_buf_make(sizeof kept);
    yh_str raw = wrap_z(segment, &out);
    memcpy(kept, raw.p, raw.n);
    return parse_z(kept, raw.n, NULL);
}

void assert_view(yh_str got, yh_str want)
{
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.p, want.p, want.n);
}

void assert_str(yh_str got, const char *want)
{
    assert_view(got, yh_str_of(want));
}

uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}
