/*
 * What every feature needs. Here: the business database's schema, and who is asking (accounts in kit/account.h, sessions
 * in kit/session.h, roles in kit/role.h, ids in kit/id.h).
 *
 * struct kit is created once by the application and is used by all threads; it borrows the database pool. Every sign-in,
 * sign-out, refusal and change of an account is told to `note` after it is stored, for the evidence log.
 */
#ifndef YH_KIT_KIT_H
#define YH_KIT_KIT_H

#include "db/db.h"

struct kit;

struct kit_config {
    struct db_pool *pool;
    unsigned hash_slots; /* password hashes computed at the same time (19 MiB each); default 2 */
    bool secure_cookie;  /* behind TLS: the cookie is never sent in the clear */
    /* JSON object with "event"; called on any thread. NULL (a program without the log), or when it fails: the note waits
     * in the database until a kit with a callback delivers it. */
    yh_err (*note)(void *user, yh_str origin, yh_str json);
    void *note_user;
    /* A session of this account ended by sign-out or change of password; for http_events_end. May be NULL. */
    void (*ended)(void *user, yh_str account_id);
    void *ended_user;
};

/* The struct behind http_config.app begins with this, so that the kit's handlers find themselves. */
struct kit_host {
    struct kit *kit;
};

/* Opens the business database DIR/yuheng.db, readable by its owner only, at the newest schema. `create`: make folder and
 * file when they are missing; otherwise NOT_FOUND. */
yh_must yh_err kit_database_open(const char *dir, bool create, unsigned readers, struct db_pool **ret);

/* Brings a database to the newest schema (kit_database_open does it). */
yh_must yh_err kit_migrate(struct db *d);

yh_must yh_err kit_open(const struct kit_config *config, struct kit **ret);
void kit_close(struct kit *k);

/* Hands waiting notes to the callback; kit_open does it, a server calls it now and then. At least once each. */
yh_must yh_err kit_deliver_notes(struct kit *k);

/* Keeps a note of another room that the log did not take, to be delivered like the others. */
yh_must yh_err kit_note_later(struct kit *k, yh_str origin, yh_str json);

#endif
