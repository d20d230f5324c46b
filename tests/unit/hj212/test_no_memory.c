/* Every allocation of the protocol's room fails once: what comes out is right or refused, never half of it. */
#include "../no_memory.h"
#include "base/map.h"
#include "base/sm3.h"
#include "hj212/compose.h"
#include "hj212/framer.h"
#include "hj212/split.h"
#include "support.h"

/* One step over a vector: appends what it gives to `out`; anything but YH_OK is a refusal. */
typedef yh_err step_fn(const struct vector *v, const struct hj212_key *key, yh_buf *out);

static yh_err parse_step(const struct vector *v, const struct hj212_key *key, yh_buf *out)
{
    static struct hj212_frame f;
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    struct yh_json j = yh_json_to(out);
    hj212_parse(v->raw, key, &scratch, &f);
    if (scratch.failed)
        return YH_E_NO_MEMORY;
    hj212_frame_json(&f, v->raw, hj212_frame_event(&f), &j);
    return yh_buf_check(out);
}

static yh_err rewrite_step(const struct vector *v, const struct hj212_key *key, yh_buf *out)
{
    static struct hj212_frame f;
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    hj212_parse(v->raw, key, &scratch, &f);
    if (scratch.failed)
        return YH_E_NO_MEMORY;
    if (f.status != HJ212_OK)
        return YH_OK;
    yh_err e = hj212_rewrite(&f, 86400000, true, YH_S("NEW"), out);
    return e == YH_E_NO_MEMORY ? e : YH_OK; /* some frames cannot be written anew */
}

static yh_err answer_step(const struct vector *v, const struct hj212_key *key, yh_buf *out)
{
    struct hj212_brief brief;
    (void)key;
    hj212_peek(yh_str_sub(v->raw, yh_min_size(6, v->raw.n), v->raw.n), &brief);
    yh_err e = hj212_answer_data(&brief, out);
    if (e == YH_OK)
        e = hj212_answer_notice(&brief, out);
    return e == YH_E_NO_MEMORY ? e : YH_OK;
}

static yh_err join(struct hj212_split *s, const struct vector *v, const struct hj212_key *key, yh_buf *out)
{
    static struct hj212_frame f;
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    struct hj212_split_set *done = NULL;
    hj212_parse(v->raw, key, &scratch, &f);
    if (scratch.failed)
        return YH_E_NO_MEMORY;
    if (f.status != HJ212_OK || !hj212_split_is_part(&f))
        return YH_OK;
    yh_err e = hj212_split_add(s, &f, v->raw, 1, 0, &done);
    if (e == YH_OK && done) {
        e = hj212_split_join(done, key, out);
        hj212_split_set_free(done);
    }
    return e == YH_E_NO_MEMORY ? e : YH_OK;
}

static yh_err split_step(const struct vector *v, const struct hj212_key *key, yh_buf *out)
{
    const struct hj212_split_limits limits = {.wait = YH_MINUTE, .max_sets = 8, .max_bytes = 1u << 20};
    struct hj212_split *s;
    YH_TRY(hj212_split_new(&limits, &s));
    yh_err e = join(s, v, key, out);
    hj212_split_free(s);
    return e;
}

struct task {
    step_fn *step;
    const struct vector *v;
    const struct hj212_key *key;
    const yh_buf *expected;
};

static void once(void *user)
{
    const struct task *t = user;
    yh_buf_auto out = yh_buf_make((size_t)4 << 20);
    yh_err e = t->step(t->v, t->key, &out);
    bool failed = no_memory_hit();
    if (e == YH_OK)
        assert_view(yh_buf_view(&out), yh_buf_view(t->expected));
    else {
        assert_int_equal(e, YH_E_NO_MEMORY);
        assert_true(failed);
    }
}

static void fail_over_vectors(step_fn *step)
{
    struct vectors all = vectors_load();
    int failures = 0;
    for (size_t i = 0; i < all.n; i++) {
        const struct hj212_key *key = all.v[i].key.set ? &all.v[i].key : NULL;
        yh_buf_auto expected = yh_buf_make((size_t)4 << 20);
        assert_int_equal(step(&all.v[i], key, &expected), YH_OK);
        struct task t = {step, &all.v[i], key, &expected};
        failures += no_memory_loop(once, &t);
    }
    assert_in_range(failures, all.n / 4, 1000000);
    vectors_free(&all);
}

static void parsing(void **state)
{
    (void)state;
    fail_over_vectors(parse_step);
}

static void rewriting(void **state)
{
    (void)state;
    fail_over_vectors(rewrite_step);
}

static void answering(void **state)
{
    (void)state;
    fail_over_vectors(answer_step);
}

static void splitting(void **state)
{
    (void)state;
    fail_over_vectors(split_step);
}

/* ---- what the room stands on ---- */

static void fill_map(void *user)
{
    int *added = user;
    yh_map m = {0};
    char key[16];
    int n = 0;
    yh_err e = YH_OK;
    for (; e == YH_OK && n < 100; n++) {
        snprintf(key, sizeof key, "k%d", n);
        e = yh_map_put(&m, yh_str_of(key), added);
    }
    assert_true(e == YH_OK || (e == YH_E_NO_MEMORY && no_memory_hit()));
    for (int i = 0; i < (e == YH_OK ? n : n - 1); i++) { /* what was put is there */
        snprintf(key, sizeof key, "k%d", i);
        assert_ptr_equal(yh_map_get(&m, yh_str_of(key)), added);
    }
    yh_map_done(&m);
}

static void maps(void **state)
{
    int any;
    (void)state;
    assert_in_range(no_memory_loop(fill_map, &any), 100, 1000);
}

static void fill_arena(void *user)
{
    yh_arena_auto a = yh_arena_make(1u << 20);
    size_t got = 0;
    (void)user;
    for (int i = 0; i < 50; i++) {
        char *p = yh_arena_alloc(&a, 3000);
        if (p)
            memset(p, i, 3000);
        got += p != NULL;
    }
    assert_int_equal(got, no_memory_hit() ? 49 : 50);
}

static void arenas(void **state)
{
    (void)state;
    assert_in_range(no_memory_loop(fill_arena, NULL), 1, 100);
}

static void hash(void *user)
{
    yh_sm3_hash h, *expected = user;
    yh_err e = yh_sm3_of(YH_S("abc"), &h);
    assert_true(e == YH_OK ? yh_sm3_eq(&h, expected) : e == YH_E_NO_MEMORY && no_memory_hit());
}

static void hashes(void **state)
{
    yh_sm3_hash h;
    (void)state;
    assert_int_equal(yh_sm3_of(YH_S("abc"), &h), YH_OK);
    assert_in_range(no_memory_loop(hash, &h), 1, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing), cmocka_unit_test(rewriting), cmocka_unit_test(answering), cmocka_unit_test(splitting),
        cmocka_unit_test(maps),    cmocka_unit_test(arenas),    cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests_name("hj212-no-memory", tests, NULL, NULL);
}
