#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/loop.h"
#include "net/tcp.h"
#include "net/timers.h"

struct world {
    struct net_loop *loop;
    char seen[64];
    int count;
    uint64_t timer;
    int pair[2];
    int other[2];
};

static void note(struct world *w, char c)
{
    if (w->count < (int)sizeof w->seen - 1)
        w->seen[w->count++] = c;
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_int_equal(net_loop_new(&w->loop), YH_OK);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w->pair), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w->other), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 2; i++) {
        yh_fd_close(&w->pair[i]);
        yh_fd_close(&w->other[i]);
    }
    net_loop_free(w->loop);
    free(w);
    return 0;
}

static void stop_now(void *user)
{
    struct world *w = user;
    net_loop_stop(w->loop);
}

static void note_a(void *user)
{
    note(user, 'a');
}

static void note_b(void *user)
{
    note(user, 'b');
}

static void timers_run_in_order_of_their_time(void **state)
{
    struct world *w = *state;
    net_loop_timer(w->loop, 20, false, stop_now, w);
    net_loop_timer(w->loop, 10, false, note_b, w);
    net_loop_timer(w->loop, 1, false, note_a, w);
    uint64_t gone = net_loop_timer(w->loop, 2, false, note_b, w);
    net_loop_cancel(w->loop, gone);
    net_loop_cancel(w->loop, gone);
    net_loop_cancel(w->loop, 0);
    net_loop_run(w->loop);
    assert_string_equal(w->seen, "ab");
}

static void stop_at_third(void *user)
{
    struct world *w = user;
    note(w, 't');
    if (w->count == 3) {
        net_loop_cancel(w->loop, w->timer);
        net_loop_timer(w->loop, 5, false, stop_now, w);
    }
}

static void a_repeating_timer_ends_when_cancelled_from_inside(void **state)
{
    struct world *w = *state;
    w->timer = net_loop_timer(w->loop, 1, true, stop_at_third, w);
    net_loop_run(w->loop);
    assert_string_equal(w->seen, "ttt");
}

static void an_old_id_never_hits_a_newer_timer(void **state)
{
    (void)state;
    struct net_timers t = {0};
    uint64_t first = net_timers_add(&t, 10, 0, note_a, NULL);
    net_timers_cancel(&t, first);
    uint64_t second = net_timers_add(&t, 11, 0, note_a, NULL);
    assert_int_equal((uint32_t)first, (uint32_t)second);
    net_timers_cancel(&t, first);
    assert_int_equal(net_timers_next(&t), 11);
    net_timers_cancel(&t, second);
    assert_true(net_timers_next(&t) == INT64_MAX);
    net_timers_done(&t);
}

static int64_t fired_at[512];
static int fired;

static void remember(void *user)
{
    int64_t *at = user;
    fired_at[fired++] = *at;
}

static void many_timers_with_cancels_fire_sorted(void **state)
{
    (void)state;
    struct net_timers t = {0};
    static int64_t at[512];
    uint64_t id[512];
    uint32_t seed = 12345;
    for (int i = 0; i < 512; i++) {
        seed = seed * 1664525u + 1013904223u;
        at[i] = (int64_t)(seed >> 20);
        id[i] = net_timers_add(&t, at[i], 0, remember, &at[i]);
    }
    for (int i = 0; i < 512; i += 2)
        net_timers_cancel(&t, id[i]);
    fired = 0;
    net_timers_fire(&t, 4096);
    assert_int_equal(fired, 256);
    for (int i = 1; i < fired; i++)
        assert_true(fired_at[i - 1] <= fired_at[i]);
    net_timers_done(&t);
}

static void remove_other_and_stop(void *user, uint32_t events)
{
    struct world *w = user;
    assert_true(events & EPOLLIN);
    note(w, 'r');
    net_loop_del(w->loop, w->pair[0]);
    net_loop_del(w->loop, w->other[0]);
    net_loop_stop(w->loop);
}

static void a_removed_descriptor_gets_no_stale_event(void **state)
{
    struct world *w = *state;
    assert_int_equal(net_loop_add(w->loop, w->pair[0], EPOLLIN, remove_other_and_stop, w), YH_OK);
    assert_int_equal(net_loop_add(w->loop, w->other[0], EPOLLIN, remove_other_and_stop, w), YH_OK);
    assert_int_equal(net_loop_add(w->loop, w->other[0], EPOLLIN, remove_other_and_stop, w), YH_E_CONFLICT);
    assert_int_equal(write(w->pair[1], "x", 1), 1);
    assert_int_equal(write(w->other[1], "x", 1), 1);
    net_loop_run(w->loop);
    assert_string_equal(w->seen, "r");
    assert_int_equal(net_loop_mod(w->loop, w->pair[0], EPOLLIN), YH_E_NOT_FOUND);
    assert_int_equal(net_loop_add(w->loop, -1, EPOLLIN, remove_other_and_stop, w), YH_E_INVALID);
}

static void on_writable(void *user, uint32_t events)
{
    struct world *w = user;
    assert_true(events & EPOLLOUT);
    note(w, 'w');
    net_loop_stop(w->loop);
}

static void interest_can_be_changed(void **state)
{
    struct world *w = *state;
    assert_int_equal(net_loop_add(w->loop, w->pair[0], EPOLLIN, on_writable, w), YH_OK);
    assert_int_equal(net_loop_mod(w->loop, w->pair[0], EPOLLOUT), YH_OK);
    net_loop_run(w->loop);
    assert_string_equal(w->seen, "w");
}

#define POSTS 20000

struct poster {
    struct net_loop *loop;
    int *sum; /* touched on the loop's thread only */
};

static void add_one(void *user)
{
    struct poster *p = user;
    (*p->sum)++;
}

static void *post_many(void *user)
{
    struct poster *p = user;
    for (int i = 0; i < POSTS; i++)
        assert_int_equal(net_loop_post(p->loop, add_one, p), YH_OK);
    return NULL;
}

static void *run_loop(void *user)
{
    net_loop_run(user);
    return NULL;
}

static void posts_from_other_threads_all_arrive_before_the_stop(void **state)
{
    struct world *w = *state;
    int sum = 0;
    struct poster p = {w->loop, &sum};
    pthread_t loop, posters[3];
    pthread_create(&loop, NULL, run_loop, w->loop);
    for (size_t i = 0; i < YH_LEN(posters); i++)
        pthread_create(&posters[i], NULL, post_many, &p);
    for (size_t i = 0; i < YH_LEN(posters); i++)
        pthread_join(posters[i], NULL);
    net_loop_stop(w->loop);
    pthread_join(loop, NULL);
    assert_int_equal(sum, 3 * POSTS);
}

static void listen_connect_accept(void **state)
{
    (void)state;
    yh_fd_auto server = -1;
    yh_fd_auto client = -1;
    yh_fd_auto accepted = -1;
    int none = -1;
    assert_int_equal(net_listen("127.0.0.1", 0, 8, &server), YH_OK);
    uint16_t port = net_local_port(server);
    assert_int_not_equal(port, 0);
    assert_int_equal(net_accept(server, &none), YH_E_BUSY);
    assert_int_equal(net_connect("127.0.0.1", port, 2000, &client), YH_OK);
    assert_int_equal(net_accept(server, &accepted), YH_OK);
    char peer[NET_PEER_MAX], expected[NET_PEER_MAX];
    net_peer_text(accepted, peer);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", net_local_port(client));
    assert_string_equal(peer, expected);
    net_peer_text(server, peer);
    assert_string_equal(peer, "?");
    assert_int_equal(net_listen("127.0.0.1", port, 8, &none), YH_E_IO);
    assert_int_equal(net_listen("not a host", 0, 8, &none), YH_E_INVALID);
    assert_int_equal(none, -1);
}

static void connecting_to_nobody_fails(void **state)
{
    (void)state;
    yh_fd_auto server = -1;
    int fd = -1;
    assert_int_equal(net_listen("127.0.0.1", 0, 1, &server), YH_OK);
    uint16_t port = net_local_port(server);
    yh_fd_close(&server);
    assert_int_equal(net_connect("127.0.0.1", port, 2000, &fd), YH_E_IO);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_run_in_order_of_their_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repeating_timer_ends_when_cancelled_from_inside, set_up, tear_down),
        cmocka_unit_test(an_old_id_never_hits_a_newer_timer),
        cmocka_unit_test(many_timers_with_cancels_fire_sorted),
        cmocka_unit_test_setup_teardown(a_removed_descriptor_gets_no_stale_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(interest_can_be_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(posts_from_other_threads_all_arrive_before_the_stop, set_up, tear_down),
        cmocka_unit_test(listen_connect_accept),
        cmocka_unit_test(connecting_to_nobody_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
