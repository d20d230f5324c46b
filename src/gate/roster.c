#include "gate/roster.h"

#include "base/clock.h"
#include "gate/conn.h"

#define MNS_MAX 64u /* a data concentrator speaks for a few; beyond, the one heard first is forgotten */

void roster_init(struct roster *r)
{
    pthread_mutex_init(&r->lock, NULL);
}

void roster_done(struct roster *r)
{
    pthread_mutex_destroy(&r->lock);
}

void roster_join(struct conn *c)
{
    struct gate *g = c->gate;
    c->shown.since = yh_clock_now();
    atomic_init(&c->shown.last_frame, YH_TIME_NONE);
    pthread_mutex_lock(&g->roster.lock);
    c->shown.id = ++g->roster.last_id;
    conn_link_add(&g->all, &c->all);
    pthread_mutex_unlock(&g->roster.lock);
}

static void tell(struct conn *c, yh_str mn, bool on)
{
    if (c->gate->config.connected)
        c->gate->config.connected(c->gate->config.user, mn, c->peer, on);
}

void roster_leave(struct conn *c)
{
    pthread_mutex_lock(&c->gate->roster.lock);
    conn_link_drop(&c->all);
    pthread_mutex_unlock(&c->gate->roster.lock);
    for (size_t i = 0; i < c->shown.mn_n; i++)
        tell(c, yh_str_of(c->shown.mns[i]), false);
    free(c->shown.mns);
    c->shown.mns = NULL;
    c->shown.mn_n = 0;
}

static bool speaks_for(const struct roster_entry *e, yh_str mn)
{
    for (size_t i = 0; i < e->mn_n; i++)
        if (yh_str_is(mn, e->mns[i]))
            return true;
    return false;
}

static void forget_first(struct conn *c)
{
    struct roster_entry *e = &c->shown;
    char gone[GATE_MN_SIZE];
    memcpy(gone, e->mns[0], sizeof gone);
    pthread_mutex_lock(&c->gate->roster.lock);
    memmove(e->mns, e->mns + 1, --e->mn_n * sizeof *e->mns);
    pthread_mutex_unlock(&c->gate->roster.lock);
    tell(c, yh_str_of(gone), false);
}

/* False without memory: the MN is then not shown. */
static bool add_mn(struct conn *c, yh_str mn)
{
    struct roster_entry *e = &c->shown;
    pthread_mutex_lock(&c->gate->roster.lock);
    char(*bigger)[GATE_MN_SIZE] = realloc(e->mns, (e->mn_n + 1) * sizeof *bigger);
    if (bigger) {
        e->mns = bigger;
        memcpy(bigger[e->mn_n], mn.p, mn.n);
        bigger[e->mn_n++][mn.n] = '\0';
    }
    pthread_mutex_unlock(&c->gate->roster.lock);
    return bigger != NULL;
}

static void remember_mn(struct conn *c, yh_str mn)
{
    if (mn.n == 0 || mn.n >= GATE_MN_SIZE || yh_str_is(mn, c->mn))
        return;
    memcpy(c->mn, mn.p, mn.n);
    c->mn[mn.n] = '\0';
    if (speaks_for(&c->shown, mn))
        return;
    if (c->shown.mn_n == MNS_MAX)
        forget_first(c);
    if (add_mn(c, mn))
        tell(c, mn, true);
}

void roster_frame(struct conn *c, const struct hj212_brief *brief)
{
    uint64_t cn = 0;
    if (brief->cn.n && brief->cn.n <= sizeof cn)
        memcpy(&cn, brief->cn.p, brief->cn.n);
    atomic_store_explicit(&c->shown.cn, cn, memory_order_relaxed);
    atomic_store_explicit(&c->shown.edition, (uint32_t)brief->edition, memory_order_relaxed);
    atomic_store_explicit(&c->shown.last_frame, yh_clock_now(), memory_order_relaxed);
    remember_mn(c, brief->mn);
}

void roster_state(struct conn *c)
{
    gate_peer_state state = c->paused ? GATE_PEER_PAUSED : c->clogged ? GATE_PEER_CLOGGED
                            : c->rests || c->choked ? GATE_PEER_LIMITED : c->wait_n ? GATE_PEER_WAITING : GATE_PEER_SERVED;
    atomic_store_explicit(&c->shown.state, (uint32_t)state, memory_order_relaxed);
    atomic_store_explicit(&c->shown.waiting, c->wait_n, memory_order_relaxed);
}

void roster_refuse(struct roster *r, const char *peer, const char *why)
{
    pthread_mutex_lock(&r->lock);
    struct gate_refusal *at = &r->refusals[r->refused++ % GATE_REFUSALS];
    *at = (struct gate_refusal){.at = yh_clock_now(), .why = why};
    snprintf(at->peer, sizeof at->peer, "%s", peer);
    pthread_mutex_unlock(&r->lock);
}

/* ---- looking ---- */

static uint64_t figure(const _Atomic uint64_t *f)
{
    return atomic_load_explicit(f, memory_order_relaxed);
}

static void look_at(const struct conn *c, struct gate_peer *ret)
{
    const struct roster_entry *e = &c->shown;
    uint64_t cn = figure(&e->cn);
    *ret = (struct gate_peer){
        .id = e->id, .peer = c->peer, .since = e->since, .mns = e->mns, .mn_n = e->mn_n,
        .last_frame = atomic_load_explicit(&e->last_frame, memory_order_relaxed),
        .edition = (hj212_edition)atomic_load_explicit(&e->edition, memory_order_relaxed),
        .state = (gate_peer_state)atomic_load_explicit(&e->state, memory_order_relaxed),
        .frames = figure(&e->frames), .bad = figure(&e->bad), .junk = figure(&e->junk),
        .bytes = figure(&e->bytes), .waiting = figure(&e->waiting),
    };
    memcpy(ret->cn, &cn, sizeof cn);
}

void gate_each_peer(struct gate *g, void (*each)(void *user, const struct gate_peer *peer), void *user)
{
    pthread_mutex_lock(&g->roster.lock);
    for (struct conn_link *l = g->all.next; l != &g->all; l = l->next) {
        struct gate_peer peer;
        look_at(conn_of(l, all), &peer);
        each(user, &peer);
    }
    pthread_mutex_unlock(&g->roster.lock);
}

size_t gate_refusals_get(struct gate *g, struct gate_refusal ret[GATE_REFUSALS], uint64_t *ret_total)
{
    struct roster *r = &g->roster;
    pthread_mutex_lock(&r->lock);
    size_t n = r->refused < GATE_REFUSALS ? (size_t)r->refused : GATE_REFUSALS;
    for (size_t i = 0; i < n; i++)
        ret[i] = r->refusals[(r->refused - 1 - i) % GATE_REFUSALS];
    *ret_total = r->refused;
    pthread_mutex_unlock(&r->lock);
    return n;
}
