/*
 * How much the gate lets one address, one station and everybody together have. Data and the time in, verdict out: no
 * socket, no clock, no log. Memory is fixed when the book is made and cannot be aimed at (keyed hashes).
 *
 * Rates are token buckets: `rate` per second, and up to `burst` at once after a silence; rate 0 means no limit. Addresses
 * are IPv4, or the /64 of IPv6, as one subscriber has it. Many stations behind one address are normal.
 *
 * Owned by the gate's thread. Times are monotonic microseconds.
 */
#ifndef YH_GATE_LIMITS_H
#define YH_GATE_LIMITS_H

#include "base/err.h"
#include "base/str.h"

/* What can change while the gate runs. Numbers are 64 bits wide so that a table of settings can address them. */
struct gate_limits {
    uint64_t per_address;                          /* open connections of one address; 0: as many as there are in all */
    uint64_t address_rate, address_burst;          /* new connections of one address */
    uint64_t accept_rate, accept_burst;            /* new connections in all */
    uint64_t station_rate, station_burst;          /* frames of one station */
    uint64_t idle_ms;                              /* a silent connection is closed after this */
    uint64_t partial_ms;                           /* an unfinished frame is logged as it stands after this */
    uint64_t answer_ms;                            /* a peer that takes none of its answers for so long is closed */
    uint64_t held_each, held_all;                  /* bytes received or to be sent that are held in memory */
};

extern const struct gate_limits gate_limits_default;

/* ---- a token bucket: the time at which it would be full again ---- */

struct bucket {
    int64_t full_ns;
};

/* Microseconds until a token is there, 0: now. */
int64_t bucket_wait(const struct bucket *b, uint64_t rate, uint64_t burst, int64_t now_us);
void bucket_take(struct bucket *b, uint64_t rate, uint64_t n, int64_t now_us); /* may take on debt */

/* ---- addresses ---- */

typedef enum limits_verdict {
    LIMITS_ADMIT,
    LIMITS_FULL,         /* no place left at all */
    LIMITS_ADDRESS_OPEN, /* this address has enough connections */
    LIMITS_ADDRESS_RATE, /* this address connects too fast */
} limits_verdict;

struct limits_book;

/* For at most `max_connections` connections, and a few beside them (see limits_admit). */
yh_must yh_err limits_new(unsigned max_connections, struct limits_book **ret);
void limits_free(struct limits_book *b); /* NULL is fine */

/*
 * May a connection of this address be opened? When it may it is counted, and *ret_place belongs to it until
 * limits_left(). Beyond max_connections a sixteenth more is kept for addresses that hold fewer than LIMITS_FEW: one
 * address, however many connections it may have, does not shut out the others.
 */
#define LIMITS_FEW  4u
#define LIMITS_KEPT 16u /* one in so many */
limits_verdict limits_admit(struct limits_book *b, const struct gate_limits *l, const unsigned char address[16],
                            int64_t now_us, uint32_t *ret_place);
void limits_left(struct limits_book *b, uint32_t place);
uint32_t limits_addresses(const struct limits_book *b); /* that hold connections now */

/* ---- stations ---- */

/*
 * A frame of `station` is there: 0 when it may be taken now. Otherwise the caller's turn is in so many microseconds
 * (at most LIMITS_TURN_MAX_US), and *ret_frames frames are then its own without asking again: whoever waits gets a turn,
 * however many connections speak for the same station.
 */
#define LIMITS_TURN_MAX_US 2000000
int64_t limits_station(struct limits_book *b, const struct gate_limits *l, yh_str station, int64_t now_us,
                       unsigned *ret_frames);

#endif
