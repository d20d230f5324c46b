/*
 * What every feature needs. Here: the business database's schema, and who is asking (accounts in kit/account.h, sessions
 * in kit/session.h, roles in kit/role.h, ids in kit/id.h).
 *
 * struct kit is created once by the application and is used by all threads; it borrows the database pool.
 *
 * Notes: every sign-in, sign-out, refusal and change of an account belongs into the evidence log. The note is stored in the
 * database in the transaction of what it tells and waits there until the log has it, so that neither a crash nor a full
 * disk loses one. Other rooms keep theirs the same way (kit_note_keep).
 */
#ifndef YH_KIT_KIT_H
#define YH_KIT_KIT_H

#include "db/db.h"

struct kit;

/* Sign-in by a portal (kit/portal.h). The texts outlive the kit. */
struct kit_portal_config {
    const char *issuer;     /* NULL or "": there is none */
    const char *client;
    const char *secret;     /* "" for a public client */
    const char *title;      /* of the button */
    const char *public_url; /* where browsers reach this server, without the last "/" */
};

struct kit_config {
    struct db_pool *pool;
    const char *key_dir; /* where kit.key stands or is made; NULL: accounts can have no second factor */
    struct kit_portal_config portal;
    unsigned hash_slots; /* password hashes computed at the same time (19 MiB each); default 2 */
    bool secure_cookie;  /* behind TLS: the cookie is never sent in the clear */
    /* Brings a note (a JSON object with "event") into the evidence log: YH_OK when it is durable there, otherwise it is
     * offered again. Called on any thread, one at a time. NULL (a program without the log): notes wait for another one. */
    yh_err (*note)(void *user, yh_str origin, yh_str json);
    void *note_user;
    /* A session of this account ended, or what it sees changed; empty: of any account. For http_events_end. May be NULL. */
    void (*ended)(void *user, yh_str account_id);
    void *ended_user;
};

/* The struct behind http_config.app begins with this, so that the kit's handlers find themselves. */
struct kit_host {
    struct kit *kit;
};

/*
 * The business database, at the newest schema. `place` is a folder, which holds it in the file yuheng.db, readable by its
 * owner only, or postgresql://user@host:port/name. `create`: make folder and file when they are missing; otherwise
 * NOT_FOUND. (A server's database is made by its administrator.)
 */
yh_must yh_err kit_database_open(const char *place, bool create, unsigned readers, struct db_pool **ret);
yh_must yh_err kit_database_is_used(struct db *d, bool *ret); /* somebody has an account in it */

/* When the last one has closed the file: notes what it is now, in DIR/yuheng.db.sm3. Opening it takes the note away. A
 * server has other programs as well and keeps checksums itself: there is no note of it. */
yh_must yh_err kit_database_mark(const char *place);
yh_must yh_err kit_database_unmark(const char *place);

/* CORRUPT when the file is not what was noted or does not hold together, or DIR/kit.key is damaged. Of a server, only what
 * db_check says; the key is the folder's (kit_vault_check). */
yh_must yh_err kit_database_check(const char *place);

/* Brings a database to the newest schema (kit_database_open does it). */
yh_must yh_err kit_migrate(struct db *d);

yh_must yh_err kit_open(const struct kit_config *config, struct kit **ret);
void kit_close(struct kit *k);

/* The business database, for the rooms whose handlers find the kit only. */
struct db_pool *kit_pool(const struct kit *k);

/* What an account (0: any) may or sees has changed, and is committed: sessions and streams look again, notes go out. */
void kit_rights_changed(struct kit *k, int64_t account);

/* Stores a note within the caller's transaction on `d`; deliver when it is committed. */
yh_must yh_err kit_note_keep(struct db *d, yh_str origin, yh_str json);

/* Hands waiting notes to the callback, oldest first, at least once each. kit_open and every
 * call of the kit that notes something do it; a server also does it now and then. */
yh_must yh_err kit_deliver_notes(struct kit *k);

#endif
