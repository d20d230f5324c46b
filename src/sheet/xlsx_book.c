#include "sheet/xlsx_book.h"

#include "sheet/sheet_internal.h"

#define REFILL    65536u
#define PATH_MOST 512u

static yh_err refill(void *user, yh_buf *window, bool *ret_end)
{
    struct zip_stream *s = user;
    size_t n = 0;
    char *to = yh_buf_reserve(window, REFILL);
    if (!to)
        return yh_buf_check(window);
    YH_TRY(zip_stream_read(s, to, REFILL, &n));
    window->n += n;
    *ret_end = n == 0;
    return YH_OK;
}

yh_err part_xml_open(struct xlsx_book *b, const struct zip_part *part, struct part_xml *ret)
{
    xml_init(&ret->xml, refill, &ret->stream);
    return zip_stream_open(&b->zip, part, &ret->stream);
}

void part_xml_done(struct part_xml *p)
{
    zip_stream_done(&p->stream);
    xml_done(&p->xml);
}

static yh_err missing(const char *what)
{
    return yh_fail(YH_E_INVALID, "不是有效的 Excel 工作簿(缺少%s),请用 Excel 或 WPS 另存为 .xlsx 后重试", what);
}

/* ---- relationships ---- */

struct relation {
    yh_str id, target;
    bool is_book, is_sheet, is_strings, is_styles;
};

/* "worksheets/sheet1.xml" beside "xl/workbook.xml", "/xl/…" from the root; ".." leads nowhere. */
static yh_str resolve(struct yh_arena *arena, yh_str beside, yh_str target)
{
    if (target.n && target.p[0] == '/')
        return yh_arena_str(arena, yh_str_sub(target, 1, target.n));
    size_t folder = 0;
    for (size_t i = 0; i < beside.n; i++)
        if (beside.p[i] == '/')
            folder = i + 1;
    char *z = yh_arena_printf(arena, "%.*s%.*s", (int)folder, beside.p, YH_FMT(target));
    return yh_str_of(z);
}

static bool read_relation(struct yh_arena *arena, const struct xml *x, yh_str beside, struct relation *ret)
{
    yh_buf_auto v = yh_buf_make(PATH_MOST);
    if (xml_attribute(x, "TargetMode", &v) && !yh_str_is(yh_buf_view(&v), "Internal"))
        return false;
    if (!xml_attribute(x, "Type", &v))
        return false;
    yh_str type = yh_buf_view(&v);
    ret->is_book = yh_str_ends(type, YH_S("/officeDocument"));
    ret->is_sheet = yh_str_ends(type, YH_S("/worksheet"));
    ret->is_strings = yh_str_ends(type, YH_S("/sharedStrings"));
    ret->is_styles = yh_str_ends(type, YH_S("/styles"));
    if (!xml_attribute(x, "Id", &v))
        return false;
    ret->id = yh_arena_str(arena, yh_buf_view(&v));
    if (!xml_attribute(x, "Target", &v))
        return false;
    ret->target = resolve(arena, beside, yh_buf_view(&v));
    return ret->id.p && ret->target.p;
}

/* Calls `each` for every relation of the part at `path`. A part without relations has none. */
static yh_err each_relation(struct xlsx_book *b, yh_str path, void (*each)(struct xlsx_book *b, const struct relation *r))
{
    size_t folder = 0;
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/')
            folder = i + 1;
    char *z = yh_arena_printf(b->arena, "%.*s_rels/%.*s.rels", (int)folder, path.p, YH_FMT(yh_str_sub(path, folder, path.n)));
    const struct zip_part *part = z ? zip_find(&b->zip, yh_str_of(z)) : NULL;
    if (!part)
        return YH_OK;
    part_xml_auto p = {0};
    YH_TRY(part_xml_open(b, part, &p));
    for (size_t n = 0; n <= b->limits->entries;) {
        struct relation r = {0};
        YH_TRY(xml_next(&p.xml));
        if (p.xml.kind == XML_DONE)
            return YH_OK;
        if (p.xml.kind != XML_START || !yh_str_is(p.xml.name, "Relationship"))
            continue;
        n++;
        if (read_relation(b->arena, &p.xml, path, &r))
            each(b, &r);
    }
    return yh_fail(YH_E_TOO_LARGE, "文件内的引用过多");
}

/* ---- the workbook ---- */

/* Until the workbook was read `sheet_path` names the workbook, then the relation of its worksheet, then the worksheet. */
static void note_book(struct xlsx_book *b, const struct relation *r)
{
    if (r->is_book)
        b->sheet_path = r->target;
}

static void note_parts(struct xlsx_book *b, const struct relation *r)
{
    if (r->is_strings)
        b->strings_path = r->target;
    if (r->is_styles)
        b->styles_path = r->target;
    if (r->is_sheet && yh_str_eq(r->id, b->sheet_path))
        b->sheet_path = r->target;
}

static bool is_true(yh_str s)
{
    return yh_str_is(s, "1") || yh_str_is(s, "true");
}

static yh_err read_book(struct xlsx_book *b, struct xml *x)
{
    yh_buf_auto v = yh_buf_make(PATH_MOST);
    yh_str id = {NULL, 0};
    for (;;) {
        YH_TRY(xml_next(x));
        if (x->kind == XML_DONE)
            break;
        if (x->kind != XML_START)
            continue;
        if (yh_str_is(x->name, "workbookPr"))
            b->from_1904 = xml_attribute(x, "date1904", &v) && is_true(yh_buf_view(&v));
        bool hidden = xml_attribute(x, "state", &v) && !yh_str_is(yh_buf_view(&v), "visible");
        if (yh_str_is(x->name, "sheet") && !id.p && !hidden && xml_attribute(x, ":id", &v))
            id = yh_arena_str(b->arena, yh_buf_view(&v));
    }
    if (!id.p)
        return missing("工作表");
    b->sheet_path = id;
    return YH_OK;
}

static yh_err find_parts(struct xlsx_book *b)
{
    YH_TRY(each_relation(b, YH_S(""), note_book));
    yh_str book = b->sheet_path;
    const struct zip_part *part = book.n ? zip_find(&b->zip, book) : NULL;
    if (!part)
        return missing("工作簿");
    {
        part_xml_auto p = {0};
        YH_TRY(part_xml_open(b, part, &p));
        YH_TRY(read_book(b, &p.xml));
    }
    YH_TRY(each_relation(b, book, note_parts));
    b->sheet = zip_find(&b->zip, b->sheet_path);
    return b->sheet ? YH_OK : missing("工作表");
}

/* ---- shared texts ---- */

static yh_err take_text(struct xml *x, yh_buf *out)
{
    for (;;) {
        YH_TRY(xml_next(x));
        if (x->kind == XML_END)
            return YH_OK;
        if (x->kind == XML_TEXT)
            yh_buf_str(out, x->text);
        else
            YH_TRY(xml_skip(x));
    }
}

yh_err xlsx_rich_text(struct xml *x, yh_buf *out)
{
    unsigned outside = x->depth - 1;
    while (x->depth > outside) {
        YH_TRY(xml_next(x));
        if (x->kind != XML_START)
            continue;
        if (yh_str_is(x->name, "t"))
            YH_TRY(take_text(x, out));
        else if (yh_str_is(x->name, "rPh"))
            YH_TRY(xml_skip(x));
    }
    return YH_OK;
}

static yh_err add_string(struct xlsx_book *b, yh_str s)
{
    b->string_bytes += s.n + sizeof s;
    if (b->string_bytes > b->limits->string_bytes)
        return yh_fail(YH_E_TOO_LARGE, "表格中的文字过多(超过 %zu MB),请分批上传", b->limits->string_bytes >> 20);
    if (b->string_n == b->string_cap) {
        size_t cap = b->string_cap ? b->string_cap * 2 : 1024;
        yh_str *larger = YH_NEW_N(b->arena, yh_str, cap);
        if (!larger)
            return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
        if (b->string_n)
            memcpy(larger, b->strings, b->string_n * sizeof *larger);
        b->strings = larger;
        b->string_cap = cap;
    }
    yh_str kept = yh_arena_str(b->arena, s);
    if (!kept.p)
        return yh_fail(YH_E_NO_MEMORY, "no memory to read a sheet");
    b->strings[b->string_n++] = kept;
    return YH_OK;
}

static yh_err read_strings(struct xlsx_book *b, struct xml *x)
{
    yh_buf_auto text = yh_buf_make(b->limits->cell_bytes);
    for (;;) {
        YH_TRY(xml_next(x));
        if (x->kind == XML_DONE)
            return YH_OK;
        if (x->kind != XML_START || !yh_str_is(x->name, "si"))
            continue;
        yh_buf_clear(&text);
        YH_TRY(xlsx_rich_text(x, &text));
        if (text.failed)
            return yh_fail(YH_E_TOO_LARGE, "表格中有一个单元格过大(超过 %zu 字节),请拆分后重试", b->limits->cell_bytes);
        YH_TRY(add_string(b, yh_buf_view(&text)));
    }
}

static yh_err read_part(struct xlsx_book *b, yh_str path, yh_err (*read)(struct xlsx_book *b, struct xml *x))
{
    const struct zip_part *part = path.n ? zip_find(&b->zip, path) : NULL;
    if (!part)
        return YH_OK;
    part_xml_auto p = {0};
    YH_TRY(part_xml_open(b, part, &p));
    return read(b, &p.xml);
}

yh_err xlsx_book_open(yh_str file, const struct sheet_limits *limits, struct yh_arena *arena, struct xlsx_book *ret)
{
    *ret = (struct xlsx_book){.arena = arena, .limits = limits};
    YH_TRY(zip_archive_open(file, limits, arena, &ret->zip));
    YH_TRY(find_parts(ret));
    YH_TRY(read_part(ret, ret->styles_path, xlsx_styles_read));
    return read_part(ret, ret->strings_path, read_strings);
}
