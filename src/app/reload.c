#include "app/reload.h"

#include "base/clock.h"
#include "base/log.h"

#define NOTE_MAX 65536

static void begin_note(struct yh_json *j, const char *event)
{
    yh_json_obj(j);
    yh_json_kz(j, "event", event);
    yh_json_ktime(j, "at", yh_clock_now());
}

static void keep_note(struct server *s, struct yh_json *j, yh_buf *text)
{
    yh_json_obj_end(j);
    yh_err e = yh_buf_check(text);
    if (e == YH_OK)
        e = server_note(s, YH_S("config"), yh_buf_view(text));
    if (e != YH_OK)
        yh_log(YH_LOG_ERROR, "config", "no note about the settings could be kept: %s", yh_cause());
}

static void refused(struct server *s, const char *cause)
{
    yh_log(YH_LOG_ERROR, "config", "not read again, the old settings stay: %s", cause);
    yh_buf_auto text = yh_buf_make(NOTE_MAX);
    struct yh_json j = yh_json_to(&text);
    begin_note(&j, "config.refused");
    yh_json_kz(&j, "cause", cause);
    keep_note(s, &j, &text);
}

/* One line per change; `changes` is what config_adopt() wrote. */
static void say_changes(yh_str changes)
{
    yh_json_auto *list = NULL;
    size_t i;
    json_t *change;
    if (yh_json_parse(changes, &list) != YH_OK)
        return;
    json_array_foreach(list, i, change)
        yh_log(YH_LOG_INFO, "config", "%s: %s instead of %s%s", json_string_value(json_object_get(change, "key")),
               json_string_value(json_object_get(change, "to")), json_string_value(json_object_get(change, "from")),
               json_is_true(json_object_get(change, "in_force")) ? "" : " needs a restart");
}

void reload(struct server *s, const struct config_line *line, struct config *now)
{
    struct config newer, before = *now;
    if (config_load(line, &newer) != YH_OK) {
        refused(s, yh_cause());
        return;
    }
    yh_buf_auto changes = yh_buf_make(NOTE_MAX / 2), text = yh_buf_make(NOTE_MAX);
    struct yh_json list = yh_json_to(&changes), j = yh_json_to(&text);
    size_t n = config_adopt(now, &newer, &list);
    if (server_limits_set(s, &now->limits, now->drain_ms) != YH_OK) {
        *now = before;
        refused(s, yh_cause());
        return;
    }
    yh_log(YH_LOG_INFO, "config", "read again, %zu changed", n);
    say_changes(yh_buf_view(&changes));
    begin_note(&j, "config.read");
    yh_json_key(&j, "changes");
    yh_json_raw(&j, yh_buf_view(&changes));
    keep_note(s, &j, &text);
}
