#include "support.h"

#include "hj212/framer.h"

/* The algorithm as the standard prints it, bit by bit. */
static uint16_t crc_as_printed(const unsigned char *p, size_t n)
{
    unsigned reg = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        reg = reg >> 8 ^ p[i];
        for (int bit = 0; bit < 8; bit++)
            reg = reg & 1 ? reg >> 1 ^ 0xA001 : reg >> 1;
    }
    return (uint16_t)reg;
}

static void check_values(void **state)
{
    (void)state;
    assert_int_equal(hj212_crc("123456789", 9), 0x2F80);
    assert_int_equal(hj212_crc_modbus("123456789", 9), 0x4B37);
    assert_int_equal(hj212_crc("", 0), 0xFFFF);
    static const char example[] =
        "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&";
    assert_int_equal(hj212_crc(example, sizeof example - 1), 0x1C80);
}

static void every_length_and_alignment(void **state)
{
    (void)state;
    unsigned char bytes[700];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)next_random(&random);
    for (size_t from = 0; from < 9; from++)
        for (size_t n = 0; n + from <= sizeof bytes; n++)
            assert_int_equal(hj212_crc(bytes + from, n), crc_as_printed(bytes + from, n));
}

static void exactly_256_values(void **state)
{
    (void)state;
    size_t possible = 0;
    for (unsigned v = 0; v <= 0xFFFF; v++)
        possible += hj212_crc_possible((uint16_t)v);
    assert_int_equal(possible, 256);
    for (unsigned v = 0; v < 256; v++) {
        unsigned char byte = (unsigned char)v;
        assert_true(hj212_crc_possible(hj212_crc(&byte, 1)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values),
        cmocka_unit_test(every_length_and_alignment),
        cmocka_unit_test(exactly_256_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
