/* The dictionary of agencies, brought into an empty table once. */
#include "kit/id.h"
#include "people/agency/agency.h"

extern const char people_agencies_csv[];
extern const size_t people_agencies_csv_size;

#define COLUMNS 9
static const char header[] = "code,name,kind,parent,regions,valid_from,valid_to,successor,basis";
enum { CODE, NAME, KIND, PARENT, REGIONS, VALID_FROM, VALID_TO, SUCCESSOR, BASIS };

static const char sql_any[] = "SELECT COUNT(*) FROM agency";
static const char sql_agency[] = "INSERT INTO agency (id, code, created_at, cause) VALUES (?, ?, ?, 'dictionary')";
static const char sql_span[] =
    "INSERT INTO agency_span (id, agency_id, name, kind, parent_id, successor_id, basis, valid_from, valid_to, created_at, cause)"
    " VALUES (?, (SELECT id FROM agency WHERE code = ?), ?, ?, (SELECT id FROM agency WHERE code = ?),"
    " (SELECT id FROM agency WHERE code = ?), ?, ?, ?, ?, 'dictionary')";
static const char sql_region[] =
    "INSERT INTO agency_region (agency_id, region_code, valid_from, valid_to, created_at, cause)"
    " VALUES ((SELECT id FROM agency WHERE code = ?), ?, ?, ?, ?, 'dictionary')";

static bool take_line(yh_str line, yh_str f[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        size_t end = yh_str_find(line, ',', 0);
        f[i] = yh_str_sub(line, 0, end);
        line = yh_str_sub(line, end + 1, line.n);
    }
    return f[CODE].n > 0;
}

static yh_err each_line(struct db *d, yh_time now, yh_err (*work)(struct db *d, const yh_str f[COLUMNS], yh_time now))
{
    yh_str rest = {people_agencies_csv, people_agencies_csv_size}, line, f[COLUMNS];
    if (!yh_str_split(&rest, '\n', &line) || !yh_str_is(yh_str_trim(line), header))
        return yh_fail(YH_E_INTERNAL, "the dictionary of agencies has other columns");
    while (yh_str_split(&rest, '\n', &line))
        if (take_line(yh_str_trim(line), f))
            YH_TRY(work(d, f, now));
    return YH_OK;
}

static yh_err put_agency(struct db *d, const yh_str f[COLUMNS], yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_agency, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_str(s, 2, f[CODE]);
    db_bind_i64(s, 3, now);
    return db_exec(s);
}

static yh_str or_else(yh_str day, yh_str otherwise)
{
    return day.n ? day : otherwise;
}

static yh_err put_regions(struct db *d, const yh_str f[COLUMNS], yh_time now)
{
    yh_str rest = f[REGIONS], code;
    while (yh_str_split(&rest, ';', &code)) {
        db_stmt_auto *s = NULL;
        YH_TRY(db_prepare(d, sql_region, &s));
        db_bind_str(s, 1, f[CODE]);
        db_bind_str(s, 2, code);
        db_bind_str(s, 3, or_else(f[VALID_FROM], PEOPLE_SINCE));
        db_bind_str(s, 4, or_else(f[VALID_TO], PEOPLE_FOREVER));
        db_bind_i64(s, 5, now);
        YH_TRY(db_exec(s));
    }
    return YH_OK;
}

static yh_err put_span(struct db *d, const yh_str f[COLUMNS], yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_span, &s));
    db_bind_i64(s, 1, kit_id_next());
    db_bind_str(s, 2, f[CODE]);
    db_bind_str(s, 3, f[NAME]);
    db_bind_str(s, 4, f[KIND]);
    db_bind_str(s, 5, f[PARENT]);
    db_bind_str(s, 6, f[SUCCESSOR]);
    db_bind_str(s, 7, f[BASIS]);
    db_bind_str(s, 8, or_else(f[VALID_FROM], PEOPLE_SINCE));
    db_bind_str(s, 9, or_else(f[VALID_TO], PEOPLE_FOREVER));
    db_bind_i64(s, 10, now);
    YH_TRY(db_exec(s));
    return put_regions(d, f, now);
}

static yh_err load(struct db *d, void *user)
{
    yh_time now = *(const yh_time *)user;
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_any, &s));
    YH_TRY(db_step(s, &row));
    if (db_i64(s, 0) > 0)
        return YH_OK;
    YH_TRY(each_line(d, now, put_agency)); /* all of them first: a row may name one that comes later */
    return each_line(d, now, put_span);
}

yh_err people_prepare(struct db *d, yh_time now)
{
    return db_txn(d, load, &now);
}
