/* The few words every file needs: attributes, ownership helpers, array length. Uses nothing. */
#ifndef YH_BASE_YH_H
#define YH_BASE_YH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define YH_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define yh_must __attribute__((warn_unused_result))
#define yh_printf(fmt_at, first_at) __attribute__((format(printf, fmt_at, first_at)))
#define yh_unused __attribute__((unused))

/* `yh_cleanup(f) struct x v` calls f(&v) when v leaves its scope. */
#define yh_cleanup(f) __attribute__((cleanup(f)))

/* `yh_free_auto char *p = ...` is freed at the end of its scope unless stolen. */
static inline void yh_free_ptr(void *pp)
{
    void *p;
    memcpy(&p, pp, sizeof p);
    free(p);
}
#define yh_free_auto yh_cleanup(yh_free_ptr)

/* Hands an owned pointer on: returns it and leaves NULL behind. */
#define yh_steal(pp)                                                                                         \
    ({                                                                                                       \
        __typeof__(*(pp)) yh_stolen_ = *(pp);                                                                \
        *(pp) = NULL;                                                                                        \
        yh_stolen_;                                                                                          \
    })

static inline size_t yh_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

#endif
