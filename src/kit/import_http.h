/*
 * An import over HTTP: POST with the file as body. `commit=true` does it, otherwise it is a trial; `report=xlsx` answers with
 * the failed rows as a sheet. GET …/template gives the form to fill in.
 */
#ifndef YH_KIT_IMPORT_HTTP_H
#define YH_KIT_IMPORT_HTTP_H

#include "kit/import.h"
#include "net/http.h"

extern const struct http_field import_query[];
extern const struct http_schema import_schema;

/* Reads rq->raw, runs it on a writer of the pool and answers. *ret lives in `arena`; ret->committed tells whether memory has to
 * follow. When a problem was answered ret->n is 0. */
yh_err import_answer(struct http_request *rq, struct db_pool *pool, const struct import *im, void *user,
                     struct yh_arena *arena, struct import_result *ret);
yh_err import_template_answer(struct http_request *rq, const struct import *im);

#endif
