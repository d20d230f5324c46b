/* How a frame looks in every reply: as decoded, and as explained by the dictionaries. */
#ifndef YH_MONITOR_FRAME_JSON_H
#define YH_MONITOR_FRAME_JSON_H

#include "hj212/frame.h"
#include "net/http.h"

/* Adds "decoded" and "explained" to an open object. `event` is "frame" or "bad". */
void frame_json_put(struct yh_json *j, const struct hj212_frame *f, yh_str raw, const char *event);

/* The same for bytes that are no frame: both are null. */
void frame_json_put_none(struct yh_json *j);

/* Name of a command, as far as one knows from whom the frame comes; NULL when the dictionary has none. */
const char *frame_command_name(yh_str cn, yh_str st);

extern const struct http_schema frame_explained_schema;

#endif
