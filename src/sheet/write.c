/* The writer's front: what the forms share. */
#include "sheet/sheet_internal.h"

#include <stdio.h>

void sheet_fail(struct sheet_writer *w, yh_err e)
{
    if (w->failed != YH_OK || e == YH_OK)
        return;
    w->failed = e;
    snprintf(w->cause, sizeof w->cause, "%s", yh_cause());
}

void sheet_send(struct sheet_writer *w, yh_str bytes)
{
    if (w->failed == YH_OK && bytes.n)
        sheet_fail(w, w->sink(w->user, bytes));
}

static yh_err standing(struct sheet_writer *w)
{
    if (w->out.failed)
        sheet_fail(w, yh_buf_check(&w->out));
    return w->failed == YH_OK ? YH_OK : yh_fail(w->failed, "%s", w->cause);
}

yh_err sheet_writer_new(const struct sheet_layout *l, sheet_sink sink, void *user, struct sheet_writer **ret)
{
    if (l->n == 0 || l->n > SHEET_COLUMNS_MAX)
        return yh_fail(YH_E_INTERNAL, "a sheet has 1 to %d columns", SHEET_COLUMNS_MAX);
    return l->form == SHEET_XLSX ? sheet_xlsx_writer(l, sink, user, ret) : sheet_csv_writer(l, sink, user, ret);
}

void sheet_writer_free(struct sheet_writer *w)
{
    if (!w)
        return;
    yh_buf_done(&w->out);
    w->ops->free(w);
}

void sheet_writer_freep(struct sheet_writer **w)
{
    sheet_writer_free(*w);
    *w = NULL;
}

/* ---- text ---- */

bool sheet_is_number(yh_str s)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+'), digits = 0, points = 0;
    for (; i < s.n; i++) {
        digits += s.p[i] >= '0' && s.p[i] <= '9';
        points += s.p[i] == '.';
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '.'))
            return false;
    }
    return digits > 0 && points <= 1;
}

bool sheet_looks_like_formula(yh_str s)
{
    static const yh_str wide[] = {YH_S("\xEF\xBC\x9D"), YH_S("\xEF\xBC\x8B"), YH_S("\xEF\xBC\x8D"), YH_S("\xEF\xBC\xA0")};
    if (s.n == 0)
        return false;
    if (memchr("=+-@\t\r\n", s.p[0], 7))
        return !sheet_is_number(s);
    for (size_t i = 0; i < YH_LEN(wide); i++)
        if (yh_str_starts(s, wide[i]))
            return true;
    return false;
}

/* Length of the well-formed character at s.p[i], 0 when there is none or XML cannot hold it. */
static size_t sound_at(yh_str s, size_t i)
{
    unsigned char c = (unsigned char)s.p[i];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (n == 1)
        return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    if (i + n > s.n || !yh_str_is_utf8(yh_str_sub(s, i, n)))
        return 0;
    bool not_a_character = c == 0xEF && memcmp(s.p + i, "\xEF\xBF", 2) == 0 && (unsigned char)s.p[i + 2] >= 0xBE;
    return not_a_character ? 0 : n;
}

void sheet_clean_text(yh_str s, yh_buf *out)
{
    size_t units = 0;
    for (size_t i = 0; i < s.n;) {
        size_t n = sound_at(s, i);
        units += n == 4 ? 2 : 1;
        if (units > SHEET_CELL_MAX - 8) {
            yh_buf_puts(out, "…(已截断)");
            return;
        }
        yh_buf_str(out, n ? yh_str_sub(s, i, n) : YH_S("\xEF\xBF\xBD"));
        i += n ? n : 1;
    }
}

/* ---- cells ---- */

static bool ready(struct sheet_writer *w)
{
    if (w->failed != YH_OK)
        return false;
    if (w->column >= w->columns) {
        sheet_fail(w, yh_fail(YH_E_INTERNAL, "more cells than the sheet has columns"));
        return false;
    }
    if (w->column == 0)
        w->ops->row_begin(w);
    return true;
}

void sheet_put_text(struct sheet_writer *w, yh_str s)
{
    if (!ready(w))
        return;
    w->ops->text(w, s);
    w->column++;
}

static size_t significant(yh_str digits)
{
    size_t n = 0;
    bool begun = false;
    for (size_t i = 0; i < digits.n; i++) {
        begun |= digits.p[i] >= '1' && digits.p[i] <= '9';
        n += begun && digits.p[i] != '.';
    }
    return n;
}

static void put_number(struct sheet_writer *w, yh_str digits, int decimals)
{
    if (!ready(w))
        return;
    if (significant(digits) > 15)
        w->ops->text(w, digits);
    else
        w->ops->number(w, digits, decimals);
    w->column++;
}

void sheet_put_i64(struct sheet_writer *w, int64_t v)
{
    yh_buf_auto digits = yh_buf_make(32);
    yh_buf_i64(&digits, v);
    put_number(w, yh_buf_view(&digits), -1);
}

void sheet_put_dec(struct sheet_writer *w, yh_dec d)
{
    yh_buf_auto digits = yh_buf_make(32);
    yh_dec_format(d, &digits);
    put_number(w, yh_buf_view(&digits), d.scale);
}

static void put_time(struct sheet_writer *w, yh_time t, bool whole_day)
{
    if (t == YH_TIME_NONE) {
        sheet_put_blank(w);
        return;
    }
    if (!ready(w))
        return;
    w->ops->time(w, t, whole_day);
    w->column++;
}

void sheet_put_time(struct sheet_writer *w, yh_time t)
{
    put_time(w, t, false);
}

void sheet_put_date(struct sheet_writer *w, yh_time t)
{
    put_time(w, t, true);
}

void sheet_put_bool(struct sheet_writer *w, bool v)
{
    sheet_put_text(w, v ? YH_S("是") : YH_S("否"));
}

void sheet_put_blank(struct sheet_writer *w)
{
    sheet_put_text(w, YH_S(""));
}

yh_err sheet_row_end(struct sheet_writer *w)
{
    while (w->failed == YH_OK && w->column < w->columns)
        sheet_put_blank(w);
    if (w->failed == YH_OK && w->row >= SHEET_ROWS_MAX)
        sheet_fail(w, yh_fail(YH_E_TOO_LARGE, "a sheet has at most %d rows", SHEET_ROWS_MAX));
    if (w->failed == YH_OK) {
        w->ops->row_end(w);
        w->ops->flush(w);
        w->row++;
        w->column = 0;
    }
    return standing(w);
}

yh_err sheet_writer_finish(struct sheet_writer *w)
{
    if (w->failed == YH_OK)
        w->ops->finish(w);
    return standing(w);
}

const char *sheet_content_type(sheet_form form)
{
    return form == SHEET_XLSX ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                              : "text/csv; charset=utf-8";
}

const char *sheet_extension(sheet_form form)
{
    return form == SHEET_XLSX ? ".xlsx" : ".csv";
}
