/*
 * Codes of the registry and their checks. Pure.
 *
 * Unified social credit code: GB 32100 (18 characters, check character) around an organisation code of GB 11714 (9
 * characters, check digit). MN: HJ/T 212-2005 gives 14 characters, HJ 212-2017 gives 24 hex digits; the field bends both.
 */
#ifndef YH_SOURCE_CODE_H
#define YH_SOURCE_CODE_H

#include "base/str.h"

#define SOURCE_CREDIT_LEN 18
#define SOURCE_MN_MAX     32

typedef enum source_credit {
    SOURCE_CREDIT_OK,
    SOURCE_CREDIT_LENGTH,    /* not 18 characters */
    SOURCE_CREDIT_CHARACTER, /* a character that cannot occur (I O Z S V, lower case, ...) */
    SOURCE_CREDIT_ORG,       /* check digit of the organisation code (the 17th character) */
    SOURCE_CREDIT_CHECK      /* check character (the 18th) */
} source_credit;

/* *ret_expected is set for ORG and CHECK: the character that would fit. */
source_credit source_credit_check(yh_str code, char *ret_expected);

/* Body, type and region (8 characters) and organisation number (8): adds both check characters. False when a character
 * cannot occur. */
bool source_credit_make(yh_str first8, yh_str org8, char ret[SOURCE_CREDIT_LEN + 1]);

/* What may be admitted: 1..32 of A-Z a-z 0-9 . _ - */
bool source_mn_valid(yh_str mn);

/* As a standard writes it: 14 letters and digits, or 24 hex digits. */
bool source_mn_standard(yh_str mn);

/* Medium of an outlet code of the discharge permit: DW001 "water", DA001 "air"; NULL when it is neither. */
const char *source_outlet_medium(yh_str code);

/* Medium of a system type: "32" "water", "31" "air", ...; NULL when it measures none. */
const char *source_st_medium(yh_str st);

/* Factor codes as reported: 1..24 of A-Z a-z 0-9 _ - */
bool source_factor_valid(yh_str code);

#endif
