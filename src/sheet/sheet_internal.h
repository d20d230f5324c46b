/* What the files of this room share. Not for other rooms. */
#ifndef YH_SHEET_INTERNAL_H
#define YH_SHEET_INTERNAL_H

#include "base/arena.h"
#include "sheet/read.h"
#include "sheet/write.h"

#define SHEET_EPOCH_1900 (-25569) /* day 0 of a workbook, in days from 1970; day 60 does not exist */
#define SHEET_EPOCH_1904 (-24107)
#define SHEET_ROW_MAX    ((size_t)64 << 20) /* bytes of a row while it is written */
#define SHEET_DAYS_MAX   2958465  /* 9999-12-31 */

/* ---- cell_ref.c: "AB12" ---- */
void sheet_column_name(size_t column, yh_buf *out);                      /* 0: A */
bool sheet_ref_parse(yh_str ref, size_t *ret_row, size_t *ret_column);   /* both from 0 */

/* ---- date.c ---- */
/* A time as days since 1899-12-30 with ten decimals, as digits; false before March 1900. */
bool sheet_serial_of(yh_time t, bool whole_day, yh_buf *out);
/* The other way round; false when the number is none. */
bool sheet_date_text(double serial, bool from_1904, yh_buf *out);
/* Does this number format show a date or a time? */
bool sheet_format_is_date(yh_str code);
bool sheet_builtin_is_date(int64_t id);

/* ---- writing: each form is a row of functions; the writer begins with what they share ---- */
struct sheet_writer {
    const struct sheet_form_ops *ops;
    sheet_sink sink;
    void *user;
    size_t columns, column;
    size_t row; /* of the file, the next one to be written, from 0 */
    yh_err failed;
    char cause[200];
    yh_buf out; /* small pieces, before they are packed or leave */
};

struct sheet_form_ops {
    void (*text)(struct sheet_writer *w, yh_str s);
    void (*number)(struct sheet_writer *w, yh_str digits, int decimals); /* decimals < 0: a whole number */
    void (*time)(struct sheet_writer *w, yh_time t, bool whole_day);
    void (*row_begin)(struct sheet_writer *w);
    void (*row_end)(struct sheet_writer *w);
    void (*flush)(struct sheet_writer *w); /* hands `out` on when there is enough of it */
    void (*finish)(struct sheet_writer *w);
    void (*free)(struct sheet_writer *w);
};

yh_must yh_err sheet_xlsx_writer(const struct sheet_layout *l, sheet_sink sink, void *user, struct sheet_writer **ret);
yh_must yh_err sheet_csv_writer(const struct sheet_layout *l, sheet_sink sink, void *user, struct sheet_writer **ret);
void sheet_fail(struct sheet_writer *w, yh_err e); /* keeps the first failure with its cause */
void sheet_send(struct sheet_writer *w, yh_str bytes);
bool sheet_looks_like_formula(yh_str s);
bool sheet_is_number(yh_str s); /* optional sign, digits, optional fraction */

/* Appends at most SHEET_CELL_MAX characters of `s` as clean UTF-8, with a mark when it was cut. */
void sheet_clean_text(yh_str s, yh_buf *out);

/* ---- reading ---- */
yh_must yh_err sheet_read_xlsx(yh_str file, const struct sheet_limits *l, sheet_row_fn each, void *user);
yh_must yh_err sheet_read_csv(yh_str file, const struct sheet_limits *l, sheet_row_fn each, void *user);

#endif
