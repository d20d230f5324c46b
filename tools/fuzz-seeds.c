/* Turns the test vectors into seeds for the fuzz targets: fuzz-seeds VECTORS-FOLDER OUT-FOLDER */
#include "base/file.h"
#include "base/json.h"
#include "hj212/text.h"
#include "series/columns.h"

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

/* ---- requests ---- */

struct text_seed {
    const char *name;
    yh_str bytes;
};

/* A path, a zero byte, a query string: as the pages and the interface's description have them, well and badly formed. */
static const struct text_seed queries[] = {
    {"list", YH_S("/api/v1/stations\0q=%E9%87%8D%E5%BA%86&state=online&limit=50")},
    {"series", YH_S("/api/v1/stations/A11000000000001/series\0from=2026-01-01T00:00:00%2B08:00&to=2026-01-02T00:00:00Z&limit=500")},
    {"number", YH_S("/api/v1/frames/123456789\0exceeding=true&least=-0.50")},
    {"cursor", YH_S("/a/b/c/d/e/f\0mn=ABCD0123&mn=twice&unknown=1&=&&limit=0500")},
    {"escapes", YH_S("/%2e%2e/%2F/%00\0q=%ff%fe&from=2026-02-30&least=1e5&limit=-1")},
    {"plus", YH_S("/stations/a+b%20c\0q=a+b%26c%3Dd;e")},
};

static const struct text_seed bodies[] = {
    {"least", YH_S("{\"name\":\"a\"}")},
    {"all", YH_S("{\"name\":\"\u91cd\\u5e86\",\"kind\":\"rtd\",\"code\":\"abc12\",\"count\":-10,\"limit\":\"9.99\",\"at\":"
                 "\"2026-01-01T00:00:00+08:00\",\"on\":true,\"rate\":0.5,\"tags\":[\"x\",\"y\"],\"any\":{\"z\":[null,1]}}")},
    {"nested", YH_S("{\"name\":\"a\",\"above\":{\"name\":\"b\",\"above\":null},\"below\":[{\"name\":\"c\"},{\"name\":\"d\",\"limit\":null}]}")},
    {"wrong", YH_S("{\"name\":\"\",\"kind\":\"never\",\"count\":1e3,\"limit\":10.01,\"tags\":[1],\"below\":[],\"extra\":0}")},
    {"surrogates", YH_S("{\"name\":\"\\ud83d\\ude00\\ud800\",\"at\":\"0001-01-01T00:00:00Z\"}")},
    {"numbers", YH_S("{\"name\":\"n\",\"count\":9223372036854775807,\"rate\":-1.7976931348623157e308,\"limit\":\"-0\"}")},
};

static yh_err texts(const char *out, const char *target, const struct text_seed *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        YH_TRY(write_seed(out, target, yh_str_of(rows[i].name), rows[i].bytes));
    return YH_OK;
}

/* ---- blocks ---- */

/* How the values of a block go: each gives the encoder another reason to choose. */
struct block_seed {
    const char *name;
    size_t rows;
    uint32_t columns;
    int64_t start, step;  /* of the mantissas */
    uint32_t noise;       /* added, below this */
    unsigned gap_every;   /* a value is missing */
    bool mixed;           /* scales and flags change */
};

static const struct block_seed blocks[] = {
    {"one", 1, 1, 5, 0, 0, 0, false},           {"constant", 600, 3, 700, 0, 0, 0, false},
    {"ramp", 200, 2, -100, 7, 0, 0, false},     {"noisy", 300, 4, 4000, 0, 900, 0, false},
    {"gaps", 100, 5, 10, 1, 20, 3, false},      {"mixed", 64, 3, 1, 3, 1000, 5, true},
    {"extremes", 8, 2, INT64_MAX / 2, INT64_MIN / 16, 0, 0, true},
};

static yh_err add_row(const struct block_seed *b, size_t i, uint32_t *random, struct series_rows *rows)
{
    struct series_cell_at cells[8];
    struct series_row row = {.time = 1709222400000 + (yh_time)i * 60000, .seq = 1000 + 3 * i};
    row.received = row.time + 1500 + (yh_time)(i % 7) * 10;
    for (uint32_t c = 0; c < b->columns; c++) {
        *random = *random * 1664525u + 1013904223u;
        if (b->gap_every && *random % b->gap_every == 0)
            continue;
        int64_t noise = b->noise ? (int64_t)(*random % b->noise) : 0;
        cells[row.cell_n++] = (struct series_cell_at){
            .m = (int64_t)((uint64_t)b->start + (uint64_t)b->step * i) + noise, .column = c,
            .scale = (uint8_t)(b->mixed ? i % 4 : 2), .flag = b->mixed && i % 3 == 0 ? 'D' : 'N'};
    }
    return row.cell_n ? series_rows_append(rows, &row, cells) : YH_OK;
}

static yh_err block(struct series_codec *codec, const char *out, const struct block_seed *b)
{
    static const char *const factors[] = {"w01018", "w21003", "a34013", "011", "B01"};
    struct series_columns names = {0};
    struct series_rows rows = {0};
    yh_buf_auto blob = yh_buf_make(TEXT_MAX);
    uint32_t number, random = 1;
    yh_err e = YH_OK;
    for (uint32_t c = 0; e == YH_OK && c < b->columns; c++)
        e = series_columns_add(&names, yh_str_of(factors[c]), SERIES_F_RTD, &number);
    for (size_t i = 0; e == YH_OK && i < b->rows; i++)
        e = add_row(b, i, &random, &rows);
    series_rows_sort(&rows);
    if (e == YH_OK)
        e = series_block_encode(codec, &rows, names.names, names.n, &blob);
    if (e == YH_OK)
        e = write_seed(out, "block", yh_str_of(b->name), yh_buf_view(&blob));
    series_rows_done(&rows);
    series_columns_done(&names);
    return e;
}

static yh_err all_blocks(const char *out)
{
    struct series_codec *codec;
    YH_TRY(series_codec_new(&codec));
    yh_err e = YH_OK;
    for (size_t i = 0; e == YH_OK && i < YH_LEN(blocks); i++)
        e = block(codec, out, &blocks[i]);
    series_codec_free(codec);
    return e;
}

static yh_err all_seeds(const char *vectors, const char *out)
{
    YH_TRY(frames(vectors, out));
    YH_TRY(streams(vectors, out));
    YH_TRY(settings(out));
    YH_TRY(parts(out));
    YH_TRY(texts(out, "query", queries, YH_LEN(queries)));
    YH_TRY(texts(out, "json_body", bodies, YH_LEN(bodies)));
    return all_blocks(out);
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
