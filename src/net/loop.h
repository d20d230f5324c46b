/*
 * net_loop: one epoll set, timers and a mailbox, driven by one thread.
 *
 * Descriptors, timers and everything else belong to the thread inside net_loop_run() (or to whoever builds the loop
 * before it runs). Only net_loop_post() and net_loop_stop() may be called from other threads; net_loop_stop() also from
 * a signal handler. A callback may remove any descriptor or timer, its own included: events already fetched for it are
 * dropped. The loop never closes a descriptor.
 */
#ifndef YH_NET_LOOP_H
#define YH_NET_LOOP_H

#include <sys/epoll.h>

#include "base/err.h"

struct net_loop;
typedef void (*net_event_cb)(void *user, uint32_t events);
typedef void (*net_task_cb)(void *user);

yh_must yh_err net_loop_new(struct net_loop **ret);
void net_loop_free(struct net_loop *l); /* accepts NULL; not while running */

/* `events` are EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLET ... ; EPOLLERR and EPOLLHUP are always reported. */
yh_must yh_err net_loop_add(struct net_loop *l, int fd, uint32_t events, net_event_cb cb, void *user);
yh_must yh_err net_loop_mod(struct net_loop *l, int fd, uint32_t events);
void net_loop_del(struct net_loop *l, int fd); /* before close(fd); an unknown fd is ignored */

/* Calls back in `ms`, then every `ms` when `repeat`. 0 when out of memory. Late rounds are not made up for. */
uint64_t net_loop_timer(struct net_loop *l, uint64_t ms, bool repeat, net_task_cb cb, void *user);
void net_loop_cancel(struct net_loop *l, uint64_t timer); /* 0, a fired or an unknown one is ignored */

/* Runs `cb` on the loop's thread, in order of posting. YH_E_BUSY when a million tasks wait already. */
yh_err net_loop_post(struct net_loop *l, net_task_cb cb, void *user);

/* Until net_loop_stop(); what was posted before the stop is still run. Can be run again. */
void net_loop_run(struct net_loop *l);
void net_loop_stop(struct net_loop *l);

int64_t net_loop_now_ms(const struct net_loop *l); /* monotonic, taken when the current round woke up */

#endif
