/* Buckets, the book of addresses and the turns of stations, with the time in hand. */
#include "../check.h"

#include "gate/limits.h"

#define SECOND 1000000

static struct gate_limits wide(void)
{
    return (struct gate_limits){0}; /* no limit but the number of connections */
}

static void v4(unsigned char ret[16], unsigned n)
{
    memset(ret, 0, 16);
    ret[10] = ret[11] = 0xFF;
    ret[12] = 10;
    ret[13] = (unsigned char)(n >> 16);
    ret[14] = (unsigned char)(n >> 8);
    ret[15] = (unsigned char)n;
}

static limits_verdict dial(struct limits_book *b, const struct gate_limits *l, unsigned n, int64_t now, uint32_t *place)
{
    unsigned char address[16];
    v4(address, n);
    return limits_admit(b, l, address, now, place);
}

/* ---- buckets ---- */

static unsigned take_all(struct bucket *b, uint64_t rate, uint64_t burst, int64_t now)
{
    unsigned n = 0;
    for (; n < 1000 && bucket_wait(b, rate, burst, now) == 0; n++)
        bucket_take(b, rate, 1, now);
    return n;
}

static void a_bucket_gives_its_burst_then_its_rate(void **state)
{
    (void)state;
    struct bucket b = {0};
    int64_t now = 5 * SECOND;
    assert_int_equal(take_all(&b, 10, 30, now), 30);
    assert_int_equal(bucket_wait(&b, 10, 30, now), SECOND / 10);
    assert_int_equal(take_all(&b, 10, 30, now + SECOND / 10 - 1), 0);
    assert_int_equal(take_all(&b, 10, 30, now + SECOND), 10);
    assert_int_equal(take_all(&b, 10, 30, now + 100 * SECOND), 30); /* never more than the burst */
    assert_int_equal(take_all(&b, 10, 30, now), 0);                 /* a clock that went back gives nothing */
}

static void rate_nought_is_no_limit_and_burst_nought_is_one(void **state)
{
    (void)state;
    struct bucket b = {0};
    assert_int_equal(take_all(&b, 0, 1, 0), 1000);
    assert_int_equal(take_all(&b, 1, 0, SECOND), 1);
    struct bucket fast = {0};
    assert_int_equal(take_all(&fast, 1000000000000u, 500, SECOND), 500);
}

/* ---- addresses ---- */

static void an_address_has_its_own_number_of_connections(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(100, &b));
    struct gate_limits l = wide();
    l.per_address = 2;
    uint32_t p[4];
    assert_int_equal(dial(b, &l, 1, 0, &p[0]), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 1, 0, &p[1]), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 1, 0, &p[2]), LIMITS_ADDRESS_OPEN);
    assert_int_equal(dial(b, &l, 2, 0, &p[2]), LIMITS_ADMIT);
    assert_int_equal(limits_addresses(b), 2);
    limits_left(b, p[0]);
    assert_int_equal(dial(b, &l, 1, 0, &p[0]), LIMITS_ADMIT);
    limits_left(b, p[2]);
    assert_int_equal(limits_addresses(b), 1);
    limits_free(b);
}

static void an_address_connects_at_its_own_rate(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(100, &b));
    struct gate_limits l = wide();
    l.address_rate = 1;
    l.address_burst = 2;
    uint32_t p;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(dial(b, &l, 1, 0, &p), LIMITS_ADMIT);
        limits_left(b, p);
    }
    assert_int_equal(dial(b, &l, 1, 0, &p), LIMITS_ADDRESS_RATE); /* remembered, though nobody is connected */
    assert_int_equal(dial(b, &l, 2, 0, &p), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 1, SECOND, &p), LIMITS_ADMIT);
    limits_free(b);
}

static void the_last_places_are_kept_for_addresses_with_few(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(160, &b));
    struct gate_limits l = wide();
    uint32_t p;
    for (unsigned i = 0; i < 160; i++)
        assert_int_equal(dial(b, &l, 1, 0, &p), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 1, 0, &p), LIMITS_FULL);
    for (unsigned i = 0; i < LIMITS_FEW; i++)
        assert_int_equal(dial(b, &l, 2, 0, &p), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 2, 0, &p), LIMITS_FULL);
    for (unsigned i = 0; i < 10 - LIMITS_FEW; i++)
        assert_int_equal(dial(b, &l, 3 + i, 0, &p), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 99, 0, &p), LIMITS_FULL);
    limits_free(b);
}

static void one_subscriber_of_ipv6_is_one_address(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(100, &b));
    struct gate_limits l = wide();
    l.per_address = 1;
    unsigned char address[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, [15] = 1};
    uint32_t p;
    assert_int_equal(limits_admit(b, &l, address, 0, &p), LIMITS_ADMIT);
    address[15] = 2;
    assert_int_equal(limits_admit(b, &l, address, 0, &p), LIMITS_ADDRESS_OPEN);
    address[7] = 3;
    assert_int_equal(limits_admit(b, &l, address, 0, &p), LIMITS_ADMIT);
    limits_free(b);
}

/* Far more addresses than places come and go; those that stay are counted rightly all the while. */
static void strangers_do_not_push_out_who_is_connected(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(32, &b));
    struct gate_limits l = wide();
    l.per_address = 3;
    uint32_t mine[3], p;
    assert_int_equal(dial(b, &l, 0, 0, &mine[0]), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 0, 0, &mine[1]), LIMITS_ADMIT);
    for (unsigned i = 1; i < 50000; i++) {
        assert_int_equal(dial(b, &l, i, i, &p), LIMITS_ADMIT);
        limits_left(b, p);
    }
    assert_int_equal(dial(b, &l, 0, 0, &mine[2]), LIMITS_ADMIT);
    assert_int_equal(dial(b, &l, 0, 0, &p), LIMITS_ADDRESS_OPEN);
    for (unsigned i = 0; i < 3; i++)
        limits_left(b, mine[i]);
    assert_int_equal(limits_addresses(b), 0);
    assert_int_equal(dial(b, &l, 0, 0, &p), LIMITS_ADMIT);
    limits_free(b);
}

/* ---- stations ---- */

struct sender {
    int64_t until;
    unsigned credit, taken;
};

/* What a connection does with the verdict, in steps of a millisecond. */
static void send_for(struct limits_book *b, const struct gate_limits *l, struct sender *s, unsigned n, int64_t span)
{
    for (int64_t now = 0; now < span; now += 1000) {
        for (unsigned i = 0; i < n; i++) {
            while (now >= s[i].until) {
                if (s[i].credit)
                    s[i].credit--;
                else if ((s[i].until = now + limits_station(b, l, YH_S("M1"), now, &s[i].credit)) > now)
                    break;
                s[i].taken++;
            }
        }
    }
}

static void a_station_gets_its_rate_and_never_stands_still(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(10, &b));
    struct gate_limits l = wide();
    l.station_rate = 100;
    l.station_burst = 50;
    struct sender s = {0};
    send_for(b, &l, &s, 1, 10 * SECOND);
    assert_in_range(s.taken, 1000, 1100);
    limits_free(b);
}

static void connections_of_one_station_take_turns(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(10, &b));
    struct gate_limits l = wide();
    l.station_rate = 100;
    l.station_burst = 1;
    struct sender s[8] = {0};
    send_for(b, &l, s, YH_LEN(s), 20 * SECOND);
    unsigned all = 0;
    for (size_t i = 0; i < YH_LEN(s); i++) {
        assert_in_range(s[i].taken, 200, 300); /* an eighth of two thousand each */
        all += s[i].taken;
    }
    assert_in_range(all, 1900, 2100);
    limits_free(b);
}

static void a_turn_comes_within_its_bound(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(10, &b));
    struct gate_limits l = wide();
    l.station_rate = 1;
    l.station_burst = 1;
    unsigned frames = 0;
    assert_int_equal(limits_station(b, &l, YH_S("M1"), 0, &frames), 0);
    for (unsigned i = 0; i < 1000; i++) {
        assert_in_range(limits_station(b, &l, YH_S("M1"), 0, &frames), 1, LIMITS_TURN_MAX_US);
        assert_int_equal(frames, 1);
    }
    assert_int_equal(limits_station(b, &l, YH_S("M2"), 0, &frames), 0); /* another station does not wait for it */
    limits_free(b);
}

static void more_stations_than_remembered_only_make_it_milder(void **state)
{
    (void)state;
    struct limits_book *b;
    check_ok(limits_new(10, &b));
    struct gate_limits l = wide();
    l.station_rate = 1;
    l.station_burst = 1;
    unsigned frames = 0, waited = 0;
    char name[16];
    for (unsigned i = 0; i < 400000; i++) {
        int n = snprintf(name, sizeof name, "%u", i);
        waited += limits_station(b, &l, (yh_str){name, (size_t)n}, 0, &frames) > 0;
    }
    assert_int_equal(waited, 0);
    limits_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_burst_then_its_rate),
        cmocka_unit_test(rate_nought_is_no_limit_and_burst_nought_is_one),
        cmocka_unit_test(an_address_has_its_own_number_of_connections),
        cmocka_unit_test(an_address_connects_at_its_own_rate),
        cmocka_unit_test(the_last_places_are_kept_for_addresses_with_few),
        cmocka_unit_test(one_subscriber_of_ipv6_is_one_address),
        cmocka_unit_test(strangers_do_not_push_out_who_is_connected),
        cmocka_unit_test(a_station_gets_its_rate_and_never_stands_still),
        cmocka_unit_test(connections_of_one_station_take_turns),
        cmocka_unit_test(a_turn_comes_within_its_bound),
        cmocka_unit_test(more_stations_than_remembered_only_make_it_milder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
