#include "box.h"
#include "../locks.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/json.h"
#include "kit/id.h"
#include "kit/kit_internal.h"
#include "kit/role.h"

#define OLD_PHC  "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$eoNXvyigPvhJ0x9BMgX+aEW+8TUaOVCB36MpMEtbvqA"

/* ---- ids, roles, passwords ---- */

static void *make_ids(void *user)
{
    int64_t *ids = user;
    for (int i = 0; i < 20000; i++)
        ids[i] = kit_id_next();
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void ids_grow_and_never_repeat(void **state)
{
    (void)state;
    enum { N = 40000 };
    int64_t *ids = calloc(N, sizeof *ids);
    pthread_t other;
    yh_time before = yh_clock_now();
    pthread_create(&other, NULL, make_ids, ids);
    make_ids(ids + N / 2);
    pthread_join(other, NULL);
    for (int i = 1; i < N / 2; i++)
        assert_true(ids[i] > ids[i - 1]);
    qsort(ids, N, sizeof *ids, by_value);
    for (int i = 1; i < N; i++)
        assert_true(ids[i] != ids[i - 1]);
    assert_true(ids[N - 1] < INT64_C(1) << 53);
    assert_true(kit_id_time(ids[0]) >= before);
    free(ids);
}

static void roles_permit_what_their_row_says(void **state)
{
    (void)state;
    static const struct {
        const char *role, *permission;
        bool may;
    } rows[] = {
        {"admin", "relay:admin", true},    {"duty", "relay:admin", false},   {"viewer", "relay:admin", false},
        {"admin", "account:write", false}, {"admin", "metrics:read", true},  {"admin", "station:admit", true},
        {"duty", "station:read", true},    {"duty", "station:admit", true},  {"duty", "grant:write", false},
        {"viewer", "station:read", true},  {"viewer", "station:admit", false}, {"viewer", "metrics:read", false},
        {"viewer", "", true},              {"nobody", "station:read", false}, {"admin", "unheard:of", false},
        {"admin", "station", false},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++)
        assert_int_equal(kit_role_may(yh_str_of(rows[i].role), rows[i].permission), rows[i].may);
}

static void password_rules(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        bool good;
    } rows[] = {
        {"Correct-horse-9", true}, {"short-A1", false},          {"alllowercaseletter", true}, {"alllowercase", false},
        {"Zhang-San-2026", false}, {"示范城市二〇二六年值班密码", false}, {"示范城市二〇二六年值班密码口令口", true},
        {"Eleven-Let1", false},    {"Twelve-Lett1", true},   {"", false},               {"Bad\xff""bytes-123", false},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        const char *problem = kit_password_problem(YH_S("zhang-san"), yh_str_of(rows[i].password));
        assert_int_equal(problem == NULL, rows[i].good);
    }
    assert_non_null(kit_password_problem(YH_S("x"), YH_S("Correct\0horse-9")));
    char made[KIT_PASSWORD_MADE + 1], again[KIT_PASSWORD_MADE + 1];
    kit_password_make(made);
    kit_password_make(again);
    assert_string_not_equal(made, again);
    assert_int_equal(strlen(made), KIT_PASSWORD_MADE);
    assert_null(kit_password_problem(YH_S("admin"), yh_str_of(made)));
}

static void hash_is_argon2id_with_the_stated_parameters(void **state)
{
    struct box *b = *state;
    char one[KIT_PHC_SIZE], two[KIT_PHC_SIZE];
    bool right = false, stale = true;
    OK(kit_password_hash(b->kit, GOOD, one));
    OK(kit_password_hash(b->kit, GOOD, two));
    assert_memory_equal(one, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_string_not_equal(one, two);
    OK(kit_password_check(b->kit, GOOD, one, &right, &stale));
    assert_true(right && !stale);
    OK(kit_password_check(b->kit, BAD, one, &right, &stale));
    assert_false(right || stale);
    OK(kit_password_check(b->kit, GOOD, NULL, &right, &stale));
    assert_false(right);
    assert_int_equal(kit_password_check(b->kit, GOOD, "$argon2id$broken", &right, &stale), YH_E_CORRUPT);
}

/* ---- accounts ---- */

static void accounts_are_checked(void **state)
{
    struct box *b = *state;
    OK(add(b, "duty1", "duty", GOOD));
    assert_int_equal(add(b, "duty1", "duty", GOOD), YH_E_CONFLICT);
    assert_int_equal(add(b, "Duty2", "duty", GOOD), YH_E_INVALID);
    assert_int_equal(add(b, "x", "duty", GOOD), YH_E_INVALID);
    assert_int_equal(add(b, "a b", "duty", GOOD), YH_E_INVALID);
    assert_int_equal(add(b, "duty2", "king", GOOD), YH_E_INVALID);
    assert_int_equal(add(b, "duty2", "duty", YH_S("short")), YH_E_INVALID);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM account"), 1);
    assert_true(noted(b, "account.created"));
}

static void first_start_makes_the_three_administrators(void **state)
{
    struct box *b = *state;
    struct kit_first_account made[KIT_FIRST_ACCOUNTS];
    static const char *const names[] = {"sysadmin", "secadmin", "auditor"};
    size_t n = 0;
    struct entry e;
    OK(kit_account_first(b->kit, NOW, made, &n));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(made[i].username, names[i]);
        OK(enter(b, names[i], yh_str_of(made[i].password), HOME, NOW, &e));
        assert_true(e.session.must_change);
        assert_true(yh_str_is(e.session.roles, names[i]));
        assert_false(noted(b, made[i].password));
    }
    OK(kit_account_first(b->kit, NOW, made, &n));
    assert_int_equal(n, 0);
}

static void an_administrator_that_is_missing_is_made(void **state)
{
    struct box *b = *state;
    struct kit_first_account made[KIT_FIRST_ACCOUNTS];
    size_t n = 0;
    OK(add(b, "boss", "secadmin", GOOD));
    OK(kit_account_first(b->kit, NOW, made, &n));
    assert_int_equal(n, 2);
    assert_string_equal(made[0].username, "sysadmin");
    assert_string_equal(made[1].username, "auditor");
}

static void the_last_administrator_stays(void **state)
{
    struct box *b = *state;
    OK(add(b, "chief", "sysadmin", GOOD));
    OK(add(b, "duty1", "duty", GOOD));
    assert_int_equal(kit_account_disable(b->kit, YH_S("chief"), true, YH_S("cli"), NOW), YH_E_CONFLICT);
    OK(kit_account_disable(b->kit, YH_S("duty1"), true, YH_S("cli"), NOW));
    OK(add(b, "deputy", "sysadmin", GOOD));
    OK(kit_account_disable(b->kit, YH_S("chief"), true, YH_S("cli"), NOW));
    assert_int_equal(kit_account_disable(b->kit, YH_S("deputy"), true, YH_S("cli"), NOW), YH_E_CONFLICT);
    OK(kit_account_disable(b->kit, YH_S("chief"), false, YH_S("cli"), NOW));
    assert_int_equal(kit_account_disable(b->kit, YH_S("ghost"), true, YH_S("cli"), NOW), YH_E_NOT_FOUND);
}

static bool collect(void *user, const struct kit_account *a)
{
    yh_buf_printf(user, "%.*s:%.*s:%d ", YH_FMT(a->username), YH_FMT(a->role), a->disabled);
    return true;
}

static void list_is_in_order_of_names(void **state)
{
    struct box *b = *state;
    yh_buf_auto out = yh_buf_make(1000);
    OK(add(b, "zoe", "viewer", GOOD));
    OK(add(b, "amy", "duty", GOOD));
    OK(kit_account_disable(b->kit, YH_S("zoe"), true, YH_S("cli"), NOW));
    OK(kit_account_list(b->kit, collect, &out));
    assert_string_equal(yh_buf_z(&out), "amy:duty:0 zoe:viewer:1 ");
}

/* ---- signing in ---- */

static void session_lives_and_ends_at_sign_out(void **state)
{
    struct box *b = *state;
    struct entry e;
    struct kit_session s = {0};
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "  DUTY1 ", GOOD, HOME, NOW, &e));
    assert_int_equal(strlen(e.token), 64);
    assert_true(yh_str_is(e.session.display_name, "张三"));
    assert_int_equal(e.session.csrf.n, 64);
    assert_false(yh_str_is(e.session.csrf, e.token));
    OK(kit_session_find(b->kit, yh_str_of(e.token), NOW + 1, &b->arena, &s));
    assert_true(yh_str_eq(s.csrf, e.session.csrf));
    assert_true(s.account_id == e.session.account_id);
    OK(kit_sign_out(b->kit, yh_str_of(e.token), HOME, NOW + 2));
    assert_int_equal(find(b, &e, NOW + 3), YH_E_NOT_FOUND);
    assert_true(noted(b, "session.opened") && noted(b, "session.closed"));
    assert_false(noted(b, e.token));
}

static void token_is_not_in_the_database(void **state)
{
    struct box *b = *state;
    struct entry e;
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    struct db *d = db_pool_reader(b->pool);
    {
        db_stmt_auto *s = NULL;
        bool row;
        OK(db_prepare(d, "SELECT COUNT(*) FROM account_session WHERE token_hash = ?", &s));
        db_bind_z(s, 1, e.token);
        OK(db_step(s, &row));
        assert_int_equal(db_i64(s, 0), 0);
    }
    db_pool_put(b->pool, d);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM account_session"), 1);
    e.token[10] = e.token[10] == '0' ? '1' : '0';
    assert_int_equal(find(b, &e, NOW), YH_E_NOT_FOUND);
    e.token[0] = '\0';
    assert_int_equal(find(b, &e, NOW), YH_E_NOT_FOUND);
}

static void idle_and_long_sessions_end(void **state)
{
    struct box *b = *state;
    struct entry e;
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    yh_time t = NOW;
    while (t + 29 * YH_MINUTE < NOW + KIT_SESSION_LONG) {
        t += 29 * YH_MINUTE;
        OK(find(b, &e, t));
    }
    assert_int_equal(find(b, &e, NOW + KIT_SESSION_LONG), YH_E_NOT_FOUND);
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    OK(find(b, &e, NOW + KIT_SESSION_IDLE - 1));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    assert_int_equal(find(b, &e, NOW + KIT_SESSION_IDLE), YH_E_NOT_FOUND);
}

static void eleventh_session_ends_the_oldest(void **state)
{
    struct box *b = *state;
    struct entry e[11];
    OK(add(b, "duty1", "duty", GOOD));
    for (int i = 0; i < 11; i++)
        OK(enter(b, "duty1", GOOD, HOME, NOW + i, &e[i]));
    assert_int_equal(find(b, &e[0], NOW + 20), YH_E_NOT_FOUND);
    OK(find(b, &e[1], NOW + 20));
    OK(find(b, &e[10], NOW + 20));
}

static void refusals_look_alike(void **state)
{
    struct box *b = *state;
    struct entry e;
    OK(add(b, "duty1", "duty", GOOD));
    OK(add(b, "gone", "duty", GOOD));
    OK(kit_account_disable(b->kit, YH_S("gone"), true, YH_S("cli"), NOW));
    assert_int_equal(enter(b, "duty1", BAD, HOME, NOW, &e), YH_E_UNAUTH);
    assert_int_equal(enter(b, "Hunter2-secret", GOOD, HOME, NOW, &e), YH_E_UNAUTH);
    assert_int_equal(enter(b, "gone", GOOD, HOME, NOW, &e), YH_E_UNAUTH);
    assert_int_equal(enter(b, "' OR 1=1 --", GOOD, HOME, NOW, &e), YH_E_UNAUTH);
    assert_true(noted(b, "\"reason\":\"wrong_password\"") && noted(b, "\"reason\":\"unknown_account\"") &&
                noted(b, "\"reason\":\"disabled\""));
    assert_false(noted(b, "unter2-secret")); /* perhaps a password in the wrong field */
}

static void account_locks_for_longer_and_longer(void **state)
{
    struct box *b = *state;
    struct entry e;
    OK(add(b, "duty1", "duty", GOOD));
    for (int i = 0; i < 5; i++)
        assert_int_equal(enter(b, "duty1", BAD, HOME, NOW, &e), YH_E_UNAUTH);
    assert_int_equal(enter(b, "duty1", GOOD, YH_S("198.51.100.1"), NOW, &e), YH_E_BUSY);
    assert_true(e.until == NOW + 30 * YH_SECOND);
    yh_time later = e.until;
    assert_int_equal(enter(b, "duty1", BAD, HOME, later, &e), YH_E_UNAUTH);
    assert_int_equal(enter(b, "duty1", BAD, HOME, later, &e), YH_E_BUSY);
    assert_true(e.until == later + 60 * YH_SECOND);
    OK(enter(b, "duty1", GOOD, HOME, e.until, &e));
    assert_int_equal(enter(b, "duty1", BAD, HOME, later + YH_HOUR, &e), YH_E_UNAUTH);
    OK(enter(b, "duty1", GOOD, HOME, later + YH_HOUR, &e)); /* success had cleared the count */
}

static void a_clock_set_back_neither_locks_nor_keeps(void **state)
{
    struct box *b = *state;
    struct entry e, fresh;
    yh_time ahead = NOW + 10 * YH_DAY;
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, ahead, &e));
    for (int i = 0; i < 5; i++)
        assert_int_equal(enter(b, "duty1", BAD, HOME, ahead, &fresh), YH_E_UNAUTH);
    assert_int_equal(enter(b, "duty1", GOOD, HOME, ahead, &fresh), YH_E_BUSY);

    OK(enter(b, "duty1", GOOD, HOME, NOW, &fresh));
    for (yh_time t = NOW; t < NOW + KIT_SESSION_LONG; t += 10 * YH_MINUTE)
        OK(find(b, &e, t));
    assert_int_equal(find(b, &e, NOW + KIT_SESSION_LONG), YH_E_NOT_FOUND);
}

static void unknown_names_lock_like_known_ones(void **state)
{
    struct box *b = *state;
    struct entry e;
    for (int i = 0; i < 5; i++)
        assert_int_equal(enter(b, "ghost", BAD, HOME, NOW, &e), YH_E_UNAUTH);
    assert_int_equal(enter(b, "ghost", BAD, HOME, NOW, &e), YH_E_BUSY);
    assert_int_equal(enter(b, "ghost", BAD, HOME, NOW + 2 * YH_DAY, &e), YH_E_UNAUTH); /* forgotten after a day */
    assert_int_equal(count(b, "SELECT failures FROM sign_in_guard WHERE kind = 'account'"), 1);
}

static void one_address_cannot_try_many_names(void **state)
{
    struct box *b = *state;
    struct entry e;
    OK(add(b, "duty1", "duty", GOOD));
    for (int i = 0; i < 20; i++) {
        char name[16], peer[32];
        snprintf(name, sizeof name, "guess%d", i);
        snprintf(peer, sizeof peer, "192.0.2.7:%d", 1000 + i);
        assert_int_equal(enter(b, name, BAD, yh_str_of(peer), NOW, &e), YH_E_UNAUTH);
    }
    assert_int_equal(enter(b, "duty1", GOOD, HOME, NOW, &e), YH_E_BUSY);
    OK(enter(b, "duty1", GOOD, YH_S("192.0.2.8:1"), NOW, &e));
}

static void addresses_lose_their_port(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"192.0.2.7:40123", "192.0.2.7"},
        {"192.0.2.7", "192.0.2.7"},
        {"[2001:db8:1:2:3:4:5:6]:99", "2001:db8:1:2::"},
        {"2001:db8:1:2:ffff::1", "2001:db8:1:2::"},
        {"unix", "unix"},
        {"", ""},
    };
    for (size_t i = 0; i < YH_LEN(rows); i++) {
        char buf[64];
        yh_str got = kit_guard_address(yh_str_of(rows[i][0]), buf);
        assert_true(yh_str_is(got, rows[i][1]));
    }
}

static void new_password_ends_sessions_and_lock(void **state)
{
    struct box *b = *state;
    struct entry e, other;
    yh_time until = 0;
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    assert_int_equal(kit_change_password(b->kit, &e.session, BAD, YH_S("Fresh-horse-10"), HOME, NOW, &until), YH_E_UNAUTH);
    assert_int_equal(kit_change_password(b->kit, &e.session, GOOD, YH_S("weak"), HOME, NOW, &until), YH_E_INVALID);
    assert_int_equal(kit_change_password(b->kit, &e.session, GOOD, GOOD, HOME, NOW, &until), YH_E_INVALID);
    OK(find(b, &e, NOW));
    OK(kit_change_password(b->kit, &e.session, GOOD, YH_S("Fresh-horse-10"), HOME, NOW, &until));
    assert_int_equal(find(b, &e, NOW), YH_E_NOT_FOUND);
    assert_int_equal(enter(b, "duty1", GOOD, HOME, NOW, &other), YH_E_UNAUTH);
    OK(enter(b, "duty1", YH_S("Fresh-horse-10"), HOME, NOW, &other));
    OK(kit_account_disable(b->kit, YH_S("duty1"), true, YH_S("cli"), NOW));
    assert_int_equal(find(b, &other, NOW), YH_E_NOT_FOUND);
}

static void old_parameters_are_renewed_at_sign_in(void **state)
{
    struct box *b = *state;
    struct entry e;
    OK(add(b, "duty1", "duty", GOOD));
    struct db *w = db_pool_writer(b->pool);
    {
        /* Argon2id m=64 KiB, t=1 of the password "Correct-horse-9" with the salt "somesaltsomesalt" */
        db_stmt_auto *s = NULL;
        OK(db_prepare(w, "UPDATE account SET password_hash = ?", &s));
        db_bind_z(s, 1, OLD_PHC);
        OK(db_exec(s));
    }
    db_pool_put(b->pool, w);
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    assert_int_equal(count(b, "SELECT COUNT(*) FROM account WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'"), 1);
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
}

/* A session may be remembered for a second; never beyond its end, and not once this process ended it. */
static void remembered_sessions_end_in_time(void **state)
{
    struct box *b = *state;
    struct entry e;
    struct kit *cli = NULL;
    struct kit_config without = {.pool = b->pool};
    OK(add(b, "duty1", "duty", GOOD));
    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    for (yh_time t = NOW; t < NOW + KIT_SESSION_LONG; t += 29 * YH_MINUTE)
        OK(find(b, &e, t));
    OK(find(b, &e, NOW + KIT_SESSION_LONG - 1));
    assert_int_equal(find(b, &e, NOW + KIT_SESSION_LONG), YH_E_NOT_FOUND);

    OK(enter(b, "duty1", GOOD, HOME, NOW, &e));
    OK(find(b, &e, NOW));
    OK(kit_open(&without, &cli)); /* another process */
    OK(kit_account_disable(cli, YH_S("duty1"), true, YH_S("cli"), NOW));
    kit_close(cli);
    assert_int_equal(find(b, &e, NOW + YH_SECOND), YH_E_NOT_FOUND);
}

/* ---- parallel guesses ---- */

#define GUESSERS 8

struct guesser {
    struct box *b;
    yh_err results[3];
};

static void *guess(void *user)
{
    struct guesser *g = user;
    yh_arena_auto arena = yh_arena_make(65536);
    const struct kit_credentials c = {YH_S("duty1"), BAD, HOME, YH_S("x"), YH_S("")};
    for (size_t i = 0; i < YH_LEN(g->results); i++) {
        char token[KIT_TOKEN_SIZE];
        struct kit_session s;
        yh_time until;
        g->results[i] = kit_sign_in(g->b->kit, &c, NOW, &arena, token, &s, &until);
    }
    return NULL;
}

static void parallel_guesses_do_not_outrun_the_count(void **state)
{
    struct box *b = *state;
    struct guesser g[GUESSERS];
    pthread_t threads[GUESSERS];
    int checked = 0, locked = 0;
    OK(add(b, "duty1", "duty", GOOD));
    for (size_t i = 0; i < GUESSERS; i++) {
        g[i] = (struct guesser){.b = b};
        assert_int_equal(pthread_create(&threads[i], NULL, guess, &g[i]), 0);
    }
    for (size_t i = 0; i < GUESSERS; i++) {
        pthread_join(threads[i], NULL);
        for (size_t j = 0; j < YH_LEN(g[i].results); j++) {
            checked += g[i].results[j] == YH_E_UNAUTH;
            locked += g[i].results[j] == YH_E_BUSY;
        }
    }
    assert_int_equal(checked, 5);
    assert_int_equal(locked, GUESSERS * 3 - 5);
}

static void the_database_is_opened_again_safely(void **state)
{
    struct box *b = *state;
    struct db_pool *again = NULL;
    char none[96];
    snprintf(none, sizeof none, "%s/none", b->dir);
    assert_int_equal(kit_database_open(none, false, 1, &again), YH_E_NOT_FOUND);
    OK(kit_database_open(b->dir, true, 1, &again));
    assert_true(locked_for_others(b->path));
    db_pool_close(again);
    assert_true(locked_for_others(b->path));
}

/* ---- notes without a log ---- */

static void notes_wait_for_a_log(void **state)
{
    struct box *b = *state;
    struct kit *cli = NULL, *server = NULL;
    struct kit_config without = {.pool = b->pool};
    struct kit_config with = {.pool = b->pool, .note = take_note, .note_user = b};
    OK(kit_open(&without, &cli));
    const struct kit_new_account a = {YH_S("duty1"), YH_S("李四"), YH_S(""), GOOD, false, 0, 0};
    int64_t id;
    OK(kit_account_add(cli, &a, YH_S("cli"), NOW, &id));
    kit_close(cli);
    assert_int_equal(b->notes.n, 0);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM pending_note"), 1);
    OK(kit_open(&with, &server));
    kit_close(server);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM pending_note"), 0);
    yh_json_auto *j = NULL;
    OK(yh_json_parse(yh_str_trim(yh_buf_view(&b->notes)), &j));
    assert_string_equal(json_string_value(json_object_get(j, "event")), "account.created");
    assert_string_equal(json_string_value(json_object_get(j, "username")), "duty1");
    assert_string_equal(json_string_value(json_object_get(j, "by")), "cli");
}

/* A log that cannot take notes at first. */
static yh_err refuse_note(void *user, yh_str origin, yh_str json)
{
    bool *stopped = user;
    (void)origin;
    (void)json;
    return *stopped ? yh_fail(YH_E_NO_SPACE, "the disk is full") : YH_OK;
}

static void notes_stay_until_the_log_has_them(void **state)
{
    struct box *b = *state;
    struct kit *k = NULL;
    bool stopped = true;
    struct kit_config config = {.pool = b->pool, .note = refuse_note, .note_user = &stopped};
    OK(kit_open(&config, &k));
    const struct kit_new_account a = {YH_S("duty1"), YH_S("李四"), YH_S(""), GOOD, false, 0, 0};
    int64_t id;
    OK(kit_account_add(k, &a, YH_S("cli"), NOW, &id)); /* the change is made, its note waits */
    OK(kit_account_passwd(k, YH_S("duty1"), YH_S("Another-horse-9"), false, YH_S("cli"), NOW));
    assert_int_equal(count(b, "SELECT COUNT(*) FROM pending_note"), 2);
    assert_int_equal(kit_deliver_notes(k), YH_E_NO_SPACE);
    kit_close(k);
    OK(kit_open(&config, &k)); /* a start in this state is a start */
    assert_int_equal(count(b, "SELECT COUNT(*) FROM pending_note"), 2);
    stopped = false;
    OK(kit_deliver_notes(k));
    assert_int_equal(count(b, "SELECT COUNT(*) FROM pending_note"), 0);
    kit_close(k);
}

static yh_err change_then_fail(struct db *d, void *user)
{
    (void)user;
    YH_TRY(kit_note_keep(d, YH_S("officer"), YH_S("{\"event\":\"x\"}")));
    return yh_fail(YH_E_CONFLICT, "the change is refused");
}

static void a_note_of_what_did_not_happen_does_not_exist(void **state)
{
    struct box *b = *state;
    struct db *d = db_pool_writer(b->pool);
    assert_int_equal(db_txn(d, change_then_fail, NULL), YH_E_CONFLICT);
    db_pool_put(b->pool, d);
    assert_int_equal(count(b, "SELECT COUNT(*) FROM pending_note"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_grow_and_never_repeat),
        cmocka_unit_test(roles_permit_what_their_row_says),
        cmocka_unit_test(password_rules),
        cmocka_unit_test(addresses_lose_their_port),
        T(hash_is_argon2id_with_the_stated_parameters),
        T(accounts_are_checked),
        T(first_start_makes_the_three_administrators),
        T(an_administrator_that_is_missing_is_made),
        T(the_last_administrator_stays),
        T(list_is_in_order_of_names),
        T(session_lives_and_ends_at_sign_out),
        T(token_is_not_in_the_database),
        T(idle_and_long_sessions_end),
        T(eleventh_session_ends_the_oldest),
        T(refusals_look_alike),
        T(account_locks_for_longer_and_longer),
        T(a_clock_set_back_neither_locks_nor_keeps),
        T(unknown_names_lock_like_known_ones),
        T(one_address_cannot_try_many_names),
        T(new_password_ends_sessions_and_lock),
        T(old_parameters_are_renewed_at_sign_in),
        T(remembered_sessions_end_in_time),
        T(parallel_guesses_do_not_outrun_the_count),
        T(notes_wait_for_a_log),
        T(notes_stay_until_the_log_has_them),
        T(a_note_of_what_did_not_happen_does_not_exist),
        T(the_database_is_opened_again_safely),
    };
    return cmocka_run_group_tests_name("kit", tests, NULL, NULL);
}
