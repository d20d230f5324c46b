#include <arpa/inet.h>
#include <stdio.h>

#include "kit/kit_internal.h"

/*
 * Back-off: so many failures are free, each further one locks for twice as long as the one before. A day without a
 * failure forgets everything.
 */
struct rule {
    const char *kind;
    int64_t free;
    yh_time first, longest;
};
static const struct rule by_account = {"account", 5, 30 * YH_SECOND, 15 * YH_MINUTE};
static const struct rule by_address = {"address", 20, 30 * YH_SECOND, 15 * YH_MINUTE};

#define FORGET YH_DAY

static const char sql_find[] =
    "SELECT failures, last_failure, locked_until FROM sign_in_guard WHERE kind = ? AND subject = ?";
static const char sql_charge[] =
    "INSERT INTO sign_in_guard (kind, subject, failures, last_failure, locked_until) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, subject) DO UPDATE SET failures = excluded.failures, last_failure = excluded.last_failure,"
    " locked_until = excluded.locked_until";
static const char sql_forget[] = "DELETE FROM sign_in_guard WHERE last_failure < ?";
static const char sql_clear[] = "DELETE FROM sign_in_guard WHERE kind = 'account' AND subject = ?";
static const char sql_refund[] = "UPDATE sign_in_guard SET failures = failures - 1,"
                                 " locked_until = CASE WHEN failures <= ? THEN 0 ELSE locked_until END"
                                 " WHERE kind = ? AND subject = ? AND failures > 0";

static yh_time lock_of(const struct rule *r, int64_t failures)
{
    if (failures < r->free)
        return 0;
    yh_time wait = r->first;
    for (int64_t i = r->free; i < failures && wait < r->longest; i++)
        wait *= 2;
    return wait < r->longest ? wait : r->longest;
}

struct standing {
    int64_t failures;
    yh_time locked_until;
};

/* A failure that lies ahead happened before the clock was set back: its lock would last as long as that. */
static yh_err find(struct db *d, const struct rule *r, yh_str subject, yh_time now, struct standing *ret)
{
    db_stmt_auto *s = NULL;
    bool row = false;
    YH_TRY(db_prepare(d, sql_find, &s));
    db_bind_z(s, 1, r->kind);
    db_bind_str(s, 2, subject);
    YH_TRY(db_step(s, &row));
    *ret = (struct standing){0};
    if (row && db_i64(s, 1) >= now - FORGET)
        *ret = (struct standing){db_i64(s, 0), db_i64(s, 1) > now + YH_MINUTE ? 0 : db_i64(s, 2)};
    return YH_OK;
}

static yh_err charge(struct db *d, const struct rule *r, yh_str subject, yh_time now, int64_t before)
{
    yh_time wait = lock_of(r, before + 1);
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_charge, &s));
    db_bind_z(s, 1, r->kind);
    db_bind_str(s, 2, subject);
    db_bind_i64(s, 3, before + 1);
    db_bind_i64(s, 4, now);
    db_bind_i64(s, 5, wait ? now + wait : 0);
    return db_exec(s);
}

static yh_err forget(struct db *d, yh_time now)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_forget, &s));
    db_bind_i64(s, 1, now - FORGET);
    return db_exec(s);
}

struct attempt {
    yh_str name, address;
    yh_time now, until;
};

static yh_err charge_both(struct db *d, void *user)
{
    struct attempt *a = user;
    struct standing account, address;
    YH_TRY(find(d, &by_account, a->name, a->now, &account));
    YH_TRY(find(d, &by_address, a->address, a->now, &address));
    a->until = account.locked_until > address.locked_until ? account.locked_until : address.locked_until;
    if (a->until > a->now)
        return YH_OK;
    a->until = 0;
    YH_TRY(forget(d, a->now));
    YH_TRY(charge(d, &by_account, a->name, a->now, account.failures));
    return charge(d, &by_address, a->address, a->now, address.failures);
}

yh_err kit_guard_charge(struct db *d, yh_str name_hash, yh_str peer, yh_time now, yh_time *ret_until)
{
    char buf[64];
    struct attempt a = {.name = name_hash, .address = kit_guard_address(peer, buf), .now = now};
    YH_TRY(db_txn(d, charge_both, &a));
    if (a.until == 0)
        return YH_OK;
    *ret_until = a.until;
    return yh_fail(YH_E_BUSY, "sign-in is locked for now");
}

static yh_err refund(struct db *d, const struct rule *r, yh_str subject)
{
    db_stmt_auto *s = NULL;
    YH_TRY(db_prepare(d, sql_refund, &s));
    db_bind_i64(s, 1, r->free);
    db_bind_z(s, 2, r->kind);
    db_bind_str(s, 3, subject);
    return db_exec(s);
}

static yh_err clear(struct db *d, void *user)
{
    const struct attempt *a = user;
    db_stmt_auto *account = NULL;
    YH_TRY(db_prepare(d, sql_clear, &account));
    db_bind_str(account, 1, a->name);
    YH_TRY(db_exec(account));
    return refund(d, &by_address, a->address);
}

yh_err kit_guard_clear(struct db *d, yh_str name_hash, yh_str peer)
{
    char buf[64];
    struct attempt a = {.name = name_hash, .address = kit_guard_address(peer, buf)};
    return db_txn(d, clear, &a);
}

static yh_err refund_both(struct db *d, void *user)
{
    const struct attempt *a = user;
    YH_TRY(refund(d, &by_account, a->name));
    return refund(d, &by_address, a->address);
}

yh_err kit_guard_refund(struct db *d, yh_str name_hash, yh_str peer)
{
    char buf[64];
    struct attempt a = {.name = name_hash, .address = kit_guard_address(peer, buf)};
    return db_txn(d, refund_both, &a);
}

/* "192.0.2.7:40123", "[2001:db8::1]:40123", "2001:db8::1": the host part. */
static yh_str host_of(yh_str peer)
{
    size_t colon = yh_str_find(peer, ':', 0);
    if (peer.n && peer.p[0] == '[') {
        yh_str inside = yh_str_sub(peer, 1, peer.n);
        return yh_str_sub(inside, 0, yh_str_find(inside, ']', 0));
    }
    bool one_colon = colon < peer.n && yh_str_find(peer, ':', colon + 1) == peer.n;
    return one_colon ? yh_str_sub(peer, 0, colon) : peer;
}

yh_str kit_guard_address(yh_str peer, char buf[64])
{
    yh_str host = host_of(peer);
    char z[64];
    struct in6_addr six;
    snprintf(z, sizeof z, "%.*s", YH_FMT(yh_str_sub(host, 0, sizeof z - 1)));
    if (inet_pton(AF_INET6, z, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
        memset(six.s6_addr + 8, 0, 8); /* one household, one /64 */
        inet_ntop(AF_INET6, &six, z, sizeof z);
    }
    memcpy(buf, z, sizeof z);
    return yh_str_of(buf);
}
