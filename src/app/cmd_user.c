/* yuheng user add|list|passwd|disable|enable|reset-factor: accounts, also while the server runs. Passwords never stand in argv. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "app/business.h"
#include "app/cli.h"
#include "app/cmd.h"
#include "app/config.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "kit/account.h"
#include "kit/portal.h"
#include "kit/second_factor.h"

#define LINE_MAX_IN 512

/* ---- where a password comes from ---- */

/* One line without its end; what follows it is left alone. */
static yh_err read_line(int fd, const char *name, char *ret, size_t size)
{
    size_t n = 0;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return yh_fail_errno("cannot read %s", name);
        if (got == 0 || c == '\n')
            break;
        if (n + 1 == size)
            return yh_fail(YH_E_TOO_LARGE, "the line from %s is too long", name);
        ret[n++] = c;
    }
    if (n && ret[n - 1] == '\r')
        n--;
    ret[n] = '\0';
    return YH_OK;
}

static yh_err ask(int tty, const char *prompt, char *ret, size_t size)
{
    struct termios shown, hidden;
    YH_TRY(yh_write_full(tty, "the terminal", prompt, strlen(prompt)));
    if (tcgetattr(tty, &shown) != 0)
        return yh_fail_errno("cannot hide what is typed");
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(tty, TCSAFLUSH, &hidden);
    yh_err e = read_line(tty, "the terminal", ret, size);
    tcsetattr(tty, TCSAFLUSH, &shown);
    YH_TRY(yh_write_full(tty, "the terminal", "\n", 1));
    return e;
}

static yh_err ask_twice(char *ret, size_t size)
{
    char again[LINE_MAX_IN];
    yh_fd_auto tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (tty < 0)
        return yh_fail(YH_E_INVALID, "no terminal to ask for the password; use --password-stdin");
    YH_TRY(ask(tty, "新密码:", ret, size));
    YH_TRY(ask(tty, "再次输入:", again, sizeof again));
    bool same = strcmp(ret, again) == 0;
    explicit_bzero(again, sizeof again);
    return same ? YH_OK : yh_fail(YH_E_INVALID, "两次输入的密码不一致。");
}

_Static_assert(LINE_MAX_IN > KIT_PASSWORD_MADE, "a generated password fits");

struct password_source {
    bool from_stdin, generate;
};

static yh_err get_password(const struct password_source *from, char *ret, size_t size)
{
    if (from->generate) {
        kit_password_make(ret);
        return YH_OK;
    }
    return from->from_stdin ? read_line(STDIN_FILENO, "standard input", ret, size) : ask_twice(ret, size);
}

/* ---- the data folder ---- */

/* As said on the command line. */
struct target {
    const char *data, *db;
};

struct place {
    struct db_pool *pool;
    struct kit *kit;
};

static void leave(struct place *p)
{
    kit_close(p->kit);
    db_pool_close(p->pool);
}
#define place_auto yh_cleanup(leave) struct place

static yh_err enter(const struct target *at, bool create, struct place *ret)
{
    char place[DATA_PATH_MAX];
    YH_TRY(business_place(at->data, at->db, place));
    YH_TRY(kit_database_open(place, create, 1, &ret->pool));
    struct kit_config config = {.pool = ret->pool};
    return kit_open(&config, &ret->kit);
}

static int exit_of(yh_err e)
{
    bool check_failed = e == YH_E_CONFLICT || e == YH_E_NOT_FOUND || e == YH_E_INVALID;
    return cli_fail(check_failed ? CLI_FAILED : CLI_USAGE, "user");
}

/* {"username":…,"password":… when it was made up} */
static void print_done(const char *username, const char *made)
{
    yh_buf_auto out = yh_buf_make(1024);
    struct yh_json j = yh_json_to(&out);
    yh_json_obj(&j);
    yh_json_kz(&j, "username", username);
    if (made)
        yh_json_kz(&j, "password", made);
    yh_json_obj_end(&j);
    puts(yh_buf_z(&out));
}

/* ---- add, passwd ---- */

struct password_job {
    struct target at;
    const char *username, *role, *display;
    struct password_source source;
    bool must_change;
};

static yh_err do_add(struct kit *k, const struct password_job *job, const char *password)
{
    int64_t id;
    const struct kit_new_account a = {yh_str_of(job->username), yh_str_of(job->display ? job->display : job->username),
                                      yh_str_of(job->role), yh_str_of(password), job->must_change, 0, 0};
    return kit_account_add(k, &a, YH_S("cli"), yh_clock_now(), &id);
}

static yh_err do_passwd(struct kit *k, const struct password_job *job, const char *password)
{
    return kit_account_passwd(k, yh_str_of(job->username), yh_str_of(password), job->must_change, YH_S("cli"),
                              yh_clock_now());
}

static int with_password(const struct password_job *job, bool create,
                         yh_err (*work)(struct kit *k, const struct password_job *job, const char *password))
{
    place_auto p = {0};
    char password[LINE_MAX_IN];
    yh_err e = enter(&job->at, create, &p);
    if (e != YH_OK)
        return cli_fail(CLI_USAGE, "user");
    e = get_password(&job->source, password, sizeof password);
    if (e == YH_OK)
        e = work(p.kit, job, password);
    if (e == YH_OK)
        print_done(job->username, job->source.generate ? password : NULL);
    explicit_bzero(password, sizeof password);
    return e == YH_OK ? CLI_OK : exit_of(e);
}

static int user_add(int argc, char **argv)
{
    struct password_job job = {0};
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &job.at.data, "DIR", "数据目录", true},
        business_option(&job.at.db),
        {"--role", CLI_TEXT, &job.role, "ROLE", "角色,按全部数据授权:admin、duty、viewer、inspector、leader、legal、supervisor、personnel、sysadmin、secadmin、auditor", true},
        {"--display", CLI_TEXT, &job.display, "NAME", "姓名,缺省为用户名", false},
        {"--password-stdin", CLI_FLAG, &job.source.from_stdin, NULL, "从标准输入读一行作为密码", false},
        {"--generate", CLI_FLAG, &job.source.generate, NULL, "生成一次性密码并输出", false},
        {"--must-change", CLI_FLAG, &job.must_change, NULL, "首次登录须修改密码", false},
    };
    const struct cli_command cmd = {"yuheng user add --data DIR --role ROLE USERNAME", "新增用户", options, YH_LEN(options), 1,
                                    1};
    int args, code;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    job.username = argv[0];
    job.must_change |= job.source.generate;
    return with_password(&job, true, do_add);
}

static int user_passwd(int argc, char **argv)
{
    struct password_job job = {0};
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &job.at.data, "DIR", "数据目录", true},
        business_option(&job.at.db),
        {"--password-stdin", CLI_FLAG, &job.source.from_stdin, NULL, "从标准输入读一行作为密码", false},
        {"--generate", CLI_FLAG, &job.source.generate, NULL, "生成一次性密码并输出", false},
        {"--must-change", CLI_FLAG, &job.must_change, NULL, "下次登录须修改密码", false},
    };
    const struct cli_command cmd = {"yuheng user passwd --data DIR USERNAME", "重设密码,并结束该用户的全部登录", options,
                                    YH_LEN(options), 1, 1};
    int args, code;
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    job.username = argv[0];
    job.must_change |= job.source.generate;
    return with_password(&job, false, do_passwd);
}

/* ---- disable, enable, reset-factor ---- */

static yh_err disable(struct kit *k, yh_str username)
{
    return kit_account_disable(k, username, true, YH_S("cli"), yh_clock_now());
}

static yh_err enable(struct kit *k, yh_str username)
{
    return kit_account_disable(k, username, false, YH_S("cli"), yh_clock_now());
}

static yh_err reset_factor(struct kit *k, yh_str username)
{
    return kit_factor_reset(k, username, YH_S("cli"), yh_clock_now());
}

/* A command that changes the named account. */
static int on_account(const struct cli_command *cmd, const struct target *at,
                      yh_err (*change)(struct kit *k, yh_str username), int argc, char **argv)
{
    int args, code;
    place_auto p = {0};
    if (!cli_parse(cmd, argc, argv, &args, &code))
        return code;
    if (enter(at, false, &p) != YH_OK)
        return cli_fail(CLI_USAGE, "user");
    yh_err e = change(p.kit, yh_str_of(argv[0]));
    if (e != YH_OK)
        return exit_of(e);
    print_done(argv[0], NULL);
    return CLI_OK;
}

static int user_disable(int argc, char **argv)
{
    struct target at = {0};
    const struct cli_option options[] = {{"--data", CLI_TEXT, &at.data, "DIR", "数据目录", true}, business_option(&at.db)};
    const struct cli_command cmd = {"yuheng user disable --data DIR USERNAME", "停用用户,并结束其全部登录", options, YH_LEN(options), 1, 1};
    return on_account(&cmd, &at, disable, argc, argv);
}

static int user_enable(int argc, char **argv)
{
    struct target at = {0};
    const struct cli_option options[] = {{"--data", CLI_TEXT, &at.data, "DIR", "数据目录", true}, business_option(&at.db)};
    const struct cli_command cmd = {"yuheng user enable --data DIR USERNAME", "重新启用用户", options, YH_LEN(options), 1, 1};
    return on_account(&cmd, &at, enable, argc, argv);
}

static int user_reset_factor(int argc, char **argv)
{
    struct target at = {0};
    const struct cli_option options[] = {{"--data", CLI_TEXT, &at.data, "DIR", "数据目录", true}, business_option(&at.db)};
    const struct cli_command cmd = {"yuheng user reset-factor --data DIR USERNAME",
                                    "手机和恢复码都丢失时,停用该用户的动态口令,并结束其全部登录", options, YH_LEN(options), 1, 1};
    return on_account(&cmd, &at, reset_factor, argc, argv);
}

/* ---- link-portal ---- */

static int user_link_portal(int argc, char **argv)
{
    struct config_line line = {0};
    struct config settings;
    const char *subject = NULL;
    const struct cli_option options[] = {
        {"--data", CLI_TEXT, &line.data, "DIR", "数据目录", true},
        business_option(&line.db),
        {"--subject", CLI_TEXT, &subject, "SUB", "门户中的用户标识(令牌中的 sub)", true},
    };
    const struct cli_command cmd = {"yuheng user link-portal --data DIR --subject SUB USERNAME",
                                    "把用户与统一门户(设置 portal-issuer)的用户绑定", options, YH_LEN(options), 1, 1};
    int args, code;
    place_auto p = {0};
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    if (config_load(&line, &settings) != YH_OK || enter(&(struct target){line.data, line.db}, false, &p) != YH_OK)
        return cli_fail(CLI_USAGE, "user");
    yh_err e = kit_portal_link(p.kit, yh_str_of(settings.portal_issuer), yh_str_of(argv[0]), yh_str_of(subject), YH_S("cli"),
                               yh_clock_now());
    if (e != YH_OK)
        return exit_of(e);
    print_done(argv[0], NULL);
    return CLI_OK;
}

/* ---- list ---- */

static bool print_account(void *user, const struct kit_account *a)
{
    (void)user;
    yh_buf_auto out = yh_buf_make(4096);
    struct yh_json j = yh_json_to(&out);
    yh_json_obj(&j);
    yh_json_ki64(&j, "id", a->id);
    yh_json_kstr(&j, "username", a->username);
    yh_json_kstr(&j, "name", a->display_name);
    yh_json_kstr(&j, "role", a->role);
    yh_json_kstr(&j, "roles", a->roles);
    yh_json_kbool(&j, "disabled", a->disabled);
    yh_json_kbool(&j, "must_change", a->must_change);
    yh_json_ktime(&j, "created_at", a->created_at);
    yh_json_kstr(&j, "cause", a->cause);
    yh_json_obj_end(&j);
    puts(yh_buf_z(&out));
    return true;
}

static int user_list(int argc, char **argv)
{
    struct target at = {0};
    const struct cli_option options[] = {{"--data", CLI_TEXT, &at.data, "DIR", "数据目录", true}, business_option(&at.db)};
    const struct cli_command cmd = {"yuheng user list --data DIR", "列出用户,每行一个 JSON 对象", options, YH_LEN(options), 0, 0};
    int args, code;
    place_auto p = {0};
    if (!cli_parse(&cmd, argc, argv, &args, &code))
        return code;
    if (enter(&at, false, &p) != YH_OK)
        return cli_fail(CLI_USAGE, "user");
    yh_err e = kit_account_list(p.kit, print_account, NULL);
    return e == YH_OK ? CLI_OK : exit_of(e);
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} subcommands[] = {
    {"add", user_add}, {"list", user_list}, {"passwd", user_passwd}, {"disable", user_disable}, {"enable", user_enable},
    {"reset-factor", user_reset_factor}, {"link-portal", user_link_portal},
};

int cmd_user(int argc, char **argv)
{
    static const char usage[] = "yuheng user add|list|passwd|disable|enable|reset-factor|link-portal --data DIR …";
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("用法:%s\n用户管理;各子命令均有 --help\n", usage);
        return CLI_OK;
    }
    for (size_t i = 0; argc >= 2 && i < YH_LEN(subcommands); i++)
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "yuheng: user: %s (usage: %s)\n", argc < 2 ? "no subcommand given" : "unknown subcommand", usage);
    return CLI_USAGE;
}
