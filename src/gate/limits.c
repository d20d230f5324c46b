#include "gate/limits.h"

#include "base/hash.h"

#define NONE         UINT32_MAX
#define SPARE_PLACES 4096u  /* for addresses that have left and are still remembered */
#define STATION_SETS 16384u
#define STATION_WAYS 8u
#define TURN_US      50000  /* frames of so much time are handed out at a turn: less would wake for each frame */

const struct gate_limits gate_limits_default = {
    .per_address = 0,
    .address_rate = 2000, .address_burst = 20000,
    .accept_rate = 5000, .accept_burst = 5000,
    .station_rate = 2000, .station_burst = 50000,
    .idle_ms = 1800000, .partial_ms = 60000, .answer_ms = 30000,
    .held_each = 256u << 10, .held_all = 256u << 20,
};

/* ---- bucket ---- */

/* A bucket with `burst` tokens, each of which takes a step to come back, is full at full_ns and empty burst steps before. */
static int64_t step_ns(uint64_t rate)
{
    return rate >= 1000000000 ? 1 : (int64_t)(1000000000 / rate);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t wait_us(const struct bucket *b, int64_t step, uint64_t burst, int64_t now_us)
{
    int64_t room = step * (int64_t)(burst ? burst : 1);
    int64_t lacking = later(b->full_ns, now_us * 1000) + step - now_us * 1000 - room;
    return lacking > 0 ? (lacking + 999) / 1000 : 0;
}

int64_t bucket_wait(const struct bucket *b, uint64_t rate, uint64_t burst, int64_t now_us)
{
    return rate ? wait_us(b, step_ns(rate), burst, now_us) : 0;
}

void bucket_take(struct bucket *b, uint64_t rate, uint64_t n, int64_t now_us)
{
    if (rate)
        b->full_ns = later(b->full_ns, now_us * 1000) + step_ns(rate) * (int64_t)n;
}

/* ---- the book ---- */

struct place {
    unsigned char address[16];
    uint32_t open;       /* connections now */
    uint32_t next;       /* in its chain, or of the free ones */
    uint32_t older, newer; /* among those without a connection, in the order they became so */
    struct bucket bucket;
};

struct station_entry {
    uint64_t print; /* 0: empty */
    struct bucket bucket;
};

struct limits_book {
    uint64_t max, reserve; /* connections */
    uint64_t open;
    uint32_t addresses;
    struct place *places;
    uint32_t *chains;
    uint32_t place_n, used, chain_mask;
    uint32_t free;           /* given back */
    uint32_t oldest, newest; /* without a connection */
    struct station_entry stations[STATION_SETS][STATION_WAYS];
};

static yh_err make_places(struct limits_book *b)
{
    uint32_t chains = 1024;
    while (chains < b->place_n)
        chains *= 2;
    b->chain_mask = chains - 1;
    b->places = calloc(b->place_n, sizeof *b->places);
    b->chains = malloc(chains * sizeof *b->chains);
    if (!b->places || !b->chains)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the addresses of %llu connections", (unsigned long long)b->max);
    memset(b->chains, 0xFF, chains * sizeof *b->chains);
    return YH_OK;
}

yh_err limits_new(unsigned max_connections, struct limits_book **ret)
{
    struct limits_book *b = calloc(1, sizeof *b);
    if (!b)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the limits");
    b->max = max_connections;
    b->reserve = max_connections / LIMITS_KEPT;
    b->place_n = (uint32_t)(b->max + b->reserve) + SPARE_PLACES;
    b->free = b->oldest = b->newest = NONE;
    yh_err e = make_places(b);
    if (e != YH_OK) {
        limits_free(b);
        return e;
    }
    *ret = b;
    return YH_OK;
}

void limits_free(struct limits_book *b)
{
    if (!b)
        return;
    free(b->places);
    free(b->chains);
    free(b);
}

/* ---- addresses ---- */

static bool is_v4(const unsigned char address[16])
{
    static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(address, mapped, sizeof mapped) == 0;
}

static uint32_t *chain_of(struct limits_book *b, const unsigned char key[16])
{
    char text[16];
    memcpy(text, key, sizeof text);
    return &b->chains[yh_hash_secret((yh_str){text, sizeof text}) & b->chain_mask];
}

static void resting_drop(struct limits_book *b, uint32_t at)
{
    struct place *p = &b->places[at];
    *(p->older == NONE ? &b->oldest : &b->places[p->older].newer) = p->newer;
    *(p->newer == NONE ? &b->newest : &b->places[p->newer].older) = p->older;
}

static void resting_add(struct limits_book *b, uint32_t at)
{
    struct place *p = &b->places[at];
    p->older = b->newest;
    p->newer = NONE;
    *(b->newest == NONE ? &b->oldest : &b->places[b->newest].newer) = at;
    b->newest = at;
}

static void forget(struct limits_book *b, uint32_t at)
{
    uint32_t *link = chain_of(b, b->places[at].address);
    while (*link != at)
        link = &b->places[*link].next;
    *link = b->places[at].next;
    resting_drop(b, at);
    b->places[at].next = b->free;
    b->free = at;
}

/* There is always one: connections are fewer than places, so somebody rests when all places are used. */
static uint32_t take_place(struct limits_book *b)
{
    if (b->free == NONE && b->used < b->place_n)
        return b->used++;
    if (b->free == NONE)
        forget(b, b->oldest);
    uint32_t at = b->free;
    b->free = b->places[at].next;
    return at;
}

static uint32_t find(struct limits_book *b, const unsigned char key[16])
{
    uint32_t at = *chain_of(b, key);
    while (at != NONE && memcmp(b->places[at].address, key, 16) != 0)
        at = b->places[at].next;
    return at;
}

static uint32_t find_or_make(struct limits_book *b, const unsigned char key[16])
{
    uint32_t at = find(b, key);
    if (at != NONE)
        return at;
    at = take_place(b);
    uint32_t *chain = chain_of(b, key);
    struct place *p = &b->places[at];
    *p = (struct place){.next = *chain};
    memcpy(p->address, key, 16);
    *chain = at;
    resting_add(b, at);
    return at;
}

static limits_verdict judge(const struct limits_book *b, const struct gate_limits *l, const struct place *p, int64_t now_us)
{
    if (b->open >= b->max + (p->open < LIMITS_FEW ? b->reserve : 0))
        return LIMITS_FULL;
    if (l->per_address && p->open >= l->per_address)
        return LIMITS_ADDRESS_OPEN;
    if (bucket_wait(&p->bucket, l->address_rate, l->address_burst, now_us) > 0)
        return LIMITS_ADDRESS_RATE;
    return LIMITS_ADMIT;
}

limits_verdict limits_admit(struct limits_book *b, const struct gate_limits *l, const unsigned char address[16],
                            int64_t now_us, uint32_t *ret_place)
{
    unsigned char key[16] = {0};
    memcpy(key, address, is_v4(address) ? 16 : 8);
    uint32_t at = find_or_make(b, key);
    struct place *p = &b->places[at];
    limits_verdict verdict = judge(b, l, p, now_us);
    if (verdict != LIMITS_ADMIT)
        return verdict;
    bucket_take(&p->bucket, l->address_rate, 1, now_us);
    if (p->open++ == 0) {
        resting_drop(b, at);
        b->addresses++;
    }
    b->open++;
    *ret_place = at;
    return LIMITS_ADMIT;
}

void limits_left(struct limits_book *b, uint32_t place)
{
    b->open--;
    if (--b->places[place].open == 0) {
        b->addresses--;
        resting_add(b, place);
    }
}

uint32_t limits_addresses(const struct limits_book *b)
{
    return b->addresses;
}

/* ---- stations ---- */

/* The station's bucket; a new one takes the place of the one in its set that is full or will be so first. */
static struct bucket *station_bucket(struct limits_book *b, yh_str station)
{
    uint64_t print = yh_hash_secret(station) | 1;
    struct station_entry *set = b->stations[(print >> 1) % STATION_SETS];
    struct station_entry *fullest = set;
    for (size_t i = 0; i < STATION_WAYS; i++) {
        if (set[i].print == print)
            return &set[i].bucket;
        if (set[i].bucket.full_ns < fullest->bucket.full_ns)
            fullest = &set[i];
    }
    *fullest = (struct station_entry){.print = print};
    return &fullest->bucket;
}

int64_t limits_station(struct limits_book *b, const struct gate_limits *l, yh_str station, int64_t now_us,
                       unsigned *ret_frames)
{
    if (!l->station_rate)
        return 0;
    struct bucket *bucket = station_bucket(b, station);
    int64_t wait = bucket_wait(bucket, l->station_rate, l->station_burst, now_us);
    if (wait == 0) {
        bucket_take(bucket, l->station_rate, 1, now_us);
        return 0;
    }
    uint64_t frames = l->station_rate * TURN_US / 1000000;
    *ret_frames = frames ? (unsigned)frames : 1;
    if (wait > LIMITS_TURN_MAX_US) /* the debt grows no further: nobody waits for ever */
        return LIMITS_TURN_MAX_US;
    bucket_take(bucket, l->station_rate, *ret_frames, now_us);
    return wait;
}
