#include "chain/part.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "chain/log_file.h"

#define TITLE "yuheng part of an evidence log\n"
#define TEXT_MAX 65536u

static void put_number(yh_buf *out, const char *name, uint64_t value)
{
    yh_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_hash(yh_buf *out, const yh_sm3_hash *hash)
{
    yh_buf_hex(out, hash->b, YH_SM3_LEN);
    yh_buf_putc(out, '\n');
}

yh_err chain_part_write(const struct chain_part *part, yh_buf *out)
{
    yh_buf_puts(out, TITLE);
    put_number(out, "first", part->first);
    put_number(out, "end", part->end);
    put_number(out, "checkpoint", part->checkpoint);
    for (unsigned k = 0; k < 64; k++) {
        if (!(part->first >> k & 1))
            continue;
        yh_buf_printf(out, "peak %u ", k);
        put_hash(out, &part->before.peak[k]);
    }
    for (unsigned i = 0; i < part->path.n; i++) {
        yh_buf_puts(out, "path ");
        put_hash(out, &part->path.path[i]);
    }
    return yh_buf_check(out);
}

static bool take_number(yh_str *text, const char *name, uint64_t *ret)
{
    yh_str line, word;
    return yh_str_split(text, '\n', &line) && yh_str_split(&line, ' ', &word) && yh_str_is(word, name) &&
           yh_str_to_u64(line, ret);
}

static bool take_peak(yh_str line, struct chain_part *part)
{
    yh_str level;
    uint64_t k;
    return yh_str_split(&line, ' ', &level) && yh_str_to_u64(level, &k) && k < 64 &&
           yh_hex_decode(line, part->before.peak[k].b, YH_SM3_LEN);
}

static bool take_path(yh_str line, struct chain_part *part)
{
    return part->path.n < YH_LEN(part->path.path) &&
           yh_hex_decode(line, part->path.path[part->path.n++].b, YH_SM3_LEN);
}

static bool take_hashes(yh_str text, struct chain_part *part)
{
    yh_str line, word;
    while (yh_str_split(&text, '\n', &line)) {
        if (line.n == 0 && text.n == 0)
            break;
        if (!yh_str_split(&line, ' ', &word))
            return false;
        bool good = yh_str_is(word, "peak") ? take_peak(line, part) : yh_str_is(word, "path") && take_path(line, part);
        if (!good)
            return false;
    }
    return true;
}

/* Written again it has to be the same text: so every byte of the file means something. */
static bool is_canonical(const struct chain_part *part, yh_str text)
{
    yh_buf_auto again = yh_buf_make(TEXT_MAX);
    return chain_part_write(part, &again) == YH_OK && yh_str_eq(yh_buf_view(&again), text);
}

yh_err chain_part_parse(yh_str text, struct chain_part *ret)
{
    struct chain_part part = {0};
    yh_str rest = yh_str_sub(text, sizeof TITLE - 1, text.n);
    bool good = yh_str_starts(text, YH_S(TITLE)) && take_number(&rest, "first", &part.first) &&
                take_number(&rest, "end", &part.end) && take_number(&rest, "checkpoint", &part.checkpoint) &&
                take_hashes(rest, &part);
    part.before.size = part.first;
    if (!good || part.end <= part.first || !is_canonical(&part, text))
        return yh_fail(YH_E_CORRUPT, "file part: is not the description of a part");
    *ret = part;
    return YH_OK;
}

yh_err chain_part_read(const char *dir, struct chain_part *ret)
{
    char path[CHAIN_PATH];
    yh_buf_auto text = yh_buf_make(TEXT_MAX);
    YH_TRY(chain_path(dir, "part", path));
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return yh_fail(YH_E_NOT_FOUND, "%s holds no part of a log", dir);
    YH_TRY(yh_file_read(path, &text));
    return chain_part_parse(yh_buf_view(&text), ret);
}
