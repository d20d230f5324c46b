#include "sim_box.h"

#include "hj212/compose.h"
#include "hj212/framer.h"

static yh_err put(void *user, wire_what what, yh_str bytes, yh_str qn)
{
    struct box *b = user;
    (void)qn;
    assert_true(b->n < BOX_FRAMES_MAX);
    yh_buf_str(&b->bytes, bytes);
    b->what[b->n] = what;
    b->end[b->n++] = b->bytes.n;
    return YH_OK;
}

static bool has_room(void *user)
{
    return !((struct box *)user)->full;
}

static void hang_up(void *user, unsigned pause_ms)
{
    struct box *b = user;
    b->hung_up++;
    b->pause_ms = pause_ms;
}

static void trickle(void *user, bool on)
{
    ((struct box *)user)->trickles = on;
}

struct box *box_new(const struct sim_group *group, const char *script)
{
    struct box *b = calloc(1, sizeof *b);
    struct sim_station station;
    assert_non_null(b);
    check_ok(sim_script_read(yh_str_of(script), BOX_START, &b->script));
    sim_catalog_make(&b->catalog);
    sim_context_init(&b->context);
    b->context.script = &b->script;
    b->context.outlets = 1;
    b->context.sink = (struct sim_sink){b, put, has_room, hang_up, trickle};
    b->bytes = yh_buf_make(16 << 20);
    b->scratch = yh_buf_make(HJ212_BUFFER_MAX);
    sim_station_make(&b->catalog, group, 1, SIM_FIRST_DEFAULT, 0, &station);
    sim_logger_init(&b->context, &station, 0, BOX_START, &b->logger);
    return b;
}

void box_free(struct box *b)
{
    sim_context_done(&b->context);
    yh_buf_done(&b->bytes);
    yh_buf_done(&b->scratch);
    free(b);
}

void box_forget(struct box *b)
{
    yh_buf_clear(&b->bytes);
    b->n = 0;
}

void box_act(struct box *b, yh_time now)
{
    check_ok(sim_logger_act(&b->context, &b->logger, now));
}

void box_run(struct box *b, yh_time from, yh_time to)
{
    for (yh_time now = from; now < to;) {
        box_act(b, now);
        yh_time due = sim_logger_due(&b->context, &b->logger, now);
        assert_true(due > now);
        now = due;
    }
}

yh_str box_raw(const struct box *b, size_t i)
{
    size_t from = i ? b->end[i - 1] : 0;
    return yh_str_sub(yh_buf_view(&b->bytes), from, b->end[i] - from);
}

const struct hj212_frame *box_frame(struct box *b, size_t i)
{
    hj212_parse(box_raw(b, i), &b->logger.station.key, &b->scratch, &b->frame);
    return &b->frame;
}

const struct hj212_frame *box_find(struct box *b, const char *cn, size_t skip)
{
    for (size_t i = 0; i < b->n; i++)
        if (yh_str_is(box_frame(b, i)->header[HJ212_CN], cn) && skip-- == 0)
            return &b->frame;
    return NULL;
}

size_t box_count(struct box *b, const char *cn)
{
    size_t n = 0;
    while (box_find(b, cn, n))
        n++;
    return n;
}

void box_tell(struct box *b, const char *cn, const char *cp, yh_time now)
{
    const struct sim_station *s = &b->logger.station;
    yh_buf_auto out = yh_buf_make(8192);
    struct hj212_message m = {
        .qn = YH_S("20261125080000123"), .st = yh_str_of(s->st), .cn = yh_str_of(cn), .pw = yh_str_of(s->password),
        .mn = yh_str_of(s->mn), .cp = yh_str_of(cp),
        .flag = s->edition == HJ212_ED_2005 ? -1 : s->edition == HJ212_ED_2017 ? 5 : 9};
    check_ok(hj212_compose(&m, &out));
    check_ok(sim_logger_received(&b->context, &b->logger, yh_buf_view(&out), now));
}
