#include "hj212/items.h"
#include "hj212/sm4.h"
#include "hj212/framer.h"
#include "hj212/wire.h"

static const char *const header_names[HJ212_HEADER_COUNT] = {
    [HJ212_QN] = "QN", [HJ212_ST] = "ST", [HJ212_CN] = "CN", [HJ212_PW] = "PW", [HJ212_MN] = "MN",
    [HJ212_FLAG] = "Flag", [HJ212_PNUM] = "PNUM", [HJ212_PNO] = "PNO", [HJ212_RF] = "RF",
};
static const uint8_t header_name_lengths[HJ212_HEADER_COUNT] = {2, 2, 2, 2, 2, 4, 4, 3, 2};

const char *hj212_header_name(hj212_header_key k)
{
    return k < HJ212_HEADER_COUNT ? header_names[k] : "";
}

/* HJ212_HEADER_COUNT when unknown. */
static unsigned find_header(yh_str key)
{
    for (unsigned k = 0; k < HJ212_HEADER_COUNT; k++)
        if (key.n == header_name_lengths[k] && memcmp(key.p, header_names[k], key.n) == 0)
            return k;
    return HJ212_HEADER_COUNT;
}

static unsigned find_header_nocase(yh_str key)
{
    for (unsigned k = 0; k < HJ212_HEADER_COUNT; k++)
        if (yh_str_eq_nocase(key, yh_str_of(header_names[k])))
            return k;
    return HJ212_HEADER_COUNT;
}

/* A header field as found; value.p == NULL when it had no '='. */
struct field {
    yh_str key, value;
};

static bool looks_like_field(yh_str s)
{
    size_t n = 0;
    while (n < s.n && ((s.p[n] >= 'A' && s.p[n] <= 'Z') || (s.p[n] >= 'a' && s.p[n] <= 'z')))
        n++;
    return n > 0 && n < s.n && s.p[n] == '=';
}

/* Cuts the next field off the header. ',' separates only where another field follows it. */
static bool next_field(yh_str *rest, struct field *ret, bool *ret_comma)
{
    *ret_comma = false;
    size_t i = 0, equals = SIZE_MAX;
    if (rest->n == 0)
        return false;
    for (; i < rest->n && rest->p[i] != ';'; i++) {
        if (rest->p[i] == '=' && equals == SIZE_MAX)
            equals = i;
        if (rest->p[i] == ',' && looks_like_field(yh_str_sub(*rest, i + 1, rest->n))) {
            *ret_comma = true;
            break;
        }
    }
    bool has_value = equals < i;
    ret->key = (yh_str){rest->p, has_value ? equals : i};
    ret->value = has_value ? (yh_str){rest->p + equals + 1, i - equals - 1} : (yh_str){NULL, 0};
    size_t used = i < rest->n ? i + 1 : i;
    *rest = (yh_str){rest->p + used, rest->n - used};
    return true;
}

static void take_unknown(struct hj212_frame *f, const struct field *field)
{
    unsigned k = find_header_nocase(yh_str_trim(field->key));
    if (k < HJ212_HEADER_COUNT) {
        hj212_warn(f, HJ212_W_HEADER_KEY_CASE);
        if (!f->header[k].p)
            f->header[k] = field->value;
    } else if (f->extra_count == HJ212_EXTRA_MAX) {
        hj212_warn(f, HJ212_W_HEADER_TOO_MANY);
    } else {
        f->extra[f->extra_count++] = (struct hj212_extra){field->key, field->value};
    }
}

static void take_field(struct hj212_frame *f, const struct field *field)
{
    if (!field->value.p) {
        if (field->key.n)
            hj212_warn(f, HJ212_W_HEADER_ITEM_WITHOUT_VALUE);
        return;
    }
    unsigned k = find_header(field->key);
    if (k == HJ212_HEADER_COUNT) {
        take_unknown(f, field);
        return;
    }
    if (f->header[k].p)
        hj212_warn(f, HJ212_W_HEADER_DUPLICATE_KEY);
    f->header[k] = field->value;
}

static void parse_header(struct hj212_frame *f, yh_str header)
{
    bool comma;
    struct field field;
    if (header.n && header.p[header.n - 1] != ';')
        hj212_warn(f, HJ212_W_HEADER_SEPARATOR);
    while (next_field(&header, &field, &comma)) {
        if (comma)
            hj212_warn(f, HJ212_W_HEADER_SEPARATOR);
        take_field(f, &field);
    }
    if (!f->header[HJ212_CN].p)
        hj212_warn(f, HJ212_W_HEADER_MISSING_CN);
    if (!f->header[HJ212_ST].p)
        hj212_warn(f, HJ212_W_HEADER_MISSING_ST);
}

static bool flag_value(yh_str text, unsigned *ret)
{
    uint64_t v;
    if (!text.p || !yh_str_to_u64(yh_str_trim(text), &v) || v > UINT32_MAX)
        return false;
    *ret = (unsigned)v;
    return true;
}

/* The edition is a property of the frame: bits 2 and up of Flag; without Flag it is 2005. */
static hj212_edition edition_of(bool has_flag, unsigned flag)
{
    static const hj212_edition editions[] = {HJ212_ED_2005, HJ212_ED_2017, HJ212_ED_2025};
    unsigned version = has_flag ? flag >> 2 : 0;
    return version < YH_LEN(editions) ? editions[version] : HJ212_ED_UNKNOWN;
}

static void parse_flag(struct hj212_frame *f)
{
    f->has_flag = flag_value(f->header[HJ212_FLAG], &f->flag);
    if (f->header[HJ212_FLAG].p && !f->has_flag)
        hj212_warn(f, HJ212_W_FLAG_UNREADABLE);
    f->edition = edition_of(f->has_flag, f->flag);
    f->wants_ack = f->has_flag && f->flag & 1;
    f->split = f->has_flag && f->flag & 2;
    bool numbered = f->header[HJ212_PNUM].p && f->header[HJ212_PNO].p;
    if (f->has_flag && f->split != numbered)
        hj212_warn(f, HJ212_W_FLAG_SPLIT_MISMATCH);
}

/* Cuts the segment into header and CP area. */
static void parse_segment(struct hj212_frame *f)
{
    yh_str header = f->segment;
    bool closed = false;
    if (hj212_wire_cp(f->segment, &f->cp, &closed)) {
        header.n = (size_t)(f->cp.p - f->segment.p) - 5;
        if (!closed || f->cp.p + f->cp.n + 2 != f->segment.p + f->segment.n)
            hj212_warn(f, HJ212_W_CP_NOT_CLOSED);
    } else {
        hj212_warn(f, HJ212_W_CP_MISSING);
        if (yh_str_ends(header, YH_S("&&")))
            header.n -= 2;
    }
    parse_header(f, header);
    parse_flag(f);
}

/* Plain text begins with a printable block; anything else means the wrong key. */
static bool plausible(yh_str plain)
{
    for (size_t i = 0; i < plain.n && i < 16; i++)
        if ((unsigned char)plain.p[i] < 0x20 || (unsigned char)plain.p[i] > 0x7E)
            return false;
    return true;
}

/* Puts the plain segment into `scratch`: the CRC is taken over that one. */
static yh_err decipher(struct hj212_frame *f, const struct hj212_key *key, yh_buf *scratch)
{
    size_t before = (size_t)(f->cp.p - f->segment.p);
    yh_buf_auto raw = yh_buf_make(HJ212_SEGMENT_MAX);
    yh_str cipher = f->cp;
    if (f->hexlist) {
        YH_TRY(hj212_hexlist_read(f->cp, &raw));
        cipher = yh_buf_view(&raw);
    }
    yh_buf_add(scratch, f->segment.p, before);
    YH_TRY(hj212_sm4_decipher(key, cipher, scratch));
    yh_buf_puts(scratch, "&&");
    YH_TRY(yh_buf_check(scratch));
    yh_str plain = yh_buf_view(scratch), cp = {plain.p + before, cipher.n};
    if (!plausible(cp))
        return yh_fail(YH_E_INVALID, "the key does not open the CP area");
    f->cp = cp;
    f->plain_len = plain.n;
    f->crc_calc = hj212_crc(plain.p, plain.n);
    return YH_OK;
}

/* Bytes the hexlist notation stands for, so that the length can be judged without the key. */
static size_t hexlist_plain_len(yh_str segment, yh_str cp, yh_buf *scratch)
{
    yh_buf_auto raw = yh_buf_make(HJ212_SEGMENT_MAX);
    bool readable = hj212_hexlist_read(cp, &raw) == YH_OK;
    yh_buf_depends(scratch, &raw);
    return readable ? segment.n - cp.n + raw.n : segment.n;
}

/*
 * The CRC belongs to the plain text, but one enciphered frame in 256 has a cipher text that fits it as well: the look of
 * the area decides, and a fitting CRC only when the key does not open it.
 */
static void open_cipher(struct hj212_frame *f, const struct hj212_key *key, yh_buf *scratch, bool crc_fits)
{
    bool have_key = key && key->set;
    if (!f->cp.n || !(f->edition == HJ212_ED_2025 || have_key))
        return;
    f->hexlist = hj212_wire_is_hexlist(f->cp);
    if (!f->hexlist && !hj212_wire_is_cipher(f->cp))
        return;
    if (f->hexlist)
        f->plain_len = hexlist_plain_len(f->segment, f->cp, scratch);
    yh_err opened = have_key ? decipher(f, key, scratch) : YH_E_NOT_FOUND;
    if (opened == YH_E_NO_MEMORY)
        scratch->failed = scratch->no_memory = true;
    f->decrypted = opened == YH_OK;
    if (have_key && !f->decrypted && !f->hexlist && crc_fits)
        return;
    f->encrypted = true;
    f->key_rejected = have_key && !f->decrypted;
}

static bool has_header(const struct hj212_frame *f)
{
    for (unsigned k = 0; k < HJ212_HEADER_COUNT; k++)
        if (f->header[k].p)
            return true;
    return f->extra_count > 0;
}

static hj212_status judge(const struct hj212_frame *f, bool closed)
{
    if (f->encrypted && !f->decrypted)
        return HJ212_ENCRYPTED;
    if (!f->crc_readable)
        return closed ? HJ212_CRC_ERROR : HJ212_MALFORMED;
    if (f->crc_given != f->crc_calc)
        return HJ212_CRC_ERROR;
    if (!has_header(f))
        return HJ212_MALFORMED;
    return f->declared_len == f->plain_len ? HJ212_OK : HJ212_LENGTH_ERROR;
}

static bool has_lower_case(yh_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'a' && s.p[i] <= 'f')
            return true;
    return false;
}

static void warn_about_layout(struct hj212_frame *f, const struct hj212_layout *l)
{
    if (l->six_digits)
        hj212_warn(f, HJ212_W_LENGTH_SIX_DIGITS);
    if (f->plain_len > HJ212_SEGMENT_NORMAL)
        hj212_warn(f, HJ212_W_SEGMENT_OVER_1024);
    if (l->crc_readable && has_lower_case(l->crc_text))
        hj212_warn(f, HJ212_W_CRC_LOWER_CASE);
    if (f->status != HJ212_CRC_ERROR || !f->crc_readable)
        return;
    uint16_t modbus = hj212_crc_modbus(f->segment.p, f->segment.n);
    if (f->crc_given == modbus)
        hj212_warn(f, HJ212_W_CRC_IS_MODBUS);
    else if (f->crc_given == (uint16_t)(modbus << 8 | modbus >> 8))
        hj212_warn(f, HJ212_W_CRC_IS_MODBUS_SWAPPED);
}

/* Everything but the arrays: those are large and only their used part is ever read. */
static void clear(struct hj212_frame *f)
{
    memset(f, 0, offsetof(struct hj212_frame, extra));
    memset(&f->extra_count, 0, offsetof(struct hj212_frame, items) - offsetof(struct hj212_frame, extra_count));
}

void hj212_parse(yh_str raw, const struct hj212_key *key, yh_buf *scratch, struct hj212_frame *ret)
{
    struct hj212_frame *f = ret;
    struct hj212_layout l;
    clear(f);
    yh_buf_clear(scratch);
    f->cp = (yh_str){"", 0};
    f->crc_text = f->cp;
    f->status = HJ212_MALFORMED;
    f->segment = raw;
    if (hj212_wire_start(raw) < HJ212_HEAD)
        return;
    if (!hj212_wire_by_length(raw, &l))
        hj212_wire_by_end(raw, &l);
    f->segment = l.segment;
    f->declared_len = l.declared;
    f->actual_len = f->plain_len = l.segment.n;
    f->crc_text = l.crc_text;
    f->crc_readable = l.crc_readable;
    f->crc_given = l.crc_given;
    f->crc_calc = l.crc_calc;
    parse_segment(f);
    open_cipher(f, key, scratch, l.crc_readable && l.crc_calc == l.crc_given);
    f->status = judge(f, l.closed);
    warn_about_layout(f, &l);
    if (!f->encrypted || f->decrypted)
        hj212_split_items(f);
}

void hj212_peek(yh_str segment, struct hj212_brief *ret)
{
    struct hj212_frame f;
    clear(&f);
    f.segment = segment;
    parse_segment(&f);
    *ret = (struct hj212_brief){
        .mn = f.header[HJ212_MN],
        .cn = f.header[HJ212_CN],
        .pw = f.header[HJ212_PW],
        .qn = f.header[HJ212_QN],
        .st = f.header[HJ212_ST],
        .pnum = f.header[HJ212_PNUM],
        .pno = f.header[HJ212_PNO],
        .has_flag = f.has_flag,
        .wants_ack = f.wants_ack,
        .edition = f.edition,
    };
}
