#include "monitor/station_json.h"

#include "hj212/dialect.h"
#include "hj212/dict.h"

bool station_exceeds(const struct live_station *s, yh_str factor, yh_dec value, char flag)
{
    const struct station_factor *f = s->info ? station_factor_find(s->info, factor) : NULL;
    bool usable = flag == 0 || flag == 'N';
    if (!f || !f->has_limit || !usable)
        return false;
    return yh_dec_cmp(value, f->limit) > 0 || (f->has_low && yh_dec_cmp(value, f->low) < 0);
}

bool station_exceeding(const struct live_station *s)
{
    for (size_t i = 0; i < s->latest_n; i++)
        if (s->latest[i].field == SERIES_F_RTD &&
            station_exceeds(s, yh_str_of(s->latest[i].factor), s->latest[i].value, s->latest[i].flag))
            return true;
    return false;
}

yh_str station_factor_name(const struct live_station *s, yh_str code)
{
    const struct station_factor *f = s->info ? station_factor_find(s->info, code) : NULL;
    if (f && f->name.n)
        return f->name;
    const struct hj212_factor *d = hj212_factor_find(code);
    return d ? yh_str_of(d->name) : code;
}

static yh_str factor_unit(const struct live_station *s, yh_str code)
{
    const struct station_factor *f = s->info ? station_factor_find(s->info, code) : NULL;
    if (f && f->unit.n)
        return f->unit;
    const struct hj212_factor *d = hj212_factor_find(code);
    return yh_str_of(d ? d->unit : "");
}

const char *station_flag_name(char flag)
{
    const struct hj212_data_flag *f = flag ? hj212_data_flag_find(flag) : NULL;
    return f ? f->name : NULL;
}

static void put_limit(struct yh_json *j, const struct station_factor *f)
{
    yh_json_key(j, "limit");
    if (f && f->has_limit)
        yh_json_dec(j, f->limit);
    else
        yh_json_null(j);
}

static void put_latest(struct yh_json *j, const struct live_station *s, const struct live_latest *l)
{
    yh_str code = yh_str_of(l->factor);
    yh_json_obj(j);
    yh_json_kstr(j, "factor", code);
    yh_json_kstr(j, "name", station_factor_name(s, code));
    yh_json_kz(j, "field", series_field_name(l->field));
    yh_json_kstr(j, "unit", factor_unit(s, code));
    yh_json_kdec(j, "value", l->value);
    yh_json_kstr(j, "flag", (yh_str){&l->flag, l->flag ? 1 : 0});
    yh_json_kz(j, "flag_name", station_flag_name(l->flag));
    yh_json_ktime(j, "time", l->time);
    put_limit(j, s->info ? station_factor_find(s->info, code) : NULL);
    yh_json_kbool(j, "exceeds", station_exceeds(s, code, l->value, l->flag));
    yh_json_ku64(j, "seq", l->seq);
    yh_json_obj_end(j);
}

static void put_place(struct yh_json *j, const struct station_info *i)
{
    yh_json_key(j, "enterprise");
    yh_json_obj(j);
    yh_json_ki64(j, "id", i->enterprise_id);
    yh_json_kstr(j, "name", i->enterprise_name);
    yh_json_obj_end(j);
    yh_json_key(j, "outlet");
    yh_json_obj(j);
    yh_json_ki64(j, "id", i->outlet_id);
    yh_json_kstr(j, "code", i->outlet_code);
    yh_json_kstr(j, "name", i->outlet_name);
    yh_json_kstr(j, "medium", i->medium);
    yh_json_obj_end(j);
    yh_json_key(j, "region");
    yh_json_obj(j);
    yh_json_kstr(j, "code", i->region_code);
    yh_json_kstr(j, "name", i->region_name);
    yh_json_obj_end(j);
}

void station_json_fields(struct yh_json *j, const struct live_station *s)
{
    yh_json_kz(j, "mn", s->mn);
    yh_json_kstr(j, "name", s->info->name);
    put_place(j, s->info);
    yh_json_kz(j, "state", live_state_word(s->state));
    yh_json_ktime(j, "state_since", s->state_since);
    yh_json_ktime(j, "last_received", s->last_received);
    yh_json_ktime(j, "last_data_time", s->last_data_time);
    yh_json_key(j, "clock_offset_s");
    if (s->has_offset)
        yh_json_i64(j, s->clock_offset_ms / 1000);
    else
        yh_json_null(j);
    yh_json_kz(j, "edition", s->edition == HJ212_ED_UNKNOWN ? "" : hj212_edition_name(s->edition));
    yh_json_kz(j, "dialect", s->dialect);
    yh_json_kz(j, "dialect_name", hj212_dialect_title(s->dialect));
    yh_json_kbool(j, "connected", s->connections > 0);
    yh_json_kz(j, "peer", s->peer[0] ? s->peer : NULL);
    yh_json_key(j, "latest");
    yh_json_arr(j);
    for (size_t i = 0; i < s->latest_n; i++)
        if (s->latest[i].field == SERIES_F_RTD && s->latest[i].time != YH_TIME_NONE)
            put_latest(j, s, &s->latest[i]);
    yh_json_arr_end(j);
}

static int factor_decimals(const struct live_station *s, yh_str code)
{
    const struct station_factor *f = s->info ? station_factor_find(s->info, code) : NULL;
    if (f && f->decimals >= 0)
        return f->decimals;
    const struct hj212_factor *d = hj212_factor_find(code);
    return d ? d->decimals : -1;
}

static void put_kinds(struct yh_json *j, const struct live_factor *f)
{
    yh_json_key(j, "kinds");
    yh_json_arr(j);
    for (unsigned k = 0; f && k < SERIES_KIND_COUNT; k++)
        if (f->kinds >> k & 1)
            yh_json_z(j, series_kind_name((series_kind)k));
    yh_json_arr_end(j);
}

void station_json_factor(struct yh_json *j, const struct live_station *s, yh_str code)
{
    const struct station_factor *f = s->info ? station_factor_find(s->info, code) : NULL;
    yh_json_obj(j);
    yh_json_kstr(j, "code", code);
    yh_json_kstr(j, "name", station_factor_name(s, code));
    yh_json_kstr(j, "unit", factor_unit(s, code));
    yh_json_ki64(j, "decimals", factor_decimals(s, code));
    put_limit(j, f);
    yh_json_key(j, "limit_low");
    if (f && f->has_low)
        yh_json_dec(j, f->low);
    else
        yh_json_null(j);
    yh_json_kz(j, "limit_basis", f && f->has_limit ? f->basis.p : NULL);
    put_kinds(j, live_factor_find(s, code));
    yh_json_obj_end(j);
}

void station_json_profile(struct yh_json *j, const struct live_station *s)
{
    const struct station_info *i = s->info;
    yh_json_obj(j);
    yh_json_kstr(j, "edition", i->edition);
    yh_json_kbool(j, "password_set", s->profile.password[0] != '\0');
    yh_json_kbool(j, "accept_bad_crc", s->profile.accept_bad_crc);
    yh_json_kstr(j, "clock_policy", i->clock_policy);
    yh_json_kstr(j, "dialect", i->dialect);
    yh_json_kstr(j, "answer_policy", i->answer_policy);
    yh_json_kz(j, "period_stamp", i->end_stamped ? "end" : "start");
    yh_json_kbool(j, "sm4_key_set", s->profile.key.set);
    yh_json_ki64(j, "time_offset_minutes", YH_CST + s->profile.ahead_minutes);
    yh_json_obj_end(j);
}

void station_each_factor(const struct live_station *s, void (*each)(void *user, yh_str code), void *user)
{
    for (size_t i = 0; i < s->info->factor_count; i++)
        each(user, s->info->factors[i].code);
    for (size_t i = 0; i < s->factor_n; i++) {
        yh_str code = yh_str_of(s->factors[i].code);
        if (!station_factor_find(s->info, code))
            each(user, code);
    }
}
