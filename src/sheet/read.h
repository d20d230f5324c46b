/*
 * Reading a sheet somebody sends: an Excel workbook (.xlsx; its first visible worksheet) or CSV (UTF-8 with or without
 * mark, UTF-16 with mark, GBK otherwise; comma, semicolon or tab). The file is hostile input: every size has a bound, and
 * what goes over it ends the reading. Nothing outside of the file is ever opened, nothing in it is executed; of a formula the
 * value that was stored with it is read.
 *
 * Rows arrive in order with the number people see in their spreadsheet; rows without any content do not arrive. The cells of
 * a merged block all carry its value. Views are valid during the callback. One thread; keeps nothing.
 *
 * Errors: INVALID (not a sheet, or a broken one), TOO_LARGE (over a bound), UNSUPPORTED (encrypted, .xls, several disks);
 * their causes are Chinese sentences for the person who sent it.
 */
#ifndef YH_SHEET_READ_H
#define YH_SHEET_READ_H

#include "base/timestamp.h"

struct sheet_limits {
    size_t file_bytes;
    size_t entries;        /* parts in the archive */
    size_t inflated_bytes; /* of all parts that are read, together */
    size_t ratio;          /* inflated : packed of a part of more than a megabyte */
    size_t string_bytes;   /* of shared texts, together */
    size_t rows;           /* with content */
    size_t columns;
    size_t cell_bytes;
    size_t merges;
};
extern const struct sheet_limits sheet_limits_default; /* 32 MiB, 1000, 512 MiB, 200, 64 MiB, 100 000, 200, 128 KiB, 20 000 */

typedef enum sheet_kind {
    SHEET_EMPTY,
    SHEET_TEXT,   /* all of CSV is text */
    SHEET_NUMBER, /* text: plain decimal digits as a spreadsheet shows them, no exponent */
    SHEET_DATE,   /* text: "2026-11-25", "2026-11-25 08:30:00" or "08:30:00" */
    SHEET_BOOL,   /* text: "TRUE" or "FALSE" */
    SHEET_ERROR   /* text: "#REF!" and the like */
} sheet_kind;

struct sheet_cell {
    sheet_kind kind;
    bool rounded; /* a number with more digits than a spreadsheet keeps: the file does not hold what was typed */
    yh_str text;
};

typedef yh_err (*sheet_row_fn)(void *user, size_t row, const struct sheet_cell *cells, size_t n);

/* Looks at the first bytes to tell what it is. A failure of the callback ends the reading and is returned. */
yh_must yh_err sheet_read(yh_str file, const struct sheet_limits *limits, sheet_row_fn each, void *user);

#endif
