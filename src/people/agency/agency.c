/* Words, and the staffing of a day: pure. */
#include "people/agency/agency.h"

const char *const agency_kinds[] = {"bureau", "corps", "team", "special", NULL};

static const char *const posts[AGENCY_POST_COUNT] = {"none", "administrative", "institution", "worker"};
static const char *const statuses[AGENCY_STATUS_COUNT] = {"on_post", "mixed", "loan", "leave"};

const char *agency_post_word(agency_post p)
{
    return posts[p];
}

bool agency_post_of(yh_str word, agency_post *ret)
{
    for (unsigned i = 0; i < AGENCY_POST_COUNT; i++)
        if (yh_str_is(word, posts[i])) {
            *ret = (agency_post)i;
            return true;
        }
    return false;
}

const char *agency_status_word(agency_status s)
{
    return statuses[s];
}

bool agency_status_of(yh_str word, agency_status *ret)
{
    for (unsigned i = 0; i < AGENCY_STATUS_COUNT; i++)
        if (yh_str_is(word, statuses[i])) {
            *ret = (agency_status)i;
            return true;
        }
    return false;
}

static bool holds(yh_str from, yh_str to, yh_str day)
{
    return yh_str_cmp(from, day) <= 0 && yh_str_cmp(day, to) < 0;
}

static void count_holder(struct agency_staffing *s, const struct agency_person *p)
{
    s->used++;
    s->used_by_kind[p->post]++;
    if (p->status == AGENCY_LEAVE)
        s->on_leave++;
    else if (p->status == AGENCY_MIXED)
        s->mixed++;
    else if (p->status == AGENCY_LOAN || p->work_agency != p->agency)
        s->loaned_out++;
    else if (!p->enforcement)
        s->other++;
    else
        s->on_duty++;
}

static void count_person(struct agency_staffing *s, int64_t agency, const struct agency_person *p)
{
    if (p->agency == agency && p->post == AGENCY_POST_NONE)
        s->without_post++;
    else if (p->agency == agency)
        count_holder(s, p);
    else if (p->work_agency == agency && p->status != AGENCY_LEAVE)
        s->loaned_in++;
}

struct agency_staffing agency_staffing_of(int64_t agency, yh_str day, const struct agency_approved *approved, size_t approved_n,
                                          const struct agency_person *people, size_t people_n)
{
    struct agency_staffing s = {0};
    for (size_t i = 0; i < approved_n; i++)
        if (approved[i].agency == agency && holds(approved[i].from, approved[i].to, day)) {
            s.approved += approved[i].number;
            s.by_kind[approved[i].kind] += approved[i].number;
        }
    for (size_t i = 0; i < people_n; i++)
        if (holds(people[i].from, people[i].to, day))
            count_person(&s, agency, &people[i]);
    return s;
}

void agency_staffing_add(struct agency_staffing *to, const struct agency_staffing *more)
{
    to->approved += more->approved;
    to->used += more->used;
    to->on_duty += more->on_duty;
    for (unsigned i = 0; i < AGENCY_POST_COUNT; i++) {
        to->by_kind[i] += more->by_kind[i];
        to->used_by_kind[i] += more->used_by_kind[i];
    }
    to->mixed += more->mixed;
    to->loaned_out += more->loaned_out;
    to->on_leave += more->on_leave;
    to->other += more->other;
    to->loaned_in += more->loaned_in;
    to->without_post += more->without_post;
}

bool agency_rate(int64_t numerator, int64_t denominator, char ret[24])
{
    if (denominator <= 0)
        return false;
    int64_t tenths = (numerator * 2000 + denominator) / (2 * denominator);
    snprintf(ret, 24, "%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
    return true;
}
