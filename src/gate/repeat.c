#include "gate/repeat.h"

#include "base/clock.h"

#define SETS 65536u
#define WAYS 4u

struct entry {
    struct repeat_print print;
    uint64_t seq_plus_1; /* 0: empty */
};

struct repeat {
    uint64_t key[2];
    struct entry set[SETS][WAYS];
};

yh_err repeat_new(struct repeat **ret)
{
    struct repeat *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the list of recent frames");
    yh_random(r->key, sizeof r->key);
    *ret = r;
    return YH_OK;
}

void repeat_free(struct repeat *r)
{
    free(r);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

/* The key is secret to this process, so that nobody can aim at a collision. */
struct repeat_print repeat_print(const struct repeat *r, yh_str bytes)
{
    struct repeat_print h = {r->key[0] ^ bytes.n, r->key[1]};
    for (size_t i = 0; i < bytes.n; i += 8) {
        uint64_t word = load(bytes.p + i, yh_min_size(8, bytes.n - i));
        h.a = fold(h.a ^ word, 0x9E3779B97F4A7C15u ^ r->key[1]);
        h.b = fold(h.b + word, 0xC2B2AE3D27D4EB4Fu ^ r->key[0]) + i;
    }
    h.a = fold(h.a ^ h.b, 0x165667B19E3779F9u);
    return h;
}

bool repeat_find(const struct repeat *r, struct repeat_print h, uint64_t *ret_seq)
{
    const struct entry *set = r->set[h.a % SETS];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].seq_plus_1 && set[i].print.a == h.a && set[i].print.b == h.b) {
            *ret_seq = set[i].seq_plus_1 - 1;
            return true;
        }
    }
    return false;
}

void repeat_add(struct repeat *r, struct repeat_print h, uint64_t seq)
{
    struct entry *set = r->set[h.a % SETS];
    size_t oldest = 0;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].seq_plus_1 < set[oldest].seq_plus_1)
            oldest = i;
    set[oldest] = (struct entry){h, seq + 1};
}
