#include "gate/conn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "gate/answer.h"

void conn_link_init(struct conn_link *l)
{
    l->prev = l->next = l;
}

bool conn_link_empty(const struct conn_link *head)
{
    return head->next == head;
}

void conn_link_add(struct conn_link *head, struct conn_link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

void conn_link_drop(struct conn_link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    conn_link_init(l);
}

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void wait_for_log(struct conn *c)
{
    if (conn_link_empty(&c->pending))
        conn_link_add(&c->gate->pending, &c->pending);
}

void conn_close(struct conn *c)
{
    struct gate *g = c->gate;
    roster_leave(c);
    if (!c->detached)
        net_loop_del(g->loop, c->fd);
    close(c->fd);
    conn_link_drop(&c->pending);
    conn_link_drop(&c->resting);
    conn_link_drop(&c->partial);
    limits_left(g->book, c->place);
    count(&g->count.connections, (uint64_t)-1);
    count(&g->count.held, 0 - (uint64_t)c->held);
    count(&g->count.waiting, 0 - (uint64_t)c->wait_n);
    if (c->held_back)
        count(&g->count.paused, (uint64_t)-1);
    free(c->hold);
    free(c->waits);
    yh_buf_done(&c->out);
    yh_buf_done(&c->wait);
    free(c);
    if (g->draining && conn_link_empty(&g->all))
        gate_drained(g);
}

/* ---- sending ---- */

static void count_lost(struct conn *c)
{
    size_t answers = 0;
    for (size_t i = 0; i < c->out.n; i++)
        answers += c->out.p[i] == '\n';
    events_count(&c->gate->events, GATE_DROPPED_LINE, answers);
}

/* The socket is broken, answers cannot be sent any more. What was received is still owed to the log: the connection stays
 * in the list of those that wait for it until that is done. */
static void detach(struct conn *c)
{
    count_lost(c);
    yh_buf_done(&c->out);
    if (c->detached)
        return;
    net_loop_del(c->gate->loop, c->fd);
    c->detached = true;
    c->ended = true;
    wait_for_log(c);
}

/* A peer that does not read its answers is not read from either, until it does. */
static bool is_clogged(const struct conn *c)
{
    return c->out.n + c->wait.n > c->gate->limits.held_each;
}

static void note_held(struct conn *c)
{
    size_t held = c->hold_n + c->out.cap + c->wait.cap + c->wait_cap * sizeof *c->waits;
    if (held != c->held)
        count(&c->gate->count.held, (uint64_t)held - (uint64_t)c->held);
    c->held = held;
}

/* When the memory for all is used up, those wait who hold more than an equal share of it. A share holds at least a frame,
 * so that what is begun can be finished. */
static bool is_choked(const struct conn *c)
{
    const struct gate *g = c->gate;
    if (c->ended || c->draining || atomic_load_explicit(&g->count.held, memory_order_relaxed) <= g->limits.held_all)
        return false;
    uint64_t share = g->limits.held_all / atomic_load_explicit(&g->count.connections, memory_order_relaxed);
    return c->held > (share > HJ212_BUFFER_MAX ? share : HJ212_BUFFER_MAX);
}

static void rest_until(struct conn *c, int64_t us)
{
    c->rest_us = us;
    if (conn_link_empty(&c->resting))
        conn_link_add(&c->gate->resting, &c->resting);
    gate_wake_later(c->gate);
}

/* A flag that says why a connection is held back; the change to true is counted. */
static void note_cause(struct conn *c, bool *flag, bool now, gate_event cause)
{
    if (now && !*flag)
        gate_tell(c->gate, cause, c->peer);
    *flag = now;
}

static void note_held_back(struct conn *c)
{
    note_held(c);
    note_cause(c, &c->clogged, is_clogged(c) && !c->ended, GATE_DELAYED_PEER);
    note_cause(c, &c->choked, is_choked(c), GATE_DELAYED_MEMORY);
    if (c->choked && !c->rests)
        rest_until(c, yh_clock_mono_us() + CONN_CHECK_MS * 1000);
    bool held_back = c->paused || c->rests || c->clogged || c->choked;
    if (held_back != c->held_back)
        count(&c->gate->count.paused, held_back ? 1 : (uint64_t)-1);
    c->held_back = held_back;
}

static uint32_t wanted_events(const struct conn *c)
{
    bool reads = !c->held_back && !c->ended;
    return (reads ? EPOLLIN : 0u) | (c->out.n ? EPOLLOUT : 0u);
}

/* Writes what may be sent and listens for what is wanted next; false when the loop refuses. */
static bool flush(struct conn *c)
{
    while (c->out.n && !c->detached) {
        ssize_t put = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (put < 0) {
            detach(c);
            return true;
        }
        yh_buf_consume(&c->out, (size_t)put);
        c->sent_us = yh_clock_mono_us();
    }
    if (c->out.n == 0)
        yh_buf_done(&c->out);
    note_held_back(c);
    uint32_t events = wanted_events(c);
    roster_state(c);
    if (c->detached || events == c->events)
        return true;
    c->events = events;
    return net_loop_mod(c->gate->loop, c->fd, events) == YH_OK;
}

static bool push_wait(struct conn *c, uint64_t seq, size_t bytes)
{
    if (c->wait_n == c->wait_cap) {
        size_t cap = c->wait_cap ? c->wait_cap * 2 : 8;
        struct conn_wait *bigger = realloc(c->waits, cap * sizeof *bigger);
        if (!bigger)
            return false;
        c->waits = bigger;
        c->wait_cap = cap;
    }
    c->waits[c->wait_n++] = (struct conn_wait){seq, bytes};
    count(&c->gate->count.waiting, 1);
    wait_for_log(c);
    return true;
}

/* Queues g->answer behind record `seq`; false when out of memory. */
static bool queue_answer(struct conn *c, uint64_t seq)
{
    const yh_buf *answer = &c->gate->answer;
    if (answer->n == 0)
        return true;
    yh_buf_add(&c->wait, answer->p, answer->n);
    return !c->wait.failed && push_wait(c, seq, answer->n);
}

static bool release_answers(struct conn *c, uint64_t durable)
{
    size_t n = 0, bytes = 0;
    while (n < c->wait_n && c->waits[n].seq < durable)
        bytes += c->waits[n++].bytes;
    if (n == 0)
        return true;
    if (c->out.n == 0)
        c->sent_us = yh_clock_mono_us();
    if (!c->detached)
        yh_buf_add(&c->out, c->wait.p, bytes);
    if (c->out.failed)
        return false;
    yh_buf_consume(&c->wait, bytes);
    c->wait_n -= n;
    memmove(c->waits, c->waits + n, c->wait_n * sizeof *c->waits);
    count(&c->gate->count.waiting, 0 - (uint64_t)n);
    count(&c->gate->count.answered, c->detached ? 0 : n);
    events_count(&c->gate->events, GATE_DROPPED_LINE, c->detached ? n : 0);
    if (c->wait_n == 0) {
        free(c->waits);
        c->waits = NULL;
        c->wait_cap = 0;
        yh_buf_done(&c->wait);
    }
    return flush(c);
}

/* ---- receiving ---- */

typedef enum taken {
    TAKEN,
    LATER,  /* the log cannot take it now */
    TURN,   /* its station has to wait */
    FAILED, /* out of memory */
} taken;

static taken append(struct conn *c, chain_kind kind, yh_str mn, yh_str payload, uint64_t *ret_seq)
{
    struct chain_record record = {.received = yh_clock_now(), .kind = kind, .origin = yh_str_sub(mn, 0, CHAIN_ORIGIN_MAX),
                                  .peer = yh_str_of(c->peer), .payload = payload};
    return chain_append(c->gate->config.chain, &record, ret_seq) == YH_OK ? TAKEN : LATER;
}

static taken answer(struct conn *c, const struct hj212_brief *brief, const struct gate_verdict *verdict, uint64_t seq)
{
    yh_buf_clear(&c->gate->answer);
    if (verdict->refuse_password)
        count(&c->gate->count.refused, 1);
    if (answer_compose(brief, verdict, &c->gate->answer) != YH_OK)
        return TAKEN; /* no answer can be written to what this sender calls itself */
    return queue_answer(c, seq) ? TAKEN : FAILED;
}

/* A resend carries the QN of the first try. Equal bytes without one (a bare heartbeat) are news each time. */
static bool is_resendable(const struct hj212_brief *brief)
{
    return brief->wants_ack && brief->qn.n;
}

/* A frame that names nobody waits for its connection alone. A turn may be used by another station on the same connection:
 * they share one line, on which nobody overtakes. */
static bool is_turn(struct conn *c, const struct hj212_brief *brief)
{
    struct gate *g = c->gate;
    if (c->draining || g->draining)
        return true;
    if (c->credit) {
        c->credit--;
        return true;
    }
    int64_t now = yh_clock_mono_us();
    int64_t wait = limits_station(g->book, &g->limits, brief->mn.n ? brief->mn : yh_str_of(c->peer), now, &c->credit);
    if (wait)
        rest_until(c, now + wait);
    return wait == 0;
}

static taken take_frame(struct conn *c, const struct hj212_event *event)
{
    struct gate *g = c->gate;
    struct hj212_brief brief;
    hj212_peek(event->segment, &brief);
    if (!is_turn(c, &brief))
        return TURN;
    struct gate_verdict verdict = {0};
    g->config.judge(g->config.user, &brief, &verdict);
    bool good = event->kind == HJ212_FRAME, resendable = good && is_resendable(&brief);
    struct repeat_print print = {0};
    uint64_t seq;
    if (resendable)
        print = repeat_print(g->repeat, event->raw);
    if (resendable && repeat_find(g->repeat, print, &seq)) {
        count(&g->count.repeated, 1);
        if (g->config.repeated)
            g->config.repeated(g->config.user, &brief);
    } else {
        if (append(c, good ? CHAIN_FRAME : CHAIN_BAD, brief.mn, event->raw, &seq) != TAKEN) {
            c->credit++;
            return LATER;
        }
        if (resendable)
            repeat_add(g->repeat, print, seq);
        count(good ? &g->count.frames : &g->count.bad, 1);
    }
    count(good ? &c->shown.frames : &c->shown.bad, 1);
    if (good)
        roster_frame(c, &brief);
    return good || verdict.accept_bad_crc ? answer(c, &brief, &verdict, seq) : TAKEN;
}

static taken take_junk(struct conn *c, const struct hj212_event *event)
{
    uint64_t seq;
    if (append(c, CHAIN_JUNK, yh_str_of(c->mn), event->raw, &seq) != TAKEN)
        return LATER;
    count(&c->gate->count.junk, 1);
    count(&c->gate->count.junk_bytes, event->raw.n);
    count(&c->shown.junk, 1);
    return TAKEN;
}

/* Takes every finished span off the front of `input`; *input is what is left. */
static taken take_spans(struct conn *c, yh_str *input)
{
    struct hj212_event event;
    for (;;) {
        hj212_event_kind kind = hj212_framer_next(&c->framer, *input, c->ended || c->cut, &event);
        taken how = kind == HJ212_FRAME || kind == HJ212_BAD ? take_frame(c, &event)
                    : kind == HJ212_JUNK                     ? take_junk(c, &event)
                                                             : TAKEN;
        if (how != TAKEN)
            return how;
        *input = yh_str_sub(*input, event.consumed, input->n);
        if (kind == HJ212_NEED_MORE)
            return TAKEN;
    }
}

static bool hold(struct conn *c, yh_str rest)
{
    if (rest.n == 0) {
        free(c->hold);
        c->hold = NULL;
        c->hold_n = 0;
        return true;
    }
    char *kept = realloc(c->hold, rest.n);
    if (!kept)
        return false;
    memcpy(kept, rest.p, rest.n);
    c->hold = kept;
    c->hold_n = rest.n;
    return true;
}

static void set_paused(struct conn *c, bool paused)
{
    if (c->paused == paused)
        return;
    c->paused = paused;
    c->framer = (struct hj212_framer){0}; /* the span at the front is looked at anew */
    if (paused) {
        gate_tell(c->gate, GATE_DELAYED_LOG, c->peer);
        wait_for_log(c);
    }
}

static void set_rests(struct conn *c, bool rests)
{
    if (rests)
        c->framer = (struct hj212_framer){0};
    note_cause(c, &c->rests, rests, GATE_DELAYED_STATION_RATE);
}

/* The time an unfinished frame has begins when it comes to the front. */
static void note_partial(struct conn *c, bool partial, bool is_new)
{
    if (!partial || is_new)
        conn_link_drop(&c->partial);
    if (!partial || !conn_link_empty(&c->partial))
        return;
    c->partial_us = yh_clock_mono_us();
    conn_link_add(&c->gate->partial, &c->partial);
}

static bool finished(const struct conn *c)
{
    return c->ended && !c->paused && !c->rests && c->hold_n == 0 && c->wait_n == 0 && c->out.n == 0;
}

/* Works through scratch[0..n); false when the connection has to go. */
static bool digest(struct conn *c, size_t n)
{
    yh_str input = {c->gate->scratch, n};
    taken how = c->rests ? TURN : take_spans(c, &input);
    if (how == FAILED || !hold(c, input)) {
        gate_tell(c->gate, GATE_CLOSED_RESOURCES, c->peer);
        return false;
    }
    set_paused(c, how == LATER);
    set_rests(c, how == TURN);
    if (how == TAKEN)
        c->cut = false;
    note_partial(c, how == TAKEN && input.n, input.n < n);
    if (!release_answers(c, chain_durable(c->gate->config.chain)) || !flush(c))
        return false;
    return !finished(c);
}

static size_t unhold(struct conn *c)
{
    if (c->hold_n)
        memcpy(c->gate->scratch, c->hold, c->hold_n);
    return c->hold_n;
}

static bool readable(struct conn *c)
{
    struct gate *g = c->gate;
    size_t n = unhold(c);
    bool scarce = atomic_load_explicit(&g->count.held, memory_order_relaxed) > g->limits.held_all;
    ssize_t got = recv(c->fd, g->scratch + n, scarce ? HJ212_BUFFER_MAX : CONN_READ_MAX, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (got < 0) {
        events_count(&g->events, GATE_CLOSED_BROKEN, 1);
        detach(c);
        return digest(c, n);
    }
    c->drain_left -= yh_min_size(c->drain_left, (size_t)got);
    c->ended = got == 0 || (c->draining && c->drain_left == 0);
    c->last_us = yh_clock_mono_us();
    count(&g->count.bytes, (uint64_t)got);
    count(&c->shown.bytes, (uint64_t)got);
    return digest(c, n + (size_t)got);
}

void conn_answer(struct conn *c, uint64_t durable)
{
    if (!release_answers(c, durable))
        conn_close(c);
}

void conn_continue(struct conn *c, uint64_t durable)
{
    bool stays = release_answers(c, durable);
    if (stays && (c->paused || c->ended) && !c->rests)
        stays = digest(c, unhold(c));
    if (!stays)
        conn_close(c);
    else if (c->wait_n == 0 && !c->paused)
        conn_link_drop(&c->pending);
}

void conn_end(struct conn *c)
{
    c->ended = true;
    c->rests = c->rests && !c->gate->draining;
    if (!digest(c, unhold(c)))
        conn_close(c);
}

void conn_drop(struct conn *c)
{
    detach(c);
    conn_end(c);
}

void conn_wake(struct conn *c)
{
    conn_link_drop(&c->resting);
    bool rested = c->rests;
    c->rests = false;
    if (!(rested ? digest(c, unhold(c)) : flush(c)))
        conn_close(c);
}

void conn_cut(struct conn *c)
{
    conn_link_drop(&c->partial);
    if (c->held_back) { /* it may have sent the rest long ago */
        note_partial(c, true, true);
        return;
    }
    gate_tell(c->gate, GATE_CUT_LATE, c->peer);
    c->cut = true;
    if (!digest(c, unhold(c)))
        conn_close(c);
}

void conn_drain(struct conn *c)
{
    int arrived = 0;
    if (!c->ended && ioctl(c->fd, FIONREAD, &arrived) != 0)
        arrived = 0;
    c->draining = true;
    c->drain_left = arrived > 0 ? (size_t)arrived : 0;
    c->ended = c->ended || c->drain_left == 0;
    c->rests = false;
    if (!digest(c, unhold(c)))
        conn_close(c);
}

static void on_event(void *user, uint32_t events)
{
    struct conn *c = user;
    bool stays = true;
    if (events & EPOLLOUT)
        stays = flush(c) && !finished(c);
    if (stays && (events & EPOLLIN) && (wanted_events(c) & EPOLLIN))
        stays = readable(c);
    else if (stays && (events & (EPOLLERR | EPOLLHUP))) {
        events_count(&c->gate->events, GATE_CLOSED_BROKEN, 1);
        conn_drop(c);
        return;
    }
    if (!stays)
        conn_close(c);
}

yh_err conn_open(struct gate *g, int fd, const char *peer, uint32_t place)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return yh_fail(YH_E_NO_MEMORY, "no memory for a connection");
    c->gate = g;
    c->fd = fd;
    c->place = place;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->out = yh_buf_make(CONN_OUT_MAX);
    c->wait = yh_buf_make(CONN_OUT_MAX);
    c->last_us = yh_clock_mono_us();
    conn_link_init(&c->pending);
    conn_link_init(&c->resting);
    conn_link_init(&c->partial);
    c->events = EPOLLIN;
    yh_err e = net_loop_add(g->loop, fd, c->events, on_event, c);
    if (e != YH_OK) {
        free(c);
        return e;
    }
    roster_join(c);
    count(&g->count.connections, 1);
    count(&g->count.accepted, 1);
    return YH_OK;
}
