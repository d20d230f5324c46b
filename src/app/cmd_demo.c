/*
 * `yuheng demo init`: a data directory with the stations of the captured traffic and some simulated ones under fictional
 * names, and accounts.
 */
#include <unistd.h>

#include "app/capture.h"
#include "app/business.h"
#include "app/cli.h"
#include "app/cmd.h"
#include "app/data_dir.h"
#include "app/demo_sim.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "kit/account.h"
#include "source/source.h"

#define FILES_MAX   64
#define FACTORS_MAX 64

/* What one logger reported in the captures. */
struct seen {
    yh_str st;
    yh_str factors[FACTORS_MAX];
    size_t factor_count;
};

struct survey {
    struct capture files[FILES_MAX];
    size_t file_count;
    struct capture_loggers loggers;
    struct seen *seen;
    struct yh_arena arena;
};

static void survey_done(struct survey *s)
{
    for (size_t i = 0; i < s->file_count; i++)
        capture_done(&s->files[i]);
    capture_loggers_done(&s->loggers);
    free(s->seen);
    yh_arena_done(&s->arena);
}

static void note_factor(struct survey *s, struct seen *seen, yh_str code)
{
    for (size_t i = 0; i < seen->factor_count; i++)
        if (yh_str_eq(seen->factors[i], code))
            return;
    if (seen->factor_count < FACTORS_MAX)
        seen->factors[seen->factor_count++] = yh_arena_str(&s->arena, code);
}

static void note_frame(struct survey *s, struct seen *seen, const struct hj212_frame *f)
{
    unsigned at = 0;
    struct hj212_measure m;
    yh_str st = f->header[HJ212_ST];
    if (st.n && !yh_str_is(st, "91") && !seen->st.n)
        seen->st = yh_arena_str(&s->arena, st);
    if (!yh_str_is(f->header[HJ212_CN], "2011"))
        return;
    while (hj212_next_measure(f, &at, &m))
        if (yh_str_is(m.field, "Rtd"))
            note_factor(s, seen, m.factor);
}

static yh_err survey_files(struct survey *s, char **paths, size_t n)
{
    for (; s->file_count < n; s->file_count++)
        YH_TRY(capture_load(paths[s->file_count], &s->loggers, &s->files[s->file_count]));
    s->seen = calloc(s->loggers.n, sizeof *s->seen);
    struct hj212_frame *frame = malloc(sizeof *frame);
    if (!s->seen || !frame) {
        free(frame);
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu loggers", s->loggers.n);
    }
    yh_buf_auto scratch = yh_buf_make(HJ212_BUFFER_MAX);
    const struct hj212_key none = {0};
    for (size_t f = 0; f < s->file_count; f++) {
        for (size_t i = 0; i < s->files[f].span_count; i++) {
            const struct capture_span *span = &s->files[f].spans[i];
            if (span->kind != HJ212_FRAME)
                continue;
            hj212_parse(span->raw, &none, &scratch, frame);
            note_frame(s, &s->seen[span->logger], frame);
        }
    }
    free(frame);
    return YH_OK;
}

static yh_err seed_stations(struct db *db, struct survey *s, size_t *ret_created)
{
    struct source_demo_station *rows = YH_NEW_N(&s->arena, struct source_demo_station, s->loggers.n);
    if (!rows)
        return yh_fail(YH_E_NO_MEMORY, "no memory for %zu stations", s->loggers.n);
    for (size_t i = 0; i < s->loggers.n; i++)
        rows[i] = (struct source_demo_station){.mn = yh_str_of(s->loggers.mn[i]), .st = s->seen[i].st,
                                               .factors = s->seen[i].factors, .factor_count = s->seen[i].factor_count};
    return source_seed_demo(db, rows, s->loggers.n, yh_clock_now(), ret_created);
}

static const struct {
    const char *username, *display_name, *role;
} accounts[] = {
    {"admin", "示范·业务管理员", "admin"},
    {"duty", "示范·值班员", "duty"},
    {"viewer", "示范·查看员", "viewer"},
    {"personnel", "示范·组织人事", "personnel"},
    {"sysadmin", "示范·系统管理员", "sysadmin"},
    {"secadmin", "示范·安全管理员", "secadmin"},
    {"auditor", "示范·审计管理员", "auditor"},
};

static yh_err create_accounts(struct kit *kit, struct yh_json *j)
{
    yh_json_key(j, "accounts");
    yh_json_arr(j);
    for (size_t i = 0; i < YH_LEN(accounts); i++) {
        char password[KIT_PASSWORD_MADE + 1];
        int64_t id;
        kit_password_make(password);
        struct kit_new_account a = {
            .username = yh_str_of(accounts[i].username), .display_name = yh_str_of(accounts[i].display_name),
            .role = yh_str_of(accounts[i].role), .password = yh_str_of(password)};
        YH_TRY(kit_account_add(kit, &a, YH_S("demo"), yh_clock_now(), &id));
        yh_json_obj(j);
        yh_json_kz(j, "username", accounts[i].username);
        yh_json_kz(j, "password", password);
        yh_json_kz(j, "role", accounts[i].role);
        yh_json_obj_end(j);
    }
    yh_json_arr_end(j);
    return YH_OK;
}

static yh_err fill(struct db_pool *pool, struct survey *s, struct yh_json *j)
{
    size_t created = 0;
    struct db *writer = db_pool_writer(pool);
    yh_err e = source_prepare(writer);
    if (e == YH_OK)
        e = seed_stations(writer, s, &created);
    if (e == YH_OK)
        e = demo_sim_seed(writer, yh_clock_now(), &created);
    db_pool_put(pool, writer);
    YH_TRY(e);
    yh_json_ku64(j, "stations", created);
    struct kit_config config = {.pool = pool};
    struct kit *kit;
    YH_TRY(kit_open(&config, &kit));
    e = create_accounts(kit, j);
    kit_close(kit);
    return e;
}

/* A server's database may be another installation's. */
static yh_err refuse_used(struct db_pool *pool)
{
    bool used = false;
    struct db *d = db_pool_reader(pool);
    yh_err e = kit_database_is_used(d, &used);
    db_pool_put(pool, d);
    YH_TRY(e);
    return used ? yh_fail(YH_E_CONFLICT, "the database holds data already; the demo wants an empty one") : YH_OK;
}

/* The marker comes last: a directory that was filled half is no demo, and a second try says that it is not empty. */
static yh_err init(const char *dir, const char *db, struct survey *s, yh_buf *out)
{
    struct data_paths paths;
    struct db_pool *pool;
    char place[DATA_PATH_MAX];
    YH_TRY(business_place(dir, db, place));
    YH_TRY(data_dir_paths(dir, &paths));
    if (access(paths.business, F_OK) == 0)
        return yh_fail(YH_E_CONFLICT, "%s holds data already; the demo wants an empty directory", dir);
    YH_TRY(yh_dir_make(dir));
    YH_TRY(kit_database_open(place, true, 1, &pool));
    struct yh_json j = yh_json_to(out);
    yh_json_obj(&j);
    yh_err e = refuse_used(pool);
    if (e == YH_OK)
        e = fill(pool, s, &j);
    yh_json_obj_end(&j);
    db_pool_close(pool);
    YH_TRY(e);
    YH_TRY(yh_buf_check(out));
    return yh_file_replace(paths.demo, YH_S("示范数据\n"), 0640);
}

int cmd_demo(int argc, char **argv)
{
    const char *dir = NULL, *db = NULL;
    const struct cli_option rows[] = {{"--data", CLI_TEXT, &dir, "DIR", "数据目录(须为空)", true}, business_option(&db)};
    const struct cli_command cmd = {"yuheng demo init --data DIR FILE…", "建立示范数据:采集报文中的站点和模拟站点以虚构名称登记", rows,
                                    YH_LEN(rows), 2, FILES_MAX + 1};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    if (strcmp(argv[0], "init") != 0) {
        fprintf(stderr, "yuheng: demo: unknown action '%s' (usage: %s)\n", argv[0], cmd.usage);
        return CLI_USAGE;
    }
    struct survey s = {.arena = yh_arena_make(16 * 1024 * 1024)};
    yh_buf_auto out = yh_buf_make(65536);
    yh_err e = survey_files(&s, argv + 1, (size_t)n - 1);
    if (e == YH_OK)
        e = init(dir, db, &s, &out);
    survey_done(&s);
    if (e != YH_OK)
        return cli_fail(e == YH_E_CONFLICT ? CLI_FAILED : CLI_USAGE, "demo init");
    printf("%.*s\n", YH_FMT(yh_buf_view(&out)));
    return CLI_OK;
}
