#include "db/db_pg_text.h"

/* Length of what begins here and ends with `close`; a doubled quote is inside of it. */
static size_t quoted(const char *p, char quote)
{
    size_t n = 1;
    for (; p[n]; n++) {
        if (p[n] != quote)
            continue;
        if (p[n + 1] != quote)
            return n + 1;
        n++;
    }
    return n;
}

static size_t until(const char *p, const char *end)
{
    const char *found = strstr(p, end);
    return found ? (size_t)(found - p) + strlen(end) : strlen(p);
}

/* Length of a literal, a quoted name or a comment at p; 0: neither. */
static size_t opaque(const char *p)
{
    if (*p == '\'' || *p == '"')
        return quoted(p, *p);
    if (p[0] == '-' && p[1] == '-')
        return until(p, "\n");
    if (p[0] == '/' && p[1] == '*')
        return 2 + until(p + 2, "*/");
    return 0;
}

yh_err db_pg_text(const char *sql, yh_buf *out, unsigned *ret_params)
{
    unsigned params = 0;
    while (*sql) {
        size_t n = opaque(sql);
        if (n)
            yh_buf_add(out, sql, n);
        else if (*sql == '?')
            yh_buf_printf(out, "$%u", ++params);
        else
            yh_buf_putc(out, *sql);
        sql += n ? n : 1;
    }
    *ret_params = params;
    return yh_buf_check(out);
}

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static yh_str word_at(const char *p)
{
    size_t n = 0;
    while (in_word(p[n]))
        n++;
    return (yh_str){p, n};
}

static const struct {
    const char *word, *type;
} types[] = {
    {"BLOB", "BYTEA"},
    {"INTEGER", "BIGINT"},
    {"TEXT", "TEXT COLLATE \"C\""},
};

static yh_str type_of(yh_str word)
{
    for (size_t i = 0; i < YH_LEN(types); i++)
        if (yh_str_is(word, types[i].word))
            return yh_str_of(types[i].type);
    return word;
}

yh_err db_pg_types(const char *sql, yh_buf *out)
{
    bool after_as = false;
    while (*sql) {
        size_t n = opaque(sql);
        yh_str word = n ? (yh_str){0} : word_at(sql);
        if (n)
            yh_buf_add(out, sql, n);
        else if (word.n)
            yh_buf_str(out, after_as && yh_str_is(word, "TEXT") ? word : type_of(word));
        else
            yh_buf_putc(out, *sql);
        if (word.n)
            after_as = yh_str_is(word, "AS");
        sql += n ? n : word.n ? word.n : 1;
    }
    return yh_buf_check(out);
}

bool db_pg_only_reads(const char *sql)
{
    while (*sql && (opaque(sql) || !in_word(*sql)))
        sql += opaque(sql) ? opaque(sql) : 1;
    return yh_str_eq_nocase(word_at(sql), YH_S("SELECT"));
}
