/* What the HTTP rows of people share. http_config.app begins with struct kit_host. */
#ifndef YH_PEOPLE_PEOPLE_HTTP_H
#define YH_PEOPLE_PEOPLE_HTTP_H

#include "kit/scope.h"
#include "people/people.h"

extern const struct http_route agency_routes[];
extern const struct http_route officer_routes[];

/* The day asked for with `day`, or today; false (and the answer is written) when it is none. In the request's memory. */
yh_err people_day_asked(struct http_request *rq, yh_str *ret);

/* A body's day; an absent one is today. INVALID names the field. */
yh_err people_body_day(struct http_request *rq, const char *field, yh_str *ret, struct people_problem *p);

/* A change, in one transaction: `work`, then everybody's reach anew, then the note {"event", "by", "body"} for the evidence
 * log. What was refused is answered as a problem with its field. Afterwards streams and sessions of `everybody` prove anew. */
struct people_work {
    const char *event;
    yh_err (*work)(struct db *d, void *user, struct people_problem *p);
    void *user;
};
yh_err people_change(struct http_request *rq, const struct people_work *w);

int64_t people_body_id(const struct http_request *rq, const char *name); /* 0: absent or null */
bool people_path_id(const struct http_request *rq, const char *name, int64_t *ret);
yh_err people_not_found(struct http_request *rq, const char *what);

#endif
