/* What is durable of a target: its cursor with all that goes with it, and the QN of frames before they leave. */
#include "relay/target.h"

#include "base/clock.h"

/* ---- the cursor ---- */

void relay_asides_clear(struct relay_target *t)
{
    for (size_t i = 0; i < t->aside_n; i++)
        free((void *)(uintptr_t)t->asides[i].mn.p);
    t->aside_n = 0;
    t->close_n = 0;
}

static yh_err save(struct db *d, void *user)
{
    struct relay_target *t = user;
    yh_buf_auto due = yh_buf_make(RELAY_DUE_TEXT);
    relay_due_write(&t->plan.due, &due);
    YH_TRY(yh_buf_check(&due));
    YH_TRY(relay_store_save(d, t->setup.id, yh_buf_view(&due), &t->counts));
    for (size_t i = 0; i < t->aside_n; i++) {
        t->asides[i].at = t->asides[i].at ? t->asides[i].at : yh_clock_now();
        YH_TRY(relay_store_set_aside(d, t->setup.id, &t->asides[i]));
    }
    for (size_t i = 0; i < t->close_n; i++)
        YH_TRY(relay_store_close(d, t->setup.id, t->closes[i]));
    return YH_OK;
}

static yh_err run(struct relay_target *t, yh_err (*work)(struct db *d, void *user), void *user)
{
    struct db *d = db_pool_writer(t->works->config.pool);
    yh_err e = db_txn(d, work, user);
    db_pool_put(t->works->config.pool, d);
    return e;
}

yh_err relay_target_save(struct relay_target *t)
{
    YH_TRY(run(t, save, t));
    relay_asides_clear(t);
    t->dirty = false;
    return YH_OK;
}

/* ---- sent again by request ---- */

struct again {
    struct relay_target *t;
    yh_err error;
};

static bool put_back(void *user, uint64_t seq)
{
    struct again *a = user;
    a->error = relay_due_put_back(&a->t->plan.due, seq);
    return a->error == YH_OK;
}

/* What was put back before a rollback stays: it is sent, and its row waits for the next time. */
static yh_err again(struct db *d, void *user)
{
    struct again *a = user;
    YH_TRY(save(d, a->t));
    YH_TRY(relay_store_take_again(d, a->t->setup.id, put_back, a));
    YH_TRY(a->error);
    return save(d, a->t);
}

yh_err relay_target_again(struct relay_target *t)
{
    struct again a = {.t = t};
    YH_TRY(run(t, again, &a));
    relay_asides_clear(t);
    relay_fill_rewind(t, net_loop_now_ms(t->works->loop));
    return YH_OK;
}

/* ---- QN ---- */

struct opening {
    struct relay_target *t;
    struct relay_item *const *items;
    size_t n;
};

static bool is_new(const struct relay_target *t, const struct relay_item *i)
{
    return t->rule.rewrite && i->asks && !yh_map_get(&t->opened, relay_seq_key(&i->seq));
}

static yh_err open_all(struct db *d, void *user)
{
    const struct opening *o = user;
    for (size_t i = 0; i < o->n; i++)
        if (is_new(o->t, o->items[i]))
            YH_TRY(relay_store_open(d, o->t->setup.id, o->items[i]->seq, yh_str_of(o->items[i]->qn)));
    return YH_OK;
}

yh_err relay_keep_qns(struct relay_target *t, struct relay_item *const *items, size_t n)
{
    struct opening o = {t, items, n};
    size_t fresh = 0;
    for (size_t i = 0; i < n; i++)
        fresh += is_new(t, items[i]);
    if (fresh == 0)
        return YH_OK;
    YH_TRY(run(t, open_all, &o));
    for (size_t i = 0; i < n; i++) {
        char *qn = is_new(t, items[i]) ? strdup(items[i]->qn) : NULL;
        if (qn && yh_map_put(&t->opened, relay_seq_key(&items[i]->seq), qn) != YH_OK)
            free(qn);
    }
    return YH_OK;
}
