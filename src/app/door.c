#include "app/door.h"

#define MNS_SHOWN 8u   /* of one connection */
#define NEWCOMERS 256u /* may come between counting and looking */

static const char *const states[] = {
    [GATE_PEER_SERVED] = "served", [GATE_PEER_WAITING] = "waiting",
    [GATE_PEER_PAUSED] = "paused", [GATE_PEER_CLOGGED] = "clogged", [GATE_PEER_LIMITED] = "limited",
};

struct look {
    struct yh_arena *arena;
    struct monitor_door *door;
    size_t cap;
    bool failed;
};

static void copy_mns(struct look *l, const struct gate_peer *from, struct monitor_peer *to)
{
    size_t n = yh_min_size(from->mn_n, MNS_SHOWN);
    to->mn_total = from->mn_n;
    to->mns = n ? YH_NEW_N(l->arena, yh_str, n) : NULL;
    for (; to->mns && to->mn_n < n; to->mn_n++)
        to->mns[to->mn_n] = yh_arena_str(l->arena, yh_str_of(from->mns[to->mn_n]));
    l->failed |= to->mn_n < n || (n && !to->mns[n - 1].p);
}

static void copy_peer(void *user, const struct gate_peer *p)
{
    struct look *l = user;
    if (l->failed || l->door->peer_n == l->cap)
        return;
    struct monitor_peer *to = &l->door->peers[l->door->peer_n++];
    *to = (struct monitor_peer){
        .id = p->id, .peer = yh_arena_str(l->arena, yh_str_of(p->peer)),
        .cn = yh_arena_str(l->arena, (yh_str){p->cn, strnlen(p->cn, sizeof p->cn)}),
        .since = p->since, .last_frame = p->last_frame, .state = states[p->state], .edition = p->edition,
        .frames = p->frames, .bad = p->bad, .junk = p->junk, .bytes = p->bytes, .waiting = p->waiting,
    };
    l->failed |= !to->peer.p || !to->cn.p;
    copy_mns(l, p, to);
}

static yh_err look_at_refusals(struct gate *gate, struct yh_arena *arena, struct monitor_door *ret)
{
    struct gate_refusal refusals[GATE_REFUSALS];
    size_t n = gate_refusals_get(gate, refusals, &ret->refused);
    ret->refusals = YH_NEW_N(arena, struct monitor_refusal, GATE_REFUSALS);
    if (!ret->refusals)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the refused connections");
    for (size_t i = 0; i < n; i++)
        ret->refusals[i] = (struct monitor_refusal){
            .at = refusals[i].at, .peer = yh_arena_str(arena, yh_str_of(refusals[i].peer)), .why = refusals[i].why};
    ret->refusal_n = n;
    return YH_OK;
}

yh_err door_look(struct gate *gate, struct yh_arena *arena, struct monitor_door *ret)
{
    struct gate_stats stats;
    gate_stats_get(gate, &stats);
    struct look l = {.arena = arena, .door = ret, .cap = (size_t)stats.connections + NEWCOMERS};
    ret->accepted = stats.accepted;
    ret->peer_n = 0;
    ret->peers = YH_NEW_N(arena, struct monitor_peer, l.cap);
    if (!ret->peers)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu connections", l.cap);
    gate_each_peer(gate, copy_peer, &l);
    if (l.failed)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu connections", l.cap);
    return look_at_refusals(gate, arena, ret);
}
