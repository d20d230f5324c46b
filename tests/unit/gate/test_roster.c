/* What the gate shows of its connections, while it works: seen from another thread. */
#include "../check.h"

#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "gate/gate.h"
#include "hj212/compose.h"
#include "net/tcp.h"

#define DEADLINE_US 60000000
#define SEEN_MAX    8

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_turns = PTHREAD_COND_INITIALIZER;
static bool disk_held;

int fdatasync(int fd) /* in place of the C library's: the test decides when the disk has synced */
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

static char dir[64];
static struct chain *chain;
static struct gate *gate;
static _Atomic int present; /* MNs that came minus those that left */

static void on_durable(void *user, uint64_t durable)
{
    (void)user, (void)durable;
    if (gate)
        gate_durable(gate);
}

static void judge(void *user, const struct hj212_brief *brief, struct gate_verdict *ret)
{
    (void)user, (void)brief;
    *ret = (struct gate_verdict){0};
}

static void connected(void *user, yh_str mn, const char *peer, bool on)
{
    (void)user;
    assert_true(mn.n > 0 && peer[0]);
    present += on ? 1 : -1;
}

static void open_gate(unsigned max_connections, uint64_t pending_max)
{
    snprintf(dir, sizeof dir, "/tmp/yuheng-roster-XXXXXX");
    assert_non_null(mkdtemp(dir));
    struct chain_config log = {.commit_ms = 1, .pending_max = pending_max, .on_durable = on_durable};
    struct chain_recovery found;
    check_ok(chain_open(dir, &log, &found, &chain));
    struct gate_config config = {.host = "127.0.0.1", .chain = chain, .max_connections = max_connections, .judge = judge,
                                 .connected = connected};
    check_ok(gate_new(&config, &gate));
    check_ok(gate_run(gate));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void close_gate(void)
{
    gate_halt(gate);
    chain_close(chain);
    gate_free(gate);
    gate = NULL;
    assert_int_equal(present, 0);
    assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static int dial(void)
{
    int fd;
    check_ok(net_connect("127.0.0.1", gate_port(gate), 5000, &fd));
    return fd;
}

static void send_frame(int fd, const char *mn, const char *cn, unsigned n)
{
    char segment[256];
    yh_buf_auto frame = yh_buf_make(1024);
    snprintf(segment, sizeof segment, "QN=%017u;ST=32;CN=%s;PW=1;MN=%s;Flag=5;CP=&&DataTime=20261102085900;w01018-Rtd=1.0&&", n, cn, mn);
    check_ok(hj212_wrap(yh_str_of(segment), &frame));
    check_ok(yh_write_full(fd, "socket", frame.p, frame.n));
}

/* ---- looking ---- */

struct seen {
    struct gate_peer peers[SEEN_MAX];
    char mns[SEEN_MAX][80][GATE_MN_SIZE];
    size_t n;
};

static void see(void *user, const struct gate_peer *p)
{
    struct seen *s = user;
    assert_true(s->n < SEEN_MAX && p->mn_n <= 80);
    for (size_t i = 0; i < p->mn_n; i++)
        memcpy(s->mns[s->n][i], p->mns[i], GATE_MN_SIZE);
    s->peers[s->n++] = *p;
}

static struct seen seen;

static void look(void)
{
    seen.n = 0;
    gate_each_peer(gate, see, &seen);
}

#define wait_for(condition)                                                                                  \
    do {                                                                                                     \
        int64_t end_ = yh_clock_mono_us() + DEADLINE_US;                                                     \
        for (look(); !(condition); look()) {                                                                 \
            assert_true(yh_clock_mono_us() < end_);                                                          \
            poll(NULL, 0, 1);                                                                                \
        }                                                                                                    \
    } while (0)

static void a_connection_shows_what_it_sent(void **state)
{
    (void)state;
    open_gate(0, 0);
    yh_time before = yh_clock_now();
    yh_fd_auto quiet = dial();
    assert_true(quiet >= 0);
    wait_for(seen.n == 1);
    yh_fd_auto talks = dial();
    send_frame(talks, "M1", "2011", 1);
    send_frame(talks, "M2", "2051", 2);
    check_ok(yh_write_full(talks, "socket", "noise", 5));
    send_frame(talks, "M1", "2061", 3);
    wait_for(seen.n == 2 && memcmp(seen.peers[1].cn, "2061", 4) == 0 && present == 2 && seen.peers[1].state == GATE_PEER_SERVED);
    const struct gate_peer *p = &seen.peers[1];
    assert_int_equal(seen.peers[0].frames, 0);
    assert_int_equal(seen.peers[0].mn_n, 0);
    assert_true(seen.peers[0].last_frame == YH_TIME_NONE);
    assert_true(p->id > seen.peers[0].id);
    assert_int_equal(p->junk, 1);
    assert_int_equal(p->bad, 0);
    assert_int_equal(p->mn_n, 2);
    assert_string_equal(seen.mns[1][0], "M1");
    assert_string_equal(seen.mns[1][1], "M2");
    assert_int_equal(p->edition, HJ212_ED_2017);
    assert_memory_equal(p->cn, "2061\0\0\0", 8);
    assert_true(p->since >= before && p->last_frame >= p->since && p->last_frame <= yh_clock_now());
    shutdown(talks, SHUT_WR);
    wait_for(seen.n == 1 && present == 0);
    close_gate();
}

static void it_shows_what_it_waits_for(void **state)
{
    (void)state;
    open_gate(0, 4);
    yh_fd_auto fd = dial();
    hold_disk(true);
    send_frame(fd, "M1", "2011", 1);
    wait_for(seen.n == 1 && seen.peers[0].state == GATE_PEER_WAITING);
    assert_int_equal(seen.peers[0].waiting, 1);
    for (unsigned n = 2; n < 12; n++)
        send_frame(fd, "M1", "2011", n);
    wait_for(seen.peers[0].state == GATE_PEER_PAUSED);
    hold_disk(false);
    wait_for(seen.peers[0].frames == 11 && seen.peers[0].state == GATE_PEER_SERVED);
    assert_int_equal(seen.peers[0].waiting, 0);
    close_gate();
}

static void of_many_senders_the_first_is_forgotten(void **state)
{
    (void)state;
    open_gate(0, 0);
    yh_fd_auto fd = dial();
    for (unsigned n = 1; n <= 70; n++) {
        char mn[16];
        snprintf(mn, sizeof mn, "M%u", n);
        send_frame(fd, mn, "2011", n);
    }
    wait_for(seen.n == 1 && present == 64 && strcmp(seen.mns[0][63], "M70") == 0);
    assert_int_equal(seen.peers[0].frames, 70);
    assert_int_equal(seen.peers[0].mn_n, 64);
    assert_string_equal(seen.mns[0][0], "M7");
    close_gate();
}

static void who_was_refused_is_remembered_newest_first(void **state)
{
    (void)state;
    struct gate_refusal refusals[GATE_REFUSALS];
    uint64_t total;
    open_gate(1, 0);
    yh_fd_auto in = dial();
    assert_true(in >= 0);
    wait_for(seen.n == 1);
    assert_int_equal(gate_refusals_get(gate, refusals, &total), 0);
    for (unsigned i = 0; i < GATE_REFUSALS + 3; i++) {
        yh_fd_auto out = dial();
        char byte;
        assert_int_equal(recv(out, &byte, 1, 0), 0);
    }
    assert_int_equal(gate_refusals_get(gate, refusals, &total), GATE_REFUSALS);
    assert_int_equal(total, GATE_REFUSALS + 3);
    for (unsigned i = 0; i < GATE_REFUSALS; i++) {
        assert_string_equal(refusals[i].why, "full");
        assert_memory_equal(refusals[i].peer, "127.0.0.1:", 10);
        assert_true(i == 0 || refusals[i].at <= refusals[i - 1].at);
    }
    close_gate();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_shows_what_it_sent),
        cmocka_unit_test(it_shows_what_it_waits_for),
        cmocka_unit_test(of_many_senders_the_first_is_forgotten),
        cmocka_unit_test(who_was_refused_is_remembered_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
