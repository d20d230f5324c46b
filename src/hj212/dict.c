#include "hj212/dict_tables.h"

#define CODE_MAX ((size_t)16)

static const struct hj212_factor *factor_row(const uint16_t *index, size_t i)
{
    return &hj212_factor_table[index[i]];
}

static yh_str code_of(const struct hj212_factor *f, bool of_2005)
{
    return yh_str_of(of_2005 ? f->code_2005 : f->code);
}

static const struct hj212_factor *search(yh_str code, bool of_2005)
{
    const uint16_t *index = of_2005 ? hj212_factor_by_2005 : hj212_factor_by_code;
    size_t low = 0, high = of_2005 ? hj212_factor_by_2005_count : hj212_factor_by_code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (yh_str_cmp(code_of(factor_row(index, middle), of_2005), code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t count = of_2005 ? hj212_factor_by_2005_count : hj212_factor_by_code_count;
    bool hit = low < count && yh_str_eq(code_of(factor_row(index, low), of_2005), code);
    return hit ? factor_row(index, low) : NULL;
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
        const struct hj212_factor *f = search((yh_str){text, code.n}, false);
        if (f)
            return f;
    }
    return NULL;
}

const struct hj212_factor *hj212_factor_find(yh_str code)
{
    if (code.n == 0)
        return NULL;
    const struct hj212_factor *f = search(code, false);
    f = f ? f : search(code, true);
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
        if (yh_str_is(cn, c->cn) &&
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
