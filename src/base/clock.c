#include "base/clock.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

yh_time yh_clock_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (yh_time)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t yh_clock_mono_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void yh_random(void *bytes, size_t n)
{
    unsigned char *p = bytes;
    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            abort();
        p += got;
        n -= (size_t)got;
    }
}
