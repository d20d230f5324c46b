/* The gate over a real log and real sockets. The test decides when the disk has synced. */
#include "../check.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "gate/gate.h"
#include "hj212/compose.h"
#include "hj212/framer.h"
#include "net/tcp.h"

#define DEADLINE_US 60000000
#define CONN_READ_AT_ONCE 65536

/* ---- a disk that can be held ---- */

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_turns = PTHREAD_COND_INITIALIZER;
static bool disk_held;

int fdatasync(int fd) /* in place of the C library's: nothing here cuts the power */
{
    (void)fd;
    pthread_mutex_lock(&disk_lock);
    while (disk_held)
        pthread_cond_wait(&disk_turns, &disk_lock);
    pthread_mutex_unlock(&disk_lock);
    return 0;
}

static void hold_disk(bool held)
{
    pthread_mutex_lock(&disk_lock);
    disk_held = held;
    pthread_cond_broadcast(&disk_turns);
    pthread_mutex_unlock(&disk_lock);
}

/* ---- a gate with its log ---- */

struct box {
    char dir[64];
    struct chain *chain;
    _Atomic(struct gate *) gate; /* the log's writer calls it */
    uint16_t port;
    pthread_mutex_t lock;
    struct gate_verdict verdict; /* for every sender, under the lock */
    atomic_uint repeated;
    atomic_int connected; /* MNs that came minus those that left */
};

static void on_durable(void *user, uint64_t durable)
{
    struct box *b = user;
    (void)durable;
    struct gate *gate = b->gate;
    if (gate)
        gate_durable(gate);
}

static void judge(void *user, const struct hj212_brief *brief, struct gate_verdict *ret)
{
    struct box *b = user;
    (void)brief;
    pthread_mutex_lock(&b->lock);
    *ret = b->verdict;
    pthread_mutex_unlock(&b->lock);
}

static void decide(struct box *b, struct gate_verdict verdict)
{
    pthread_mutex_lock(&b->lock);
    b->verdict = verdict;
    pthread_mutex_unlock(&b->lock);
}

static void repeated(void *user, const struct hj212_brief *brief)
{
    (void)brief;
    ((struct box *)user)->repeated++;
}

static void connected(void *user, yh_str mn, const char *peer, bool on)
{
    assert_true(mn.n > 0 && peer[0]);
    ((struct box *)user)->connected += on ? 1 : -1;
}

static struct box *open_box(uint64_t pending_max)
{
    struct box *b = calloc(1, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    snprintf(b->dir, sizeof b->dir, "/tmp/yuheng-gate-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    struct chain_config log = {.commit_ms = 1, .pending_max = pending_max, .on_durable = on_durable, .user = b};
    struct chain_recovery found;
    check_ok(chain_open(b->dir, &log, &found, &b->chain));
    struct gate_config config = {.host = "127.0.0.1", .chain = b->chain, .judge = judge, .repeated = repeated,
                                 .connected = connected, .user = b};
    struct gate *gate;
    check_ok(gate_new(&config, &gate));
    b->gate = gate;
    check_ok(gate_run(gate));
    b->port = gate_port(gate);
    return b;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void close_box(struct box *b)
{
    gate_halt(b->gate);
    chain_close(b->chain);
    gate_free(b->gate);
    assert_int_equal(b->connected, 0);
    assert_int_equal(nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(b);
}

/* ---- a logger ---- */

static yh_buf inbox; /* answers read and not yet checked, of the connection dialled last */

static int dial(struct box *b)
{
    int fd;
    yh_buf_done(&inbox);
    inbox = yh_buf_make(1 << 20);
    check_ok(net_connect("127.0.0.1", gate_port(b->gate), 5000, &fd));
    return fd;
}

static yh_buf data_frame(unsigned n)
{
    char segment[256];
    yh_buf out = yh_buf_make(1024);
    snprintf(segment, sizeof segment,
             "QN=%017u;ST=32;CN=2011;PW=1;MN=M1;Flag=5;CP=&&DataTime=20261102085900;w01018-Rtd=1.0&&", n);
    check_ok(hj212_wrap(yh_str_of(segment), &out));
    return out;
}

static void put(int fd, yh_str bytes)
{
    check_ok(yh_write_full(fd, "socket", bytes.p, bytes.n));
}

static void put_data(int fd, unsigned n)
{
    yh_buf_auto frame = data_frame(n);
    put(fd, yh_buf_view(&frame));
}

/* Reads what is there now; false at the end of the stream. */
static bool take(int fd)
{
    char *room = yh_buf_reserve(&inbox, 65536);
    assert_non_null(room);
    ssize_t got = recv(fd, room, 65536, MSG_DONTWAIT);
    if (got > 0)
        inbox.n += (size_t)got;
    return got > 0 || (got < 0 && errno == EAGAIN);
}

/* Takes answers out of the inbox that must carry the QNs from *next on. */
static void check_order(unsigned *next, unsigned last)
{
    struct hj212_framer framer = {0};
    struct hj212_event event;
    struct hj212_brief brief;
    size_t done = 0;
    while (*next <= last) {
        hj212_event_kind kind = hj212_framer_next(&framer, yh_str_sub(yh_buf_view(&inbox), done, inbox.n), false, &event);
        done += event.consumed;
        if (kind == HJ212_NEED_MORE)
            break;
        assert_int_equal(kind, HJ212_FRAME);
        hj212_peek(event.segment, &brief);
        check_str(brief.cn, "9014");
        uint64_t qn;
        assert_true(yh_str_to_u64(brief.qn, &qn));
        assert_int_equal(qn, *next);
        ++*next;
    }
    yh_buf_consume(&inbox, done);
}

static void read_answers(int fd, unsigned first, unsigned last)
{
    unsigned next = first;
    int64_t end = yh_clock_mono_us() + DEADLINE_US;
    check_order(&next, last);
    while (next <= last && yh_clock_mono_us() < end) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, 100);
        assert_true(take(fd));
        check_order(&next, last);
    }
    assert_int_equal(next, last + 1);
}

static void no_answer(int fd)
{
    char byte;
    assert_int_equal(inbox.n, 0);
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
}

static struct gate_stats stats(struct box *b)
{
    struct gate_stats s;
    gate_stats_get(b->gate, &s);
    return s;
}

/* Waits until `condition` holds; s is read anew each time. */
#define wait_for(b, condition)                                                                               \
    do {                                                                                                     \
        int64_t end_ = yh_clock_mono_us() + DEADLINE_US;                                                     \
        for (struct gate_stats s = stats(b); !(condition); s = stats(b)) {                                   \
            assert_true(yh_clock_mono_us() < end_);                                                          \
            poll(NULL, 0, 1);                                                                                \
        }                                                                                                    \
    } while (0)

static chain_kind add_payload(struct box *b, uint64_t seq, yh_buf *out)
{
    yh_buf_auto bytes = yh_buf_make(CHAIN_PAYLOAD_MAX);
    struct chain_record r;
    check_ok(chain_wait_durable(b->chain, seq, 60000));
    check_ok(chain_get(b->chain, seq, &bytes, &r, NULL));
    yh_buf_str(out, r.payload);
    return r.kind;
}

static void check_record(struct box *b, uint64_t seq, chain_kind kind, const char *payload)
{
    yh_buf_auto bytes = yh_buf_make(CHAIN_PAYLOAD_MAX);
    assert_int_equal(add_payload(b, seq, &bytes), kind);
    check_buf(&bytes, payload);
}

/* ---- tests ---- */

static void an_answer_waits_for_the_disk(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    hold_disk(true);
    put_data(fd, 1);
    wait_for(b, s.waiting == 1);
    no_answer(fd);
    assert_int_equal(stats(b).answered, 0);
    assert_int_equal(chain_durable(b->chain), 0);
    hold_disk(false);
    read_answers(fd, 1, 1);
    assert_int_equal(chain_durable(b->chain), 1);
    close_box(b);
}

static void answers_keep_their_order(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    put_data(fd, 1);
    read_answers(fd, 1, 1);
    hold_disk(true);
    put_data(fd, 2);
    wait_for(b, s.waiting == 1);
    put_data(fd, 1); /* durable long ago, and yet it is answered behind the one before it */
    wait_for(b, s.repeated == 1);
    no_answer(fd);
    hold_disk(false);
    wait_for(b, s.answered == 3);
    read_answers(fd, 2, 2);
    read_answers(fd, 1, 1);
    assert_int_equal(chain_size(b->chain), 2);
    assert_int_equal(b->repeated, 1);
    close_box(b);
}

static void a_full_log_makes_senders_wait_and_loses_nothing(void **state)
{
    (void)state;
    struct box *b = open_box(2000);
    yh_fd_auto fd = dial(b);
    hold_disk(true);
    for (unsigned i = 1; i <= 200; i++)
        put_data(fd, i);
    wait_for(b, s.paused == 1);
    assert_true(chain_size(b->chain) < 200);
    no_answer(fd);
    hold_disk(false);
    read_answers(fd, 1, 200);
    assert_int_equal(chain_size(b->chain), 200);
    wait_for(b, s.paused == 0 && s.waiting == 0);
    close_box(b);
}

/* A CR LF that arrives alone belongs to no record. */
static void drop_line_ends(yh_buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] != '\r' && b->p[i] != '\n')
            b->p[n++] = b->p[i];
    b->n = n;
}

static void what_came_before_the_line_broke_is_logged_when_the_log_can(void **state)
{
    (void)state;
    struct box *b = open_box(2000);
    int fd = dial(b);
    yh_buf_auto sent = yh_buf_make(1 << 16);
    for (unsigned i = 1; i <= 100; i++) {
        yh_buf_auto frame = data_frame(i);
        yh_buf_str(&sent, yh_buf_view(&frame));
    }
    yh_buf_puts(&sent, "##0100ST=32;CN=20");
    hold_disk(true);
    put(fd, yh_buf_view(&sent));
    wait_for(b, s.paused == 1);
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    hold_disk(false);
    wait_for(b, s.connections == 0);
    yh_buf_auto logged = yh_buf_make(1 << 16);
    for (uint64_t seq = 0; seq < chain_size(b->chain); seq++)
        add_payload(b, seq, &logged);
    assert_true(stats(b).bytes >= 2000);
    sent.n = stats(b).bytes; /* what the kernel still held is gone with the line, what was read is not */
    drop_line_ends(&sent);
    drop_line_ends(&logged);
    check_buf(&logged, yh_buf_z(&sent));
    close_box(b);
}

/* Sends without reading until neither side moves any more; how many frames were handed over. */
static unsigned send_until_stuck(struct box *b, int fd, unsigned most, yh_buf *rest)
{
    unsigned n = 0;
    for (uint64_t before = 0;;) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        if (poll(&p, 1, 500) == 0) {
            if (stats(b).bytes == before)
                return n;
            before = stats(b).bytes;
            continue;
        }
        if (rest->n == 0) {
            assert_true(n < most);
            yh_buf_auto frame = data_frame(++n);
            yh_buf_str(rest, yh_buf_view(&frame));
        }
        ssize_t put = send(fd, rest->p, rest->n, MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(put >= 0 || errno == EAGAIN); /* the gate must not hang up */
        yh_buf_consume(rest, put > 0 ? (size_t)put : 0);
    }
}

static void a_peer_that_does_not_read_is_not_read_from(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    struct gate_limits limits = gate_limits_default;
    limits.station_rate = 0; /* here the peer alone decides how fast it goes */
    check_ok(gate_limits_set(b->gate, &limits));
    yh_fd_auto fd = dial(b);
    yh_buf_auto rest = yh_buf_make(4096);
    unsigned n = send_until_stuck(b, fd, 1000000, &rest);
    assert_int_equal(stats(b).connections, 1);

    unsigned next = 1;
    int64_t end = yh_clock_mono_us() + DEADLINE_US;
    while (next <= n && yh_clock_mono_us() < end) {
        struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (rest.n ? POLLOUT : 0))};
        poll(&p, 1, 100);
        ssize_t put = rest.n ? send(fd, rest.p, rest.n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        yh_buf_consume(&rest, put > 0 ? (size_t)put : 0);
        assert_true(take(fd));
        check_order(&next, n);
    }
    assert_int_equal(next, n + 1);
    assert_int_equal(chain_size(b->chain), n);
    close_box(b);
}

static void resends_are_stored_once_and_bare_heartbeats_each_time(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    put_data(fd, 7);
    put_data(fd, 7);
    read_answers(fd, 7, 7);
    read_answers(fd, 7, 7);
    assert_int_equal(chain_size(b->chain), 1);
    decide(b, (struct gate_verdict){.answer = GATE_ANSWER_NEVER});
    yh_buf_auto beat = yh_buf_make(1024);
    check_ok(hj212_wrap(YH_S("ST=91;CN=9015;PW=1;MN=M1;Flag=5;CP=&&&&"), &beat));
    put(fd, yh_buf_view(&beat));
    put(fd, yh_buf_view(&beat));
    wait_for(b, s.frames == 3);
    assert_int_equal(chain_size(b->chain), 3);
    close_box(b);
}

static void a_remembered_frame_is_a_resend_after_a_restart(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    put_data(fd, 7);
    read_answers(fd, 7, 7);
    gate_halt(b->gate);
    gate_free(b->gate);
    b->gate = NULL;
    struct gate_config config = {.host = "127.0.0.1", .chain = b->chain, .judge = judge, .repeated = repeated,
                                 .connected = connected, .user = b};
    struct gate *again;
    check_ok(gate_new(&config, &again));
    yh_buf_auto frame = data_frame(7);
    gate_remember(again, yh_buf_view(&frame), 0);
    check_ok(gate_run(again));
    b->gate = again;
    yh_fd_auto late = dial(b);
    put_data(late, 7);
    read_answers(late, 7, 7);
    assert_int_equal(chain_size(b->chain), 1);
    close_box(b);
}

static void broken_pieces_are_logged_and_not_answered(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    put(fd, YH_S("hello\r\n##0020"));
    shutdown(fd, SHUT_WR);
    wait_for(b, s.connections == 0);
    check_record(b, 0, CHAIN_JUNK, "hello\r\n");
    check_record(b, 1, CHAIN_JUNK, "##0020");
    assert_false(take(fd));

    yh_fd_auto other = dial(b);
    yh_buf_auto frame = data_frame(1);
    frame.p[40] ^= 1;
    put(other, yh_buf_view(&frame));
    wait_for(b, s.bad == 1);
    decide(b, (struct gate_verdict){.accept_bad_crc = true}); /* commissioning */
    put(other, yh_buf_view(&frame));
    wait_for(b, s.answered == 1);
    close_box(b);
}

static void the_end_logs_what_is_held_and_sends_what_is_owed(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    hold_disk(true);
    put_data(fd, 1);
    put(fd, YH_S("##0100ST=32"));
    yh_buf_auto frame = data_frame(1);
    wait_for(b, s.waiting == 1 && s.bytes == frame.n + 11);
    gate_halt(b->gate);
    assert_int_equal(chain_size(b->chain), 2);
    gate_settle(b->gate);
    no_answer(fd); /* not durable, not owed yet */
    hold_disk(false);
    check_record(b, 1, CHAIN_JUNK, "##0100ST=32");
    gate_settle(b->gate);
    read_answers(fd, 1, 1);
    close_box(b);
}

static void too_many_connections_are_turned_away(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    gate_halt(b->gate);
    gate_free(b->gate);
    b->gate = NULL;
    struct gate_config config = {.host = "127.0.0.1", .chain = b->chain, .max_connections = 1, .judge = judge, .user = b};
    struct gate *small;
    check_ok(gate_new(&config, &small));
    check_ok(gate_run(small));
    b->gate = small;
    yh_fd_auto first = dial(b);
    wait_for(b, s.connections == 1);
    yh_fd_auto second = dial(b);
    char byte;
    assert_int_equal(recv(second, &byte, 1, 0), 0);
    put_data(first, 1);
    read_answers(first, 1, 1);
    close_box(b);
}

/* ---- limits ---- */

static struct box *open_limited_box(uint64_t pending_max, const struct gate_limits *limits)
{
    struct box *b = open_box(pending_max);
    check_ok(gate_limits_set(b->gate, limits));
    yh_fd_auto fd = dial(b); /* once this is served, the limits are in force */
    put_data(fd, 0);
    read_answers(fd, 0, 0);
    return b;
}

static uint64_t metric(struct box *b, const char *name)
{
    yh_buf_auto text = yh_buf_make(16384);
    gate_metrics(b->gate, &text);
    check_ok(yh_buf_check(&text));
    const char *at = strstr(yh_buf_z(&text), name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

#define LATE  "yuheng_gate_cut_total{cause=\"late\"} "
#define SCANT "yuheng_gate_delayed_total{cause=\"memory\"} "
#define RATE  "yuheng_gate_delayed_total{cause=\"station_rate\"} "

enum { CROWD = 16, EACH = 1500 };

static void memory_for_all_is_bounded_while_the_disk_stands_still(void **state)
{
    (void)state;
    struct gate_limits limits = gate_limits_default;
    limits.held_all = 256u << 10;
    struct box *b = open_limited_box(1000000, &limits);
    yh_buf_auto bytes = yh_buf_make(1 << 20);
    for (unsigned i = 1; i <= EACH; i++) {
        yh_buf_auto frame = data_frame(i);
        yh_buf_str(&bytes, yh_buf_view(&frame));
    }
    hold_disk(true);
    int fd[CROWD];
    for (unsigned i = 0; i < CROWD; i++) {
        fd[i] = dial(b);
        put(fd[i], yh_buf_view(&bytes)); /* the kernels take what the gate does not */
    }
    wait_for(b, metric(b, SCANT) > 0 && s.paused > 0);
    assert_true(stats(b).held < 2 * limits.held_all + CONN_READ_AT_ONCE);
    hold_disk(false);
    wait_for(b, s.frames + s.repeated == (uint64_t)CROWD * EACH + 1 && s.waiting == 0);
    for (unsigned i = 0; i < CROWD; i++)
        close(fd[i]);
    wait_for(b, s.connections == 0 && s.held == 0);
    close_box(b);
}

static void a_late_frame_is_cut_and_the_next_one_served(void **state)
{
    (void)state;
    struct gate_limits limits = gate_limits_default;
    limits.partial_ms = 1;
    struct box *b = open_limited_box(0, &limits);
    yh_fd_auto fd = dial(b);
    put(fd, YH_S("##0100ST=32;CN=20"));
    wait_for(b, s.junk == 1 && s.held == 0);
    assert_int_equal(metric(b, LATE), 1);
    check_record(b, 1, CHAIN_JUNK, "##0100ST=32;CN=20");
    put_data(fd, 1);
    read_answers(fd, 1, 1);
    close_box(b);
}

static void what_the_gate_itself_holds_up_is_not_late(void **state)
{
    (void)state;
    struct gate_limits limits = gate_limits_default;
    limits.partial_ms = 1;
    struct box *b = open_limited_box(600, &limits);
    yh_fd_auto other = dial(b), fd = dial(b);
    hold_disk(true);
    for (unsigned i = 1; i <= 20; i++)
        put_data(fd, i);
    put(fd, YH_S("##0100ST"));
    wait_for(b, s.paused == 1);
    put(other, YH_S("##0100ST"));
    wait_for(b, s.paused == 1 && metric(b, LATE) == 1); /* the other one; so those that are late have been looked for */
    hold_disk(false);
    read_answers(fd, 1, 20);
    close_box(b);
}

static void a_station_beyond_its_rate_waits_and_the_end_does_not_wait_for_it(void **state)
{
    (void)state;
    struct gate_limits limits = gate_limits_default;
    limits.station_rate = 1;
    limits.station_burst = 1;
    struct box *b = open_limited_box(0, &limits);
    yh_fd_auto fd = dial(b);
    for (unsigned i = 1; i <= 50; i++)
        put_data(fd, i);
    yh_buf_auto frame = data_frame(1);
    wait_for(b, metric(b, RATE) >= 1 && s.bytes >= 2 * frame.n);
    uint64_t read = stats(b).bytes / frame.n - 1; /* without the first frame of all */
    assert_true(stats(b).frames < 20);
    gate_halt(b->gate);
    assert_true(chain_size(b->chain) >= read);
    close_box(b);
}

/* What the other kernel has not acknowledged has not arrived. */
static int on_the_way(int fd)
{
    int bytes = -1;
    assert_int_equal(ioctl(fd, SIOCOUTQ, &bytes), 0);
    return bytes;
}

static void a_drain_answers_what_has_arrived(void **state)
{
    (void)state;
    struct gate_limits limits = gate_limits_default;
    limits.station_rate = 1;
    limits.station_burst = 1;
    struct box *b = open_limited_box(0, &limits);
    yh_fd_auto fd = dial(b), idle = dial(b);
    for (unsigned i = 1; i <= 50; i++)
        put_data(fd, i);
    put(fd, YH_S("##0100ST=32"));
    wait_for(b, metric(b, RATE) >= 1 && s.connections == 2 && on_the_way(fd) == 0);
    assert_int_equal(gate_drain(b->gate, 30000), 0);
    assert_int_equal(chain_size(b->chain), 52);
    check_record(b, 51, CHAIN_JUNK, "##0100ST=32");
    read_answers(fd, 1, 50);
    char byte;
    assert_int_equal(recv(idle, &byte, 1, 0), 0);
    int late;
    assert_int_not_equal(net_connect("127.0.0.1", b->port, 1000, &late), YH_OK);
    close_box(b);
}

static void a_drain_ends_though_the_disk_stands_still(void **state)
{
    (void)state;
    struct box *b = open_box(0);
    yh_fd_auto fd = dial(b);
    hold_disk(true);
    put_data(fd, 1);
    wait_for(b, s.waiting == 1);
    assert_int_equal(gate_drain(b->gate, 100), 1);
    gate_halt(b->gate);
    no_answer(fd);
    hold_disk(false);
    check_ok(chain_wait_durable(b->chain, 0, 60000));
    gate_settle(b->gate);
    read_answers(fd, 1, 1);
    close_box(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_waits_for_the_disk),
        cmocka_unit_test(answers_keep_their_order),
        cmocka_unit_test(a_full_log_makes_senders_wait_and_loses_nothing),
        cmocka_unit_test(what_came_before_the_line_broke_is_logged_when_the_log_can),
        cmocka_unit_test(a_peer_that_does_not_read_is_not_read_from),
        cmocka_unit_test(resends_are_stored_once_and_bare_heartbeats_each_time),
        cmocka_unit_test(a_remembered_frame_is_a_resend_after_a_restart),
        cmocka_unit_test(broken_pieces_are_logged_and_not_answered),
        cmocka_unit_test(the_end_logs_what_is_held_and_sends_what_is_owed),
        cmocka_unit_test(too_many_connections_are_turned_away),
        cmocka_unit_test(memory_for_all_is_bounded_while_the_disk_stands_still),
        cmocka_unit_test(a_late_frame_is_cut_and_the_next_one_served),
        cmocka_unit_test(what_the_gate_itself_holds_up_is_not_late),
        cmocka_unit_test(a_station_beyond_its_rate_waits_and_the_end_does_not_wait_for_it),
        cmocka_unit_test(a_drain_answers_what_has_arrived),
        cmocka_unit_test(a_drain_ends_though_the_disk_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
