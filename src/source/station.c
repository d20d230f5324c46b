#include "source/source_internal.h"

#define Q_MAX 256

#define COLUMNS                                                                                              \
    "s.mn, s.name, s.st, e.id, o.id, e.name, COALESCE(e.credit_code, ''), o.code, o.name, o.medium, r.code, r.name," \
    " s.edition, s.clock_policy, s.answer_policy, s.dialect, COALESCE(s.password, ''), COALESCE(s.sm4_key, '')," \
    " s.accept_bad_crc, s.time_offset_minutes, s.interval_minutes, s.period_stamp, e.demo, s.created_at, s.cause"
#define JOINED                                                                                               \
    " FROM station s JOIN outlet o ON o.id = s.outlet_id JOIN enterprise e ON e.id = o.enterprise_id"        \
    " JOIN region r ON r.code = e.region_code"
#define MATCHING                                                                                             \
    " WHERE (? = '' OR LOWER(s.mn) LIKE ? ESCAPE '!' OR LOWER(s.name) LIKE ? ESCAPE '!'"                     \
    " OR LOWER(e.name) LIKE ? ESCAPE '!') AND (? = '' OR o.medium = ?) AND (? = '' OR e.region_code = ?)"

static const char sql_by_mn[] = "SELECT " COLUMNS JOINED " WHERE s.mn = ?";
static const char sql_list[] = "SELECT " COLUMNS JOINED MATCHING " AND s.mn > ? ORDER BY s.mn LIMIT ?";
static const char sql_count[] = "SELECT COUNT(*)" JOINED MATCHING;

static void read_station(const struct db_stmt *s, struct source_station *ret)
{
    *ret = (struct source_station){
        .mn = db_str(s, 0),
        .name = db_str(s, 1),
        .st = db_str(s, 2),
        .enterprise_id = db_i64(s, 3),
        .outlet_id = db_i64(s, 4),
        .enterprise_name = db_str(s, 5),
        .credit_code = db_str(s, 6),
        .outlet_code = db_str(s, 7),
        .outlet_name = db_str(s, 8),
        .medium = db_str(s, 9),
        .region_code = db_str(s, 10),
        .region_name = db_str(s, 11),
        .profile = {.edition = db_str(s, 12),
                    .clock_policy = db_str(s, 13),
                    .answer_policy = db_str(s, 14),
                    .dialect = db_str(s, 15),
                    .password = db_str(s, 16),
                    .sm4_key = db_str(s, 17),
                    .accept_bad_crc = db_i64(s, 18) != 0,
                    .time_offset_minutes = (int)db_i64(s, 19),
                    .interval_minutes = (int)db_i64(s, 20),
                    .period_stamp = db_str(s, 21)},
        .demo = db_i64(s, 22) != 0,
        .created_at = db_i64(s, 23),
        .cause = db_str(s, 24),
    };
}

/* ---- list ---- */

/* "%…%" in ASCII lower case with the pattern characters taken literally. */
static yh_err pattern_of(yh_str q, yh_buf *out)
{
    yh_buf_putc(out, '%');
    for (size_t i = 0; i < q.n; i++) {
        char c = q.p[i];
        if (c == '%' || c == '_' || c == '!')
            yh_buf_putc(out, '!');
        yh_buf_putc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    yh_buf_putc(out, '%');
    return yh_buf_check(out);
}

static yh_err bind_filter(struct db_stmt *s, const struct source_filter *f)
{
    yh_buf_auto pattern = yh_buf_make(2 * Q_MAX + 2);
    if (f->q.n > Q_MAX)
        return yh_fail(YH_E_TOO_LARGE, "the search text is too long");
    YH_TRY(pattern_of(f->q, &pattern));
    db_bind_str(s, 1, f->q);
    for (int at = 2; at <= 4; at++)
        db_bind_str(s, at, yh_buf_view(&pattern));
    db_bind_str(s, 5, f->medium);
    db_bind_str(s, 6, f->medium);
    db_bind_str(s, 7, f->region_code);
    db_bind_str(s, 8, f->region_code);
    return YH_OK;
}

static const struct source_filter everything;

yh_err source_station_list(struct db *d, const struct source_filter *filter,
                           bool (*each)(void *user, const struct source_station *s), void *user)
{
    const struct source_filter *f = filter ? filter : &everything;
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_list, &s));
    YH_TRY(bind_filter(s, f));
    db_bind_str(s, 9, f->after);
    db_bind_i64(s, 10, f->limit ? (int64_t)f->limit : INT64_MAX);
    for (;;) {
        bool row = false;
        struct source_station station;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        read_station(s, &station);
        if (!each(user, &station))
            return YH_OK;
    }
}

yh_err source_station_count(struct db *d, const struct source_filter *filter, uint64_t *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_count, &s));
    YH_TRY(bind_filter(s, filter ? filter : &everything));
    YH_TRY(db_step(s, &row));
    *ret = (uint64_t)db_i64(s, 0);
    return YH_OK;
}

/* ---- one ---- */

static yh_err keep(struct source_station *s, struct yh_arena *arena)
{
    yh_str *const texts[] = {&s->mn,
                             &s->name,
                             &s->st,
                             &s->enterprise_name,
                             &s->credit_code,
                             &s->outlet_code,
                             &s->outlet_name,
                             &s->medium,
                             &s->region_code,
                             &s->region_name,
                             &s->profile.edition,
                             &s->profile.clock_policy,
                             &s->profile.answer_policy,
                             &s->profile.dialect,
                             &s->profile.password,
                             &s->profile.sm4_key,
                             &s->cause};
    for (size_t i = 0; i < YH_LEN(texts); i++) {
        *texts[i] = yh_arena_str(arena, *texts[i]);
        if (!texts[i]->p)
            return yh_fail(YH_E_NO_MEMORY, "no memory for a station");
    }
    return YH_OK;
}

yh_err source_station_by_mn(struct db *d, yh_str mn, struct yh_arena *arena, struct source_station *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_by_mn, &s));
    db_bind_str(s, 1, mn);
    YH_TRY(db_step(s, &row));
    if (!row)
        return yh_fail(YH_E_NOT_FOUND, "no station with this MN");
    struct source_station found;
    read_station(s, &found);
    YH_TRY(keep(&found, arena));
    *ret = found;
    return YH_OK;
}
