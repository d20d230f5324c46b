#include "relay/plan.h"

static yh_str key_of(const uint64_t *seq)
{
    return (yh_str){(const char *)seq, sizeof *seq};
}

void relay_plan_init(struct relay_plan *p, struct relay_due *due, uint64_t border)
{
    *p = (struct relay_plan){.due = *due, .live_at = border};
    *due = (struct relay_due){0};
}

void relay_plan_done(struct relay_plan *p)
{
    relay_due_done(&p->due);
    yh_map_done(&p->out);
}

/* The first record of the set from `at` on that nobody has. */
static bool next_free(const struct relay_plan *p, uint64_t at, uint64_t before, uint64_t *ret_seq)
{
    uint64_t seq = at;
    while (relay_due_next(&p->due, seq, &seq) && seq < before) {
        if (!relay_plan_find(p, seq)) {
            *ret_seq = seq;
            return true;
        }
        seq++;
    }
    return false;
}

bool relay_plan_live(struct relay_plan *p, uint64_t head, uint64_t *ret_seq)
{
    uint64_t seq;
    if (p->live_at >= head)
        return false;
    bool found = next_free(p, p->live_at, head, &seq);
    p->live_at = found ? seq : head;
    if (found)
        *ret_seq = seq;
    return found;
}

bool relay_plan_fill(struct relay_plan *p, uint64_t head, uint64_t *ret_seq)
{
    uint64_t end = p->live_at < head ? p->live_at : head;
    return p->fill_at < end && next_free(p, p->fill_at, end, ret_seq);
}

void relay_plan_pass_live(struct relay_plan *p, uint64_t seq)
{
    p->live_at = seq + 1;
}

void relay_plan_pass_fill(struct relay_plan *p, uint64_t seq)
{
    p->fill_at = seq + 1;
}

void relay_plan_rewind_fill(struct relay_plan *p)
{
    p->fill_at = 0;
}

yh_err relay_plan_hand_out(struct relay_plan *p, uint64_t seq, void *attached)
{
    return yh_map_put(&p->out, key_of(&seq), attached);
}

void *relay_plan_find(const struct relay_plan *p, uint64_t seq)
{
    return yh_map_get(&p->out, key_of(&seq));
}

void relay_plan_return(struct relay_plan *p, uint64_t seq)
{
    yh_map_remove(&p->out, key_of(&seq));
    if (seq < p->fill_at)
        p->fill_at = seq;
}

yh_err relay_plan_settle(struct relay_plan *p, uint64_t seq)
{
    YH_TRY(relay_due_settle(&p->due, seq));
    yh_map_remove(&p->out, key_of(&seq));
    return YH_OK;
}

void relay_plan_jump(struct relay_plan *p, uint64_t head)
{
    if (head > p->live_at)
        p->live_at = head;
}

uint64_t relay_plan_behind(const struct relay_plan *p, uint64_t head, uint64_t *ret_fill)
{
    *ret_fill = relay_due_count(&p->due, p->live_at < head ? p->live_at : head);
    return relay_due_count(&p->due, head);
}
