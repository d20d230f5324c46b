/*
 * A pull parser for the XML inside of workbooks: elements, attributes and text, nothing else. Strict and small: no document
 * type, hence no entities but the five and numeric ones; names without their prefix; end tags must match; depth, names,
 * attributes and the size of one tag or text have bounds. Input comes piece by piece from `refill`; views are valid until
 * the next token.
 */
#ifndef YH_SHEET_XML_H
#define YH_SHEET_XML_H

#include "base/buf.h"

#define XML_DEPTH      64
#define XML_ATTRIBUTES 64
#define XML_NAME       64u
#define XML_TOKEN      (1u << 20)

typedef enum xml_kind { XML_START, XML_END, XML_TEXT, XML_DONE } xml_kind;

struct xml_attribute {
    yh_str name, raw; /* raw: not decoded yet */
};

struct xml {
    /* Appends more bytes, or sets *ret_end. */
    yh_err (*refill)(void *user, yh_buf *window, bool *ret_end);
    void *user;
    yh_buf window;
    size_t at;
    bool ended, empty_element;
    xml_kind kind;
    yh_str name; /* START, END */
    yh_str text; /* TEXT, decoded */
    yh_buf decoded;
    struct xml_attribute attributes[XML_ATTRIBUTES];
    size_t attribute_n;
    unsigned depth;
    bool root_seen;
    yh_buf names;              /* of the open elements, one behind the other */
    uint8_t lengths[XML_DEPTH];
};

void xml_init(struct xml *x, yh_err (*refill)(void *user, yh_buf *window, bool *ret_end), void *user);
void xml_done(struct xml *x);

/* After START of an element without content, END comes too. INVALID with a Chinese cause when it is not what we read. */
yh_must yh_err xml_next(struct xml *x);

/* The value of an attribute of the current START into `out` (cleared first); false when it is absent or not well-formed.
 * ":id" is an id with whatever prefix. */
bool xml_attribute(const struct xml *x, const char *name, yh_buf *out);

/* Past the end of the element that was just started. */
yh_must yh_err xml_skip(struct xml *x);

#endif
