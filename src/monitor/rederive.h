/*
 * The stations whose values have to be derived again, because they were admitted or their profile changed. Kept in the
 * file DIR/rederive, so that a crash at any moment leaves the work listed: a station is written down before its profile
 * changes (intend), is due once it has changed (add), and leaves the file only when the result is stored (done).
 *
 * Threads: any; the worker alone takes and ends.
 */
#ifndef YH_MONITOR_REDERIVE_H
#define YH_MONITOR_REDERIVE_H

#include "base/buf.h"

struct rederive;

yh_must yh_err rederive_open(const char *data_dir, struct rederive **ret); /* what the file lists is due */
void rederive_free(struct rederive *r);                                    /* NULL is fine */

yh_must yh_err rederive_intend(struct rederive *r, yh_str mn);
yh_must yh_err rederive_add(struct rederive *r, yh_str mn);
void rederive_forget(struct rederive *r, yh_str mn); /* the change did not happen */

/* What is due, one MN a line; empty when nothing is. The same again until rederive_done. */
yh_must yh_err rederive_take(struct rederive *r, yh_buf *ret_lines);
yh_must yh_err rederive_done(struct rederive *r);

#endif
