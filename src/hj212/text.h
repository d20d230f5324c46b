/*
 * Encoding of the text in a frame. The standard wants ASCII (2005) or UTF-8; what is neither is taken for GB 18030, as
 * many loggers send it. Separators of the protocol never occur inside a GB 18030 character, so frames are cut first
 * and converted for display only.
 */
#ifndef YH_HJ212_TEXT_H
#define YH_HJ212_TEXT_H

#include "base/buf.h"

typedef enum hj212_encoding { HJ212_ASCII, HJ212_UTF8, HJ212_GB18030 } hj212_encoding;

hj212_encoding hj212_encoding_of(yh_str text);
const char *hj212_encoding_name(hj212_encoding e); /* "ascii" "utf-8" "gb18030" */

/* Text as UTF-8: `text` itself when it is, else converted into `scratch` (cleared first). Bytes that belong to no
 * character become U+FFFD. */
yh_str hj212_text_utf8(yh_str text, yh_buf *scratch);

/* `\r` `\n` `\t` `\\` and `\xHH`, the rest ASCII; reading gives false at the first unknown escape. */
void hj212_escape(yh_str bytes, yh_buf *out);
bool hj212_unescape(yh_str text, yh_buf *out);

#endif
