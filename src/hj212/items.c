#include "hj212/items.h"

static yh_str trim(struct hj212_frame *f, const char *from, const char *to)
{
    yh_str s = {from, (size_t)(to - from)};
    if (s.n == 0 || ((unsigned char)from[0] > ' ' && (unsigned char)to[-1] > ' '))
        return s;
    yh_str t = yh_str_trim(s);
    if (t.n && t.n != s.n)
        hj212_warn(f, HJ212_W_CP_SPACE);
    return t;
}

static bool is_flag_key(yh_str key)
{
    return key.n > 5 && memcmp(key.p + key.n - 5, "-Flag", 5) == 0;
}

/* One item between two separators; nothing between them is no item. */
static void add_item(struct hj212_frame *f, unsigned group, const char *from, const char *equals, const char *to)
{
    if (from == to)
        return;
    yh_str key = trim(f, from, equals ? equals : to);
    if (key.n == 0 && !equals)
        return;
    if (f->item_count == HJ212_ITEMS_MAX) {
        hj212_warn(f, HJ212_W_CP_TOO_MANY_ITEMS);
        return;
    }
    yh_str value = {NULL, 0};
    if (equals)
        value = trim(f, equals + 1, to);
    else
        hj212_warn(f, HJ212_W_CP_ITEM_WITHOUT_VALUE);
    struct hj212_item *item = &f->items[f->item_count++];
    item->group = group;
    item->key = key;
    item->value = value;
    f->flag_items += is_flag_key(key);
}

/* End of the log text that opens with "//" at p, or p when it is never closed. */
static const char *log_end(const char *p, const char *end)
{
    const char *close = p + 2 < end ? memmem(p + 2, (size_t)(end - p - 2), "//", 2) : NULL;
    return close ? close + 2 : p;
}

/* Characters that mean something outside log texts. */
static const bool special[256] = {['='] = true, [','] = true, [';'] = true, ['/'] = true};

static void split(struct hj212_frame *f)
{
    const char *p = f->cp.p, *end = p + f->cp.n, *from = p, *equals = NULL;
    unsigned group = 0;
    while (p < end) {
        if (!special[(unsigned char)*p]) {
            p++;
        } else if (*p == '=') {
            equals = equals ? equals : p;
            p++;
        } else if (*p == '/') {
            const char *after = p + 1 < end && p[1] == '/' ? log_end(p, end) : p + 1;
            if (after == p)
                hj212_warn(f, HJ212_W_CP_LOG_NOT_CLOSED);
            p = after == p ? p + 2 : after;
        } else {
            add_item(f, group, from, equals, p);
            group += *p == ';';
            from = ++p;
            equals = NULL;
        }
    }
    add_item(f, group, from, equals, end);
}

static uint32_t hash_key(yh_str key)
{
    uint64_t word = 0, h = key.n * 0x9E3779B97F4A7C15u;
    for (; key.n >= 8; key.p += 8, key.n -= 8) {
        memcpy(&word, key.p, 8);
        h = (h ^ word) * 0x9E3779B97F4A7C15u;
    }
    word = 0;
    memcpy(&word, key.p, key.n);
    h = (h ^ word) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(h >> 32);
}

/*
 * A key that comes again with another value is worth a warning; with the same value it is only the habit of repeating
 * a factor's flag. Small open-addressed table of item numbers, as large as the items need.
 */
static void find_duplicates(struct hj212_frame *f)
{
    uint16_t slots[2 * HJ212_ITEMS_MAX];
    size_t size = 16;
    while (size < 2 * (size_t)f->item_count)
        size *= 2;
    memset(slots, 0xFF, size * sizeof slots[0]);
    for (unsigned i = 0; i < f->item_count; i++) {
        const struct hj212_item *item = &f->items[i];
        size_t at = hash_key(item->key) & (size - 1);
        while (slots[at] != UINT16_MAX && !yh_str_eq(f->items[slots[at]].key, item->key))
            at = (at + 1) & (size - 1);
        if (slots[at] != UINT16_MAX && item->value.p && f->items[slots[at]].value.p &&
            !yh_str_eq(f->items[slots[at]].value, item->value))
            hj212_warn(f, HJ212_W_CP_DUPLICATE_KEY);
        slots[at] = (uint16_t)i;
    }
}

void hj212_split_items(struct hj212_frame *f)
{
    split(f);
    find_duplicates(f);
}

bool hj212_factor_key(yh_str key, yh_str *ret_factor, yh_str *ret_field)
{
    size_t dash = yh_str_find(key, '-', 0);
    if (dash == key.n)
        return false;
    *ret_factor = (yh_str){key.p, dash};
    *ret_field = (yh_str){key.p + dash + 1, key.n - dash - 1};
    return true;
}
