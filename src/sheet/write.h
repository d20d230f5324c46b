/*
 * Writing a sheet, as Excel workbook (.xlsx) or CSV, row by row: finished bytes leave through the sink at once, so memory
 * does not grow with the rows. Decimals are written digit by digit and never pass through a double; what a spreadsheet
 * could not keep (more than 15 digits) becomes text.
 *
 * Text is UTF-8; bad bytes and characters that XML cannot hold are replaced. In CSV a text that a spreadsheet would take
 * for a formula gets an apostrophe in front; plain numbers stay as they are. sheet/read.h takes it away again.
 *
 * One thread at a time. After a failure every further call returns the same failure. TOO_LARGE: more rows than a sheet has.
 */
#ifndef YH_SHEET_WRITE_H
#define YH_SHEET_WRITE_H

#include "base/dec.h"
#include "base/timestamp.h"

#define SHEET_COLUMNS_MAX 200
#define SHEET_ROWS_MAX    1048576 /* of a worksheet */
#define SHEET_CELL_MAX    32767   /* characters of a cell; longer text is cut and says so */

typedef enum sheet_form { SHEET_XLSX, SHEET_CSV } sheet_form;

struct sheet_column {
    const char *title;
    const char *group; /* columns side by side with the same group share a merged heading above; NULL: none */
    unsigned width;    /* in characters; 0: 12 */
};

struct sheet_layout {
    sheet_form form;
    const char *name;  /* of the worksheet; at most 31 characters, none of []:*?/\ */
    const char *title; /* a merged row above the headings; NULL: none */
    const struct sheet_column *columns;
    size_t n;
    bool bom;          /* CSV: begin with the mark that makes Excel read UTF-8 */
};

/* Takes the next bytes of the file; a failure ends the writing. */
typedef yh_err (*sheet_sink)(void *user, yh_str bytes);

struct sheet_writer;

/* Copies the layout's texts where it needs them later; writes the headings. */
yh_must yh_err sheet_writer_new(const struct sheet_layout *layout, sheet_sink sink, void *user, struct sheet_writer **ret);
void sheet_writer_free(struct sheet_writer *w); /* accepts NULL; without finish the file is incomplete */
void sheet_writer_freep(struct sheet_writer **w);
#define sheet_writer_auto yh_cleanup(sheet_writer_freep) struct sheet_writer

/* Cells from left to right; those after the last column are INTERNAL. Failures stay and surface at the end of the row. */
void sheet_put_text(struct sheet_writer *w, yh_str s);
void sheet_put_i64(struct sheet_writer *w, int64_t v);
void sheet_put_dec(struct sheet_writer *w, yh_dec d);
void sheet_put_time(struct sheet_writer *w, yh_time t); /* Beijing time to the second; YH_TIME_NONE leaves the cell empty */
void sheet_put_date(struct sheet_writer *w, yh_time t); /* the day only */
void sheet_put_bool(struct sheet_writer *w, bool v);    /* 是, 否 */
void sheet_put_blank(struct sheet_writer *w);

yh_must yh_err sheet_row_end(struct sheet_writer *w); /* cells that were not put are empty */
yh_must yh_err sheet_writer_finish(struct sheet_writer *w);

/* "application/…" and the ending of file names, ".xlsx" or ".csv". */
const char *sheet_content_type(sheet_form form);
const char *sheet_extension(sheet_form form);

#endif
