/* How a frame looks in every reply: as decoded, as explained by the dictionaries, and why it is broken. */
#ifndef YH_MONITOR_FRAME_JSON_H
#define YH_MONITOR_FRAME_JSON_H

#include "hj212/frame.h"
#include "net/http.h"

/* Adds "decoded", "explained", "cause" and "cause_text" to an open object. `event` is "frame" or "bad". */
void frame_json_put(struct yh_json *j, const struct hj212_frame *f, yh_str raw, const char *event);

/* The same for bytes that are no frame: only the cause is known. */
void frame_json_put_junk(struct yh_json *j, yh_str junk);

/* Name of a command, as far as one knows from whom the frame comes; NULL when the dictionary has none. */
const char *frame_command_name(yh_str cn, yh_str st);

extern const struct http_schema frame_explained_schema;

#endif
