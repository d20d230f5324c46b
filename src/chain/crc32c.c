#include "chain/crc32c.h"

#include <pthread.h>

#define POLYNOMIAL 0x82F63B78u /* 0x1EDC6F41, bits reversed */

static uint32_t table[256];
static bool in_hardware;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        table[i] = crc;
    }
#if defined(__x86_64__)
    in_hardware = __builtin_cpu_supports("sse4.2");
#endif
}

static uint32_t portable(uint32_t crc, const uint8_t *p, size_t n)
{
    while (n--)
        crc = table[(crc ^ *p++) & 0xFF] ^ crc >> 8;
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t hardware(uint32_t crc, const uint8_t *p, size_t n)
{
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t eight;
        memcpy(&eight, p, 8);
        wide = __builtin_ia32_crc32di(wide, eight);
    }
    crc = (uint32_t)wide;
    while (n--)
        crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}
#else
static uint32_t hardware(uint32_t crc, const uint8_t *p, size_t n)
{
    return portable(crc, p, n);
}
#endif

uint32_t chain_crc32c(uint32_t crc, const void *bytes, size_t n)
{
    pthread_once(&once, prepare);
    return ~(in_hardware ? hardware(~crc, bytes, n) : portable(~crc, bytes, n));
}
