/*
 * The input is a settings file. Whatever is accepted can be shown, and what is shown, written as a file, gives the same
 * settings again.
 */
#include "fuzz.h"

#include "app/config.h"

static void write_again(const struct config *c, yh_buf *ret_file)
{
    yh_buf_auto text = yh_buf_make(1u << 20);
    struct yh_json j = yh_json_to(&text);
    config_json(c, "/nowhere", &j);
    yh_json_auto *shown = NULL;
    CHECK(yh_buf_check(&text) == YH_OK && yh_json_parse(yh_buf_view(&text), &shown) == YH_OK);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(shown, "items"), i, item) {
        const json_t *value = json_object_get(item, "value");
        yh_buf_printf(ret_file, "%s = ", json_string_value(json_object_get(item, "key")));
        if (json_is_integer(value))
            yh_buf_i64(ret_file, json_integer_value(value));
        else
            yh_buf_puts(ret_file, json_string_value(value));
        yh_buf_putc(ret_file, '\n');
    }
    CHECK(yh_buf_check(ret_file) == YH_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c, again;
    CHECK(config_defaults(&c) == YH_OK && config_defaults(&again) == YH_OK);
    if (config_parse((yh_str){(const char *)data, size}, "input", &c) != YH_OK) {
        CHECK(strncmp(yh_cause(), "input:", 6) == 0);
        return 0;
    }
    yh_buf_auto file = yh_buf_make(1u << 20);
    write_again(&c, &file);
    CHECK(config_parse(yh_buf_view(&file), "again", &again) == YH_OK);
    yh_buf_auto changes = yh_buf_make(1u << 20);
    struct yh_json j = yh_json_to(&changes);
    CHECK(config_adopt(&c, &again, &j) == 0);
    return 0;
}
