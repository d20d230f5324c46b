#include "net/http_static.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/dec.h"
#include "base/file.h"
#include "base/map.h"
#include "base/sm3.h"

#define BYTES_MAX (64u << 20)
#define FILES_MAX 8192u
#define DEPTH_MAX 12u

struct http_static {
    struct yh_arena arena;
    yh_map files; /* path -> struct http_file */
};

static const struct type {
    const char *ending;
    const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".geojson", "application/geo+json"},
    {".webmanifest", "application/manifest+json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".pdf", "application/pdf"},
    {".xml", "application/xml"},
};

static const char *type_of(yh_str path)
{
    for (size_t i = 0; i < YH_LEN(types); i++)
        if (yh_str_ends(path, yh_str_of(types[i].ending)))
            return types[i].type;
    return NULL;
}

static bool is_hashed(yh_str path)
{
    yh_buf_auto text = yh_buf_make(4096);
    yh_buf_str(&text, path);
    return strstr(yh_buf_z(&text), "/assets/") != NULL;
}

/* ---- loading */

static http_coding split_coding(yh_str *path)
{
    static const struct {
        const char *ending;
        http_coding coding;
    } codings[] = {{".gz", HTTP_GZIP}, {".br", HTTP_BROTLI}};
    for (size_t i = 0; i < YH_LEN(codings); i++)
        if (yh_str_ends(*path, yh_str_of(codings[i].ending))) {
            path->n -= 3;
            return codings[i].coding;
        }
    return HTTP_IDENTITY;
}

static yh_err file_entry(struct http_static *s, yh_str path, struct http_file **ret)
{
    struct http_file *f = yh_map_get(&s->files, path);
    if (!f) {
        f = YH_NEW(&s->arena, struct http_file);
        if (!f || s->files.n >= FILES_MAX)
            return yh_fail(YH_E_TOO_LARGE, "the front end has more than %u files", FILES_MAX);
        const char *type = type_of(path);
        f->type = type ? type : "application/octet-stream";
        f->cache = is_hashed(path) ? "public, max-age=31536000, immutable" : "no-cache";
        YH_TRY(yh_map_put(&s->files, path, f));
    }
    *ret = f;
    return YH_OK;
}

static yh_err add_file(struct http_static *s, yh_str path, yh_str content)
{
    http_coding coding = split_coding(&path);
    struct http_file *f = NULL;
    YH_TRY(file_entry(s, path, &f));
    yh_str kept = yh_arena_str(&s->arena, content);
    if (!kept.p)
        return yh_fail(YH_E_TOO_LARGE, "the front end is larger than %u bytes", BYTES_MAX);
    yh_sm3_hash hash;
    YH_TRY(yh_sm3_of(kept, &hash));
    char hex[33] = {0};
    yh_hex_encode(hash.b, 16, hex);
    snprintf(f->etag[coding], sizeof f->etag[coding], "\"%s\"", hex);
    f->bytes[coding] = kept;
    return YH_OK;
}

static yh_err load_file(struct http_static *s, int dir, const char *name, const char *path)
{
    yh_fd_auto fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return yh_fail_errno("cannot open %s", path);
    yh_buf_auto content = yh_buf_make(BYTES_MAX);
    YH_TRY(yh_file_read_fd(fd, path, &content));
    return add_file(s, yh_str_of(path), yh_buf_view(&content));
}

static void close_folder(DIR **d)
{
    if (*d)
        closedir(*d);
}

static yh_err load_folder(struct http_static *s, int fd, const char *path, unsigned depth);

static yh_err load_entry(struct http_static *s, int dir, const char *name, const char *parent, unsigned depth)
{
    char path[1024];
    struct stat st;
    if (name[0] == '.' || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return YH_OK;
    if (snprintf(path, sizeof path, "%s/%s", parent, name) >= (int)sizeof path)
        return yh_fail(YH_E_TOO_LARGE, "path too long: %s/%s", parent, name);
    if (S_ISREG(st.st_mode))
        return load_file(s, dir, name, path);
    if (!S_ISDIR(st.st_mode))
        return YH_OK; /* links and devices are not served */
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? yh_fail_errno("cannot open folder %s", path) : load_folder(s, fd, path, depth + 1);
}

/* Takes the descriptor over. */
static yh_err load_folder(struct http_static *s, int fd, const char *path, unsigned depth)
{
    yh_cleanup(close_folder) DIR *d = fdopendir(fd);
    if (!d) {
        yh_err e = yh_fail_errno("cannot read folder %s", path);
        close(fd);
        return e;
    }
    if (depth > DEPTH_MAX)
        return yh_fail(YH_E_TOO_LARGE, "folders too deep at %s", path);
    for (const struct dirent *entry; (entry = readdir(d));)
        YH_TRY(load_entry(s, dirfd(d), entry->d_name, path, depth));
    return YH_OK;
}

yh_err http_static_load(const char *dir, struct http_static **ret)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return yh_fail_errno("cannot open the front end folder %s", dir);
    struct http_static *s = calloc(1, sizeof *s);
    if (!s) {
        close(fd);
        return yh_fail(YH_E_NO_MEMORY, "no memory for the front end");
    }
    s->arena = yh_arena_make(BYTES_MAX);
    yh_err e = load_folder(s, fd, "", 0);
    if (e != YH_OK) {
        http_static_free(s);
        return e;
    }
    *ret = s;
    return YH_OK;
}

void http_static_free(struct http_static *s)
{
    if (!s)
        return;
    yh_map_done(&s->files);
    yh_arena_done(&s->arena);
    free(s);
}

/* ---- serving */

static const struct http_file *plain_file(const struct http_static *s, yh_str path)
{
    const struct http_file *f = yh_map_get(&s->files, path);
    return f && f->bytes[HTTP_IDENTITY].p ? f : NULL;
}

static const struct http_file *index_of(const struct http_static *s, yh_str scope)
{
    char path[64];
    int n = snprintf(path, sizeof path, "%.*sindex.html", YH_FMT(scope));
    return n > 0 && n < (int)sizeof path ? plain_file(s, (yh_str){path, (size_t)n}) : NULL;
}

/* "/../", "/.git", "//": no page of an application is called so. */
static bool is_odd(yh_str path)
{
    for (size_t i = 0; i + 1 < path.n; i++)
        if (path.p[i] == '/' && (path.p[i + 1] == '.' || path.p[i + 1] == '/'))
            return true;
    return false;
}

const struct http_file *http_static_find(const struct http_static *s, yh_str path)
{
    const struct http_file *f = plain_file(s, path);
    if (f)
        return f;
    size_t end = yh_str_find(path, '/', 1);
    if (end == path.n || type_of(path) || is_hashed(path) || is_odd(path))
        return NULL;
    return index_of(s, yh_str_sub(path, 0, end + 1));
}

const char *http_static_redirect(const struct http_static *s, yh_str path)
{
    static const struct {
        const char *from, *to;
    } doors[] = {{"/", "/d/"},          {"/d", "/d/"},       {"/m", "/m/"},
                 {"/screen", "/screen/"}, {"/firm", "/firm/"}, {"/public", "/public/"}};
    for (size_t i = 0; i < YH_LEN(doors); i++)
        if (yh_str_is(path, doors[i].from) && index_of(s, yh_str_of(doors[i].to)))
            return doors[i].to;
    return NULL;
}

/* "gzip", "gzip;q=0.5" but not "gzip;q=0" */
bool http_accepts_coding(yh_str header, const char *coding)
{
    yh_str piece;
    while (yh_str_split(&header, ',', &piece)) {
        size_t semi = yh_str_find(piece, ';', 0);
        if (!yh_str_eq_nocase(yh_str_trim(yh_str_sub(piece, 0, semi)), yh_str_of(coding)))
            continue;
        yh_str weight = yh_str_trim(yh_str_sub(piece, yh_min_size(semi + 1, piece.n), piece.n));
        yh_dec q;
        return !yh_str_starts(weight, YH_S("q=")) || !yh_dec_parse(yh_str_sub(weight, 2, weight.n), &q) || q.m > 0;
    }
    return false;
}

http_coding http_static_coding(const struct http_file *f, yh_str accept_encoding)
{
    if (f->bytes[HTTP_BROTLI].p && http_accepts_coding(accept_encoding, "br"))
        return HTTP_BROTLI;
    if (f->bytes[HTTP_GZIP].p && http_accepts_coding(accept_encoding, "gzip"))
        return HTTP_GZIP;
    return HTTP_IDENTITY;
}

bool http_etag_matches(yh_str if_none_match, const char *etag)
{
    yh_str piece;
    while (yh_str_split(&if_none_match, ',', &piece)) {
        piece = yh_str_trim(piece);
        if (yh_str_starts(piece, YH_S("W/")))
            piece = yh_str_sub(piece, 2, piece.n);
        if (yh_str_is(piece, "*") || yh_str_is(piece, etag))
            return true;
    }
    return false;
}
