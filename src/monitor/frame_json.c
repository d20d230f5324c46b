#include "monitor/frame_json.h"

#include "hj212/diagnose.h"
#include "hj212/dict.h"
#include "hj212/text.h"
#include "monitor/http.h"

#define TEXT_MAX 65536u

struct writer {
    struct yh_json *j;
    yh_buf text; /* a piece of the frame as UTF-8 */
};

static void put_text(struct writer *w, const char *key, yh_str text)
{
    yh_json_key(w->j, key);
    if (text.p)
        yh_json_str(w->j, hj212_text_utf8(text, &w->text));
    else
        yh_json_null(w->j);
}

/* Interaction frames (ST=91) come from the platform, as far as their numbers are used in both directions. */
const char *frame_command_name(yh_str cn, yh_str st)
{
    const struct hj212_command *c = hj212_command_find(cn, yh_str_is(st, "91") ? YH_S("P>D") : YH_S("D>P"));
    c = c ? c : hj212_command_find(cn, YH_S(""));
    return c ? c->name : NULL;
}

static void put_named(struct writer *w, const char *key, const char *code_key, yh_str code, const char *name)
{
    yh_json_key(w->j, key);
    yh_json_obj(w->j);
    put_text(w, code_key, code.p ? code : YH_S(""));
    yh_json_kz(w->j, "name", name);
    yh_json_obj_end(w->j);
}

/* Keys whose values the standard numbers. */
static const struct {
    const char *key, *codes;
} coded[] = {{"QnRtn", "qn_rtn"}, {"ExeRtn", "exe_rtn"}, {"RS", "sb_rs"}, {"AlarmType", "alarm_type"}};

static const char *value_name(yh_str key, yh_str field, yh_str value)
{
    const struct hj212_data_flag *flag =
        yh_str_eq_nocase(field, YH_S("Flag")) && value.n == 1 ? hj212_data_flag_find(value.p[0]) : NULL;
    if (flag)
        return flag->name;
    for (size_t i = 0; i < YH_LEN(coded); i++) {
        bool named = yh_str_is(key, coded[i].key) || yh_str_is(field, coded[i].key);
        const struct hj212_code *code = named ? hj212_code_find(coded[i].codes, value) : NULL;
        if (code)
            return code->name;
    }
    return NULL;
}

static void put_item(struct writer *w, const struct hj212_item *item)
{
    size_t dash = yh_str_find(item->key, '-', 0);
    bool of_factor = dash < item->key.n;
    const struct hj212_factor *factor = of_factor ? hj212_factor_find(yh_str_sub(item->key, 0, dash)) : NULL;
    yh_str field = yh_str_sub(item->key, dash + 1, item->key.n);
    bool emission = yh_str_is(field, "Cou");
    yh_json_obj(w->j);
    yh_json_ki64(w->j, "group", item->group);
    put_text(w, "key", item->key);
    put_text(w, "value", item->value);
    yh_json_kz(w->j, "factor_name", factor ? factor->name : NULL);
    yh_json_kz(w->j, "field_name", monitor_field_title(of_factor ? field : item->key));
    yh_json_kz(w->j, "unit", !factor || yh_str_is(field, "Flag") ? NULL : emission ? factor->unit_emission : factor->unit);
    yh_json_kz(w->j, "value_name", value_name(item->key, field, item->value));
    yh_json_obj_end(w->j);
}

static void put_warnings(struct writer *w, const struct hj212_frame *f)
{
    yh_json_key(w->j, "warnings");
    yh_json_arr(w->j);
    for (unsigned bit = 0; bit < hj212_warning_count(); bit++) {
        if (!(f->warnings >> bit & 1))
            continue;
        yh_json_obj(w->j);
        yh_json_kz(w->j, "word", hj212_warning_name(bit));
        yh_json_kz(w->j, "text", hj212_warning_text(bit));
        yh_json_obj_end(w->j);
    }
    yh_json_arr_end(w->j);
}

static void put_cause_text(struct writer *w, hj212_cause cause, const struct hj212_frame *f)
{
    yh_buf_clear(&w->text);
    if (cause != HJ212_CAUSE_NONE)
        hj212_cause_text(cause, f, &w->text);
    yh_json_kz(w->j, "cause_text", w->text.n ? yh_buf_z(&w->text) : NULL);
}

static void put_explained(struct writer *w, const struct hj212_frame *f, hj212_cause cause)
{
    yh_str st = f->header[HJ212_ST], cn = f->header[HJ212_CN];
    const struct hj212_system_type *system = hj212_system_type_find(st);
    yh_json_key(w->j, "explained");
    yh_json_obj(w->j);
    put_named(w, "command", "cn", cn, frame_command_name(cn, st));
    put_named(w, "system_type", "st", st, system ? system->name : NULL);
    yh_json_key(w->j, "items");
    yh_json_arr(w->j);
    for (unsigned i = 0; i < f->item_count; i++)
        put_item(w, &f->items[i]);
    yh_json_arr_end(w->j);
    put_cause_text(w, cause, f);
    put_warnings(w, f);
    yh_json_obj_end(w->j);
}

void frame_json_put(struct yh_json *j, const struct hj212_frame *f, yh_str raw, const char *event)
{
    hj212_cause cause = hj212_diagnose(f, raw);
    struct writer w = {.j = j, .text = yh_buf_make(TEXT_MAX)};
    yh_json_key(j, "decoded");
    hj212_frame_json(f, raw, event, j);
    put_explained(&w, f, cause);
    yh_json_kz(j, "cause", hj212_cause_name(cause));
    put_cause_text(&w, cause, f);
    yh_buf_done(&w.text);
}

void frame_json_put_junk(struct yh_json *j, yh_str junk)
{
    hj212_cause cause = hj212_diagnose_junk(junk);
    struct writer w = {.j = j, .text = yh_buf_make(TEXT_MAX)};
    yh_json_kz(j, "decoded", NULL);
    yh_json_kz(j, "explained", NULL);
    yh_json_kz(j, "cause", hj212_cause_name(cause));
    put_cause_text(&w, cause, NULL);
    yh_buf_done(&w.text);
}

/* ---- rows ---- */

static const struct http_field named_code[] = {
    {.name = "cn", .type = HTTP_T_STRING, .title = "命令编码"},
    {.name = "st", .type = HTTP_T_STRING, .title = "系统编码"},
    {.name = "name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "名称"},
    {.name = NULL},
};
static const struct http_schema named_code_schema = {.name = "NamedCode", .fields = named_code};

static const struct http_field item_fields[] = {
    {.name = "group", .type = HTTP_T_INT, .required = true, .title = "组序号"},
    {.name = "key", .type = HTTP_T_STRING, .required = true, .title = "字段"},
    {.name = "value", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "值"},
    {.name = "factor_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "因子"},
    {.name = "field_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "含义"},
    {.name = "unit", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "单位"},
    {.name = "value_name", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "值的含义"},
    {.name = NULL},
};
static const struct http_schema item_schema = {.name = "FrameItem", .fields = item_fields};

static const struct http_field warning_fields[] = {
    {.name = "word", .type = HTTP_T_STRING, .required = true},
    {.name = "text", .type = HTTP_T_STRING, .required = true, .title = "说明"},
    {.name = NULL},
};
static const struct http_schema warning_schema = {.name = "FrameWarning", .fields = warning_fields};

static const struct http_field explained_fields[] = {
    {.name = "command", .type = HTTP_T_OBJECT, .required = true, .of = &named_code_schema},
    {.name = "system_type", .type = HTTP_T_OBJECT, .required = true, .of = &named_code_schema},
    {.name = "items", .type = HTTP_T_ARRAY, .required = true, .of = &item_schema},
    {.name = "cause_text", .type = HTTP_T_STRING, .required = true, .nullable = true, .title = "故障原因"},
    {.name = "warnings", .type = HTTP_T_ARRAY, .required = true, .of = &warning_schema},
    {.name = NULL},
};
const struct http_schema frame_explained_schema = {.name = "FrameExplained", .fields = explained_fields};
