/* Turns the test vectors into seeds for the fuzz targets: fuzz-seeds VECTORS-FOLDER OUT-FOLDER */
#include "base/file.h"
#include "base/json.h"
#include "hj212/text.h"

#define TEXT_MAX ((size_t)16 << 20)

static yh_err write_seed(const char *folder, const char *target, yh_str name, yh_str bytes)
{
    yh_buf_auto path = yh_buf_make(4096);
    yh_buf_printf(&path, "%s/%s", folder, target);
    YH_TRY(yh_dir_make(yh_buf_z(&path)));
    yh_buf_printf(&path, "/%.*s", YH_FMT(name));
    return yh_file_replace(yh_buf_z(&path), bytes, 0644);
}

static yh_err read_vectors(const char *folder, const char *name, yh_buf *out)
{
    yh_buf_auto path = yh_buf_make(4096);
    yh_buf_printf(&path, "%s/%s", folder, name);
    return yh_file_read(yh_buf_z(&path), out);
}

/* One seed per frame for the parser, one of ten frames for the framer. */
static yh_err frames(const char *vectors, const char *out)
{
    yh_buf_auto text = yh_buf_make(TEXT_MAX), one = yh_buf_make(65536), ten = yh_buf_make(TEXT_MAX);
    YH_TRY(read_vectors(vectors, "frames.tsv", &text));
    yh_str rest = yh_buf_view(&text), line;
    size_t count = 0;
    yh_str_split(&rest, '\n', &line); /* the header */
    while (yh_str_split(&rest, '\n', &line)) {
        yh_str column[8];
        size_t n = 0;
        while (n < YH_LEN(column) && yh_str_split(&line, '\t', &column[n]))
            n++;
        if (n < YH_LEN(column))
            continue;
        yh_buf_clear(&one);
        if (!hj212_unescape(column[7], &one))
            return yh_fail(YH_E_INVALID, "%.*s is not escaped as it should be", YH_FMT(column[0]));
        YH_TRY(write_seed(out, "parser", column[0], yh_buf_view(&one)));
        yh_buf_str(&ten, yh_buf_view(&one));
        if (++count % 10 == 0) {
            YH_TRY(write_seed(out, "framer", column[0], yh_buf_view(&ten)));
            yh_buf_clear(&ten);
        }
    }
    return YH_OK;
}

static yh_err stream_seed(const char *out, yh_str line)
{
    yh_json_auto *stream = NULL;
    yh_buf_auto bytes = yh_buf_make(TEXT_MAX);
    YH_TRY(yh_json_parse(line, &stream));
    size_t i;
    json_t *chunk;
    json_array_foreach(json_object_get(stream, "chunks"), i, chunk)
        if (!hj212_unescape(yh_str_of(json_string_value(chunk)), &bytes))
            return yh_fail(YH_E_INVALID, "a chunk is not escaped as it should be");
    return write_seed(out, "framer", yh_str_of(json_string_value(json_object_get(stream, "id"))), yh_buf_view(&bytes));
}

static yh_err streams(const char *vectors, const char *out)
{
    yh_buf_auto text = yh_buf_make(TEXT_MAX);
    YH_TRY(read_vectors(vectors, "streams.jsonl", &text));
    yh_str rest = yh_buf_view(&text), line;
    while (yh_str_split(&rest, '\n', &line))
        if (line.n)
            YH_TRY(stream_seed(out, line));
    return YH_OK;
}

/* Parts in order, backwards, repeated, and with a gap in time. */
static yh_err parts(const char *out)
{
    static const char order[] = "\x01\x03\x01\x00\x01\x03\x02\x00\x01\x03\x03\x00";
    static const char backwards[] = "\x41\x03\x03\x01\x02\x02\x01\x01\x41\x03\x02\x01\x41\x03\x02\x01\x41\x03\x01\xFF";
    YH_TRY(write_seed(out, "split", YH_S("order"), (yh_str){order, sizeof order - 1}));
    return write_seed(out, "split", YH_S("backwards"), (yh_str){backwards, sizeof backwards - 1});
}

static yh_err settings(const char *out)
{
    return write_seed(out, "config", YH_S("some"),
                      YH_S("# seconds\r\nidle = 20\nheld=8 # MiB\nweb = /srv/web\nhttp = [::1]:80\nmax-connections = 200000\n"
                           "connections-per-address = 0\nframes-per-station-burst = 1\ndrain = 300\npartial = 1\n"));
}

static yh_err all_seeds(const char *vectors, const char *out)
{
    YH_TRY(frames(vectors, out));
    YH_TRY(streams(vectors, out));
    YH_TRY(settings(out));
    return parts(out);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fuzz-seeds VECTORS-FOLDER OUT-FOLDER\n");
        return 2;
    }
    if (all_seeds(argv[1], argv[2]) != YH_OK) {
        fprintf(stderr, "fuzz-seeds: %s\n", yh_cause());
        return 1;
    }
    return 0;
}
