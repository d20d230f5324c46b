#include "app/sim_script.h"

#include "base/json.h"

#define FAR (400 * YH_DAY)

static const struct {
    const char *word;
    sim_fault_kind kind;
} fault_words[] = {
    {"constant", SIM_FAULT_CONSTANT}, {"drift", SIM_FAULT_DRIFT}, {"scale", SIM_FAULT_SCALE},
    {"flag", SIM_FAULT_FLAG},         {"gap", SIM_FAULT_GAP},     {"late", SIM_FAULT_LATE},
    {"offline", SIM_FAULT_OFFLINE},   {"clock", SIM_FAULT_CLOCK}, {"storm", SIM_FAULT_STORM},
    {"frame", SIM_FAULT_FRAME},       {"junk", SIM_FAULT_JUNK},   {"trickle", SIM_FAULT_TRICKLE},
    {"repeat", SIM_FAULT_REPEAT},
};

static const char *const reply_words[SIM_REPLY_COUNT] = {
    [SIM_REPLY_DONE] = "done",       [SIM_REPLY_SILENT] = "silent",       [SIM_REPLY_REFUSE] = "refuse",
    [SIM_REPLY_HANG] = "hang",       [SIM_REPLY_FAIL] = "fail",           [SIM_REPLY_CONDITION] = "condition",
    [SIM_REPLY_TIMEOUT] = "timeout", [SIM_REPLY_BUSY] = "busy",           [SIM_REPLY_BROKEN] = "broken",
    [SIM_REPLY_NO_DATA] = "no-data",
};

/* ---- reading ---- */

/* Members of one object of the script; what is asked for in vain stays as it is. */
struct reader {
    const char *list; /* "faults" */
    size_t at;
    json_t *object;
    const char *const *allowed;
};

static yh_err wrong(const struct reader *r, const char *key, const char *wanted)
{
    return yh_fail(YH_E_INVALID, "%s[%zu]: '%s' %s", r->list, r->at, key, wanted);
}

static yh_err check_keys(const struct reader *r)
{
    const char *key;
    json_t *value;
    if (!json_is_object(r->object))
        return yh_fail(YH_E_INVALID, "%s[%zu] is no object", r->list, r->at);
    json_object_foreach(r->object, key, value)
    {
        const char *const *known = r->allowed;
        while (*known && strcmp(*known, key) != 0)
            known++;
        if (!*known)
            return wrong(r, key, "is not known here");
    }
    return YH_OK;
}

static yh_err get_number(const struct reader *r, const char *key, int64_t min, int64_t max, int64_t *ret)
{
    json_t *v = json_object_get(r->object, key);
    if (!v)
        return YH_OK;
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max)
        return yh_fail(YH_E_INVALID, "%s[%zu]: '%s' must be a whole number from %lld to %lld", r->list, r->at, key,
                       (long long)min, (long long)max);
    *ret = json_integer_value(v);
    return YH_OK;
}

static yh_err get_bool(const struct reader *r, const char *key, bool *ret)
{
    json_t *v = json_object_get(r->object, key);
    if (v && !json_is_boolean(v))
        return wrong(r, key, "must be true or false");
    *ret = v ? json_is_true(v) : *ret;
    return YH_OK;
}

static yh_err get_text(const struct reader *r, const char *key, yh_str *ret)
{
    json_t *v = json_object_get(r->object, key);
    if (v && !json_is_string(v))
        return wrong(r, key, "must be text");
    if (v)
        *ret = (yh_str){json_string_value(v), json_string_length(v)};
    return YH_OK;
}

/* Seconds after the start, or a date. */
static yh_err get_time(const struct reader *r, const char *key, yh_time start, yh_time *ret)
{
    json_t *v = json_object_get(r->object, key);
    if (!v)
        return YH_OK;
    if (json_is_integer(v) && json_integer_value(v) >= -FAR / YH_SECOND && json_integer_value(v) <= FAR / YH_SECOND) {
        *ret = start + json_integer_value(v) * YH_SECOND;
        return YH_OK;
    }
    if (json_is_string(v) && yh_time_parse(yh_str_of(json_string_value(v)), YH_CST, ret))
        return YH_OK;
    return wrong(r, key, "must be seconds from the start, or a date");
}

static yh_err get_choice(const struct reader *r, struct sim_choice *ret)
{
    json_t *v = json_object_get(r->object, "outlets");
    if (!v)
        return YH_OK;
    if (!json_is_array(v) || json_array_size(v) == 0 || json_array_size(v) > SIM_CHOICE_MAX)
        return wrong(r, "outlets", "must list one to 64 numbers");
    for (size_t i = 0; i < json_array_size(v); i++) {
        json_t *n = json_array_get(v, i);
        if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) >= SIM_OUTLETS_MAX)
            return wrong(r, "outlets", "must list numbers of outlets, from 0");
        ret->number[ret->n++] = (uint32_t)json_integer_value(n);
    }
    return YH_OK;
}

/* ---- fleet ---- */

static bool edition_of(yh_str text, hj212_edition *ret)
{
    static const hj212_edition all[] = {HJ212_ED_2005, HJ212_ED_2017, HJ212_ED_2025};
    for (size_t i = 0; i < YH_LEN(all); i++) {
        if (yh_str_is(text, hj212_edition_name(all[i]))) {
            *ret = all[i];
            return true;
        }
    }
    return false;
}

static bool word_of(yh_str text, const char *const *words, size_t n, const char **ret)
{
    for (size_t i = 0; i < n; i++) {
        if (yh_str_is(text, words[i])) {
            *ret = words[i];
            return true;
        }
    }
    return false;
}

static yh_err get_word(const struct reader *r, const char *key, const char *const *words, size_t n, const char **ret)
{
    yh_str text = {0};
    YH_TRY(get_text(r, key, &text));
    if (text.p && !word_of(text, words, n, ret))
        return wrong(r, key, "has a value that is not known");
    return YH_OK;
}

static yh_err read_group(const struct reader *r, struct sim_group *g)
{
    static const char *const media[] = {"water", "air"}, *const logins[] = {"", "9021"};
    static const char *const beats[] = {"", "9015", "8013", "9021"};
    int64_t count = 1, factors = 0, cp_max = 0;
    yh_str edition = YH_S("2017");
    *g = (struct sim_group){.medium = "water", .login = "", .beat = "", .asks = true};
    YH_TRY(get_number(r, "count", 1, SIM_OUTLETS_MAX, &count));
    YH_TRY(get_number(r, "factors", 1, SIM_FACTORS_MAX, &factors));
    YH_TRY(get_number(r, "cp_max", 120, 960, &cp_max));
    YH_TRY(get_text(r, "edition", &edition));
    if (!edition_of(edition, &g->edition))
        return wrong(r, "edition", "must be \"2005\", \"2017\" or \"2025\"");
    YH_TRY(get_word(r, "medium", media, YH_LEN(media), &g->medium));
    YH_TRY(get_word(r, "login", logins, YH_LEN(logins), &g->login));
    YH_TRY(get_word(r, "heartbeat", beats, YH_LEN(beats), &g->beat));
    YH_TRY(get_bool(r, "ask", &g->asks));
    YH_TRY(get_bool(r, "sm4", &g->enciphers));
    if (g->enciphers && g->edition != HJ212_ED_2025)
        return wrong(r, "sm4", "belongs to edition 2025");
    g->count = (unsigned)count;
    g->factors = (unsigned)factors;
    g->cp_max = (unsigned)cp_max;
    return YH_OK;
}

static yh_err add_group(const struct reader *r, yh_time start, struct sim_script *s)
{
    (void)start;
    YH_TRY(read_group(r, &s->groups[s->group_count]));
    s->group_count++;
    if (sim_script_outlets(s) > SIM_OUTLETS_MAX)
        return yh_fail(YH_E_INVALID, "the fleet has more than %d outlets", SIM_OUTLETS_MAX);
    return YH_OK;
}

/* ---- faults ---- */

static yh_err get_kind(const struct reader *r, sim_fault_kind *ret)
{
    yh_str word = {0};
    YH_TRY(get_text(r, "kind", &word));
    for (size_t i = 0; i < YH_LEN(fault_words); i++) {
        if (yh_str_is(word, fault_words[i].word)) {
            *ret = fault_words[i].kind;
            return YH_OK;
        }
    }
    return wrong(r, "kind", "names no fault");
}

static yh_err get_value(const struct reader *r, struct sim_fault *f)
{
    yh_str text = {0};
    YH_TRY(get_text(r, "value", &text));
    f->has_value = text.p != NULL;
    if (f->has_value && !yh_dec_parse(text, &f->value))
        return wrong(r, "value", "must be a decimal number as text");
    return YH_OK;
}

static yh_err get_factor(const struct reader *r, struct sim_fault *f)
{
    yh_str text = {0};
    YH_TRY(get_text(r, "factor", &text));
    if (text.n >= sizeof f->factor)
        return wrong(r, "factor", "is too long");
    memcpy(f->factor, text.n ? text.p : "", text.n);
    return YH_OK;
}

static yh_err get_flag(const struct reader *r, struct sim_fault *f)
{
    yh_str text = {0};
    YH_TRY(get_text(r, "flag", &text));
    if (text.p && (text.n != 1 || text.p[0] < 'A' || text.p[0] > 'Z'))
        return wrong(r, "flag", "must be one capital letter");
    f->flag = text.n ? text.p[0] : 0;
    return YH_OK;
}

static yh_err get_damage(const struct reader *r, struct sim_fault *f)
{
    yh_str text = {0};
    YH_TRY(get_text(r, "damage", &text));
    if (text.p && !sim_damage_of_word(text, &f->damage))
        return wrong(r, "damage", "names no damage");
    return YH_OK;
}

static yh_err check_fault(const struct reader *r, const struct sim_fault *f, yh_time start)
{
    if (f->from < start - FAR || f->from > start + FAR)
        return wrong(r, "from", "is more than 400 days from the start");
    if (f->to <= f->from)
        return wrong(r, "to", "must be later than 'from'");
    if (f->kind == SIM_FAULT_FLAG && !f->flag)
        return wrong(r, "flag", "is missing");
    if (f->kind == SIM_FAULT_FRAME && !json_object_get(r->object, "damage"))
        return wrong(r, "damage", "is missing");
    if ((f->kind == SIM_FAULT_DRIFT || f->kind == SIM_FAULT_SCALE) && !json_object_get(r->object, "permille"))
        return wrong(r, "permille", "is missing");
    if (f->kind == SIM_FAULT_CLOCK && f->clock == YH_TIME_NONE && f->shift == 0)
        return wrong(r, "clock", "or 'shift' is missing");
    return YH_OK;
}

static yh_err add_fault(const struct reader *r, yh_time start, struct sim_script *s)
{
    struct sim_fault f = {.from = start, .to = INT64_MAX, .clock = YH_TIME_NONE};
    int64_t permille = 0, nth = 1, every = 1, shift = 0;
    YH_TRY(get_kind(r, &f.kind));
    YH_TRY(get_choice(r, &f.outlets));
    YH_TRY(get_time(r, "from", start, &f.from));
    YH_TRY(get_time(r, "to", start, &f.to));
    YH_TRY(get_factor(r, &f));
    YH_TRY(get_value(r, &f));
    YH_TRY(get_flag(r, &f));
    YH_TRY(get_damage(r, &f));
    YH_TRY(get_number(r, "permille", -1000, 100000, &permille));
    YH_TRY(get_number(r, "nth", 1, 1000000, &nth));
    YH_TRY(get_number(r, "every", 1, 86400, &every));
    YH_TRY(get_number(r, "shift", -1000000000, 1000000000, &shift));
    YH_TRY(get_time(r, "clock", start, &f.clock));
    f.permille = (int)permille;
    f.nth = (unsigned)nth;
    f.every = every * YH_SECOND;
    f.shift = shift * YH_SECOND;
    YH_TRY(check_fault(r, &f, start));
    s->faults[s->fault_count++] = f;
    return YH_OK;
}

/* ---- replies ---- */

static yh_err add_reply(const struct reader *r, yh_time start, struct sim_script *s)
{
    (void)start;
    struct sim_reply_row row = {0};
    yh_str cn = {0}, word = {0};
    YH_TRY(get_choice(r, &row.outlets));
    YH_TRY(get_text(r, "cn", &cn));
    if (cn.n != 0 && cn.n != sizeof row.cn - 1)
        return wrong(r, "cn", "must be four digits");
    memcpy(row.cn, cn.n ? cn.p : "", cn.n);
    YH_TRY(get_text(r, "reply", &word));
    for (size_t i = 0; i < YH_LEN(reply_words); i++) {
        if (yh_str_is(word, reply_words[i])) {
            row.reply = (sim_reply)i;
            s->replies[s->reply_count++] = row;
            return YH_OK;
        }
    }
    return wrong(r, "reply", "names no way to reply");
}

/* ---- the whole ---- */

static const char *const group_keys[] = {"count",     "edition", "medium", "factors", "login",
                                         "heartbeat", "ask",     "sm4",    "cp_max",  NULL};
static const char *const fault_keys[] = {"kind", "outlets", "from", "to",    "factor", "value", "permille", "flag",
                                         "damage", "nth",   "every", "clock", "shift", NULL};
static const char *const reply_keys[] = {"cn", "outlets", "reply", NULL};

static const struct list {
    const char *name;
    const char *const *keys;
    size_t max;
    yh_err (*add)(const struct reader *r, yh_time start, struct sim_script *s);
} lists[] = {
    {"fleet", group_keys, SIM_GROUPS_MAX, add_group},
    {"faults", fault_keys, SIM_FAULTS_MAX, add_fault},
    {"commands", reply_keys, SIM_REPLIES_MAX, add_reply},
};

static yh_err read_list(const struct list *l, json_t *value, yh_time start, struct sim_script *s)
{
    if (!json_is_array(value) || json_array_size(value) > l->max)
        return yh_fail(YH_E_INVALID, "'%s' must be a list of at most %zu entries", l->name, l->max);
    for (size_t i = 0; i < json_array_size(value); i++) {
        struct reader r = {l->name, i, json_array_get(value, i), l->keys};
        YH_TRY(check_keys(&r));
        YH_TRY(l->add(&r, start, s));
    }
    return YH_OK;
}

static yh_err read_member(const char *key, json_t *value, yh_time start, struct sim_script *s)
{
    if (strcmp(key, "seed") == 0) {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return yh_fail(YH_E_INVALID, "'seed' must be a whole number");
        s->has_seed = true;
        s->seed = (uint64_t)json_integer_value(value);
        return YH_OK;
    }
    for (size_t i = 0; i < YH_LEN(lists); i++)
        if (strcmp(key, lists[i].name) == 0)
            return read_list(&lists[i], value, start, s);
    return yh_fail(YH_E_INVALID, "'%s' is not known in a script", key);
}

yh_err sim_script_read(yh_str json, yh_time start, struct sim_script *ret)
{
    yh_json_auto *root = NULL;
    const char *key;
    json_t *value;
    YH_TRY(yh_json_parse(json, &root));
    if (!json_is_object(root))
        return yh_fail(YH_E_INVALID, "a script is a JSON object");
    *ret = (struct sim_script){0};
    json_object_foreach(root, key, value)
        YH_TRY(read_member(key, value, start, ret));
    return YH_OK;
}

/* ---- asking ---- */

size_t sim_script_outlets(const struct sim_script *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->group_count; i++)
        n += s->groups[i].count;
    return n;
}

struct sim_group sim_script_group(const struct sim_script *s, size_t number, unsigned factors)
{
    size_t behind = 0;
    for (size_t i = 0; i < s->group_count; i++) {
        behind += s->groups[i].count;
        if (number < behind) {
            struct sim_group g = s->groups[i];
            g.factors = g.factors ? g.factors : factors;
            return g;
        }
    }
    return sim_mix_of(number - behind, factors);
}

bool sim_chosen(const struct sim_choice *c, size_t number)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->number[i] == number)
            return true;
    return c->n == 0;
}

bool sim_fault_holds(const struct sim_fault *f, size_t number, yh_time now)
{
    return now >= f->from && now < f->to && sim_chosen(&f->outlets, number);
}

const struct sim_fault *sim_script_fault(const struct sim_script *s, size_t number, sim_fault_kind kind, yh_time t)
{
    for (size_t i = 0; i < s->fault_count; i++)
        if (s->faults[i].kind == kind && sim_fault_holds(&s->faults[i], number, t))
            return &s->faults[i];
    return NULL;
}

sim_reply sim_script_reply(const struct sim_script *s, size_t number, yh_str cn)
{
    for (size_t i = 0; i < s->reply_count; i++) {
        const struct sim_reply_row *r = &s->replies[i];
        if ((!r->cn[0] || yh_str_is(cn, r->cn)) && sim_chosen(&r->outlets, number))
            return r->reply;
    }
    return SIM_REPLY_DONE;
}

static bool is_about(const struct sim_fault *f, size_t number, const char *factor)
{
    return (!f->factor[0] || strcmp(f->factor, factor) == 0) && sim_chosen(&f->outlets, number);
}

size_t sim_script_bends(const struct sim_script *s, size_t number, const char *factor, size_t max, struct sim_bend *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < s->fault_count && n < max; i++) {
        const struct sim_fault *f = &s->faults[i];
        if (f->kind > SIM_FAULT_SCALE || !is_about(f, number, factor))
            continue;
        sim_bend_kind kind = f->kind == SIM_FAULT_CONSTANT ? SIM_CONSTANT
                             : f->kind == SIM_FAULT_DRIFT  ? SIM_DRIFT
                                                           : SIM_SCALE;
        ret[n++] = (struct sim_bend){kind, f->from, f->to, f->has_value, f->value, f->permille};
    }
    return n;
}

char sim_script_flag(const struct sim_script *s, size_t number, const char *factor, yh_time t)
{
    for (size_t i = 0; i < s->fault_count; i++) {
        const struct sim_fault *f = &s->faults[i];
        if (f->kind == SIM_FAULT_FLAG && is_about(f, number, factor) && t >= f->from && t < f->to)
            return f->flag;
    }
    return 'N';
}
