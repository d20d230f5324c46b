/*
 * Dictionaries of the standard: factors, commands, system types, flags. Read-only tables generated from
 * the CSV files in data/dictionaries/hj212 at build time; look-up by code, with `xx` equipment patterns (e101xx) and 2005 codes.
 */
#ifndef YH_HJ212_DICT_H
#define YH_HJ212_DICT_H

#include "base/str.h"

struct hj212_factor {
    const char *code;        /* 2017 code, "" when only 2005 has it */
    const char *code_2005;   /* "" when none */
    const char *name;        /* Chinese */
    const char *name_en;
    const char *medium;      /* "water" "air" "noise" ... */
    const char *unit;        /* of the concentration as shown: "mg/L" */
    const char *unit_emission;
    int decimals;            /* of the concentration, -1 unknown */
};
struct hj212_command {
    const char *cn, *direction, *kind, *name, *name_en, *answer;
    bool in_2005, in_2017, in_2025;
};
struct hj212_system_type {
    const char *st, *name, *name_en;
};
struct hj212_data_flag {
    char letter;
    const char *name, *name_en;
};
struct hj212_code {
    const char *kind; /* "qn_rtn" "exe_rtn" "sb_rs" "i12001" "i22001" "i22002" "alarm_type" "data_flag" */
    const char *value, *name, *name_en;
};

/* By 2017 or 2005 code; NULL when unknown (unknown factors are kept like any other). */
const struct hj212_factor *hj212_factor_find(yh_str code);
const struct hj212_command *hj212_command_find(yh_str cn, yh_str direction /* "D>P" "P>D" or empty */);
const struct hj212_system_type *hj212_system_type_find(yh_str st);
const struct hj212_data_flag *hj212_data_flag_find(char letter); /* of 2017 before those of 2005 */
const struct hj212_code *hj212_code_find(const char *kind, yh_str value);
const struct hj212_factor *hj212_factors(size_t *ret_n);

#endif
