#include "app/sim_damage.h"

#include "app/sim_value.h"
#include "hj212/framer.h"

#define HEAD 6u /* "##" and the length */
#define TAIL 6u /* CRC and CR LF */

static const char *const words[SIM_DAMAGE_COUNT] = {
    [SIM_CRC_MODBUS] = "crc-modbus",
    [SIM_CRC_MODBUS_LOW_FIRST] = "crc-modbus-low-first",
    [SIM_CRC_SWAPPED] = "crc-swapped",
    [SIM_CRC_THREE_DIGITS] = "crc-three-digits",
    [SIM_CRC_RAW] = "crc-raw",
    [SIM_CRC_PLACEHOLDER] = "crc-placeholder",
    [SIM_CRC_LOWER] = "crc-lower",
    [SIM_LENGTH_SHORT] = "length-short",
    [SIM_LENGTH_LONG] = "length-long",
    [SIM_BYTE_FLIPPED] = "byte-flipped",
    [SIM_TRUNCATED] = "truncated",
};

const char *sim_damage_word(sim_damage d)
{
    return words[d];
}

bool sim_damage_of_word(yh_str word, sim_damage *ret)
{
    for (size_t i = 0; i < YH_LEN(words); i++) {
        if (yh_str_is(word, words[i])) {
            *ret = (sim_damage)i;
            return true;
        }
    }
    return false;
}

static uint16_t swapped(uint16_t v)
{
    return (uint16_t)(v >> 8 | v << 8);
}

static void write_crc(sim_damage d, yh_str segment, yh_str as_sent, yh_buf *out)
{
    uint16_t modbus = hj212_crc_modbus(segment.p, segment.n), right = hj212_crc(segment.p, segment.n);
    switch (d) {
    case SIM_CRC_MODBUS:
        yh_buf_printf(out, "%04X", modbus);
        return;
    case SIM_CRC_MODBUS_LOW_FIRST:
        yh_buf_printf(out, "%04X", swapped(modbus));
        return;
    case SIM_CRC_SWAPPED:
        yh_buf_printf(out, "%04X", swapped(right));
        return;
    case SIM_CRC_THREE_DIGITS:
        yh_buf_str(out, yh_str_sub(as_sent, 1, 3));
        return;
    case SIM_CRC_RAW:
        yh_buf_putc(out, (char)(right >> 8));
        yh_buf_putc(out, (char)(right & 0xff));
        return;
    case SIM_CRC_PLACEHOLDER:
        yh_buf_puts(out, "**");
        return;
    case SIM_CRC_LOWER:
        yh_buf_printf(out, "%04x", right);
        return;
    case SIM_LENGTH_SHORT:
    case SIM_LENGTH_LONG:
    case SIM_BYTE_FLIPPED:
    case SIM_TRUNCATED:
    case SIM_DAMAGE_COUNT:
        break;
    }
    yh_buf_str(out, as_sent);
}

static size_t declared(sim_damage d, size_t n)
{
    return d == SIM_LENGTH_SHORT ? n - n / 4 - 1 : d == SIM_LENGTH_LONG ? n + 17 : n;
}

/* One bit of the text between "##" and the closing "&&", so that the frame keeps its shape. */
static void write_segment(sim_damage d, yh_str segment, uint64_t random, yh_buf *out)
{
    size_t at = out->n;
    yh_buf_str(out, segment);
    if (d == SIM_BYTE_FLIPPED && !out->failed && segment.n > 2)
        out->p[at + random % (segment.n - 2)] ^= 1;
}

void sim_damage_write(sim_damage d, yh_str frame, uint64_t random, yh_buf *out)
{
    if (frame.n <= HEAD + TAIL)
        return;
    yh_str segment = yh_str_sub(frame, HEAD, frame.n - HEAD - TAIL);
    if (d == SIM_TRUNCATED) { /* the line broke off; the next frame follows at once */
        yh_buf_str(out, yh_str_sub(frame, 0, HEAD + 1 + random % segment.n));
        return;
    }
    yh_buf_printf(out, "##%04zu", declared(d, segment.n));
    write_segment(d, segment, random, out);
    write_crc(d, segment, yh_str_sub(frame, frame.n - TAIL, 4), out);
    yh_buf_puts(out, "\r\n");
}

void sim_junk_write(uint64_t random, yh_buf *out)
{
    size_t n = 1 + random % 120;
    for (size_t i = 0; i < n; i++) {
        random = sim_mix(random, YH_S("junk"));
        yh_buf_putc(out, (char)(random & 0xff));
    }
    yh_buf_puts(out, random % 3 ? "\r\n" : "##12");
}
