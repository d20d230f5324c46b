/*
 * The permission matrix: every route × every role, from the route tables and the table of roles. As data, for the page, for
 * a sheet, for the test that walks it. Pure once the tables are known.
 */
#ifndef YH_KIT_MATRIX_H
#define YH_KIT_MATRIX_H

#include "kit/role.h"
#include "net/http.h"

/* One line: a route and, per role in the order of kit_roles(), whether it opens. */
struct kit_matrix_row {
    const char *method, *path, *summary, *tag;
    const char *permission; /* NULL: public; "": whoever is signed in */
    uint32_t roles;         /* bit by place in kit_roles() */
};

const char *kit_method_word(http_method m);

/* Calls `each` once per route, in the order of the tables; false stops. */
void kit_matrix_each(const struct http_route *const *tables, bool (*each)(void *user, const struct kit_matrix_row *row),
                     void *user);

#endif
