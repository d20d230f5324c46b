#include "net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

static yh_err resolve(const char *host, uint16_t port, int flags, struct addrinfo **ret)
{
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    int rc = getaddrinfo(host, service, &hints, ret);
    if (rc != 0)
        return yh_fail(YH_E_INVALID, "cannot resolve address %s: %s", host, gai_strerror(rc));
    return YH_OK;
}

static void set_on(int fd, int level, int name)
{
    int on = 1;
    setsockopt(fd, level, name, &on, sizeof on);
}

static int listen_on(const struct addrinfo *a, int backlog)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    set_on(fd, SOL_SOCKET, SO_REUSEADDR);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, backlog) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

yh_err net_listen(const char *host, uint16_t port, int backlog, int *ret_fd)
{
    yh_cleanup(free_addresses) struct addrinfo *list = NULL;
    YH_TRY(resolve(host, port, AI_PASSIVE, &list));
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int fd = listen_on(a, backlog);
        if (fd >= 0) {
            *ret_fd = fd;
            return YH_OK;
        }
    }
    return yh_fail_errno("cannot listen on %s port %u", host, port);
}

static bool is_passing(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ECONNABORTED || error == EPROTO;
}

yh_err net_accept(int listen_fd, int *ret_fd)
{
    int fd;
    do {
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    if (fd >= 0) {
        set_on(fd, IPPROTO_TCP, TCP_NODELAY);
        set_on(fd, SOL_SOCKET, SO_KEEPALIVE);
        *ret_fd = fd;
        return YH_OK;
    }
    if (is_passing(errno))
        return yh_fail(YH_E_BUSY, "no connection is waiting");
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        return yh_fail(YH_E_NO_MEMORY, "cannot accept: too many open connections");
    return yh_fail_errno("cannot accept a connection");
}

/* Waits for a connection under way; errno tells why it failed. */
static bool finish_connect(int fd, int timeout_ms)
{
    int64_t end = yh_clock_mono_us() / 1000 + timeout_ms;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int got;
    do {
        int64_t left = end - yh_clock_mono_us() / 1000;
        got = poll(&p, 1, left > 0 ? (int)left : 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        errno = got == 0 ? ETIMEDOUT : errno;
        return false;
    }
    int error = 0;
    socklen_t n = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    errno = error;
    return error == 0;
}

static int connect_to(const struct addrinfo *a, int timeout_ms)
{
    yh_fd_auto fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 && (errno != EINPROGRESS || !finish_connect(fd, timeout_ms)))
        return -1;
    if (fcntl(fd, F_SETFL, 0) != 0)
        return -1;
    set_on(fd, IPPROTO_TCP, TCP_NODELAY);
    int connected = fd;
    fd = -1;
    return connected;
}

yh_err net_connect(const char *host, uint16_t port, int timeout_ms, int *ret_fd)
{
    yh_cleanup(free_addresses) struct addrinfo *list = NULL;
    YH_TRY(resolve(host, port, 0, &list));
    int why = EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        int fd = connect_to(a, timeout_ms);
        if (fd >= 0) {
            *ret_fd = fd;
            return YH_OK;
        }
        why = errno;
    }
    errno = why;
    return yh_fail_errno("cannot connect to %s port %u", host, port);
}

static uint16_t port_of(const struct sockaddr_storage *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, a, sizeof v4);
    memcpy(&v6, a, sizeof v6);
    return a->ss_family == AF_INET ? ntohs(v4.sin_port) : a->ss_family == AF_INET6 ? ntohs(v6.sin6_port) : 0;
}

uint16_t net_local_port(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    return getsockname(fd, (struct sockaddr *)&a, &n) == 0 ? port_of(&a) : 0;
}

void net_address_text(const struct sockaddr *a, char ret[NET_PEER_MAX])
{
    ret[0] = '\0';
    if (a->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, a, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, ret, NET_PEER_MAX);
    } else if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, a, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, ret, NET_PEER_MAX);
        else
            inet_ntop(AF_INET6, &v6.sin6_addr, ret, NET_PEER_MAX);
    }
    if (ret[0] == '\0')
        memcpy(ret, "?", 2);
}

void net_peer_address(int fd, unsigned char ret[16])
{
    static const unsigned char v4_mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memset(ret, 0, 16);
    if (getpeername(fd, (struct sockaddr *)&a, &n) != 0)
        return;
    memcpy(&v4, &a, sizeof v4);
    memcpy(&v6, &a, sizeof v6);
    if (a.ss_family == AF_INET6) {
        memcpy(ret, &v6.sin6_addr, 16);
    } else if (a.ss_family == AF_INET) {
        memcpy(ret, v4_mapped, sizeof v4_mapped);
        memcpy(ret + sizeof v4_mapped, &v4.sin_addr, 4);
    }
}

void net_peer_text(int fd, char ret[NET_PEER_MAX])
{
    struct sockaddr_storage a = {0};
    socklen_t n = sizeof a;
    if (getpeername(fd, (struct sockaddr *)&a, &n) != 0) {
        memcpy(ret, "?", 2);
        return;
    }
    char host[NET_PEER_MAX];
    net_address_text((const struct sockaddr *)&a, host);
    snprintf(ret, NET_PEER_MAX, strchr(host, ':') ? "[%.45s]:%u" : "%.45s:%u", host, port_of(&a));
}
