/*
 * Import: a sheet somebody fills in becomes records. The table says which columns it has; `apply` makes one row true within
 * the transaction it is given and says in Chinese what is wrong with it. A trial and the real thing are the same work, in one
 * transaction that is rolled back after a trial or when any row fails: nothing is ever half there. Applying the same file
 * again must change nothing.
 *
 * The headings are looked for in the first rows, so a title above them does no harm; their order is free, columns nobody
 * knows are named in the result. Rows that repeat what `apply` refused come back as a sheet with the reasons.
 */
#ifndef YH_KIT_IMPORT_H
#define YH_KIT_IMPORT_H

#include "base/arena.h"
#include "db/db.h"
#include "sheet/write.h"

#define IMPORT_COLUMNS_MAX  40
#define IMPORT_FILE_MAX     ((size_t)32 << 20)
#define IMPORT_ROWS_MAX     100000
#define IMPORT_PROBLEMS_MAX 1000 /* kept; the rest is counted */

struct import_column {
    const char *key, *title; /* key NULL ends the table */
    bool required;           /* the heading must be there and every row filled in */
    const char *example;     /* in the template */
    const char *help;        /* in the template */
    unsigned width;
    const char *group;
};

struct import_problem {
    const char *column; /* key; NULL: the row as a whole */
    char message[256];
};

struct import {
    const char *name, *title;
    const struct import_column *columns;
    /* `values` by column of the table; empty: not filled in. INVALID, CONFLICT and NOT_FOUND with *problem set are the row's
     * fault; any other failure ends the import. Called inside of a transaction, which may be repeated. */
    yh_err (*apply)(struct db *d, void *user, const yh_str *values, struct import_problem *problem);
    /* Once, behind the rows, before the commit of the real thing; may be NULL. */
    yh_err (*finish)(struct db *d, void *user, size_t rows);
};

struct import_row {
    size_t number; /* in the spreadsheet */
    yh_str *values;
    const struct import_problem *problem; /* NULL: fine */
};

struct import_result {
    struct import_row *rows;
    size_t n, cap;
    size_t failed;
    struct import_problem *problems;
    size_t problem_n;
    yh_str ignored; /* headings nobody knows, by 、 */
    bool committed;
};

/* INVALID, TOO_LARGE, UNSUPPORTED with a Chinese cause: the file as a whole cannot be used. All in the arena. */
yh_must yh_err import_read(const struct import *im, yh_str file, struct yh_arena *arena, struct import_result *ret);

/* Applies the rows that were read; `commit` and no row failed: they are there. */
yh_must yh_err import_run(const struct import *im, struct db *d, void *user, bool commit, struct import_result *r);

/* The empty form with headings, help and an example; and the failed rows with their reasons. */
yh_must yh_err import_template(const struct import *im, sheet_sink sink, void *user);
yh_must yh_err import_report(const struct import *im, const struct import_result *r, sheet_sink sink, void *user);

const struct import_column *import_column_find(const struct import *im, const char *key);

#endif
