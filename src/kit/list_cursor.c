/*
 * A cursor is the hex of: seal (16 bytes), the last row's key, a zero byte, its value in the order. The seal is made over these
 * and over the question with a secret of this process: after a restart a page is asked for anew from the beginning.
 */
#include "base/clock.h"
#include "base/sm3.h"
#include "kit/list_internal.h"

#define SEAL 16u

static pthread_once_t secret_once = PTHREAD_ONCE_INIT;
static uint8_t secret[32];

static void make_secret(void)
{
    yh_random(secret, sizeof secret);
}

static void put_piece(yh_buf *out, yh_str s)
{
    yh_buf_u64(out, s.n);
    yh_buf_putc(out, ':');
    yh_buf_str(out, s);
}

static yh_err seal(const struct list *l, const struct list_asked *a, yh_str payload, uint8_t ret[SEAL])
{
    yh_buf_auto whole = yh_buf_make(65536);
    yh_sm3_hash h;
    pthread_once(&secret_once, make_secret);
    yh_buf_add(&whole, secret, sizeof secret);
    put_piece(&whole, yh_str_of(l->name));
    yh_buf_u64(&whole, a->order << 1 | a->descending);
    yh_buf_putc(&whole, ' ');
    yh_buf_u64(&whole, a->filters);
    for (size_t i = 0; i < l->memo->plan->condition_n; i++)
        if (a->filters >> i & 1)
            put_piece(&whole, a->values[i]);
    put_piece(&whole, payload);
    yh_buf_add(&whole, secret, sizeof secret);
    YH_TRY(yh_buf_check(&whole));
    YH_TRY(yh_sm3_of(yh_buf_view(&whole), &h));
    memcpy(ret, h.b, SEAL);
    return YH_OK;
}

yh_err list_cursor_make(const struct list *l, const struct list_asked *asked, yh_str value, yh_str key,
                        struct yh_arena *arena, yh_str *ret)
{
    yh_buf_auto payload = yh_buf_make(8192), hex = yh_buf_make(16384);
    uint8_t mark[SEAL];
    yh_buf_str(&payload, key);
    yh_buf_putc(&payload, '\0');
    yh_buf_str(&payload, value);
    YH_TRY(yh_buf_check(&payload));
    YH_TRY(seal(l, asked, yh_buf_view(&payload), mark));
    yh_buf_hex(&hex, mark, SEAL);
    yh_buf_hex(&hex, payload.p, payload.n);
    YH_TRY(yh_buf_check(&hex));
    *ret = yh_arena_str(arena, yh_buf_view(&hex));
    return ret->p ? YH_OK : yh_fail(YH_E_NO_MEMORY, "no memory for a cursor");
}

static yh_err forged(void)
{
    return yh_fail(YH_E_INVALID, "翻页位置已失效,请回到第一页重新查询");
}

yh_err list_cursor_read(const struct list *l, yh_str cursor, struct list_asked *asked)
{
    static _Thread_local char bytes[8192]; /* until the page is read, on this thread */
    uint8_t mark[SEAL];
    size_t n = cursor.n / 2;
    if (cursor.n % 2 || n < SEAL + 1 || n > sizeof bytes || !yh_hex_decode(cursor, bytes, n))
        return forged();
    yh_str payload = {bytes + SEAL, n - SEAL};
    YH_TRY(seal(l, asked, payload, mark));
    if (!yh_secret_eq((yh_str){(const char *)mark, SEAL}, (yh_str){bytes, SEAL}))
        return forged();
    size_t zero = yh_str_find(payload, '\0', 0);
    asked->after_key = yh_str_sub(payload, 0, zero);
    asked->after_value = yh_str_sub(payload, zero + 1, payload.n);
    asked->after = true;
    return YH_OK;
}
