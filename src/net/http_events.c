#include "net/http_events.h"

#include "base/buf.h"
#include "base/clock.h"

#define BLOCK 4096

struct event {
    char *bytes; /* the topic stands behind them */
    size_t n, topic_n;
};

struct http_event_stream {
    struct http_event_stream *prev, *next;
    struct http_hub *hub;
    struct MHD_Connection *mhd;
    struct http_conn *conn;
    char user[64];
    struct http_listener listener;
    uint64_t at;      /* id of the next event */
    size_t offset;    /* bytes of it that are sent */
    int64_t ends_ms;
    char intro[192];  /* sent before anything else */
    size_t intro_n, intro_sent;
    bool beat;        /* a comment is due when there is nothing else */
    bool asleep;      /* suspended in libmicrohttpd */
    bool over;
};

struct http_hub {
    pthread_mutex_t lock;
    struct net_loop *clock;
    struct event *ring;
    size_t kept;
    uint64_t first;   /* oldest id in the ring */
    uint64_t next;    /* id of the next event */
    size_t bytes;
    struct http_event_stream *streams;
    bool wake_posted;
    bool closed;
    struct http_hub_stats stats;
};

yh_err http_hub_new(struct net_loop *clock, size_t kept, uint64_t first_id, struct http_hub **ret)
{
    struct http_hub *h = calloc(1, sizeof *h);
    struct event *ring = calloc(kept, sizeof *ring);
    if (!h || !ring) {
        free(h);
        free(ring);
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu events", kept);
    }
    pthread_mutex_init(&h->lock, NULL);
    h->clock = clock;
    h->ring = ring;
    h->kept = kept;
    h->first = h->next = first_id;
    *ret = h;
    return YH_OK;
}

static struct event *event_at(const struct http_hub *h, uint64_t id)
{
    return &h->ring[id % h->kept];
}

static void forget_oldest(struct http_hub *h)
{
    struct event *e = event_at(h, h->first++);
    h->bytes -= e->n;
    free(e->bytes);
    *e = (struct event){0};
}

void http_hub_free(struct http_hub *h)
{
    if (!h)
        return;
    while (h->first < h->next)
        forget_oldest(h);
    pthread_mutex_destroy(&h->lock);
    free(h->ring);
    free(h);
}

/* ---- waking */

/* Resuming is cheap (a flag and one wake of the worker), so it may happen under the lock; that keeps `asleep` true to
 * what libmicrohttpd thinks. */
static void wake(struct http_event_stream *s)
{
    if (!s->asleep)
        return;
    s->asleep = false;
    MHD_resume_connection(s->mhd);
}

static bool left_behind(const struct http_hub *h, const struct http_event_stream *s)
{
    return s->at < h->first;
}

static void wake_all(void *user)
{
    struct http_hub *h = user;
    pthread_mutex_lock(&h->lock);
    h->wake_posted = false;
    for (struct http_event_stream *s = h->streams; s; s = s->next) {
        if (left_behind(h, s) && !s->over) {
            s->over = true;
            h->stats.dropped++;
            http_conn_cut(s->conn);
        }
        wake(s);
    }
    pthread_mutex_unlock(&h->lock);
}

/* ---- publishing */

static char *format_event(uint64_t id, const char *event, yh_str topic, yh_str json, size_t *ret_n)
{
    yh_buf text = yh_buf_make(HTTP_EVENT_MAX + 1024);
    yh_buf_printf(&text, "id: %llu\nevent: %.64s\ndata: ", (unsigned long long)id, event);
    size_t from = text.n;
    yh_buf_str(&text, json);
    for (size_t i = from; i < text.n; i++)
        if (text.p[i] == '\n' || text.p[i] == '\r')
            text.p[i] = ' '; /* white space between JSON tokens; a line break would end the event */
    yh_buf_puts(&text, "\n\n");
    size_t end = text.n;
    yh_buf_str(&text, topic);
    if (text.failed) {
        yh_buf_done(&text);
        return NULL;
    }
    *ret_n = end;
    return text.p;
}

static void keep(struct http_hub *h, struct event e)
{
    while (h->first < h->next && (h->next - h->first == h->kept || h->bytes + e.n > HTTP_EVENTS_BYTES))
        forget_oldest(h);
    *event_at(h, h->next++) = e;
    h->bytes += e.n;
    h->stats.published++;
}

/* The next event tries again. */
static void forget_wake(struct http_hub *h)
{
    pthread_mutex_lock(&h->lock);
    h->wake_posted = false;
    pthread_mutex_unlock(&h->lock);
}

void http_hub_publish(struct http_hub *h, const char *event, yh_str topic, yh_str json)
{
    pthread_mutex_lock(&h->lock);
    struct event e = {.topic_n = topic.n};
    if (json.n <= HTTP_EVENT_MAX && topic.n <= HTTP_TOPIC_MAX)
        e.bytes = format_event(h->next, event, topic, json, &e.n);
    if (e.bytes)
        keep(h, e);
    else
        h->stats.refused++;
    bool post = e.bytes && h->streams && !h->wake_posted;
    h->wake_posted |= post;
    pthread_mutex_unlock(&h->lock);
    if (post && net_loop_post(h->clock, wake_all, h) != YH_OK)
        forget_wake(h);
}

void http_hub_beat(struct http_hub *h)
{
    pthread_mutex_lock(&h->lock);
    for (struct http_event_stream *s = h->streams; s; s = s->next)
        s->beat = true;
    pthread_mutex_unlock(&h->lock);
    wake_all(h);
}

void http_hub_end(struct http_hub *h, yh_str user_id)
{
    pthread_mutex_lock(&h->lock);
    for (struct http_event_stream *s = h->streams; s; s = s->next)
        if (user_id.n == 0 || yh_str_is(user_id, s->user)) {
            s->over = true;
            wake(s);
        }
    pthread_mutex_unlock(&h->lock);
}

void http_hub_close(struct http_hub *h)
{
    pthread_mutex_lock(&h->lock);
    h->closed = true;
    for (struct http_event_stream *s = h->streams; s; s = s->next)
        wake(s);
    pthread_mutex_unlock(&h->lock);
}

struct http_hub_stats http_hub_stats(struct http_hub *h)
{
    pthread_mutex_lock(&h->lock);
    struct http_hub_stats stats = h->stats;
    pthread_mutex_unlock(&h->lock);
    return stats;
}

/* ---- reading along */

static size_t copy_some(const char *from, size_t n, size_t *sent, char *to, size_t room)
{
    size_t part = yh_min_size(n - *sent, room);
    memcpy(to, from + *sent, part);
    *sent += part;
    return part;
}

static bool hears(const struct http_event_stream *s, const struct event *e)
{
    return !s->listener.hears || s->listener.hears(s->listener.user, (yh_str){e->bytes + e->n, e->topic_n});
}

static size_t copy_events(const struct http_hub *h, struct http_event_stream *s, char *to, size_t room)
{
    size_t n = 0;
    while (n < room && s->at < h->next) {
        const struct event *e = event_at(h, s->at);
        if (s->offset == 0 && !hears(s, e)) {
            s->at++;
            continue;
        }
        n += copy_some(e->bytes, e->n, &s->offset, to + n, room - n);
        if (s->offset == e->n) {
            s->at++;
            s->offset = 0;
        }
    }
    return n;
}

static size_t copy_out(const struct http_hub *h, struct http_event_stream *s, char *to, size_t room)
{
    size_t n = copy_some(s->intro, s->intro_n, &s->intro_sent, to, room);
    n += copy_events(h, s, to + n, room - n);
    if (n == 0 && s->beat && room >= 3) {
        memcpy(to, ":\n\n", 3);
        n = 3;
    }
    s->beat = false;
    return n;
}

static ssize_t read_events(void *cls, uint64_t pos, char *to, size_t room)
{
    (void)pos;
    struct http_event_stream *s = cls;
    struct http_hub *h = s->hub;
    ssize_t n = MHD_CONTENT_READER_END_OF_STREAM;
    pthread_mutex_lock(&h->lock);
    if (!h->closed && !s->over && !left_behind(h, s) && yh_clock_mono_us() / 1000 < s->ends_ms) {
        n = (ssize_t)copy_out(h, s, to, room);
        if (n == 0) {
            s->asleep = true;
            MHD_suspend_connection(s->mhd);
        }
    }
    pthread_mutex_unlock(&h->lock);
    return n;
}

static void dismiss(struct http_listener *l)
{
    if (l->done)
        l->done(l->user);
}

static void free_stream(void *cls)
{
    struct http_event_stream *s = cls;
    struct http_hub *h = s->hub;
    pthread_mutex_lock(&h->lock);
    if (s->prev)
        s->prev->next = s->next;
    else
        h->streams = s->next;
    if (s->next)
        s->next->prev = s->prev;
    h->stats.streams--;
    pthread_mutex_unlock(&h->lock);
    dismiss(&s->listener);
    free(s);
}

/* Where to start, and what to say first: "reset" tells a browser that it missed events which are kept no more. */
static void place_stream(const struct http_hub *h, struct http_event_stream *s, yh_str last_id)
{
    uint64_t last;
    bool known = yh_str_to_u64(last_id, &last);
    bool resumes = known && last + 1 >= h->first && last < h->next;
    s->at = resumes ? last + 1 : h->next;
    int n = snprintf(s->intro, sizeof s->intro, "retry: 2000\n\n");
    if (last_id.n && !resumes)
        n += snprintf(s->intro + n, sizeof s->intro - (size_t)n, "id: %llu\nevent: reset\ndata: {}\n\n",
                      (unsigned long long)(h->next - 1));
    s->intro_n = (size_t)n;
}

static bool join(struct http_hub *h, struct http_event_stream *s, yh_str last_id)
{
    pthread_mutex_lock(&h->lock);
    bool fits = !h->closed && h->stats.streams < HTTP_STREAMS_MAX;
    if (fits) {
        place_stream(h, s, last_id);
        s->next = h->streams;
        if (s->next)
            s->next->prev = s;
        h->streams = s;
        h->stats.streams++;
    }
    pthread_mutex_unlock(&h->lock);
    return fits;
}

yh_err http_hub_stream(struct http_hub *h, struct MHD_Connection *mhd, struct http_conn *conn, yh_str user_id,
                       yh_str last_id, struct http_listener listener, unsigned lives_ms, struct MHD_Response **ret)
{
    struct http_event_stream *s = calloc(1, sizeof *s);
    if (!s) {
        dismiss(&listener);
        return yh_fail(YH_E_NO_MEMORY, "no memory for an event stream");
    }
    s->listener = listener;
    s->hub = h;
    s->mhd = mhd;
    s->conn = conn;
    s->ends_ms = yh_clock_mono_us() / 1000 + lives_ms;
    snprintf(s->user, sizeof s->user, "%.*s", YH_FMT(user_id));
    if (!join(h, s, last_id)) {
        dismiss(&s->listener);
        free(s);
        return yh_fail(YH_E_BUSY, "too many event streams");
    }
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_events, s, free_stream);
    if (!response) {
        free_stream(s);
        return yh_fail(YH_E_NO_MEMORY, "no memory for an event stream");
    }
    *ret = response;
    return YH_OK;
}
