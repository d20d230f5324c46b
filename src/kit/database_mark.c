/*
 * DIR/yuheng.db.sm3: what the business database was when it was closed the last time. Nothing else could tell that a byte
 * of an account or a station has changed on the disk since: these rows cannot be computed again from the log.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sm3.h"
#include "kit/kit.h"
#include "kit/vault.h"

#define HEX (2 * YH_SM3_LEN)
#define TAIL "  yuheng.db\n"
#define MARK (HEX + sizeof TAIL)

static yh_err paths(const char *dir, char ret_db[PATH_MAX], char ret_mark[PATH_MAX])
{
    if (snprintf(ret_mark, PATH_MAX, "%s/yuheng.db.sm3", dir) >= PATH_MAX)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s", dir);
    snprintf(ret_db, PATH_MAX, "%s/yuheng.db", dir);
    return YH_OK;
}

/* As `sm3sum` writes it. */
static yh_err mark_of(const char *path, char ret[MARK])
{
    yh_cleanup(yh_sm3_freep) struct yh_sm3 *sm3 = NULL;
    char bytes[65536];
    ssize_t n;
    yh_fd_auto fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    YH_TRY(yh_sm3_new(&sm3));
    yh_sm3_begin(sm3);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        yh_sm3_add(sm3, bytes, (size_t)n);
    if (n < 0)
        return yh_fail_errno("cannot read %s", path);
    yh_sm3_hash h = yh_sm3_end(sm3);
    yh_hex_encode(h.b, sizeof h.b, ret);
    memcpy(ret + HEX, TAIL, sizeof TAIL);
    return YH_OK;
}

/* Something still stands beside the file, or another program has it open and brings it there later. */
static bool is_unfinished(const char *db)
{
    char wal[PATH_MAX + 8];
    struct stat st;
    snprintf(wal, sizeof wal, "%s-wal", db);
    return stat(wal, &st) == 0 && st.st_size > 0;
}

yh_err kit_database_mark(const char *dir)
{
    char db[PATH_MAX], mark[PATH_MAX], text[MARK];
    if (db_is_server(dir))
        return YH_OK;
    YH_TRY(paths(dir, db, mark));
    if (is_unfinished(db))
        return YH_OK;
    YH_TRY(mark_of(db, text));
    return yh_file_replace(mark, yh_str_of(text), 0600);
}

yh_err kit_database_unmark(const char *dir)
{
    char db[PATH_MAX], mark[PATH_MAX];
    if (db_is_server(dir))
        return YH_OK;
    YH_TRY(paths(dir, db, mark));
    if (access(mark, F_OK) != 0)
        return YH_OK;
    if (unlink(mark) != 0)
        return yh_fail_errno("cannot remove %s", mark);
    return yh_dir_sync(dir);
}

yh_err kit_database_check(const char *dir)
{
    char db[PATH_MAX], mark[PATH_MAX], text[MARK];
    if (db_is_server(dir))
        return db_check(dir);
    YH_TRY(paths(dir, db, mark));
    if (access(mark, F_OK) == 0 && !is_unfinished(db)) {
        yh_buf_auto kept = yh_buf_make(4096);
        YH_TRY(yh_file_read(mark, &kept));
        YH_TRY(mark_of(db, text));
        if (!yh_str_is(yh_buf_view(&kept), text))
            return yh_fail(YH_E_CORRUPT, "%.300s is not what it was when it was closed (%.300s)", db, mark);
    }
    YH_TRY(db_check(db));
    return kit_vault_check(dir);
}
