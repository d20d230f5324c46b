#include "hj212/framer.h"

/*
 * The register is shifted right a whole byte before each input byte, so only its high byte lives on: the state has eight
 * bits and one table of 256 entries is the whole update, reg = table[(reg >> 8) ^ byte]. The update is linear, and its
 * eighth power is the identity. Words of eight bytes can therefore be folded together with XOR first and the table is
 * walked only once, at the end, over the folded word.
 */
#define BIT(v, n, image) ((v) >> (n) & 1 ? (image) : 0)
#define ENTRY(v)                                                                                             \
    (BIT(v, 0, 0xC0C1) ^ BIT(v, 1, 0xC181) ^ BIT(v, 2, 0xC301) ^ BIT(v, 3, 0xC601) ^ BIT(v, 4, 0xCC01) ^     \
     BIT(v, 5, 0xD801) ^ BIT(v, 6, 0xF001) ^ BIT(v, 7, 0xA001))
#define ENTRIES_4(v)  ENTRY(v), ENTRY((v) + 1), ENTRY((v) + 2), ENTRY((v) + 3)
#define ENTRIES_16(v) ENTRIES_4(v), ENTRIES_4((v) + 4), ENTRIES_4((v) + 8), ENTRIES_4((v) + 12)
#define ENTRIES_64(v) ENTRIES_16(v), ENTRIES_16((v) + 16), ENTRIES_16((v) + 32), ENTRIES_16((v) + 48)

static const uint16_t table[256] = {ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128), ENTRIES_64(192)};

/* High byte to begin with so that 8 - n zero bytes lead to 0xFF, the start the standard asks for. */
static const uint8_t start_before_zeros[8] = {0xFF, 0x40, 0xF0, 0x44, 0x33, 0x15, 0xCF, 0x54};

static uint64_t load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static uint64_t fold_words(const char *p, size_t words)
{
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (; words >= 4; words -= 4, p += 32) {
        a ^= load(p);
        b ^= load(p + 8);
        c ^= load(p + 16);
        d ^= load(p + 24);
    }
    for (; words; words--, p += 8)
        a ^= load(p);
    return a ^ b ^ c ^ d;
}

uint16_t hj212_crc(const void *bytes, size_t n)
{
    if (n == 0)
        return 0xFFFF;
    const char *p = bytes;
    size_t head = n % 8;
    unsigned char word[8] = {0};
    memcpy(word + 8 - head, p, head);
    uint64_t folded = load((const char *)word) ^ fold_words(p + head, n / 8);
    memcpy(word, &folded, sizeof word);
    unsigned reg = (unsigned)start_before_zeros[head] << 8;
    for (size_t i = 0; i < 8; i++)
        reg = table[(reg >> 8) ^ word[i]];
    return (uint16_t)reg;
}

bool hj212_crc_possible(uint16_t crc)
{
    for (size_t i = 0; i < YH_LEN(table); i++)
        if (table[i] == crc)
            return true;
    return false;
}

uint16_t hj212_crc_modbus(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    unsigned reg = 0xFFFF;
    for (size_t i = 0; i < n; i++)
        reg = reg >> 8 ^ table[(reg ^ p[i]) & 0xFF];
    return (uint16_t)reg;
}
