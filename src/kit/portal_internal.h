/* What the parts of the portal's sign-in share. */
#ifndef YH_KIT_PORTAL_INTERNAL_H
#define YH_KIT_PORTAL_INTERNAL_H

#include "kit/portal.h"

yh_str kit_portal_issuer(const struct kit *k);

/* portal_link.c: NOT_FOUND, DENIED as in kit_portal_finish. */
yh_must yh_err kit_portal_person(struct kit *k, yh_str issuer, yh_str subject, struct yh_arena *arena,
                                 struct kit_session *ret);
yh_must yh_err kit_portal_link_account(struct kit *k, yh_str issuer, yh_str subject, int64_t account, yh_str by, yh_time now);

#endif
