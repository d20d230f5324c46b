#include "hj212/dict_tables.h"

static bool st_is_nul(const struct hj212_frame *f)
{
    yh_str st = f->header[HJ212_ST];
    return st.p && st.n == 2 && st.p[0] == '\0' && st.p[1] == '\0';
}

static bool has_no_mn(const struct hj212_frame *f)
{
    return f->header[HJ212_MN].n == 0;
}

static bool qn_after_cn(const struct hj212_frame *f)
{
    return f->header[HJ212_QN].p && f->header[HJ212_CN].p && f->header[HJ212_QN].p > f->header[HJ212_CN].p;
}

static bool edition_2005(const struct hj212_frame *f)
{
    return f->edition == HJ212_ED_2005;
}

static bool edition_before_2025(const struct hj212_frame *f)
{
    return f->edition != HJ212_ED_2025;
}

static bool six_digits(const struct hj212_frame *f)
{
    return f->warnings >> HJ212_W_LENGTH_SIX_DIGITS & 1;
}

/* The words of the column `has`. */
static const struct {
    const char *word;
    bool (*holds)(const struct hj212_frame *f);
} conditions[] = {
    {"st-nul", st_is_nul},         {"no-mn", has_no_mn},
    {"qn-after-cn", qn_after_cn},  {"edition-2005", edition_2005},
    {"edition-old", edition_before_2025}, {"length-six-digits", six_digits},
};

static bool condition_holds(const struct hj212_frame *f, yh_str word)
{
    for (size_t i = 0; i < YH_LEN(conditions); i++)
        if (yh_str_is(word, conditions[i].word))
            return conditions[i].holds(f);
    return false;
}

static bool all_hold(const struct hj212_frame *f, const char *words)
{
    yh_str rest = yh_str_of(words), word;
    if (rest.n == 0)
        return true;
    while (yh_str_split(&rest, ' ', &word))
        if (!condition_holds(f, word))
            return false;
    return true;
}

/* Behind `words` when the first of them begins `text`, else NULL. */
static const char *word_begins(yh_str text, const char *words)
{
    size_t n = 0;
    while (n < text.n && words[n] == text.p[n] && text.p[n] != ' ' && text.p[n] != '\0')
        n++;
    return words[n] == ' ' || words[n] == '\0' ? words + n : NULL;
}

static bool one_of(yh_str text, const char *words)
{
    while (*words) {
        const char *end = word_begins(text, words);
        if (end && (size_t)(end - words) == text.n && text.n)
            return true;
        while (*words && *words++ != ' ')
            ;
    }
    return false;
}

static bool begins_with_one_of(yh_str text, const char *words)
{
    while (*words) {
        if (word_begins(text, words))
            return true;
        while (*words && *words++ != ' ')
            ;
    }
    return false;
}

static uint64_t first_bit(yh_str key)
{
    return key.n ? (uint64_t)1 << (key.p[0] & 63) : 0;
}

/* What the keys of the frame begin with: most frames show at once that they hold no key of a dialect. */
static uint64_t first_bits(const struct hj212_frame *f)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < f->item_count; i++)
        bits |= first_bit(f->items[i].key);
    return bits;
}

static bool has_key(const struct hj212_frame *f, const struct hj212_dialect *d)
{
    for (unsigned i = 0; i < f->item_count; i++)
        if (first_bit(f->items[i].key) & d->cp_key_first && begins_with_one_of(f->items[i].key, d->cp_key))
            return true;
    return false;
}

static bool shows(uint64_t first, const struct hj212_dialect *d)
{
    return !*d->cp_key || (first & d->cp_key_first);
}

static bool matches(const struct hj212_frame *f, const struct hj212_dialect *d)
{
    return (!*d->cn || one_of(f->header[HJ212_CN], d->cn)) && (!*d->st || one_of(f->header[HJ212_ST], d->st)) &&
           (!*d->flag || one_of(f->header[HJ212_FLAG], d->flag)) && all_hold(f, d->has) &&
           (!*d->cp_key || has_key(f, d));
}

const struct hj212_dialect *hj212_dialect_of(const struct hj212_frame *f)
{
    uint64_t first = first_bits(f);
    for (size_t i = 0; i < hj212_dialect_table_count; i++)
        if (shows(first, &hj212_dialect_table[i]) && matches(f, &hj212_dialect_table[i]))
            return &hj212_dialect_table[i];
    return NULL;
}

const struct hj212_dialect *hj212_dialects(size_t *ret_n)
{
    *ret_n = hj212_dialect_table_count;
    return hj212_dialect_table;
}

bool hj212_is_heartbeat(yh_str cn)
{
    for (size_t i = 0; i < hj212_dialect_table_count; i++)
        if (one_of(cn, hj212_dialect_table[i].heartbeat))
            return true;
    return false;
}

bool hj212_is_login(yh_str cn)
{
    for (size_t i = 0; i < hj212_dialect_table_count; i++)
        if (one_of(cn, hj212_dialect_table[i].login))
            return true;
    return false;
}

const char *hj212_dialect_title(const char *name)
{
    for (size_t i = 0; i < hj212_dialect_table_count; i++)
        if (strcmp(hj212_dialect_table[i].name, name) == 0)
            return hj212_dialect_table[i].title;
    return NULL;
}
