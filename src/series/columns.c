#include "series/columns.h"

#include "base/map.h"
#include "series/ints.h"

void series_columns_done(struct series_columns *c)
{
    free(c->names);
    free(c->uses);
    free(c->slots);
    *c = (struct series_columns){0};
}

bool series_column_name_make(yh_str factor, series_field field, struct series_column_name *ret)
{
    if (factor.n == 0 || factor.n > SERIES_FACTOR_MAX || (unsigned)field >= SERIES_FIELD_COUNT)
        return false;
    *ret = (struct series_column_name){.factor_n = (uint8_t)factor.n, .field = (uint8_t)field};
    memcpy(ret->factor, factor.p, factor.n);
    return true;
}

static bool is(const struct series_columns *c, uint32_t number, yh_str factor, series_field field)
{
    const struct series_column_name *name = &c->names[number];
    return name->field == (unsigned)field && yh_str_eq(series_column_factor(name), factor);
}

static uint32_t home_of(yh_str factor, series_field field, uint32_t cap)
{
    return (yh_hash32(factor) + (uint32_t)field * 2654435761u) & (cap - 1);
}

uint32_t series_columns_find(const struct series_columns *c, yh_str factor, series_field field,
                             uint32_t guess)
{
    if (guess < c->n && is(c, guess, factor, field))
        return guess;
    if (c->slot_cap == 0)
        return SERIES_NO_COLUMN;
    for (uint32_t i = home_of(factor, field, c->slot_cap); c->slots[i]; i = (i + 1) & (c->slot_cap - 1))
        if (is(c, c->slots[i] - 1, factor, field))
            return c->slots[i] - 1;
    return SERIES_NO_COLUMN;
}

static void place(uint32_t *slots, uint32_t cap, const struct series_column_name *name, uint32_t number)
{
    uint32_t i = home_of(series_column_factor(name), (series_field)name->field, cap);
    while (slots[i])
        i = (i + 1) & (cap - 1);
    slots[i] = number + 1;
}

static yh_err grow(struct series_columns *c)
{
    uint32_t cap = c->cap ? c->cap * 2 : 8;
    struct series_column_name *names = reallocarray(c->names, cap, sizeof *names);
    if (names)
        c->names = names;
    struct series_column_use *uses = reallocarray(c->uses, cap, sizeof *uses);
    if (uses)
        c->uses = uses;
    uint32_t *slots = calloc(2 * cap, sizeof *slots);
    if (!names || !uses || !slots) {
        free(slots);
        return yh_fail(YH_E_NO_MEMORY, "no memory for %u columns of a point", cap);
    }
    for (uint32_t i = 0; i < c->n; i++)
        place(slots, 2 * cap, &c->names[i], i);
    free(c->slots);
    c->slots = slots;
    c->slot_cap = 2 * cap;
    c->cap = cap;
    return YH_OK;
}

yh_err series_columns_add(struct series_columns *c, yh_str factor, series_field field, uint32_t *ret)
{
    struct series_column_name name;
    if (!series_column_name_make(factor, field, &name))
        return yh_fail(YH_E_INVALID, "a factor code of %zu bytes", factor.n);
    if (c->n == SERIES_POINT_COLUMNS_MAX)
        return yh_fail(YH_E_TOO_LARGE, "more than %u columns of one station", SERIES_POINT_COLUMNS_MAX);
    if (c->n == c->cap)
        YH_TRY(grow(c));
    c->names[c->n] = name;
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++)
        c->uses[c->n].newest[k] = SERIES_NO_WINDOW;
    place(c->slots, c->slot_cap, &name, c->n);
    *ret = c->n++;
    return YH_OK;
}

void series_columns_encode(const struct series_columns *c, yh_buf *out)
{
    for (uint32_t i = 0; i < c->n; i++) {
        const struct series_column_name *name = &c->names[i];
        yh_buf_putc(out, (char)name->factor_n);
        yh_buf_add(out, name->factor, name->factor_n);
        yh_buf_putc(out, (char)name->field);
        for (unsigned k = 0; k < SERIES_KIND_COUNT; k++)
            series_varint_put(out, series_zigzag((uint64_t)c->uses[i].newest[k]));
    }
}

static bool take_column(yh_str *in, struct series_columns *c, yh_err *ret_err)
{
    size_t factor_n = in->n ? (uint8_t)in->p[0] : 0;
    if (factor_n == 0 || factor_n > SERIES_FACTOR_MAX || in->n < factor_n + 2 || (uint8_t)in->p[factor_n + 1] >= SERIES_FIELD_COUNT)
        return false;
    uint32_t number;
    *ret_err =
        series_columns_add(c, yh_str_sub(*in, 1, factor_n), (series_field)in->p[factor_n + 1], &number);
    if (*ret_err != YH_OK)
        return false;
    *in = yh_str_sub(*in, factor_n + 2, in->n);
    for (unsigned k = 0; k < SERIES_KIND_COUNT; k++) {
        uint64_t z;
        if (!series_varint_take(in, &z))
            return false;
        c->uses[number].newest[k] = (yh_time)series_unzigzag(z);
    }
    return true;
}

yh_err series_columns_decode(yh_str bytes, struct series_columns *c)
{
    while (bytes.n) {
        yh_err e = YH_OK;
        if (!take_column(&bytes, c, &e))
            return e != YH_OK ? e : yh_fail(YH_E_CORRUPT, "series: unreadable columns of a station");
    }
    return YH_OK;
}
