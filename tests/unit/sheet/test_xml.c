#include "check.h"
#include "sheet/xml.h"

struct input {
    yh_str text;
    size_t at, step;
};

static yh_err feed(void *user, yh_buf *window, bool *ret_end)
{
    struct input *in = user;
    yh_str piece = yh_str_sub(in->text, in->at, in->step);
    yh_buf_str(window, piece);
    in->at += piece.n;
    *ret_end = in->at == in->text.n;
    return YH_OK;
}

static yh_err pull(const char *text, size_t step, yh_buf *out)
{
    struct input in = {yh_str_of(text), 0, step};
    yh_buf_auto v = yh_buf_make(256);
    struct xml x yh_cleanup(xml_done);
    xml_init(&x, feed, &in);
    yh_buf_clear(out);
    for (;;) {
        YH_TRY(xml_next(&x));
        if (x.kind == XML_DONE)
            return YH_OK;
        if (x.kind == XML_TEXT)
            yh_buf_printf(out, "%.*s,", YH_FMT(x.text));
        if (x.kind == XML_END)
            yh_buf_printf(out, "/%.*s,", YH_FMT(x.name));
        bool has = x.kind == XML_START && xml_attribute(&x, "k", &v);
        if (x.kind == XML_START)
            yh_buf_printf(out, "%.*s%s%s,", YH_FMT(x.name), has ? "=" : "", has ? yh_buf_z(&v) : "");
    }
}

static void tokens_do_not_depend_on_the_pieces(void **state)
{
    (void)state;
    static const char text[] = "<?xml version=\"1.0\"?>\n<!-- > -->\n<x:a xmlns:x=\"u\" k='1 &lt; &#x4F01;\"'><b/>企&amp;&#65;"
                               "<![CDATA[<&amp;]]><c k=\">\"></c >\n</x:a>\n";
    yh_buf_auto out = yh_buf_make(4096);
    for (size_t step = 1; step < sizeof text + 1; step++) {
        check_ok(pull(text, step, &out));
        check_buf(&out, "a=1 < 企\",b,/b,企&A,<&amp;,c=>,/c,\n,/a,");
    }
}

static void what_is_not_well_formed_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "a", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>x", "<a b></a>", "<a b=c></a>", "<a b='<'/>", "<a b='1'c='2'/>",
        "<a>&x;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&amp</a>", "<a>\xFF</a>", "<a", "<a b='1",
        "<!DOCTYPE a><a/>", "<a><!DOCTYPE b></a>", "<!ENTITY x 'y'><a/>", "<a><!-- </a>", "<>", "< a/>", "<a:/>", "<a></a",
    };
    yh_buf_auto out = yh_buf_make(4096);
    for (size_t i = 0; i < YH_LEN(texts); i++)
        for (size_t step = 1; step < 20; step += 9) {
            yh_err e = pull(texts[i], step, &out);
            if (e != YH_E_INVALID)
                fail_msg("%s: %s", texts[i], yh_err_name(e));
        }
}

static void depth_and_size_have_bounds(void **state)
{
    (void)state;
    yh_buf_auto deep = yh_buf_make(1 << 20), large = yh_buf_make(4 << 20), out = yh_buf_make(4 << 20);
    for (int i = 0; i < XML_DEPTH + 1; i++)
        yh_buf_puts(&deep, "<a>");
    for (int i = 0; i < XML_DEPTH + 1; i++)
        yh_buf_puts(&deep, "</a>");
    check_err(pull(yh_buf_z(&deep), 4096, &out), YH_E_INVALID);
    yh_buf_puts(&large, "<a>");
    for (size_t i = 0; i < XML_TOKEN + 70000; i++)
        yh_buf_putc(&large, 'x');
    yh_buf_puts(&large, "</a>");
    check_err(pull(yh_buf_z(&large), 4096, &out), YH_E_TOO_LARGE);
    yh_buf_clear(&deep);
    yh_buf_puts(&deep, "<");
    for (size_t i = 0; i < XML_NAME; i++)
        yh_buf_putc(&deep, 'n');
    yh_buf_puts(&deep, "/>");
    check_err(pull(yh_buf_z(&deep), 4096, &out), YH_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_do_not_depend_on_the_pieces),
        cmocka_unit_test(what_is_not_well_formed_is_refused),
        cmocka_unit_test(depth_and_size_have_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
