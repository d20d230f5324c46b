/* Hash of a factor code; shared by the generator of the dictionary (tools/gen-dict.c) and its reader. */
#ifndef YH_HJ212_CODE_HASH_H
#define YH_HJ212_CODE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HJ212_CODE_SLOTS 2048u /* power of two, twice the codes of the dictionary or more */
#define HJ212_CODE_EMPTY 0xFFFFu

static inline uint32_t hj212_code_hash(const char *p, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 16777619u;
    return h ^ h >> 15;
}

#endif
