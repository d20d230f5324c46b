#include "hj212/dict_tables.h"

#define CODE_MAX ((size_t)16)

static bool is_code(yh_str code, const char *z)
{
    for (size_t i = 0; i < code.n; i++)
        if (z[i] == '\0' || z[i] != code.p[i])
            return false;
    return z[code.n] == '\0';
}

static const struct hj212_factor *search(yh_str code)
{
    uint32_t at = hj212_code_hash(code.p, code.n) % HJ212_CODE_SLOTS;
    for (; hj212_code_slots[at] != HJ212_CODE_EMPTY; at = (at + 1) % HJ212_CODE_SLOTS) {
        const struct hj212_factor *f = &hj212_factor_table[hj212_code_slots[at] / 2];
        if (is_code(code, hj212_code_slots[at] % 2 ? f->code_2005 : f->code))
            return f;
    }
    return NULL;
}

/* "e10103": the last two digits are the number of the equipment. */
static const struct hj212_factor *search_pattern(yh_str code)
{
    static const char *const endings[] = {"xx", "NN"};
    char text[CODE_MAX];
    if (code.n < 3 || code.n > sizeof text || (unsigned char)(code.p[code.n - 1] - '0') > 9 ||
        (unsigned char)(code.p[code.n - 2] - '0') > 9)
        return NULL;
    memcpy(text, code.p, code.n);
    for (size_t i = 0; i < YH_LEN(endings); i++) {
        memcpy(text + code.n - 2, endings[i], 2);
        const struct hj212_factor *f = search((yh_str){text, code.n});
        if (f)
            return f;
    }
    return NULL;
}

const struct hj212_factor *hj212_factor_find(yh_str code)
{
    if (code.n == 0 || code.n > CODE_MAX)
        return NULL;
    const struct hj212_factor *f = search(code);
    return f ? f : search_pattern(code);
}

const struct hj212_factor *hj212_factors(size_t *ret_n)
{
    *ret_n = hj212_factor_table_count;
    return hj212_factor_table;
}

const struct hj212_command *hj212_command_find(yh_str cn, yh_str direction)
{
    for (size_t i = 0; i < hj212_command_table_count; i++) {
        const struct hj212_command *c = &hj212_command_table[i];
        if (is_code(cn, c->cn) &&
            (direction.n == 0 || yh_str_is(direction, c->direction) || strcmp(c->direction, "both") == 0))
            return c;
    }
    return NULL;
}

const struct hj212_system_type *hj212_system_type_find(yh_str st)
{
    for (size_t i = 0; i < hj212_system_type_table_count; i++)
        if (yh_str_is(st, hj212_system_type_table[i].st))
            return &hj212_system_type_table[i];
    return NULL;
}

const struct hj212_data_flag *hj212_data_flag_find(char letter)
{
    for (size_t i = 0; i < hj212_data_flag_table_count; i++)
        if (hj212_data_flag_table[i].letter == letter)
            return &hj212_data_flag_table[i];
    return NULL;
}

const struct hj212_code *hj212_code_find(const char *kind, yh_str value)
{
    for (size_t i = 0; i < hj212_code_table_count; i++)
        if (strcmp(hj212_code_table[i].kind, kind) == 0 && yh_str_is(value, hj212_code_table[i].value))
            return &hj212_code_table[i];
    return NULL;
}
