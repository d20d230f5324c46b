/* CSV: comma, CR LF, quotes where needed. Headings with a group read "group/title", so that one row names the columns. */
#include "sheet/sheet_internal.h"

#define OUT_SEND 16384u

static void put_field(struct sheet_writer *w, yh_str s)
{
    bool quoted = s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
    for (size_t i = 0; i < s.n && !quoted; i++)
        quoted = memchr(",;\"\r\n\t", s.p[i], 6) != NULL;
    if (w->column)
        yh_buf_putc(&w->out, ',');
    if (!quoted) {
        yh_buf_str(&w->out, s);
        return;
    }
    yh_buf_putc(&w->out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            yh_buf_putc(&w->out, '"');
        yh_buf_putc(&w->out, s.p[i]);
    }
    yh_buf_putc(&w->out, '"');
}

static void put_text(struct sheet_writer *w, yh_str s)
{
    yh_buf_auto clean = yh_buf_make(SHEET_CELL_MAX * 4);
    if (sheet_looks_like_formula(s))
        yh_buf_putc(&clean, '\'');
    sheet_clean_text(s, &clean);
    put_field(w, yh_buf_view(&clean));
    if (clean.failed)
        sheet_fail(w, yh_buf_check(&clean));
}

static void put_number(struct sheet_writer *w, yh_str digits, int decimals)
{
    (void)decimals;
    put_field(w, digits);
}

static void put_time(struct sheet_writer *w, yh_time t, bool whole_day)
{
    struct yh_civil c = yh_civil_of(t, YH_CST);
    yh_buf_auto text = yh_buf_make(64);
    yh_buf_printf(&text, "%04d-%02d-%02d", c.year, c.month, c.day);
    if (!whole_day)
        yh_buf_printf(&text, " %02d:%02d:%02d", c.hour, c.minute, c.second);
    put_field(w, yh_buf_view(&text));
}

static void row_begin(struct sheet_writer *w)
{
    (void)w;
}

static void row_end(struct sheet_writer *w)
{
    yh_buf_puts(&w->out, "\r\n");
}

static void send_all(struct sheet_writer *w)
{
    sheet_send(w, yh_buf_view(&w->out));
    yh_buf_clear(&w->out);
}

static void flush(struct sheet_writer *w)
{
    if (w->out.n >= OUT_SEND && !w->out.failed)
        send_all(w);
}

static void finish(struct sheet_writer *w)
{
    if (!w->out.failed)
        send_all(w);
}

static void done(struct sheet_writer *w)
{
    free(w);
}

static const struct sheet_form_ops csv_ops = {put_text, put_number, put_time, row_begin, row_end, flush, finish, done};

static void put_headings(struct sheet_writer *w, const struct sheet_layout *l)
{
    for (w->column = 0; w->column < l->n; w->column++) {
        const struct sheet_column *c = &l->columns[w->column];
        yh_buf_auto name = yh_buf_make(1024);
        if (c->group)
            yh_buf_printf(&name, "%s/", c->group);
        yh_buf_puts(&name, c->title);
        put_field(w, yh_buf_view(&name));
    }
    row_end(w);
    w->column = 0;
    w->row = 1;
}

yh_err sheet_csv_writer(const struct sheet_layout *l, sheet_sink sink, void *user, struct sheet_writer **ret)
{
    struct sheet_writer *w = calloc(1, sizeof *w);
    if (!w)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a sheet");
    *w = (struct sheet_writer){
        .ops = &csv_ops, .sink = sink, .user = user, .columns = l->n, .out = yh_buf_make(SHEET_ROW_MAX)};
    if (l->bom)
        yh_buf_puts(&w->out, "\xEF\xBB\xBF");
    put_headings(w, l);
    *ret = w;
    return YH_OK;
}
