#include "base/hash.h"

#include <pthread.h>

#include "base/clock.h"

static uint64_t key[3];
static pthread_once_t key_drawn = PTHREAD_ONCE_INIT;

static void draw_key(void)
{
    yh_random(key, sizeof key);
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

uint64_t yh_hash_secret(yh_str s)
{
    pthread_once(&key_drawn, draw_key);
    uint64_t h = key[0] ^ s.n;
    size_t at = 0;
    for (; at + 8 <= s.n; at += 8)
        h = fold(h ^ load(s.p + at, 8), key[1]) + key[2];
    if (at < s.n)
        h = fold(h ^ load(s.p + at, s.n - at), key[1]) + key[2];
    return fold(h ^ key[2], key[1] | 1);
}
