#include "base/buf.h"
#include "source/source_internal.h"

extern const char source_regions_csv[];
extern const size_t source_regions_csv_size;

#define COLUMNS   11
#define FIELD_MAX 1024

static const char header[] =
    "code,name,kind,enforcement_unit,unit_level,uniform_zone,active,valid_to,successor,note,confidence";
enum { CODE, NAME, KIND, UNIT, UNIT_LEVEL, ZONE, ACTIVE, VALID_TO, SUCCESSOR, NOTE };

static const char sql_put[] =
    "INSERT INTO region (code, name, kind, enforcement_unit, uniform_zone, active, valid_to, successor, note, origin)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'dictionary')"
    " ON CONFLICT (code) DO UPDATE SET name = excluded.name, kind = excluded.kind,"
    " enforcement_unit = excluded.enforcement_unit, uniform_zone = excluded.uniform_zone, active = excluded.active,"
    " valid_to = excluded.valid_to, successor = excluded.successor, note = excluded.note"
    " WHERE region.origin = 'dictionary'";
static const char sql_list[] = "SELECT code, name, kind, enforcement_unit, uniform_zone FROM region"
                               " WHERE active = 1 AND kind <> '省级(直辖市)' ORDER BY code";

/* One field of RFC 4180 text off *rest into `out`; a quoted one may hold commas and doubled quotes. */
static void take_field(yh_str *rest, yh_buf *out)
{
    bool quoted = rest->n && rest->p[0] == '"';
    size_t i = quoted;
    for (; i < rest->n; i++) {
        char c = rest->p[i];
        if (quoted && c == '"') {
            if (i + 1 < rest->n && rest->p[i + 1] == '"')
                i++;
            else
                quoted = false;
            if (!quoted)
                continue;
        } else if (!quoted && c == ',') {
            break;
        }
        yh_buf_putc(out, c);
    }
    *rest = yh_str_sub(*rest, i + 1, rest->n);
}

/* Fields of one line, one after another in `text`. No field of this file spans lines. */
static yh_err take_line(yh_str line, yh_buf *text, yh_str fields[COLUMNS])
{
    size_t ends[COLUMNS];
    yh_buf_clear(text);
    for (int i = 0; i < COLUMNS; i++) {
        take_field(&line, text);
        ends[i] = text->n;
    }
    YH_TRY(yh_buf_check(text));
    for (int i = 0; i < COLUMNS; i++) {
        size_t from = i ? ends[i - 1] : 0;
        fields[i] = yh_str_sub(yh_buf_view(text), from, ends[i] - from);
    }
    return YH_OK;
}

static yh_err put(struct db *d, const yh_str f[COLUMNS])
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_put, &s));
    db_bind_str(s, 1, f[CODE]);
    db_bind_str(s, 2, f[NAME]);
    db_bind_str(s, 3, f[KIND]);
    db_bind_str(s, 4, f[UNIT]);
    db_bind_str(s, 5, f[ZONE]);
    db_bind_i64(s, 6, yh_str_is(f[ACTIVE], "1"));
    db_bind_str(s, 7, f[VALID_TO]);
    db_bind_str(s, 8, f[SUCCESSOR]);
    db_bind_str(s, 9, f[NOTE]);
    return db_exec(s);
}

static yh_err load(struct db *d, void *user)
{
    yh_buf_auto text = yh_buf_make(COLUMNS * FIELD_MAX);
    yh_str rest = {source_regions_csv, source_regions_csv_size};
    yh_str line, fields[COLUMNS];
    (void)user;
    if (!yh_str_split(&rest, '\n', &line) || !yh_str_is(yh_str_trim(line), header))
        return yh_fail(YH_E_INTERNAL, "the region dictionary has other columns");
    while (yh_str_split(&rest, '\n', &line)) {
        line = yh_str_trim(line);
        if (line.n == 0)
            continue;
        YH_TRY(take_line(line, &text, fields));
        YH_TRY(put(d, fields));
    }
    return YH_OK;
}

yh_err source_prepare(struct db *d)
{
    return db_txn(d, load, NULL);
}

yh_err source_regions(struct db *d, bool (*each)(void *user, const struct source_region *r), void *user)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_list, &s));
    for (;;) {
        bool row = false;
        YH_TRY(db_step(s, &row));
        if (!row)
            return YH_OK;
        struct source_region r = {db_str(s, 0), db_str(s, 1), db_str(s, 2), db_str(s, 3), db_str(s, 4)};
        if (!each(user, &r))
            return YH_OK;
    }
}
