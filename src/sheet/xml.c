#include "sheet/xml.h"

#define WINDOW_MAX (4u * XML_TOKEN)

static yh_err broken(const char *what)
{
    return yh_fail(YH_E_INVALID, "表格文件的内容不合规范(%s),请用 Excel 或 WPS 另存为 .xlsx 后重试", what);
}

void xml_init(struct xml *x, yh_err (*refill)(void *user, yh_buf *window, bool *ret_end), void *user)
{
    *x = (struct xml){.refill = refill,
                      .user = user,
                      .window = yh_buf_make(WINDOW_MAX),
                      .decoded = yh_buf_make(XML_TOKEN + 16),
                      .names = yh_buf_make((size_t)XML_DEPTH * XML_NAME)};
}

void xml_done(struct xml *x)
{
    yh_buf_done(&x->window);
    yh_buf_done(&x->decoded);
    yh_buf_done(&x->names);
}

/* ---- the window ---- */

static yh_str rest(const struct xml *x)
{
    return yh_str_sub(yh_buf_view(&x->window), x->at, x->window.n);
}

/* Drops what was read and fetches more; what is not a whole token by now must not grow without end. */
static yh_err more(struct xml *x, bool *ret_more)
{
    *ret_more = false;
    if (x->ended)
        return YH_OK;
    yh_buf_consume(&x->window, x->at);
    x->at = 0;
    if (x->window.n > XML_TOKEN)
        return yh_fail(YH_E_TOO_LARGE, "表格中有一个单元格过大,请拆分后重试");
    size_t before = x->window.n;
    YH_TRY(x->refill(x->user, &x->window, &x->ended));
    YH_TRY(yh_buf_check(&x->window));
    *ret_more = x->window.n > before || !x->ended;
    return YH_OK;
}

/* Makes *ret the index behind `end` at or after `from`, fetching what is missing. */
static yh_err find_end(struct xml *x, const char *end, size_t from, size_t *ret)
{
    size_t n = strlen(end);
    for (;;) {
        yh_str s = rest(x);
        const char *hit = s.n >= from + n ? memmem(s.p + from, s.n - from, end, n) : NULL;
        if (hit) {
            *ret = (size_t)(hit - s.p) + n;
            return YH_OK;
        }
        bool got = false;
        YH_TRY(more(x, &got));
        if (!got && x->ended)
            return broken("中途结束");
    }
}

/* ---- characters ---- */

static void put_utf8(yh_buf *out, uint32_t c)
{
    if (c < 0x80) {
        yh_buf_putc(out, (char)c);
        return;
    }
    if (c >= 0x10000) {
        yh_buf_putc(out, (char)(0xF0 | c >> 18));
        yh_buf_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
    } else if (c >= 0x800) {
        yh_buf_putc(out, (char)(0xE0 | c >> 12));
    }
    if (c >= 0x800)
        yh_buf_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
    else
        yh_buf_putc(out, (char)(0xC0 | c >> 6));
    yh_buf_putc(out, (char)(0x80 | (c & 0x3F)));
}

static bool is_character(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xD800) || (c >= 0xE000 && c < 0xFFFE) ||
           (c >= 0x10000 && c < 0x110000);
}

static bool put_numeric(yh_buf *out, yh_str digits)
{
    bool hex = digits.n && digits.p[0] == 'x';
    uint32_t c = 0;
    if (hex)
        digits = yh_str_sub(digits, 1, digits.n);
    if (digits.n == 0 || digits.n > 8)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        char d = digits.p[i];
        uint32_t v = d >= '0' && d <= '9' ? (uint32_t)(d - '0')
                   : hex && d >= 'a' && d <= 'f' ? (uint32_t)(d - 'a' + 10)
                   : hex && d >= 'A' && d <= 'F' ? (uint32_t)(d - 'A' + 10) : 99;
        if (v == 99 || c > 0x110000)
            return false;
        c = c * (hex ? 16 : 10) + v;
    }
    if (!is_character(c))
        return false;
    put_utf8(out, c);
    return true;
}

static bool put_entity(yh_buf *out, yh_str name)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t i = 0; i < YH_LEN(known); i++)
        if (yh_str_is(name, known[i].name)) {
            yh_buf_putc(out, known[i].c);
            return true;
        }
    return name.n > 1 && name.p[0] == '#' && put_numeric(out, yh_str_sub(name, 1, name.n));
}

static bool decode(yh_str raw, yh_buf *out)
{
    for (size_t i = 0; i < raw.n;) {
        size_t amp = yh_str_find(raw, '&', i);
        yh_buf_str(out, yh_str_sub(raw, i, amp - i));
        if (amp == raw.n)
            break;
        size_t semicolon = yh_str_find(raw, ';', amp);
        if (semicolon == raw.n || semicolon - amp > 12 || !put_entity(out, yh_str_sub(raw, amp + 1, semicolon - amp - 1)))
            return false;
        i = semicolon + 1;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) ||
           strchr("_-.:", c) != NULL;
}

/* ---- tags ---- */

/* The name at s[*at], without its prefix; false when there is none. */
static bool take_name(yh_str s, size_t *at, yh_str *ret_whole, yh_str *ret_local)
{
    size_t from = *at;
    while (*at < s.n && s.p[*at] && is_name_byte(s.p[*at]))
        ++*at;
    yh_str whole = yh_str_sub(s, from, *at - from);
    size_t colon = yh_str_find(whole, ':', 0);
    *ret_whole = whole;
    *ret_local = colon < whole.n ? yh_str_sub(whole, colon + 1, whole.n) : whole;
    return whole.n > 0 && whole.n < XML_NAME && ret_local->n > 0;
}

static void skip_space(yh_str s, size_t *at)
{
    while (*at < s.n && is_space(s.p[*at]))
        ++*at;
}

static bool take_attribute(struct xml *x, yh_str tag, size_t *at)
{
    yh_str whole, local;
    if (x->attribute_n == XML_ATTRIBUTES || !take_name(tag, at, &whole, &local))
        return false;
    skip_space(tag, at);
    if (*at >= tag.n || tag.p[*at] != '=')
        return false;
    ++*at;
    skip_space(tag, at);
    char quote = *at < tag.n ? tag.p[*at] : 0;
    if (quote != '"' && quote != '\'')
        return false;
    size_t end = yh_str_find(tag, quote, *at + 1);
    yh_str raw = yh_str_sub(tag, *at + 1, end - *at - 1);
    if (end == tag.n || yh_str_find(raw, '<', 0) < raw.n)
        return false;
    *at = end + 1;
    /* the name of a prefix is not an attribute, and "r:id" is kept apart from "id" */
    bool prefixed = local.n < whole.n;
    if (!yh_str_starts(whole, YH_S("xmlns")))
        x->attributes[x->attribute_n++] = (struct xml_attribute){prefixed ? whole : local, raw};
    return true;
}

static yh_err push(struct xml *x)
{
    if (x->depth == XML_DEPTH)
        return broken("嵌套过深");
    yh_buf_str(&x->names, x->name);
    x->lengths[x->depth++] = (uint8_t)x->name.n;
    return yh_buf_check(&x->names);
}

static yh_err pop(struct xml *x, yh_str name)
{
    if (x->depth == 0)
        return broken("标签不配对");
    size_t n = x->lengths[x->depth - 1];
    yh_str open = {x->names.p + x->names.n - n, n};
    if (!yh_str_eq(open, name))
        return broken("标签不配对");
    x->names.n -= n;
    x->depth--;
    return YH_OK;
}

/* Where the tag ends: a ">" outside of quotes. */
static yh_err tag_end(struct xml *x, size_t *ret)
{
    size_t from = 1;
    for (;;) {
        size_t end = 0;
        YH_TRY(find_end(x, ">", from, &end));
        yh_str s = rest(x);
        char quote = 0;
        for (size_t i = 1; i < end - 1; i++)
            if (quote ? s.p[i] == quote : s.p[i] == '"' || s.p[i] == '\'')
                quote = quote ? 0 : s.p[i];
        if (!quote) {
            *ret = end;
            return YH_OK;
        }
        from = end;
    }
}

static yh_err start_tag(struct xml *x)
{
    size_t end = 0, at = 0;
    YH_TRY(tag_end(x, &end));
    yh_str tag = yh_str_sub(rest(x), 1, end - 2), whole;
    x->empty_element = tag.n && tag.p[tag.n - 1] == '/';
    tag.n -= x->empty_element;
    x->attribute_n = 0;
    if (!yh_str_is_utf8(tag) || !take_name(tag, &at, &whole, &x->name))
        return broken("标签有误");
    while (skip_space(tag, &at), at < tag.n)
        if (!is_space(tag.p[at - 1]) || !take_attribute(x, tag, &at))
            return broken("标签有误");
    if (x->depth == 0 && x->root_seen)
        return broken("有多个根");
    x->root_seen = true;
    x->kind = XML_START;
    x->at += end;
    return push(x);
}

static yh_err end_tag(struct xml *x)
{
    size_t end = 0, at = 0;
    yh_str whole;
    YH_TRY(find_end(x, ">", 2, &end));
    yh_str tag = yh_str_sub(rest(x), 2, end - 3);
    if (!take_name(tag, &at, &whole, &x->name))
        return broken("标签有误");
    skip_space(tag, &at);
    if (at != tag.n)
        return broken("标签有误");
    x->kind = XML_END;
    x->at += end;
    return pop(x, x->name);
}

static yh_err text(struct xml *x, yh_str raw, bool literal)
{
    yh_buf_clear(&x->decoded);
    if (literal)
        yh_buf_str(&x->decoded, raw);
    else if (!decode(raw, &x->decoded))
        return broken("字符引用有误");
    YH_TRY(yh_buf_check(&x->decoded));
    if (!yh_str_is_utf8(raw))
        return broken("编码不是 UTF-8");
    if (memchr(raw.p, 0, raw.n))
        return broken("含有空字符");
    x->kind = XML_TEXT;
    x->text = yh_buf_view(&x->decoded);
    return YH_OK;
}

static yh_err character_data(struct xml *x)
{
    size_t end = 0;
    YH_TRY(find_end(x, "<", 0, &end));
    yh_str raw = yh_str_sub(rest(x), 0, end - 1);
    x->at += end - 1;
    return text(x, raw, false);
}

/* Declaration, comment, literal text; everything else that begins with <? or <! is refused or passed over. */
static yh_err special(struct xml *x, bool *ret_token)
{
    size_t end = 0;
    yh_str s = rest(x);
    *ret_token = false;
    if (s.p[1] == '?') {
        YH_TRY(find_end(x, "?>", 2, &end));
    } else if (yh_str_starts(s, YH_S("<!--"))) {
        YH_TRY(find_end(x, "-->", 4, &end));
    } else if (yh_str_starts(s, YH_S("<![CDATA[")) && x->depth) {
        YH_TRY(find_end(x, "]]>", 9, &end));
        yh_str raw = yh_str_sub(rest(x), 9, end - 12);
        x->at += end;
        *ret_token = true;
        return text(x, raw, true);
    } else {
        return broken("含有文档类型定义");
    }
    x->at += end;
    return YH_OK;
}

/* At least `n` bytes of the next token, or fewer at the end of input. */
static yh_err want(struct xml *x, size_t n)
{
    bool got = true;
    while (rest(x).n < n && got)
        YH_TRY(more(x, &got));
    return YH_OK;
}

static yh_err at_end(struct xml *x)
{
    if (x->depth || !x->root_seen)
        return broken("中途结束");
    x->kind = XML_DONE;
    return YH_OK;
}

/* Outside of the root only white space may stand. */
static yh_err between(struct xml *x)
{
    yh_str s = rest(x);
    size_t i = 0;
    skip_space(s, &i);
    if (i == 0)
        return broken("根之外有内容");
    x->at += i;
    return YH_OK;
}

yh_err xml_next(struct xml *x)
{
    if (x->kind == XML_START && x->empty_element) {
        x->empty_element = false;
        x->kind = XML_END;
        return pop(x, x->name);
    }
    for (;;) {
        bool token = false;
        YH_TRY(want(x, 9));
        yh_str s = rest(x);
        if (s.n == 0)
            return at_end(x);
        if (s.p[0] != '<' && x->depth)
            return character_data(x);
        if (s.p[0] != '<') {
            YH_TRY(between(x));
            continue;
        }
        if (s.n < 2)
            return broken("中途结束");
        if (s.p[1] == '/')
            return end_tag(x);
        if (s.p[1] != '?' && s.p[1] != '!')
            return start_tag(x);
        YH_TRY(special(x, &token));
        if (token)
            return YH_OK;
    }
}

bool xml_attribute(const struct xml *x, const char *name, yh_buf *out)
{
    yh_buf_clear(out);
    for (size_t i = 0; i < x->attribute_n; i++)
        if (name[0] == ':' ? yh_str_ends(x->attributes[i].name, yh_str_of(name)) : yh_str_is(x->attributes[i].name, name))
            return decode(x->attributes[i].raw, out) && yh_buf_check(out) == YH_OK;
    return false;
}

yh_err xml_skip(struct xml *x)
{
    unsigned outside = x->depth - 1;
    while (x->depth > outside)
        YH_TRY(xml_next(x));
    return YH_OK;
}
