/* The generated tables, in the order of their CSV files; the codes of factors are hashed. Private to this room. */
#ifndef YH_HJ212_DICT_TABLES_H
#define YH_HJ212_DICT_TABLES_H

#include "hj212/code_hash.h"
#include "hj212/dialect.h"
#include "hj212/dict.h"

extern const struct hj212_factor hj212_factor_table[];
extern const size_t hj212_factor_table_count;
extern const uint16_t hj212_code_slots[HJ212_CODE_SLOTS];
extern const struct hj212_command hj212_command_table[];
extern const size_t hj212_command_table_count;
extern const struct hj212_system_type hj212_system_type_table[];
extern const size_t hj212_system_type_table_count;
extern const struct hj212_data_flag hj212_data_flag_table[];
extern const size_t hj212_data_flag_table_count;
extern const struct hj212_code hj212_code_table[];
extern const size_t hj212_code_table_count;
extern const struct hj212_dialect hj212_dialect_table[];
extern const size_t hj212_dialect_table_count;

#endif
