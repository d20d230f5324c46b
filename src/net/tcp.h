/* TCP sockets as plain descriptors: listen, accept, connect, and who is on the other side. */
#ifndef YH_NET_TCP_H
#define YH_NET_TCP_H

#include "base/err.h"

#define NET_PEER_MAX 64

struct sockaddr;

/* Nonblocking listening socket on host:port ("127.0.0.1", "::", "localhost"); port 0 lets the system choose. */
yh_must yh_err net_listen(const char *host, uint16_t port, int backlog, int *ret_fd);

/*
 * Takes one waiting connection: nonblocking, no delay, keep-alive. YH_E_BUSY when nobody waits; YH_E_NO_MEMORY when the
 * process is out of descriptors or the kernel out of memory (pause accepting for a moment, the listener stays readable).
 */
yh_must yh_err net_accept(int listen_fd, int *ret_fd);

/* Blocking client socket, connected within timeout_ms. */
yh_must yh_err net_connect(const char *host, uint16_t port, int timeout_ms, int *ret_fd);

uint16_t net_local_port(int fd);                         /* 0 when it is no bound TCP socket */
void net_peer_address(int fd, unsigned char ret[16]); /* IPv6, IPv4 as v4-mapped; zeros when unknown */
void net_peer_text(int fd, char ret[NET_PEER_MAX]);      /* "192.0.2.7:50312", "[2001:db8::1]:80", "?" */
void net_address_text(const struct sockaddr *a, char ret[NET_PEER_MAX]); /* without the port; v4-mapped as v4 */

#endif
