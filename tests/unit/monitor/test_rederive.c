#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/file.h"
#include "monitor/rederive.h"

#define OK(call) assert_int_equal((call), YH_OK)

static char dir[64], path[80];
static struct rederive *list;

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/yuheng-rederive-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/rederive", dir);
    return rederive_open(dir, &list) == YH_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    rederive_free(list);
    unlink(path);
    return rmdir(dir);
}

static void reopen(void)
{
    rederive_free(list);
    list = NULL;
    OK(rederive_open(dir, &list));
}

static void due_is(const char *expected)
{
    yh_buf_auto lines = yh_buf_make(4096);
    OK(rederive_take(list, &lines));
    assert_string_equal(yh_buf_z(&lines), expected);
}

static void an_intended_change_is_due_only_when_it_happened(void **state)
{
    (void)state;
    OK(rederive_intend(list, YH_S("A")));
    due_is("");
    OK(rederive_add(list, YH_S("A")));
    due_is("A\n");
    OK(rederive_done(list));
    due_is("");
    reopen();
    due_is("");
}

static void a_crash_between_intention_and_change_leaves_it_listed(void **state)
{
    (void)state;
    OK(rederive_intend(list, YH_S("A")));
    OK(rederive_intend(list, YH_S("B")));
    reopen();
    due_is("A\nB\n");
}

static void a_change_that_did_not_happen_is_forgotten(void **state)
{
    (void)state;
    OK(rederive_intend(list, YH_S("A")));
    OK(rederive_intend(list, YH_S("B")));
    rederive_forget(list, YH_S("A"));
    rederive_forget(list, YH_S("C"));
    reopen();
    due_is("B\n");
}

static void a_crash_before_the_end_begins_again(void **state)
{
    (void)state;
    OK(rederive_intend(list, YH_S("A")));
    OK(rederive_add(list, YH_S("A")));
    due_is("A\n");
    reopen();
    due_is("A\n");
}

/* What changes while the worker is at it has to be derived once more; what waits need not wait twice. */
static void a_change_during_the_work_is_due_again(void **state)
{
    (void)state;
    OK(rederive_intend(list, YH_S("A")));
    OK(rederive_add(list, YH_S("A")));
    due_is("A\n");
    for (int i = 0; i < 3; i++) {
        OK(rederive_intend(list, YH_S("A")));
        OK(rederive_add(list, YH_S("A")));
    }
    OK(rederive_done(list));
    due_is("A\n");
    OK(rederive_done(list));
    due_is("");
    reopen();
    due_is("");
}

static void names_are_compared_whole(void **state)
{
    (void)state;
    OK(rederive_intend(list, YH_S("AB")));
    OK(rederive_intend(list, YH_S("B")));
    rederive_forget(list, YH_S("B"));
    OK(rederive_add(list, YH_S("AB")));
    OK(rederive_add(list, YH_S("A")));
    due_is("AB\nA\n");
}

static void without_a_folder_nothing_is_intended(void **state)
{
    (void)state;
    assert_int_equal(rmdir(dir), 0);
    assert_int_not_equal(rederive_intend(list, YH_S("A")), YH_OK);
    OK(yh_dir_make(dir));
    OK(rederive_intend(list, YH_S("B")));
    reopen();
    due_is("B\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(an_intended_change_is_due_only_when_it_happened),
        T(a_crash_between_intention_and_change_leaves_it_listed),
        T(a_change_that_did_not_happen_is_forgotten),
        T(a_crash_before_the_end_begins_again),
        T(a_change_during_the_work_is_due_again),
        T(names_are_compared_whole),
        T(without_a_folder_nothing_is_intended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
