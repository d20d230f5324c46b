/* Inside the lists: the plan of a list, its conditions and statements. */
#ifndef YH_KIT_LIST_INTERNAL_H
#define YH_KIT_LIST_INTERNAL_H

#include "kit/list.h"

#define LIST_TEXTS_MAX   64u /* statements per list with just the filters asked for; beyond, one that has them all */
#define LIST_SQL_MAX     16384u
#define LIST_PATTERN_MAX 512u

typedef enum list_op { OP_EQUAL, OP_CONTAINS, OP_IN, OP_FROM, OP_TO, OP_SEARCH } list_op;

struct list_condition {
    const struct list_column *column; /* NULL: search */
    list_op op;
    char param[48];
    const char *sql; /* owned by the plan */
    unsigned values; /* parameters of the text */
};

struct list_text {
    uint32_t filters; /* bit per condition */
    uint16_t shape;   /* order, direction, cursor, kind */
    char *sql;
};

struct list_plan {
    pthread_mutex_t lock;
    struct list_condition conditions[LIST_CONDITIONS_MAX];
    size_t condition_n, column_n;
    size_t key; /* index of the column */
    struct list_text *texts;
    size_t text_n, text_cap, own_n;
    struct http_field *fields, *export_fields; /* query parameters */
    struct http_schema *row, *page;
    struct http_route *routes; /* page, export */
};

typedef enum list_kind { LIST_KIND_PAGE, LIST_KIND_ALL, LIST_KIND_COUNT } list_kind;

/* What is asked, taken apart. */
struct list_asked {
    uint32_t filters;
    yh_str values[LIST_CONDITIONS_MAX];
    size_t order;    /* index of the column */
    bool descending;
    bool after;      /* a cursor was given: */
    yh_str after_value, after_key;
};

/* The statement's text; *ret_guarded: every condition stands in it behind a switch. It lives as long as the program. */
yh_must yh_err list_sql(const struct list *l, const struct list_asked *a, list_kind kind, const char **ret,
                        bool *ret_guarded);

/* list_cursor.c. `asked` up to `descending` is known. */
yh_must yh_err list_cursor_read(const struct list *l, yh_str cursor, struct list_asked *asked);
yh_must yh_err list_cursor_make(const struct list *l, const struct list_asked *asked, yh_str value, yh_str key,
                                struct yh_arena *arena, yh_str *ret);

bool list_is_text(list_type t); /* bound and compared as text */

#endif
