#include "check.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/yuheng-file-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void replace_writes_and_overwrites(void **state)
{
    (void)state;
    const char *path = in_folder("a");
    yh_buf_auto b = yh_buf_make(100);
    check_ok(yh_file_replace(path, YH_S("first, and longer"), 0600));
    check_ok(yh_file_replace(path, YH_S("second"), 0600));
    check_ok(yh_file_read(path, &b));
    check_buf(&b, "second");
    assert_int_equal(mode_of(path), 0600);
    check_ok(yh_file_replace(path, (yh_str){NULL, 0}, 0600));
    yh_buf_clear(&b);
    check_ok(yh_file_read(path, &b));
    check_buf(&b, "");
}

static void replace_takes_neither_mode_nor_target_of_a_leftover(void **state)
{
    (void)state;
    char other[PATH_MAX];
    snprintf(other, sizeof other, "%s", in_folder("other"));
    check_ok(yh_file_replace(other, YH_S("untouched"), 0644));
    assert_int_equal(symlink(other, in_folder("key.new")), 0);
    check_ok(yh_file_replace(in_folder("key"), YH_S("secret"), 0600));
    assert_int_equal(mode_of(in_folder("key")), 0600);
    yh_buf_auto b = yh_buf_make(100);
    check_ok(yh_file_read(other, &b));
    check_buf(&b, "untouched");
}

static void a_failed_replace_leaves_the_old_file_and_no_litter(void **state)
{
    (void)state;
    check_ok(yh_dir_make(in_folder("taken/full")));
    assert_int_not_equal(yh_file_replace(in_folder("taken"), YH_S("x"), 0600), YH_OK);
    assert_int_equal(access(in_folder("taken.new"), F_OK), -1);
    check_err(yh_file_replace(in_folder("no-such-folder/x"), YH_S("x"), 0600), YH_E_NOT_FOUND);
    assert_non_null(strstr(yh_cause(), "no-such-folder"));
}

static void reading_is_bounded(void **state)
{
    (void)state;
    const char *path = in_folder("ten");
    check_ok(yh_file_replace(path, YH_S("0123456789"), 0600));
    yh_buf_auto exact = yh_buf_make(10);
    check_ok(yh_file_read(path, &exact));
    check_buf(&exact, "0123456789");
    yh_buf_auto small = yh_buf_make(9);
    check_err(yh_file_read(path, &small), YH_E_TOO_LARGE);
    yh_buf_auto more = yh_buf_make(100);
    yh_buf_puts(&more, "before ");
    check_ok(yh_file_read(path, &more));
    check_buf(&more, "before 0123456789");
}

static void reading_says_what_is_wrong(void **state)
{
    (void)state;
    yh_buf_auto b = yh_buf_make(100);
    check_err(yh_file_read(in_folder("absent"), &b), YH_E_NOT_FOUND);
    assert_non_null(strstr(yh_cause(), "absent"));
    check_err(yh_file_read(folder, &b), YH_E_IO);
}

static void large_files_come_back_whole(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    yh_free_auto char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    check_ok(yh_file_replace(in_folder("large"), (yh_str){bytes, SIZE}, 0600));
    yh_buf_auto b = yh_buf_make(SIZE);
    check_ok(yh_file_read(in_folder("large"), &b));
    assert_int_equal(b.n, SIZE);
    assert_memory_equal(b.p, bytes, SIZE);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct stat st;
    check_ok(yh_dir_make(in_folder("p/q//r/")));
    assert_int_equal(stat(in_folder("p/q/r"), &st), 0);
    check_ok(yh_dir_make(in_folder("p/q/r")));
    check_ok(yh_dir_sync(in_folder("p")));
    check_ok(yh_file_replace(in_folder("plain"), YH_S("x"), 0600));
    assert_int_not_equal(yh_dir_make(in_folder("plain")), YH_OK);
    assert_int_not_equal(yh_dir_make(in_folder("plain/below")), YH_OK);
    check_err(yh_dir_make(""), YH_E_INVALID);
    check_ok(yh_dir_make("/"));
    check_err(yh_dir_sync(in_folder("absent")), YH_E_NOT_FOUND);
}

static void paths_are_bounded(void **state)
{
    (void)state;
    char path[PATH_MAX + 10];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    check_err(yh_dir_make(path), YH_E_TOO_LARGE);
    check_err(yh_file_replace(path, YH_S("x"), 0600), YH_E_TOO_LARGE);
}

static void closing_is_idempotent(void **state)
{
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    int number = fd;
    yh_fd_close(&fd);
    assert_int_equal(fd, -1);
    yh_fd_close(&fd);
    assert_int_equal(fcntl(number, F_GETFD), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replace_writes_and_overwrites),
        cmocka_unit_test(replace_takes_neither_mode_nor_target_of_a_leftover),
        cmocka_unit_test(a_failed_replace_leaves_the_old_file_and_no_litter),
        cmocka_unit_test(reading_is_bounded),
        cmocka_unit_test(reading_says_what_is_wrong),
        cmocka_unit_test(large_files_come_back_whole),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(paths_are_bounded),
        cmocka_unit_test(closing_is_idempotent),
    };
    return cmocka_run_group_tests_name("base file", tests, make_folder, drop_folder);
}
