/* Inside the source room: problems, checks of text, and look-ups shared by the operations. */
#ifndef YH_SOURCE_SOURCE_INTERNAL_H
#define YH_SOURCE_SOURCE_INTERNAL_H

#include "source/source.h"

/* Fills *p (when not NULL) and returns `code` with the same text as cause. */
yh_err source_refuse(struct source_problem *p, yh_err code, const char *field, const char *fmt, ...) yh_printf(4, 5);

/* Trimmed, UTF-8, 1..max code points, no control characters. `title` names it in the message. */
yh_must yh_err source_check_text(struct source_problem *p, const char *field, const char *title, yh_str text, size_t max);

bool source_text_clean(yh_str s); /* UTF-8 without control characters */

/* What every change of a station ends with, in its transaction: the note, and whether values must be derived again. */
yh_must yh_err source_changed(struct db *d, yh_str mn, const struct source_note *note, bool derive);

/* Runs a statement that has text parameters only. */
yh_must yh_err source_run(struct db *d, const char *sql_literal, const yh_str *args, int n);

/* A connection's loan of the pool's writer. */
struct source_loan {
    struct db_pool *pool;
    struct db *d;
};
static inline void source_loan_end(struct source_loan *l)
{
    db_pool_put(l->pool, l->d);
}
#define source_loan_auto yh_cleanup(source_loan_end) struct source_loan

#endif
