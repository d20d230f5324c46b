/* Frames as broken senders write them: every fault that hj212/diagnose.h can name and some more. Pure. */
#ifndef YH_APP_SIM_DAMAGE_H
#define YH_APP_SIM_DAMAGE_H

#include "base/buf.h"

typedef enum sim_damage {
    SIM_CRC_MODBUS, SIM_CRC_MODBUS_LOW_FIRST, SIM_CRC_SWAPPED, SIM_CRC_THREE_DIGITS, SIM_CRC_RAW, SIM_CRC_PLACEHOLDER,
    SIM_CRC_LOWER, /* receivers accept this one */
    SIM_LENGTH_SHORT, SIM_LENGTH_LONG,
    SIM_BYTE_FLIPPED, SIM_TRUNCATED,
    SIM_DAMAGE_COUNT
} sim_damage;

const char *sim_damage_word(sim_damage d); /* "crc-modbus" ... */
bool sim_damage_of_word(yh_str word, sim_damage *ret);

/* Appends `frame` ("##" to CR LF) damaged; `random` chooses the place where there is a choice. */
void sim_damage_write(sim_damage d, yh_str frame, uint64_t random, yh_buf *out);

/* Bytes between frames. */
void sim_junk_write(uint64_t random, yh_buf *out);

#endif
