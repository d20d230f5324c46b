/* Settings: the file, the command line above it, what changes while the server runs. */
#include "../check.h"

#include <fcntl.h>
#include <unistd.h>

#include "app/config.h"
#include "base/buf.h"
#include "base/file.h"

static char dir[64];

static struct config_line with_file(const char *content)
{
    char path[96];
    snprintf(path, sizeof path, "%s/yuheng.conf", dir);
    check_ok(yh_file_replace(path, yh_str_of(content), 0600));
    return (struct config_line){.data = dir};
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/yuheng-config-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/yuheng.conf", dir);
    unlink(path);
    return rmdir(dir);
}

static void refuses(const char *content, const char *cause)
{
    struct config_line line = with_file(content);
    struct config c = {.drain_ms = 42};
    assert_int_equal(config_load(&line, &c), YH_E_INVALID);
    if (!strstr(yh_cause(), cause))
        fail_msg("'%s' does not say '%s'", yh_cause(), cause);
    assert_int_equal(c.drain_ms, 42); /* untouched */
}

static void without_a_file_the_defaults_of_the_gate_hold(void **state)
{
    (void)state;
    struct config_line line = {.data = "/nonexistent"};
    struct config c;
    check_ok(config_load(&line, &c));
    assert_memory_equal(&c.limits, &gate_limits_default, sizeof c.limits);
    assert_string_equal(c.http, "127.0.0.1:8080");
    assert_string_equal(c.web, "");
    assert_int_equal(c.max_connections, 20000);
    for (size_t i = 0; i < CONFIG_ROWS; i++)
        assert_int_equal(c.source[i], CONFIG_DEFAULT);
}

static void the_file_is_read_with_comments_and_units(void **state)
{
    (void)state;
    struct config_line line = with_file("\xEF\xBB\xBF# all of it\r\n\r\n idle=20\t# seconds\r\nheld = 8\nweb = /srv/a b \nhttp = [::1]:80");
    struct config c;
    check_ok(config_load(&line, &c));
    assert_int_equal(c.limits.idle_ms, 20000);
    assert_int_equal(c.limits.held_all, 8 << 20);
    assert_string_equal(c.web, "/srv/a b");
    assert_string_equal(c.http, "[::1]:80");
    assert_int_equal(c.limits.partial_ms, gate_limits_default.partial_ms);
}

static void every_number_takes_its_bounds_and_nothing_beyond(void **state)
{
    (void)state;
    struct config c;
    const char *const good[] = {"drain = 0", "drain = 300", "held-per-connection = 64", "held-per-connection = 1024",
                                "frames-per-station = 0", "max-connections = 200000", "idle = 0000000000000000000000000001"};
    for (size_t i = 0; i < YH_LEN(good); i++) {
        struct config_line line = with_file(good[i]);
        check_ok(config_load(&line, &c));
    }
    const char *const bad[] = {"drain = 301", "drain = -1", "drain = 1s", "drain =", "drain = 1.5", "drain = 0x1",
                               "drain = 18446744073709551617", "held-per-connection = 63", "max-connections = 0",
                               "idle = 1 000"};
    for (size_t i = 0; i < YH_LEN(bad); i++)
        refuses(bad[i], ":1: ");
}

static void the_cause_names_line_and_what_is_wrong(void **state)
{
    (void)state;
    refuses("# first\n\nidle = x\n", "/yuheng.conf:3: idle must be a whole number from 1 to 604800 s, not 'x'");
    refuses("idle = 1\nidle = 2\n", ":2: idle stands in line 1 already");
    refuses("Idle = 1\n", ":1: unknown key 'Idle'");
    refuses("= 1\n", ":1: unknown key ''");
    refuses("idle\n", ":1: 'idle' is not 'key = value'");
    refuses("gate = :9212\n", ":1: gate must be HOST:PORT, not ':9212'");
    refuses("gate = a:99999\n", ":1: gate must be HOST:PORT");
    refuses("\x1b[2J\x7f = 1\n", ":1: unknown key '?[2J?'");
    refuses("web = \xff\xfe\n", ":1: web must be plain text");
    refuses("web = a\tb\n", ":1: web must be plain text in UTF-8, not 'a?b'");
    char longer[2200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    refuses(longer, "xxx...'");
    memcpy(longer, "web = ", 6);
    refuses(longer, ":1: web must be shorter than 1024 bytes");
}

static void the_command_line_stands_above_the_file(void **state)
{
    (void)state;
    struct config_line line = with_file("max-connections = 5\nhttp = a:1\n");
    line.max_connections = "7";
    struct config c;
    check_ok(config_load(&line, &c));
    assert_int_equal(c.max_connections, 7);
    assert_string_equal(c.http, "a:1");
    line.max_connections = "many";
    assert_int_equal(config_load(&line, &c), YH_E_INVALID);
    assert_non_null(strstr(yh_cause(), "max-connections must be"));
    line.max_connections = "8";
    with_file("max-connections = 0\n"); /* a wrong file is wrong, though the line would stand above it */
    assert_int_equal(config_load(&line, &c), YH_E_INVALID);
}

static void only_what_may_change_changes_at_a_second_reading(void **state)
{
    (void)state;
    struct config_line line = with_file("idle = 5\nhttp = a:1\n");
    struct config now, newer;
    check_ok(config_load(&line, &now));
    with_file("idle = 6\nhttp = b:2\nmax-connections = 9\n");
    check_ok(config_load(&line, &newer));
    yh_buf_auto text = yh_buf_make(4096);
    struct yh_json j = yh_json_to(&text);
    assert_int_equal(config_adopt(&now, &newer, &j), 3);
    check_buf(&text, "[{\"key\":\"http\",\"from\":\"a:1\",\"to\":\"b:2\",\"in_force\":false},"
                     "{\"key\":\"max-connections\",\"from\":\"20000\",\"to\":\"9\",\"in_force\":false},"
                     "{\"key\":\"idle\",\"from\":\"5\",\"to\":\"6\",\"in_force\":true}]");
    assert_int_equal(now.limits.idle_ms, 6000);
    assert_string_equal(now.http, "a:1");
    assert_int_equal(now.max_connections, 20000);
}

static void a_folder_in_the_place_of_the_file_is_an_error(void **state)
{
    (void)state;
    struct config_line line = {.data = "/proc/self/task"};
    struct config c;
    check_ok(config_load(&line, &c)); /* a folder without the file is fine */
    char path[96];
    with_file("");
    snprintf(path, sizeof path, "%s/yuheng.conf", dir);
    unlink(path);
    check_ok(yh_dir_make(path));
    line.data = dir;
    assert_int_not_equal(config_load(&line, &c), YH_OK);
    assert_non_null(strstr(yh_cause(), "yuheng.conf"));
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_the_defaults_of_the_gate_hold),
        cmocka_unit_test(the_file_is_read_with_comments_and_units),
        cmocka_unit_test(every_number_takes_its_bounds_and_nothing_beyond),
        cmocka_unit_test(the_cause_names_line_and_what_is_wrong),
        cmocka_unit_test(the_command_line_stands_above_the_file),
        cmocka_unit_test(only_what_may_change_changes_at_a_second_reading),
        cmocka_unit_test(a_folder_in_the_place_of_the_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
