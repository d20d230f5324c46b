#include "hj212/split.h"

#include "base/map.h"
#include "hj212/framer.h"

#define PNUM_MAX 9999u

/* A set under construction; `set` stays the first member so that it can be handed out and freed alone. */
struct building {
    struct hj212_split_set set;
    struct hj212_split_part *parts;
    char *key;
    yh_str key_text;
    size_t bytes;
    unsigned room; /* for parts */
    yh_time last;
    struct building *older, *newer;
};

struct hj212_split {
    struct hj212_split_limits limits;
    yh_map by_key;
    struct building *oldest, *newest;
    size_t sets, bytes;
};

static bool part_number(yh_str text, unsigned *ret)
{
    uint64_t v;
    if (!text.p || !yh_str_to_u64(yh_str_trim(text), &v) || v == 0 || v > PNUM_MAX)
        return false;
    *ret = (unsigned)v;
    return true;
}

static bool part_numbers(const struct hj212_frame *f, unsigned *ret_pnum, unsigned *ret_pno)
{
    return part_number(f->header[HJ212_PNUM], ret_pnum) && part_number(f->header[HJ212_PNO], ret_pno) &&
           *ret_pno <= *ret_pnum;
}

bool hj212_split_is_part(const struct hj212_frame *f)
{
    unsigned pnum, pno;
    return part_numbers(f, &pnum, &pno);
}

yh_err hj212_split_new(const struct hj212_split_limits *limits, struct hj212_split **ret)
{
    struct hj212_split *s = calloc(1, sizeof *s);
    if (!s)
        return yh_fail(YH_E_NO_MEMORY, "out of memory");
    s->limits = *limits;
    *ret = s;
    return YH_OK;
}

static void free_building(struct building *b)
{
    for (unsigned i = 0; b->parts && i < b->set.part_count; i++) {
        union {
            const char *ro;
            char *rw;
        } raw = {.ro = b->parts[i].raw.p};
        free(raw.rw);
    }
    free(b->parts);
    free(b->key);
    free(b);
}

static struct building *building_of(struct hj212_split_set *set)
{
    return (struct building *)set;
}

void hj212_split_set_free(struct hj212_split_set *set)
{
    if (set)
        free_building(building_of(set));
}

void hj212_split_free(struct hj212_split *s)
{
    if (!s)
        return;
    struct hj212_split_set *set;
    while ((set = hj212_split_take_oldest(s)))
        hj212_split_set_free(set);
    yh_map_done(&s->by_key);
    free(s);
}

static void unlink_building(struct hj212_split *s, struct building *b)
{
    *(b->older ? &b->older->newer : &s->oldest) = b->newer;
    *(b->newer ? &b->newer->older : &s->newest) = b->older;
    b->older = b->newer = NULL;
}

static void link_newest(struct hj212_split *s, struct building *b)
{
    b->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = b;
    s->newest = b;
}

static struct hj212_split_set *take(struct hj212_split *s, struct building *b)
{
    yh_map_remove(&s->by_key, b->key_text);
    unlink_building(s, b);
    s->sets--;
    s->bytes -= b->bytes;
    b->set.parts = b->parts;
    b->set.complete = b->set.part_count == b->set.pnum;
    return &b->set;
}

struct hj212_split_set *hj212_split_take_oldest(struct hj212_split *s)
{
    return s->oldest ? take(s, s->oldest) : NULL;
}

struct hj212_split_set *hj212_split_take_overdue(struct hj212_split *s, yh_time now)
{
    return s->oldest && now - s->oldest->last >= s->limits.wait ? take(s, s->oldest) : NULL;
}

static void put_key(yh_buf *key, yh_str text)
{
    yh_buf_u64(key, text.n);
    yh_buf_putc(key, ':');
    yh_buf_str(key, text);
}

static yh_str next_of(const char **p, yh_str like)
{
    while (**p != ':')
        ++*p;
    yh_str text = {++*p, like.n};
    *p += like.n;
    return text;
}

/* The set's texts are views into its own copy of the key. */
static yh_err new_building(struct hj212_split *s, const struct hj212_frame *f, yh_str data_time, yh_str key,
                           unsigned pnum, struct building **ret)
{
    struct building *b = calloc(1, sizeof *b);
    char *copy = malloc(key.n);
    if (!b || !copy || yh_map_put(&s->by_key, key, b) != YH_OK) {
        free(b);
        free(copy);
        return yh_fail(YH_E_NO_MEMORY, "out of memory");
    }
    memcpy(copy, key.p, key.n);
    const char *p = copy;
    b->key = copy;
    b->key_text = (yh_str){copy, key.n};
    b->set.mn = next_of(&p, f->header[HJ212_MN]);
    b->set.st = next_of(&p, f->header[HJ212_ST]);
    b->set.cn = next_of(&p, f->header[HJ212_CN]);
    b->set.data_time = next_of(&p, data_time);
    b->set.pnum = pnum;
    link_newest(s, b);
    s->sets++;
    *ret = b;
    return YH_OK;
}

/* Index of the first part with a number of at least pno. */
static unsigned position(const struct building *b, unsigned pno)
{
    unsigned low = 0, high = b->set.part_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (b->parts[middle].pno < pno)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool make_room(struct building *b)
{
    if (b->set.part_count < b->room)
        return true;
    unsigned room = b->room ? 2 * b->room : 4;
    struct hj212_split_part *parts = realloc(b->parts, room * sizeof *parts);
    if (!parts)
        return false;
    b->parts = parts;
    b->room = room;
    return true;
}

static void replace_part(struct hj212_split *s, struct building *b, unsigned at, struct hj212_split_part part)
{
    union {
        const char *ro;
        char *rw;
    } old = {.ro = b->parts[at].raw.p};
    b->bytes -= b->parts[at].raw.n;
    s->bytes -= b->parts[at].raw.n;
    free(old.rw);
    b->parts[at] = part;
    b->set.repeats++;
}

static yh_err put_part(struct hj212_split *s, struct building *b, struct hj212_split_part part)
{
    unsigned at = position(b, part.pno), count = b->set.part_count;
    char *copy = malloc(part.raw.n + 1);
    if (!copy || !make_room(b)) {
        free(copy);
        return yh_fail(YH_E_NO_MEMORY, "out of memory");
    }
    memcpy(copy, part.raw.p, part.raw.n);
    part.raw.p = copy;
    if (at < count && b->parts[at].pno == part.pno) {
        replace_part(s, b, at, part);
    } else {
        memmove(b->parts + at + 1, b->parts + at, (count - at) * sizeof part);
        b->parts[at] = part;
        b->set.part_count++;
    }
    b->bytes += part.raw.n;
    s->bytes += part.raw.n;
    b->last = part.received;
    unlink_building(s, b);
    link_newest(s, b);
    return YH_OK;
}

static yh_err check_bounds(const struct hj212_split *s, bool new_set, size_t bytes)
{
    size_t room = s->limits.max_bytes - yh_min_size(s->bytes, s->limits.max_bytes);
    if ((new_set && s->sets >= s->limits.max_sets) || bytes > room)
        return yh_fail(YH_E_TOO_LARGE, "%zu split packets with %zu bytes are waiting for their parts", s->sets, s->bytes);
    return YH_OK;
}

yh_err hj212_split_add(struct hj212_split *s, const struct hj212_frame *f, yh_str raw, uint64_t tag,
                       yh_time now, struct hj212_split_set **ret_done)
{
    struct hj212_split_part part = {.received = now, .tag = tag, .raw = raw};
    unsigned pnum;
    yh_buf_auto key = yh_buf_make(2 * HJ212_SEGMENT_MAX);
    yh_str data_time = hj212_field(f, "DataTime");
    if (!part_numbers(f, &pnum, &part.pno))
        return yh_fail(YH_E_INVALID, "the frame is no part of a split packet");
    put_key(&key, f->header[HJ212_MN]);
    put_key(&key, f->header[HJ212_ST]);
    put_key(&key, f->header[HJ212_CN]);
    put_key(&key, data_time);
    yh_buf_u64(&key, pnum);
    YH_TRY(yh_buf_check(&key));
    struct building *b = yh_map_get(&s->by_key, yh_buf_view(&key));
    YH_TRY(check_bounds(s, !b, raw.n));
    bool is_new = !b;
    if (is_new)
        YH_TRY(new_building(s, f, data_time, yh_buf_view(&key), pnum, &b));
    yh_err e = put_part(s, b, part);
    if (e != YH_OK && is_new)
        hj212_split_set_free(take(s, b));
    if (e == YH_OK)
        *ret_done = b->set.part_count == b->set.pnum ? take(s, b) : NULL;
    return e;
}

static void put_range(yh_buf *out, unsigned from, unsigned to)
{
    if (from > to)
        return;
    if (out->n)
        yh_buf_putc(out, ',');
    yh_buf_u64(out, from);
    if (to > from) {
        yh_buf_putc(out, '-');
        yh_buf_u64(out, to);
    }
}

void hj212_split_missing(const struct hj212_split_set *set, yh_buf *out)
{
    unsigned next = 1;
    for (unsigned i = 0; i < set->part_count; i++) {
        put_range(out, next, set->parts[i].pno - 1);
        next = set->parts[i].pno + 1;
    }
    put_range(out, next, set->pnum);
}

/* "DataTime=...;" at the front of a CP area. */
static size_t data_time_prefix(const struct hj212_frame *f)
{
    if (f->item_count == 0 || !yh_str_is(f->items[0].key, "DataTime"))
        return 0;
    size_t end = yh_str_find(f->cp, ';', 0);
    return end < f->cp.n ? end + 1 : end;
}

yh_err hj212_split_join(const struct hj212_split_set *set, const struct hj212_key *key, yh_buf *out)
{
    struct hj212_frame f;
    yh_buf_auto scratch = yh_buf_make(2 * HJ212_SEGMENT_MAX);
    for (unsigned i = 0; i < set->part_count; i++) {
        hj212_parse(set->parts[i].raw, key, &scratch, &f);
        YH_TRY(yh_buf_memory(&scratch));
        yh_str cp = f.cp;
        if (i > 0) {
            size_t skip = data_time_prefix(&f);
            cp = (yh_str){cp.p + skip, cp.n - skip};
        }
        if (out->n && cp.n && out->p[out->n - 1] != ';')
            yh_buf_putc(out, ';');
        yh_buf_str(out, cp);
    }
    return yh_buf_check(out);
}
