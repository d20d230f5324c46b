/*
 * SM3 (GB/T 32905) of eight texts side by side: every 32-bit word of the algorithm is a vector of eight, one lane for
 * each text. A lane that has finished its text goes on with the next one, so texts of different length keep all busy.
 * Written in the compiler's vector type; on x86 it is compiled for wider registers too, chosen when it runs.
 */
#include "base/sm3.h"

#include <endian.h>

#define LANES  8u
#define BLOCK  64u
#define ROUNDS 64u

typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

struct lane {
    const struct yh_sm3_text *text; /* NULL: idle */
    yh_sm3_hash *hash;
    size_t at;     /* bytes done of mark and text */
    size_t blocks; /* to do, the last ones with padding */
};

static const uint32_t start[8] = {0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
                                  0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E};

#define ROTATED(v, n) ((v) << (n) | (v) >> (32 - (n)))
#define P0(v) ((v) ^ ROTATED(v, 9) ^ ROTATED(v, 17))
#define P1(v) ((v) ^ ROTATED(v, 15) ^ ROTATED(v, 23))

/* The constant of round i, rotated as the round wants it. */
static inline uint32_t constant(unsigned i)
{
    uint32_t t = i < 16 ? 0x79CC4519 : 0x7A879D8A;
    unsigned n = i % 32;
    return n ? ROTATED(t, n) : t;
}

/* In place: `words` are the sixteen words of a block in each lane, `state` the eight of the hash. */
__attribute__((always_inline)) static inline void compress_lanes(lanes *state, const lanes *words)
{
    lanes w[ROUNDS + 4];
    memcpy(w, words, 16 * sizeof *w);
    for (unsigned i = 16; i < ROUNDS + 4; i++) {
        lanes x = w[i - 16] ^ w[i - 9] ^ ROTATED(w[i - 3], 15);
        w[i] = P1(x) ^ ROTATED(w[i - 13], 7) ^ w[i - 6];
    }
    lanes a = state[0], b = state[1], c = state[2], d = state[3];
    lanes e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned i = 0; i < ROUNDS; i++) {
        lanes a12 = ROTATED(a, 12), sum = a12 + e + constant(i);
        lanes ss1 = ROTATED(sum, 7), ss2 = ss1 ^ a12;
        lanes ff = i < 16 ? a ^ b ^ c : (a & b) | (c & (a | b));
        lanes gg = i < 16 ? e ^ f ^ g : (e & f) | (~e & g);
        lanes tt1 = ff + d + ss2 + (w[i] ^ w[i + 4]), tt2 = gg + h + ss1 + w[i];
        d = c;
        c = ROTATED(b, 9);
        b = a;
        a = tt1;
        h = g;
        g = ROTATED(f, 19);
        f = e;
        e = P0(tt2);
    }
    state[0] ^= a, state[1] ^= b, state[2] ^= c, state[3] ^= d;
    state[4] ^= e, state[5] ^= f, state[6] ^= g, state[7] ^= h;
}

typedef void compress_fn(lanes *state, const lanes *words);

static void compress_plain(lanes *state, const lanes *words)
{
    compress_lanes(state, words);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void compress_avx2(lanes *state, const lanes *words)
{
    compress_lanes(state, words);
}

__attribute__((target("avx2,avx512f,avx512vl"))) static void compress_avx512(lanes *state, const lanes *words)
{
    compress_lanes(state, words);
}

static compress_fn *best(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        return compress_avx512;
    return __builtin_cpu_supports("avx2") ? compress_avx2 : compress_plain;
}
#else
static compress_fn *best(void)
{
    return compress_plain;
}
#endif

static void put_be64(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* The block at l->at where it lies, or made in `room` when mark or padding belong to it. */
static const uint8_t *next_block(const struct lane *l, uint8_t room[BLOCK])
{
    size_t n = 1 + l->text->bytes.n, at = l->at;
    const uint8_t *bytes = (const uint8_t *)l->text->bytes.p;
    if (at > 0 && at + BLOCK <= n)
        return bytes + at - 1;
    memset(room, 0, BLOCK);
    size_t used = at < n ? yh_min_size(BLOCK, n - at) : 0;
    if (at == 0)
        room[0] = l->text->mark;
    size_t skip = at == 0; /* the mark */
    if (used > skip)
        memcpy(room + skip, bytes + at + skip - 1, used - skip);
    if (at <= n && n < at + BLOCK)
        room[n - at] = 0x80;
    if (l->blocks == 1)
        put_be64(room + BLOCK - 8, 8 * (uint64_t)n);
    return room;
}

static void load_block(const struct lane *l, unsigned number, uint32_t (*words)[LANES])
{
    uint8_t room[BLOCK];
    const uint8_t *block = next_block(l, room);
    for (unsigned i = 0; i < 16; i++) {
        uint32_t word;
        memcpy(&word, block + (size_t)4 * i, sizeof word);
        words[i][number] = be32toh(word);
    }
}

static void store_hash(const struct lane *l, unsigned number, const lanes *state)
{
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word = htobe32(state[i][number]);
        memcpy(l->hash->b + (size_t)4 * i, &word, sizeof word);
    }
}

struct work {
    const struct yh_sm3_text *next, *end;
    yh_sm3_hash *hash;
    struct lane lane[LANES];
    lanes state[8];
};

static void begin_next(struct work *w, unsigned number)
{
    w->lane[number].text = NULL;
    if (w->next == w->end)
        return;
    size_t bytes = 1 + w->next->bytes.n + 1 + 8; /* mark, text, 0x80, length */
    w->lane[number] = (struct lane){.text = w->next++, .hash = w->hash++, .blocks = (bytes + BLOCK - 1) / BLOCK};
    for (unsigned i = 0; i < 8; i++)
        w->state[i][number] = start[i];
}

static void end_block(struct work *w, unsigned number)
{
    struct lane *l = &w->lane[number];
    l->at += BLOCK;
    if (--l->blocks)
        return;
    store_hash(l, number, w->state);
    begin_next(w, number);
}

void yh_sm3_many(const struct yh_sm3_text *texts, size_t n, yh_sm3_hash *ret)
{
    union {
        uint32_t number[16][LANES];
        lanes vector[16];
    } words = {0};
    struct work w = {.next = texts, .end = texts + n, .hash = ret};
    compress_fn *compress = best();
    unsigned busy = (unsigned)yh_min_size(LANES, n);
    for (unsigned i = 0; i < busy; i++)
        begin_next(&w, i);
    for (bool any = busy > 0; any;) {
        for (unsigned i = 0; i < busy; i++)
            if (w.lane[i].text)
                load_block(&w.lane[i], i, words.number);
        compress(w.state, words.vector);
        any = false;
        for (unsigned i = 0; i < busy; i++) {
            if (w.lane[i].text)
                end_block(&w, i);
            any |= w.lane[i].text != NULL;
        }
    }
}
