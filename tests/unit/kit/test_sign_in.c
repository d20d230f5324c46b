#include "box.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "kit/device.h"
#include "kit/machine.h"
#include "kit/second_factor.h"
#include "kit/vault.h"

/* ---- one-time codes ---- */

static const uint8_t rfc_secret[KIT_TOTP_SECRET + 1] = "12345678901234567890";

/* RFC 6238 appendix B, SHA-1; the last six of its eight digits. */
static void codes_are_those_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        const char *code;
    } rows[] = {{59, "287082"},         {1111111109, "081804"},  {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        char code[KIT_TOTP_DIGITS + 1];
        assert_true(kit_totp_code(rfc_secret, rows[i].second / 30, code));
        assert_string_equal(code, rows[i].code);
    }
}

static void a_code_is_good_for_its_neighbours_and_once(void **state)
{
    (void)state;
    yh_str code = YH_S("287082"); /* step 1 */
    assert_int_equal(kit_totp_match(rfc_secret, code, 59 * YH_SECOND, 0), 1);
    assert_int_equal(kit_totp_match(rfc_secret, code, 60 * YH_SECOND, 0), 1);
    assert_int_equal(kit_totp_match(rfc_secret, code, 20 * YH_SECOND, 0), 1);
    assert_int_equal(kit_totp_match(rfc_secret, code, 90 * YH_SECOND, 0), -1);
    assert_int_equal(kit_totp_match(rfc_secret, code, 59 * YH_SECOND, 1), -1);
    assert_int_equal(kit_totp_match(rfc_secret, YH_S("28708"), 59 * YH_SECOND, 0), -1);
    assert_int_equal(kit_totp_match(rfc_secret, YH_S("28708\0"), 59 * YH_SECOND, 0), -1);
}

static void the_secret_is_written_as_apps_read_it(void **state)
{
    (void)state;
    char text[KIT_TOTP_BASE32];
    kit_totp_base32(rfc_secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

/* ---- the vault ---- */

static yh_str key_path(struct box *b, char buf[96])
{
    snprintf(buf, 96, "%s/kit.key", b->dir);
    return yh_str_of(buf);
}

static void what_is_sealed_opens_for_its_owner_only(void **state)
{
    struct box *b = *state;
    struct kit_vault *v;
    yh_str sealed, again, text;
    OK(kit_vault_open(b->dir, &v));
    OK(kit_vault_seal(v, YH_S("row:1"), YH_S("geheim"), &b->arena, &sealed));
    OK(kit_vault_seal(v, YH_S("row:1"), YH_S("geheim"), &b->arena, &again));
    assert_false(yh_str_eq(sealed, again));
    OK(kit_vault_open_text(v, YH_S("row:1"), sealed, &b->arena, &text));
    assert_true(yh_str_is(text, "geheim"));
    assert_int_equal(kit_vault_open_text(v, YH_S("row:2"), sealed, &b->arena, &text), YH_E_CORRUPT);
    for (size_t i = 0; i < sealed.n; i++) {
        char *bent = yh_arena_z(&b->arena, sealed);
        bent[i] = bent[i] == '0' ? '1' : '0';
        assert_int_equal(kit_vault_open_text(v, YH_S("row:1"), yh_str_of(bent), &b->arena, &text), YH_E_CORRUPT);
    }
    for (size_t n = 0; n < sealed.n; n++)
        assert_int_equal(kit_vault_open_text(v, YH_S("row:1"), yh_str_sub(sealed, 0, n), &b->arena, &text), YH_E_CORRUPT);
    kit_vault_close(v);
}

static void the_key_is_kept_and_a_damaged_one_is_named(void **state)
{
    struct box *b = *state;
    struct kit_vault *v;
    struct stat st;
    yh_str sealed, text;
    char path[96];
    OK(kit_vault_open(b->dir, &v));
    OK(kit_vault_seal(v, YH_S("x"), YH_S("y"), &b->arena, &sealed));
    kit_vault_close(v);
    OK(kit_vault_open(b->dir, &v));
    OK(kit_vault_open_text(v, YH_S("x"), sealed, &b->arena, &text));
    kit_vault_close(v);
    assert_int_equal(stat(key_path(b, path).p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    for (int at = 0; at < 64; at += 21) {
        char byte;
        int fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        assert_int_equal(kit_vault_open(b->dir, &v), YH_E_CORRUPT);
        assert_non_null(strstr(yh_cause(), "kit.key"));
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
    }
    assert_int_equal(truncate(path, 63), 0);
    assert_int_equal(kit_vault_open(b->dir, &v), YH_E_CORRUPT);
}

/* ---- the second factor ---- */

static yh_err enter_with(struct box *b, const char *code, yh_time now, struct entry *e)
{
    const struct kit_credentials c = {YH_S("duty1"), GOOD, HOME, YH_S("Browser/1"), yh_str_of(code)};
    *e = (struct entry){0};
    return kit_sign_in(b->kit, &c, now, &b->arena, e->token, &e->session, &e->until);
}

/* Back from Base32, as an app does it. */
static void code_at(const char *base32, yh_time now, char ret[KIT_TOTP_DIGITS + 1])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t secret[KIT_TOTP_SECRET];
    uint32_t bits = 0;
    unsigned have = 0, n = 0;
    for (const char *p = base32; *p; p++) {
        bits = bits << 5 | (uint32_t)(strchr(letters, *p) - letters);
        have += 5;
        if (have >= 8) {
            have -= 8;
            secret[n++] = (uint8_t)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    assert_int_equal(n, KIT_TOTP_SECRET);
    assert_true(kit_totp_code(secret, now / KIT_TOTP_STEP, ret));
}

struct with_factor {
    struct entry e;
    char secret[KIT_TOTP_BASE32];
    char codes[KIT_RECOVERY_CODES][KIT_RECOVERY_SIZE];
};

/* Signed in before the factor, at NOW; the first code is used up. */
static void enable_factor(struct box *b, struct with_factor *w)
{
    yh_time until;
    char code[KIT_TOTP_DIGITS + 1];
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter_with(b, "", NOW, &w->e));
    OK(kit_factor_offer(b->kit, &w->e.session, GOOD, HOME, NOW, w->secret, &until));
    code_at(w->secret, NOW, code);
    OK(kit_factor_confirm(b->kit, &w->e.session, yh_str_of(code), NOW, w->codes));
}

static void sign_in_asks_for_the_code_when_there_is_one(void **state)
{
    struct box *b = *state;
    struct with_factor w;
    struct entry e;
    char code[KIT_TOTP_DIGITS + 1], spaced[16];
    enable_factor(b, &w);
    assert_true(noted(b, "account.second_factor"));
    assert_int_equal(enter_with(b, "", NOW, &e), YH_E_DENIED);
    code_at(w.secret, NOW, code);
    assert_int_equal(enter_with(b, code, NOW, &e), YH_E_UNAUTH); /* it confirmed the factor already */
    yh_time later = NOW + KIT_TOTP_STEP;
    code_at(w.secret, later, code);
    snprintf(spaced, sizeof spaced, "%.3s %.3s", code, code + 3);
    OK(enter_with(b, spaced, later, &e));
    assert_int_equal(enter_with(b, code, later, &e), YH_E_UNAUTH);
    assert_true(noted(b, "wrong_code"));
}

static void what_was_offered_only_is_not_asked_for(void **state)
{
    struct box *b = *state;
    struct entry e;
    yh_time until;
    char first[KIT_TOTP_BASE32], second[KIT_TOTP_BASE32], code[KIT_TOTP_DIGITS + 1];
    char codes[KIT_RECOVERY_CODES][KIT_RECOVERY_SIZE];
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter_with(b, "", NOW, &e));
    assert_int_equal(kit_factor_confirm(b->kit, &e.session, YH_S("123456"), NOW, codes), YH_E_CONFLICT);
    assert_int_equal(kit_factor_offer(b->kit, &e.session, BAD, HOME, NOW, first, &until), YH_E_UNAUTH);
    OK(kit_factor_offer(b->kit, &e.session, GOOD, HOME, NOW, first, &until));
    OK(kit_factor_offer(b->kit, &e.session, GOOD, HOME, NOW, second, &until));
    OK(enter_with(b, "", NOW, &e));
    code_at(first, NOW, code);
    assert_int_equal(kit_factor_confirm(b->kit, &e.session, yh_str_of(code), NOW, codes), YH_E_UNAUTH);
    code_at(second, NOW, code);
    OK(kit_factor_confirm(b->kit, &e.session, yh_str_of(code), NOW, codes));
    assert_int_equal(kit_factor_offer(b->kit, &e.session, GOOD, HOME, NOW, first, &until), YH_E_CONFLICT);
}

static void recovery_codes_open_once_each(void **state)
{
    struct box *b = *state;
    struct with_factor w;
    struct entry e;
    struct kit_factor_state left;
    char small[KIT_RECOVERY_SIZE];
    enable_factor(b, &w);
    for (size_t i = 0; i < KIT_RECOVERY_SIZE; i++)
        small[i] = (char)(w.codes[3][i] >= 'A' && w.codes[3][i] <= 'Z' ? w.codes[3][i] + 32 : w.codes[3][i]);
    OK(enter_with(b, small, NOW, &e));
    assert_int_equal(enter_with(b, w.codes[3], NOW, &e), YH_E_UNAUTH);
    OK(enter_with(b, w.codes[4], NOW, &e));
    OK(kit_factor_state(b->kit, e.session.account_id, &left));
    assert_true(left.confirmed);
    assert_int_equal(left.since, NOW);
    assert_int_equal(left.recovery_left, KIT_RECOVERY_CODES - 2);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM recovery_code WHERE code_hash LIKE '%-%'"), 0);
}

/* Asking for a code between the guesses must not make the count forget them. */
static void codes_cannot_be_guessed(void **state)
{
    struct box *b = *state;
    struct with_factor w;
    struct entry e;
    unsigned tried = 0;
    yh_err last = YH_OK;
    enable_factor(b, &w);
    while (tried < 20 && (last = enter_with(b, "", NOW, &e)) == YH_E_DENIED) {
        assert_int_equal(enter_with(b, "000000", NOW, &e), YH_E_UNAUTH);
        tried++;
    }
    assert_int_equal(last, YH_E_BUSY);
    assert_int_equal(tried, 5);
    assert_true(e.until > NOW);
}

static void a_factor_is_removed_with_password_and_code(void **state)
{
    struct box *b = *state;
    struct with_factor w;
    struct entry e;
    yh_time until, later = NOW + KIT_TOTP_STEP;
    char code[KIT_TOTP_DIGITS + 1];
    enable_factor(b, &w);
    code_at(w.secret, later, code);
    assert_int_equal(kit_factor_remove(b->kit, &w.e.session, BAD, yh_str_of(code), HOME, later, &until), YH_E_UNAUTH);
    assert_int_equal(kit_factor_remove(b->kit, &w.e.session, GOOD, YH_S("000000"), HOME, later, &until), YH_E_UNAUTH);
    OK(kit_factor_remove(b->kit, &w.e.session, GOOD, yh_str_of(code), HOME, later, &until));
    OK(enter_with(b, "", later, &e));
    assert_int_equal(kit_factor_remove(b->kit, &e.session, GOOD, YH_S("000000"), HOME, later, &until), YH_E_CONFLICT);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM recovery_code"), 0);
    assert_true(noted(b, "account.second_factor_removed"));
}

static void an_administrator_resets_what_is_lost(void **state)
{
    struct box *b = *state;
    struct with_factor w;
    struct entry e;
    enable_factor(b, &w);
    assert_int_equal(kit_factor_reset(b->kit, YH_S("ghost"), YH_S("admin"), NOW), YH_E_NOT_FOUND);
    OK(kit_factor_reset(b->kit, YH_S("duty1"), YH_S("admin"), NOW));
    assert_int_equal(find(b, &w.e, NOW), YH_E_NOT_FOUND);
    OK(enter_with(b, "", NOW, &e));
    assert_int_equal(kit_factor_reset(b->kit, YH_S("duty1"), YH_S("admin"), NOW), YH_E_CONFLICT);
}

static void a_secret_moved_to_another_account_does_not_open(void **state)
{
    struct box *b = *state;
    struct with_factor w;
    struct entry e;
    enable_factor(b, &w);
    OK(add(b, "duty2", "duty", GOOD));
    struct db *d = db_pool_writer(b->pool);
    struct db_stmt *s;
    OK(db_prepare(d, "UPDATE second_factor SET account_id = (SELECT id FROM account WHERE username = 'duty2')", &s));
    OK(db_exec(s));
    db_release(s);
    db_pool_put(b->pool, d);
    assert_int_equal(enter(b, "duty2", GOOD, HOME, NOW, &e), YH_E_CORRUPT);
}

/* ---- devices ---- */

struct seen_devices {
    unsigned n, current;
    char last[KIT_DEVICE_ID + 1];
};

static void see_device(void *user, const struct kit_device *d)
{
    struct seen_devices *s = user;
    s->n++;
    s->current += d->current;
    assert_int_equal(d->id.n, KIT_DEVICE_ID);
    if (!d->current)
        memcpy(s->last, d->id.p, KIT_DEVICE_ID);
}

static struct seen_devices devices_of(struct box *b, const struct entry *e, yh_time now)
{
    struct seen_devices s = {0};
    OK(kit_device_list(b->kit, e->session.account_id, yh_str_of(e->token), now, see_device, &s));
    return s;
}

static void devices_are_listed_and_ended(void **state)
{
    struct box *b = *state;
    struct entry first, second, third, other;
    int64_t ended = 0;
    OK(add(b, "duty1", "duty", GOOD));
    OK(add(b, "duty2", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &first));
    OK(enter(b, "duty1", GOOD, HOME, NOW + 1, &second));
    OK(enter(b, "duty2", GOOD, HOME, NOW, &other));
    struct seen_devices s = devices_of(b, &first, NOW + 1);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.current, 1);
    assert_int_equal(kit_device_end(b->kit, &other.session, yh_str_of(s.last), HOME, NOW), YH_E_NOT_FOUND);
    OK(kit_device_end(b->kit, &first.session, yh_str_of(s.last), HOME, NOW));
    assert_int_equal(find(b, &second, NOW), YH_E_NOT_FOUND);
    OK(find(b, &first, NOW));
    assert_true(noted(b, "session.ended_remotely"));
    assert_int_equal(kit_device_end(b->kit, &first.session, yh_str_of(s.last), HOME, NOW), YH_E_NOT_FOUND);

    OK(enter(b, "duty1", GOOD, HOME, NOW, &second));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &third));
    OK(kit_device_end_others(b->kit, &first.session, yh_str_of(first.token), HOME, NOW, &ended));
    assert_int_equal(ended, 2);
    assert_int_equal(find(b, &third, NOW), YH_E_NOT_FOUND);
    OK(find(b, &first, NOW));
    OK(find(b, &other, NOW));
    assert_int_equal(devices_of(b, &first, NOW + KIT_SESSION_IDLE).n, 0);
}

/* ---- machine tokens ---- */

static yh_err add_machine(struct box *b, const struct entry *e, const char *permission, yh_time expires, char *token,
                          int64_t *id)
{
    const yh_str names[] = {yh_str_of(permission)};
    const struct kit_new_machine m = {YH_S("数据中心"), names, 1, expires};
    return kit_machine_add(b->kit, &e->session, &m, NOW, token, id);
}

static yh_err call(struct box *b, const char *token, yh_time now, struct kit_session *s)
{
    *s = (struct kit_session){0};
    return kit_machine_find(b->kit, yh_str_of(token), HOME, now, &b->arena, s);
}

static void a_token_lets_in_until_it_ends(void **state)
{
    struct box *b = *state;
    struct entry e;
    struct kit_session s;
    char token[KIT_MACHINE_SIZE], bent[KIT_MACHINE_SIZE];
    int64_t id;
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    OK(add_machine(b, &e, "station:read", NOW + YH_DAY, token, &id));
    OK(call(b, token, NOW, &s));
    assert_true(yh_str_is(s.username, "duty1"));
    assert_true(kit_machine_grants(s.granted, "station:read"));
    assert_false(kit_machine_grants(s.granted, "station:admit"));
    assert_false(kit_machine_grants(s.granted, "station:rea"));
    assert_false(kit_machine_grants(s.granted, ""));
    assert_int_equal(count(b, "SELECT COUNT(*) FROM machine_token WHERE token_hash LIKE 'yht%'"), 0);
    assert_int_equal(call(b, token, NOW + YH_DAY, &s), YH_E_NOT_FOUND);
    memcpy(bent, token, sizeof bent);
    bent[40] = bent[40] == '0' ? '1' : '0';
    assert_int_equal(call(b, bent, NOW, &s), YH_E_NOT_FOUND);
    assert_int_equal(call(b, "", NOW, &s), YH_E_NOT_FOUND);
    assert_int_equal(call(b, e.token, NOW, &s), YH_E_NOT_FOUND);

    OK(kit_machine_revoke(b->kit, &e.session, id, NOW));
    assert_int_equal(call(b, token, NOW, &s), YH_E_NOT_FOUND);
    assert_int_equal(kit_machine_revoke(b->kit, &e.session, id, NOW), YH_E_NOT_FOUND);
}

static void a_token_grants_no_more_than_the_account_has(void **state)
{
    struct box *b = *state;
    struct entry e, other;
    struct kit_session s;
    char token[KIT_MACHINE_SIZE];
    int64_t id;
    OK(add(b, "chief", "admin", GOOD));
    OK(add(b, "view1", "viewer", GOOD));
    OK(enter(b, "view1", GOOD, HOME, NOW, &e));
    OK(enter(b, "chief", GOOD, HOME, NOW, &other));
    assert_int_equal(add_machine(b, &e, "station:admit", NOW + YH_DAY, token, &id), YH_E_INVALID);
    assert_int_equal(add_machine(b, &e, "", NOW + YH_DAY, token, &id), YH_E_INVALID);
    assert_int_equal(add_machine(b, &e, "station:read", NOW, token, &id), YH_E_INVALID);
    assert_int_equal(add_machine(b, &e, "station:read", NOW + 400 * YH_DAY, token, &id), YH_E_INVALID);
    OK(add_machine(b, &e, "station:read", NOW + YH_DAY, token, &id));
    assert_int_equal(kit_machine_revoke(b->kit, &other.session, id, NOW), YH_E_NOT_FOUND);
    OK(kit_account_disable(b->kit, YH_S("view1"), true, YH_S("chief"), NOW));
    assert_int_equal(call(b, token, NOW, &s), YH_E_NOT_FOUND);
}

static void tokens_have_a_bound(void **state)
{
    struct box *b = *state;
    struct entry e;
    char token[KIT_MACHINE_SIZE];
    int64_t id;
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    for (unsigned i = 0; i < KIT_MACHINE_MOST; i++)
        OK(add_machine(b, &e, "station:read", NOW + YH_DAY, token, &id));
    assert_int_equal(add_machine(b, &e, "station:read", NOW + YH_DAY, token, &id), YH_E_CONFLICT);
    OK(kit_machine_revoke(b->kit, &e.session, id, NOW));
    OK(add_machine(b, &e, "station:read", NOW + YH_DAY, token, &id));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_rfc),
        cmocka_unit_test(a_code_is_good_for_its_neighbours_and_once),
        cmocka_unit_test(the_secret_is_written_as_apps_read_it),
        T(what_is_sealed_opens_for_its_owner_only),
        T(the_key_is_kept_and_a_damaged_one_is_named),
        T(sign_in_asks_for_the_code_when_there_is_one),
        T(what_was_offered_only_is_not_asked_for),
        T(recovery_codes_open_once_each),
        T(codes_cannot_be_guessed),
        T(a_factor_is_removed_with_password_and_code),
        T(an_administrator_resets_what_is_lost),
        T(a_secret_moved_to_another_account_does_not_open),
        T(devices_are_listed_and_ended),
        T(a_token_lets_in_until_it_ends),
        T(a_token_grants_no_more_than_the_account_has),
        T(tokens_have_a_bound),
    };
    return cmocka_run_group_tests_name("kit-sign-in", tests, NULL, NULL);
}
