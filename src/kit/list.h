/*
 * Lists: one table per list says which columns it has, and from it come the query (filters, search, order, pages by cursor,
 * count), the rows GET path and GET path/export with their parameters and schema, what the page has to know to draw it
 * (GET /api/v1/lists/{name}), and views that accounts save.
 *
 * Statements are put together from the constant texts of the table, never from input, once per combination of filters and
 * order; values are always bound. Each list has one place where the data scope stands (LIST_SCOPE).
 *
 * A cursor is the last row's place in its order with a seal over list, order and filters: one that was changed, or that
 * belongs to another question, is refused (INVALID). Rows that come or go between two pages neither repeat nor hide others.
 *
 * Threads: any; a list is constant, its memory of statements is guarded by a lock.
 */
#ifndef YH_KIT_LIST_H
#define YH_KIT_LIST_H

#include <pthread.h>

#include "base/arena.h"
#include "kit/kit.h"
#include "kit/scope.h"
#include "net/http.h"
#include "sheet/write.h"

#define LIST_COLUMNS_MAX    40
#define LIST_CONDITIONS_MAX 24
#define LIST_PAGE_MAX       500
#define LIST_EXPORT_MAX     200000 /* rows */
#define LIST_CHOICES_MAX    16     /* values of one LIST_IN */

typedef enum list_type { LIST_TEXT, LIST_INT, LIST_DECIMAL /* digits as text */, LIST_TIME, LIST_BOOL } list_type;

/* How a column may be filtered; at most one of the first three. */
enum {
    LIST_EQUAL = 1,    /* key=value */
    LIST_CONTAINS = 2, /* key=part, ASCII letters in either case */
    LIST_IN = 4,       /* key=a,b,c */
    LIST_RANGE = 8     /* key_from=, key_to=: from <= value < to */
};

struct list_choice {
    const char *value, *title; /* value NULL ends the table */
};

struct list_column {
    const char *key, *title; /* key NULL ends the table */
    list_type type;
    const char *sql;         /* constant expression; of a sortable column never NULL as a value */
    unsigned filters;
    const struct list_choice *choices; /* what the values are called; export and page show the title. NULL: free */
    bool sortable;
    bool nullable;           /* its value may be NULL */
    bool search;             /* q= looks here too */
    bool aside;              /* not shown until somebody asks for it */
    bool unexported;
    /* When rows are asked for in this order: the tables from the one whose index has the order (CROSS JOIN), and how they belong
     * together (" AND …"), so that a page is read from its place on instead of sorting everything. NULL: as always. */
    const char *from, *on;
    unsigned width;          /* in characters */
    const char *group;       /* heading over columns side by side */
};

/* What a list remembers: zero it, one per list, static. */
struct list_memo {
    struct list_plan *plan;
};

struct list {
    const char *name;       /* "stations": in the address of its views */
    const char *schema;     /* "StationRow": of one row in OpenAPI */
    const char *title, *tag;
    const char *path;       /* "/api/v1/registry/stations" */
    const char *permission;
    const struct list_column *columns;
    const char *from;       /* " FROM station s JOIN …" */
    const char *where;      /* " WHERE " LIST_SCOPE("…") and what else always holds; it has the four parameters of that and no other */
    const char *key;        /* column that tells rows apart */
    const char *sort;       /* "-last_seen": default order */
    uint64_t count_most;    /* rows are counted up to here; 0: 10 000 */
    const char *import;     /* address of its import; NULL: none */
    struct list_memo *memo;
};

/* Which rows an account may see: KIT_SCOPE_SQL with its tests, for a list's `where`. */
#define LIST_SCOPE(tests) KIT_SCOPE_SQL(tests)

/* One question to a list; values were checked against the parameters of its row. */
struct list_query {
    int64_t account; /* its data scope under the list's permission at this time holds */
    yh_time at;
    yh_str sort;    /* "name", "-name"; empty: the default */
    yh_str cursor;  /* empty: the first page */
    yh_str q;
    size_t limit;
    /* Value of a parameter; false when absent. */
    bool (*param)(void *user, const char *name, yh_str *ret);
    void *user;
};

/* Puts the plans of the lists together; call once, before any of the others. INTERNAL: a table contradicts itself. */
yh_must yh_err list_prepare(const struct list *const *lists); /* NULL-terminated */

/* Rows in order, at most query->limit of them (export: all up to LIST_EXPORT_MAX, TOO_LARGE beyond). The statement's columns
 * are those of the table. *ret_next: where the next page begins, in the arena; empty when this was the last one. */
typedef yh_err (*list_row_fn)(void *user, const struct db_stmt *row);
yh_must yh_err list_page(struct db *d, const struct list *l, const struct list_query *q, struct yh_arena *arena,
                         list_row_fn each, void *user, yh_str *ret_next);
yh_must yh_err list_all(struct db *d, const struct list *l, const struct list_query *q, list_row_fn each,
                        void *user);
/* Up to count_most; *ret_exact false: there are more. */
yh_must yh_err list_count(struct db *d, const struct list *l, const struct list_query *q, uint64_t *ret,
                          bool *ret_exact);

/* ---- over HTTP (list_http.c, list_view_http.c) ---- */

/* The rows of all lists: page and export of each, their description, saved views; for http_start. The caller frees the table,
 * not what it points to. kit_host.lists must be the same lists. */
yh_must yh_err list_routes(const struct list *const *lists, struct http_route **ret);

const struct list *list_find(const struct list *const *lists, yh_str name);
const struct list_column *list_column_find(const struct list *l, yh_str key);

#endif
