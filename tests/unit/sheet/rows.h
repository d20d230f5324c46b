/* What a reading gave, as text ("1: a|n:2|\n3: …"), and workbooks put together by hand. */
#ifndef TESTS_UNIT_SHEET_ROWS_H
#define TESTS_UNIT_SHEET_ROWS_H

#include "check.h"
#include "sheet/read.h"

/* Text cells bare, others with their kind in front: n: d: b: e:; a rounded number ends in "~". */
yh_err rows_read(yh_str file, const struct sheet_limits *limits, yh_buf *out);

/* A sink that appends to a yh_buf. */
yh_err rows_sink(void *user, yh_str bytes);

struct part {
    const char *name, *text;
};

/* A workbook of these parts and those every workbook has; `sheet` is the inside of <worksheet>. */
void rows_book(const char *sheet, const struct part *more, yh_buf *out);
void rows_archive(const struct part *parts, size_t n, yh_buf *out);

#endif
