/* Inside the lists over HTTP: what page, export, description and views share. */
#ifndef YH_KIT_LIST_HTTP_H
#define YH_KIT_LIST_HTTP_H

#include "kit/list_internal.h"

/* Parameters of page and export, schema of a row and of a page; once per list. */
yh_must yh_err list_describe(const struct list *l);

/* The list that a route of this table belongs to, by its path; never NULL for rows made by list_routes. */
const struct list *list_of_route(const struct http_request *rq);
/* By the {name} in the path, when the account may read it. Otherwise a problem was answered and *ret is NULL. */
yh_must yh_err list_of_name(struct http_request *rq, const struct list **ret);

int64_t list_account(const struct http_request *rq);
struct db_pool *list_pool(const struct http_request *rq);

/* The value as people read it: a choice by its title. */
yh_str list_shown(const struct list_column *c, yh_str value);

yh_err list_export_handler(struct http_request *rq);
yh_err list_views_handler(struct http_request *rq);
yh_err list_view_save_handler(struct http_request *rq);
yh_err list_view_delete_handler(struct http_request *rq);

/* A question as this request puts it. */
struct list_query list_query_of(struct http_request *rq);
/* A refusal of the list as a problem; other errors stay. */
yh_err list_refused(struct http_request *rq, yh_err e);

extern const struct http_schema list_views_schema, list_view_schema, list_view_body_schema;

#endif
