/*
 * The event hub: keeps the newest events in a ring and lets any number of streams read along. A stream holds only its
 * position, so a slow browser costs no memory; when the ring passes it by, it is cut and resumes by Last-Event-ID.
 *
 * Threads: any thread publishes and only notes the event; the clock thread wakes the sleeping streams (one wake for many
 * events); workers copy bytes out. One lock guards ring and streams.
 */
#ifndef YH_NET_HTTP_EVENTS_H
#define YH_NET_HTTP_EVENTS_H

#include <microhttpd.h>

#include "base/str.h"
#include "net/http.h"
#include "net/http_conn.h"
#include "net/loop.h"

#define HTTP_EVENTS_KEPT 4096u
#define HTTP_EVENTS_BYTES (4u << 20)
#define HTTP_EVENT_MAX (256u << 10)
#define HTTP_STREAMS_MAX 4096u

struct http_hub;
struct http_event_stream;

struct http_hub_stats {
    uint64_t published, refused, dropped;
    size_t streams;
};

/* Ids start at `first_id` and grow by one. */
yh_must yh_err http_hub_new(struct net_loop *clock, size_t kept, uint64_t first_id, struct http_hub **ret);
void http_hub_free(struct http_hub *h);

void http_hub_publish(struct http_hub *h, const char *event, yh_str topic, yh_str json);
void http_hub_beat(struct http_hub *h);                 /* a comment line on every stream */
void http_hub_end(struct http_hub *h, yh_str user_id);  /* ends this user's streams; empty: all */
void http_hub_close(struct http_hub *h);                /* ends all streams, for good */
struct http_hub_stats http_hub_stats(struct http_hub *h);

/*
 * A response that streams from behind `last_id` (empty: from now on). It takes care of itself until the connection
 * ends. YH_E_BUSY when there are too many streams. The listener is the stream's from the call on, whatever comes of it.
 */
yh_must yh_err http_hub_stream(struct http_hub *h, struct MHD_Connection *mhd, struct http_conn *conn, yh_str user_id,
                               yh_str last_id, struct http_listener listener, unsigned lives_ms, struct MHD_Response **ret);

#endif
