#include "monitor/rederive.h"

#include <limits.h>
#include <pthread.h>

#include "base/file.h"

#define LIST_MAX (1u << 20)

struct rederive {
    char path[PATH_MAX];
    pthread_mutex_t lock;
    yh_buf due;     /* MNs, one a line */
    yh_buf intents; /* likewise: on disk already, not yet due */
    size_t taken;   /* bytes of `due` the worker is at */
};

static yh_err save(const struct rederive *r)
{
    yh_buf_auto all = yh_buf_make(2 * LIST_MAX);
    yh_buf_str(&all, yh_buf_view(&r->due));
    yh_buf_str(&all, yh_buf_view(&r->intents));
    YH_TRY(yh_buf_check(&all));
    return yh_file_replace(r->path, yh_buf_view(&all), 0640);
}

/* Where the line stands in `lines`, from byte `from` on; lines.n when it does not. */
static size_t find_line(yh_str lines, size_t from, yh_str mn)
{
    yh_str rest = yh_str_sub(lines, from, lines.n), line;
    while (rest.n) {
        size_t at = lines.n - rest.n;
        if (yh_str_split(&rest, '\n', &line) && yh_str_eq(line, mn))
            return at;
    }
    return lines.n;
}

static yh_err add_line(yh_buf *lines, yh_str mn)
{
    if (lines->n + mn.n + 1 > lines->max)
        return yh_fail(YH_E_TOO_LARGE, "too many stations wait to be derived again");
    yh_buf_str(lines, mn);
    yh_buf_putc(lines, '\n');
    return yh_buf_check(lines);
}

static void drop_line(yh_buf *lines, yh_str mn)
{
    size_t at = find_line(yh_buf_view(lines), 0, mn);
    if (at == lines->n)
        return;
    memmove(lines->p + at, lines->p + at + mn.n + 1, lines->n - at - mn.n - 1);
    lines->n -= mn.n + 1;
}

yh_err rederive_open(const char *data_dir, struct rederive **ret)
{
    struct rederive *r = calloc(1, sizeof *r);
    if (!r)
        return yh_fail(YH_E_NO_MEMORY, "no memory for the list of stations to derive");
    pthread_mutex_init(&r->lock, NULL);
    r->due = yh_buf_make(LIST_MAX);
    r->intents = yh_buf_make(LIST_MAX);
    yh_err e = YH_OK;
    if (snprintf(r->path, sizeof r->path, "%s/rederive", data_dir) >= (int)sizeof r->path)
        e = yh_fail(YH_E_TOO_LARGE, "path too long: %s", data_dir);
    if (e == YH_OK && (e = yh_file_read(r->path, &r->due)) == YH_E_NOT_FOUND)
        e = YH_OK;
    if (e != YH_OK) {
        rederive_free(r);
        return e;
    }
    *ret = r;
    return YH_OK;
}

void rederive_free(struct rederive *r)
{
    if (!r)
        return;
    yh_buf_done(&r->due);
    yh_buf_done(&r->intents);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

yh_err rederive_intend(struct rederive *r, yh_str mn)
{
    pthread_mutex_lock(&r->lock);
    yh_err e = add_line(&r->intents, mn);
    if (e == YH_OK && (e = save(r)) != YH_OK)
        drop_line(&r->intents, mn);
    pthread_mutex_unlock(&r->lock);
    return e;
}

/* Nothing is written: the file lists the station since it was intended. */
yh_err rederive_add(struct rederive *r, yh_str mn)
{
    pthread_mutex_lock(&r->lock);
    drop_line(&r->intents, mn);
    bool listed = find_line(yh_buf_view(&r->due), r->taken, mn) < r->due.n; /* what the worker is at may be outdated */
    yh_err e = listed ? YH_OK : add_line(&r->due, mn);
    pthread_mutex_unlock(&r->lock);
    return e;
}

void rederive_forget(struct rederive *r, yh_str mn)
{
    pthread_mutex_lock(&r->lock);
    drop_line(&r->intents, mn);
    (void)!save(r); /* a station too many in the file costs only time */
    pthread_mutex_unlock(&r->lock);
}

yh_err rederive_take(struct rederive *r, yh_buf *ret_lines)
{
    pthread_mutex_lock(&r->lock);
    r->taken = r->due.n;
    yh_buf_str(ret_lines, yh_buf_view(&r->due));
    pthread_mutex_unlock(&r->lock);
    return yh_buf_check(ret_lines);
}

yh_err rederive_done(struct rederive *r)
{
    pthread_mutex_lock(&r->lock);
    yh_buf_consume(&r->due, r->taken);
    r->taken = 0;
    yh_err e = save(r);
    pthread_mutex_unlock(&r->lock);
    return e;
}
