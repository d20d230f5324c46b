#include "monitor/ingest.h"

#define FUTURE_LIMIT YH_HOUR

struct ingest {
    struct hj212_frame frame;
    struct series_cell cells[HJ212_ITEMS_MAX];
    yh_buf scratch;
};

static const struct {
    const char *word, *text;
} issues[INGEST_ISSUE_COUNT] = {
    [INGEST_FINE] = {"fine", "正常"},
    [INGEST_NO_VALUES] = {"no_values", "该命令不含监测数据"},
    [INGEST_BAD_CRC] = {"bad_crc", "校验码错误,原文已存证,未采用"},
    [INGEST_JUNK] = {"junk", "不成帧的字节,原文已存证"},
    [INGEST_MALFORMED] = {"malformed", "报文结构不完整(缺 MN 或 CN)"},
    [INGEST_UNKNOWN] = {"unknown_station", "站点尚未接入,接入后自动补算"},
    [INGEST_PASSWORD] = {"password", "访问密码(PW)与档案不符"},
    [INGEST_ENCRYPTED] = {"encrypted", "数据区已加密(SM4),没有可用密钥"},
    [INGEST_NO_TIME] = {"no_time", "数据时间(DataTime)缺失或不可读"},
    [INGEST_SPLIT] = {"split_incomplete", "拆分上报的包没有收全,已收到的部分照常存储"},
    [INGEST_FUTURE] = {"future", "数据时间超前一小时以上,已存储并提示核对时钟"},
    [INGEST_BEYOND] = {"beyond", "数据时间或因子数超出可存储的范围,原文已存证,未采用"},
};

const char *ingest_issue_word(ingest_issue i)
{
    return issues[i].word;
}

const char *ingest_issue_text(ingest_issue i)
{
    return issues[i].text;
}

static const struct {
    const char *cn;
    series_kind kind;
} value_commands[] = {
    {"2011", SERIES_RTD},
    {"2051", SERIES_MINUTE},
    {"2061", SERIES_HOUR},
    {"2031", SERIES_DAY},
};

static bool kind_of(yh_str cn, series_kind *ret)
{
    for (size_t i = 0; i < YH_LEN(value_commands); i++) {
        if (yh_str_is(cn, value_commands[i].cn)) {
            *ret = value_commands[i].kind;
            return true;
        }
    }
    return false;
}

yh_err ingest_new(struct ingest **ret)
{
    struct ingest *in = malloc(sizeof *in);
    if (!in)
        return yh_fail(YH_E_NO_MEMORY, "no memory to decode frames");
    in->scratch = yh_buf_make(HJ212_EXTRA_MAX * 1024);
    *ret = in;
    return YH_OK;
}

void ingest_free(struct ingest *in)
{
    if (!in)
        return;
    yh_buf_done(&in->scratch);
    free(in);
}

static bool field_of(yh_str name, series_field *ret)
{
    for (unsigned f = 0; f < SERIES_F_OTHER; f++) {
        if (yh_str_eq_nocase(name, yh_str_of(series_field_name((series_field)f)))) {
            *ret = (series_field)f;
            return true;
        }
    }
    return false;
}

/* A key that stands twice in a frame: the later value counts, as in the standard's own examples. */
static struct series_cell *place_of(struct series_cell *cells, size_t *n, yh_str factor, series_field field)
{
    for (size_t i = 0; i < *n; i++)
        if (cells[i].field == field && yh_str_eq(cells[i].factor, factor))
            return &cells[i];
    return &cells[(*n)++];
}

static size_t collect(struct ingest *in)
{
    size_t n = 0;
    unsigned at = 0;
    struct hj212_measure m;
    while (n < HJ212_ITEMS_MAX && hj212_next_measure(&in->frame, &at, &m)) {
        series_field field;
        if (m.factor.n == 0 || m.factor.n > SERIES_FACTOR_MAX || !field_of(m.field, &field))
            continue;
        *place_of(in->cells, &n, m.factor, field) = (struct series_cell){m.factor, field, m.value, m.flag};
    }
    return n;
}

/* Faults that keep a frame's values out of the series. */
static ingest_issue refusal(const struct ingest *in, const struct chain_record *r, const struct ingest_profile *profile)
{
    const struct hj212_frame *f = &in->frame;
    bool crc_wrong = r->kind == CHAIN_BAD || f->status == HJ212_CRC_ERROR;
    if (crc_wrong && !profile->accept_bad_crc)
        return INGEST_BAD_CRC;
    if (f->header[HJ212_MN].n == 0 || f->header[HJ212_CN].n == 0 || f->status == HJ212_MALFORMED)
        return INGEST_MALFORMED;
    if (!profile->known)
        return INGEST_UNKNOWN;
    if (profile->password[0] && !yh_secret_eq(yh_str_of(profile->password), f->header[HJ212_PW]))
        return INGEST_PASSWORD;
    if (f->encrypted && !f->decrypted)
        return INGEST_ENCRYPTED;
    return INGEST_FINE;
}

static yh_err store(struct ingest *in, const struct chain_record *r, struct series *s, struct ingest_result *out)
{
    out->cell_count = collect(in);
    out->cells = in->cells;
    if (out->cell_count == 0) {
        out->issue = INGEST_NO_VALUES;
        return YH_OK;
    }
    if (out->data_time > r->received + FUTURE_LIMIT)
        out->issue = INGEST_FUTURE;
    if (!s)
        return YH_OK;
    struct series_record record = {
        .mn = in->frame.header[HJ212_MN],
        .kind = out->kind,
        .time = out->data_time,
        .seq = r->seq,
        .received = r->received,
        .cells = in->cells,
        .cell_count = out->cell_count,
    };
    yh_err e = series_put(s, &record, &out->effect);
    if (e != YH_E_INVALID && e != YH_E_TOO_LARGE)
        return e;
    out->issue = INGEST_BEYOND;
    out->cell_count = 0;
    return YH_OK;
}

yh_err ingest_record(struct ingest *in, const struct chain_record *r, const struct ingest_profile *profile,
                     struct series *s, struct ingest_result *ret)
{
    *ret = (struct ingest_result){.issue = INGEST_NO_VALUES};
    if (r->kind != CHAIN_FRAME && r->kind != CHAIN_BAD) {
        if (r->kind == CHAIN_JUNK)
            ret->issue = INGEST_JUNK;
        return YH_OK;
    }
    hj212_parse(r->payload, &profile->key, &in->scratch, &in->frame);
    YH_TRY(yh_buf_memory(&in->scratch));
    ret->frame = &in->frame;
    ret->has_kind = kind_of(in->frame.header[HJ212_CN], &ret->kind);
    ret->has_time = hj212_time_parse(hj212_field(&in->frame, "DataTime"), YH_CST + profile->ahead_minutes, &ret->data_time);
    ret->issue = refusal(in, r, profile);
    if (ret->issue != INGEST_FINE)
        return YH_OK;
    if (!ret->has_kind) {
        ret->issue = INGEST_NO_VALUES;
        return YH_OK;
    }
    if (in->frame.header[HJ212_MN].n > SERIES_MN_MAX) {
        ret->issue = INGEST_MALFORMED;
        return YH_OK;
    }
    if (!ret->has_time) {
        ret->issue = INGEST_NO_TIME;
        return YH_OK;
    }
    return store(in, r, s, ret);
}
