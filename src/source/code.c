#include "source/code.h"

/* ---- GB 32100 and GB 11714 ---- */

static const char credit_letters[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
static const char org_letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const int credit_weights[17] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
static const int org_weights[8] = {3, 7, 9, 10, 5, 8, 4, 2};

static int value_in(const char *letters, char c)
{
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

/* Σ value × weight; -1 when a character is not among the letters. */
static int weighted(const char *text, const char *letters, const int *weights, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        int v = value_in(letters, text[i]);
        if (v < 0)
            return -1;
        sum += v * weights[i];
    }
    return sum;
}

static char org_check_of(const char *org8)
{
    int c = 11 - weighted(org8, org_letters, org_weights, 8) % 11;
    return c == 10 ? 'X' : c == 11 ? '0' : (char)('0' + c);
}

static char credit_check_of(const char *first17)
{
    int sum = weighted(first17, credit_letters, credit_weights, 17);
    return credit_letters[(31 - sum % 31) % 31];
}

source_credit source_credit_check(yh_str code, char *ret_expected)
{
    if (code.n != SOURCE_CREDIT_LEN)
        return SOURCE_CREDIT_LENGTH;
    for (size_t i = 0; i < code.n; i++)
        if (value_in(credit_letters, code.p[i]) < 0)
            return SOURCE_CREDIT_CHARACTER;
    char org = org_check_of(code.p + 8), check = credit_check_of(code.p);
    if (code.p[16] != org) {
        *ret_expected = org;
        return SOURCE_CREDIT_ORG;
    }
    if (code.p[17] != check) {
        *ret_expected = check;
        return SOURCE_CREDIT_CHECK;
    }
    return SOURCE_CREDIT_OK;
}

bool source_credit_make(yh_str first8, yh_str org8, char ret[SOURCE_CREDIT_LEN + 1])
{
    char made[SOURCE_CREDIT_LEN + 1] = "";
    if (first8.n != 8 || org8.n != 8)
        return false;
    memcpy(made, first8.p, 8);
    memcpy(made + 8, org8.p, 8);
    for (size_t i = 0; i < 16; i++)
        if (value_in(credit_letters, made[i]) < 0)
            return false;
    made[16] = org_check_of(made + 8);
    made[17] = credit_check_of(made);
    memcpy(ret, made, sizeof made);
    return true;
}

/* ---- other codes ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool made_of(yh_str s, size_t max, const char *also)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && (s.p[i] == '\0' || !strchr(also, s.p[i])))
            return false;
    return s.n >= 1 && s.n <= max;
}

bool source_mn_valid(yh_str mn)
{
    /* "." and ".." would vanish from the path of an address */
    return made_of(mn, SOURCE_MN_MAX, "._-") && mn.p[0] != '.';
}

bool source_mn_standard(yh_str mn)
{
    uint8_t bytes[12];
    return mn.n == 14 ? made_of(mn, 14, "") : mn.n == 24 && yh_hex_decode(mn, bytes, sizeof bytes);
}

bool source_factor_valid(yh_str code)
{
    return made_of(code, 24, "_-");
}

const char *source_outlet_medium(yh_str code)
{
    static const struct {
        const char *prefix, *medium;
    } rows[] = {{"DW", "water"}, {"DA", "air"}};
    bool digits = code.n == 5 && is_digit(code.p[2]) && is_digit(code.p[3]) && is_digit(code.p[4]);
    for (size_t i = 0; digits && i < YH_LEN(rows); i++)
        if (yh_str_starts(code, yh_str_of(rows[i].prefix)))
            return rows[i].medium;
    return NULL;
}

const char *source_st_medium(yh_str st)
{
    static const struct {
        const char *st, *medium;
    } rows[] = {{"21", "water"}, {"22", "air"}, {"23", "noise"}, {"31", "air"}, {"32", "water"}};
    for (size_t i = 0; i < YH_LEN(rows); i++)
        if (yh_str_is(st, rows[i].st))
            return rows[i].medium;
    return NULL;
}
