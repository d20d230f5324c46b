/* `yuheng bench NAME`: options, the turns of runs, medians and the JSON. */
#include <ftw.h>
#include <math.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/bench.h"
#include "app/cli.h"
#include "app/cmd.h"

#define RUNS_MAX 99

static const struct bench_row *const benches[] = {&bench_decode, &bench_ingest, &bench_store, &bench_http};

static const struct bench_row *find(const char *name)
{
    for (size_t i = 0; i < YH_LEN(benches); i++)
        if (strcmp(benches[i]->name, name) == 0)
            return benches[i];
    return NULL;
}

static size_t figure_count(const struct bench_row *row)
{
    size_t n = 0;
    while (n < BENCH_FIGURES_MAX && row->figures[n])
        n++;
    return n;
}

/* ---- the JSON ---- */

static yh_str cpu_name(yh_buf *text)
{
    FILE *f = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0)
            continue;
        yh_buf_str(text, yh_str_trim(yh_str_of(colon + 1)));
        break;
    }
    if (f)
        fclose(f);
    return yh_buf_view(text);
}

static void print_machine(struct yh_json *j)
{
    struct utsname name = {0};
    struct sysinfo info = {0};
    yh_buf_auto cpu = yh_buf_make(256);
    (void)uname(&name);
    (void)sysinfo(&info);
    yh_json_key(j, "machine");
    yh_json_obj(j);
    yh_json_kstr(j, "cpu", cpu_name(&cpu));
    yh_json_ki64(j, "cores", sysconf(_SC_NPROCESSORS_ONLN));
    yh_json_ku64(j, "memory_mb", (uint64_t)info.totalram * info.mem_unit >> 20);
    yh_json_kz(j, "system", name.sysname);
    yh_json_kz(j, "release", name.release);
    yh_json_obj_end(j);
}

static void print_options(struct yh_json *j, const struct bench_options *o)
{
    yh_json_key(j, "options");
    yh_json_obj(j);
    yh_json_ki64(j, "runs", o->runs);
    yh_json_ki64(j, "frames", o->frames);
    yh_json_ki64(j, "connections", o->connections);
    yh_json_ki64(j, "window", o->window);
    yh_json_ki64(j, "seconds", o->seconds);
    yh_json_ki64(j, "rate", o->rate);
    yh_json_ki64(j, "idle", o->idle);
    yh_json_ki64(j, "outlets", o->outlets);
    yh_json_ki64(j, "days", o->days);
    yh_json_kz(j, "data", o->file_count ? "files" : "made");
    yh_json_obj_end(j);
}

/* Four digits are more than such a measurement holds. */
static double rounded(double v)
{
    char text[32];
    snprintf(text, sizeof text, "%.4g", v);
    return strtod(text, NULL);
}

static size_t group_length(const char *figure)
{
    const char *dot = strchr(figure, '.');
    return dot ? (size_t)(dot - figure) : 0;
}

static void print_figure(struct yh_json *j, const char *name, double v)
{
    yh_json_key(j, name);
    if (isnan(v))
        yh_json_null(j);
    else
        yh_json_double(j, rounded(v));
}

/* Figures from `i` on that belong to one object; null when the first of them was not measured. Returns how many. */
static size_t print_group(struct yh_json *j, const struct bench_row *row, const double *v, size_t i)
{
    size_t n = group_length(row->figures[i]), count = 0;
    yh_json_key_str(j, (yh_str){row->figures[i], n});
    if (isnan(v[i]))
        yh_json_null(j);
    else
        yh_json_obj(j);
    for (size_t k = i; k < figure_count(row) && strncmp(row->figures[k], row->figures[i], n + 1) == 0; k++, count++)
        if (!isnan(v[i]))
            print_figure(j, row->figures[k] + n + 1, v[k]);
    if (!isnan(v[i]))
        yh_json_obj_end(j);
    return count;
}

static void print_figures(struct yh_json *j, const struct bench_row *row, const double *v)
{
    for (size_t i = 0; i < figure_count(row);) {
        if (group_length(row->figures[i])) {
            i += print_group(j, row, v, i);
        } else {
            print_figure(j, row->figures[i], v[i]);
            i++;
        }
    }
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void medians(const struct bench_row *row, double (*runs)[BENCH_FIGURES_MAX], size_t n, double *ret)
{
    double column[RUNS_MAX];
    for (size_t i = 0; i < figure_count(row); i++) {
        for (size_t r = 0; r < n; r++)
            column[r] = runs[r][i];
        qsort(column, n, sizeof *column, compare);
        ret[i] = n % 2 ? column[n / 2] : (column[n / 2 - 1] + column[n / 2]) / 2;
    }
}

static yh_err print(const struct bench *b, const struct bench_row *row, double (*runs)[BENCH_FIGURES_MAX])
{
    double middle[BENCH_FIGURES_MAX];
    yh_buf_auto out = yh_buf_make(1 << 20);
    struct yh_json j = yh_json_to(&out);
    size_t n = (size_t)b->options.runs;
    medians(row, runs, n, middle);
    yh_json_obj(&j);
    yh_json_kz(&j, "name", row->name);
    print_machine(&j);
    print_options(&j, &b->options);
    yh_json_key(&j, "runs");
    yh_json_arr(&j);
    for (size_t r = 0; r < n; r++) {
        yh_json_obj(&j);
        print_figures(&j, row, runs[r]);
        yh_json_obj_end(&j);
    }
    yh_json_arr_end(&j);
    print_figures(&j, row, middle);
    if (row->notes)
        row->notes(b, &j);
    yh_json_obj_end(&j);
    YH_TRY(yh_buf_check(&out));
    printf("%.*s\n", YH_FMT(yh_buf_view(&out)));
    return YH_OK;
}

/* ---- the run ---- */

static yh_err make_dir(struct bench *b)
{
    if (snprintf(b->dir, sizeof b->dir, "%s/yuheng-bench-XXXXXX", b->options.dir) >= (int)sizeof b->dir || !mkdtemp(b->dir)) {
        b->dir[0] = '\0';
        return yh_fail_errno("cannot make a folder in %s", b->options.dir);
    }
    return YH_OK;
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
    (void)st, (void)what, (void)ftw;
    return remove(path);
}

void bench_folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void bench_done(struct bench *b, const struct bench_row *row)
{
    row->done(b);
    for (size_t i = 0; i < b->capture_count; i++)
        capture_done(&b->captures[i]);
    capture_loggers_done(&b->loggers);
    if (b->dir[0])
        bench_folder_remove(b->dir);
}

static yh_err measure(struct bench *b, const struct bench_row *row)
{
    static double runs[RUNS_MAX][BENCH_FIGURES_MAX];
    YH_TRY(make_dir(b));
    YH_TRY(row->prepare(b));
    for (unsigned r = 0; r < (unsigned)b->options.runs; r++)
        YH_TRY(row->run(b, r, runs[r]));
    return print(b, row, runs);
}

static bool in_range(int64_t v, int64_t from, int64_t to)
{
    return v >= from && v <= to;
}

static bool sane(const struct bench_options *o)
{
    return in_range(o->runs, 1, RUNS_MAX) && in_range(o->frames, 1, 10000000) && in_range(o->connections, 1, 10000) &&
           in_range(o->window, 1, 10000) && in_range(o->seconds, 1, 600) && in_range(o->rate, 1, 1000000) &&
           in_range(o->idle, 1, 20000) && in_range(o->outlets, 1, 1000) && in_range(o->days, 1, 366);
}

int cmd_bench(int argc, char **argv)
{
    struct bench_options o = {.runs = 3, .frames = 200000, .connections = 1000, .window = 1, .seconds = 3, .rate = 6600,
                              .idle = 1000, .outlets = 10, .days = 2, .dir = "/var/tmp"};
    const struct cli_option rows[] = {
        {"--runs", CLI_NUMBER, &o.runs, "N", "轮数,取中位数,默认 3", false},
        {"--frames", CLI_NUMBER, &o.frames, "N", "decode、ingest:每轮帧数,默认 200000", false},
        {"--connections", CLI_NUMBER, &o.connections, "N", "ingest、http:连接数,默认 1000(http 不超过 64)", false},
        {"--window", CLI_NUMBER, &o.window, "N", "ingest:每条连接未应答帧数上限,默认 1(等到应答再发)", false},
        {"--rate", CLI_NUMBER, &o.rate, "F/s", "ingest:定速阶段每秒帧数,默认 6600(全国)", false},
        {"--seconds", CLI_NUMBER, &o.seconds, "S", "ingest 定速阶段、http 每轮的时长,默认 3", false},
        {"--idle", CLI_NUMBER, &o.idle, "N", "ingest:空闲连接数,默认 1000", false},
        {"--outlets", CLI_NUMBER, &o.outlets, "N", "store:排口数,每个 10 个因子,默认 10", false},
        {"--days", CLI_NUMBER, &o.days, "D", "store:30 秒数据的天数,默认 2(小时数据总是 30 天)", false},
        {"--dir", CLI_TEXT, &o.dir, "DIR", "临时数据所在目录,默认 /var/tmp", false},
    };
    const struct cli_command cmd = {"yuheng bench decode|ingest|store|http [选项] [FILE…]",
                                    "本机性能测试:与同轮裸基线交替运行,输出 JSON(FILE 为采集的报文)", rows, YH_LEN(rows), 1,
                                    1 + BENCH_FILES_MAX};
    int n, status;
    if (!cli_parse(&cmd, argc, argv, &n, &status))
        return status;
    const struct bench_row *row = find(argv[0]);
    if (!row || !sane(&o)) {
        fprintf(stderr, "yuheng: bench: %s (usage: %s)\n", row ? "a number is out of range" : "no such bench", cmd.usage);
        return CLI_USAGE;
    }
    o.files = argv + 1;
    o.file_count = (size_t)n - 1;
    struct bench *b = calloc(1, sizeof *b);
    if (!b)
        return CLI_FAILED;
    b->options = o;
    yh_err e = measure(b, row);
    int exit_code = e == YH_OK ? CLI_OK : cli_fail(CLI_FAILED, "bench");
    bench_done(b, row);
    free(b);
    return exit_code;
}
