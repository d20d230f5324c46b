#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

_Static_assert(sizeof(struct shim_rule) == 128, "as the script writes it");

static struct shim_control *control;

__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("YUHENG_SHIM");
    if (!path)
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        fprintf(stderr, "shim: cannot map %s: %s\n", path, strerror(errno));
        abort();
    }
    syscall(SYS_close, fd);
    control = at;
}

int64_t shim_clock_ms(void)
{
    return control ? __atomic_load_n(&control->clock_ms, __ATOMIC_RELAXED) : 0;
}

/* The n-th draw for a seed, whatever the order of the threads. */
static uint32_t draw(uint32_t n)
{
    uint32_t x = control->seed * 2654435761u + n * 2246822519u + 1;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    x *= 3266489917u;
    return x ^ x >> 16;
}

static bool in_turn(struct shim_rule *r)
{
    uint32_t seen = __atomic_fetch_add(&r->seen, 1, __ATOMIC_RELAXED);
    if (seen < r->skip || (r->permille && draw(seen) % 1000 >= r->permille))
        return false;
    uint32_t hits = __atomic_fetch_add(&r->hits, 1, __ATOMIC_RELAXED);
    if (r->count == 0 || hits < r->count)
        return true;
    __atomic_fetch_sub(&r->hits, 1, __ATOMIC_RELAXED);
    return false;
}

enum shim_effect shim_judge_path(const char *path, enum shim_call call)
{
    if (!control || !__atomic_load_n(&control->armed, __ATOMIC_ACQUIRE))
        return SHIM_NOTHING;
    for (unsigned i = 0; i < SHIM_RULES; i++) {
        struct shim_rule *r = &control->rules[i];
        if (!__atomic_load_n(&r->armed, __ATOMIC_ACQUIRE) || !(r->calls & call) || !strstr(path, r->path) || !in_turn(r))
            continue;
        errno = (int)r->error;
        return (enum shim_effect)r->effect;
    }
    return SHIM_NOTHING;
}

enum shim_effect shim_judge(int fd, enum shim_call call)
{
    char link[64], path[PATH_MAX];
    if (!control || !__atomic_load_n(&control->armed, __ATOMIC_ACQUIRE))
        return SHIM_NOTHING;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || path[0] != '/')
        return SHIM_NOTHING;
    path[n] = '\0';
    return shim_judge_path(path, call);
}
