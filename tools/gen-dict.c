/*
 * Turns data/dictionaries/hj212/<name>.csv into C arrays: gen-dict OUT.c pollutants.csv commands.csv system_types.csv
 * flags.csv dialects.csv. Runs while the program is built; needs nothing but the C library.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hj212/code_hash.h"

#define ROWS_MAX 2000
#define COLUMNS_MAX 16
#define FILE_MAX ((size_t)1 << 20)

struct table {
    const char *path;
    char text[FILE_MAX];
    char *cell[ROWS_MAX][COLUMNS_MAX];
    size_t rows, columns; /* row 0 is the header */
};

static struct table table;

static void die(const char *path, size_t line, const char *what)
{
    fprintf(stderr, "gen-dict: %s: line %zu: %s\n", path, line, what);
    exit(1);
}

/* Reads one cell at *p, removes its quotes in place, leaves *p behind the separator; returns the separator. */
static char read_cell(char **p, char **ret)
{
    char *from = *p, *to = *p;
    bool quoted = *from == '"';
    *ret = to;
    if (quoted)
        from++;
    while (*from) {
        if (quoted && from[0] == '"' && from[1] == '"') {
            *to++ = '"';
            from += 2;
        } else if (quoted && *from == '"') {
            quoted = false;
            from++;
        } else if (!quoted && (*from == ',' || *from == '\n')) {
            break;
        } else {
            *to++ = *from++;
        }
    }
    char separator = *from;
    *p = separator ? from + 1 : from;
    *to = '\0';
    return separator;
}

static void read_row(char **p)
{
    size_t column = 0;
    char separator;
    do {
        if (column == COLUMNS_MAX || table.rows == ROWS_MAX)
            die(table.path, table.rows + 1, "too many rows or columns");
        separator = read_cell(p, &table.cell[table.rows][column++]);
    } while (separator == ',');
    if (table.rows == 0)
        table.columns = column;
    if (column != table.columns)
        die(table.path, table.rows + 1, "not as many columns as the header has");
    table.rows++;
}

static void read_table(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        die(path, 0, "cannot be opened");
    size_t n = fread(table.text, 1, FILE_MAX - 1, f);
    if (ferror(f) || !feof(f))
        die(path, 0, "cannot be read or is too large");
    fclose(f);
    table.text[n] = '\0';
    table.path = path;
    table.rows = 0;
    for (char *p = table.text; *p;)
        read_row(&p);
}

static const char *cell(size_t row, const char *column)
{
    for (size_t c = 0; c < table.columns; c++)
        if (strcmp(table.cell[0][c], column) == 0)
            return table.cell[row][c];
    die(table.path, 1, column);
    return "";
}

static void put_string(FILE *out, const char *z)
{
    fputc('"', out);
    for (; *z; z++) {
        unsigned char c = (unsigned char)*z;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c >= 0x7F)
            fprintf(out, "\\%03o", c);
        else
            fputc(c, out);
    }
    fputs("\", ", out);
}

static void put_strings(FILE *out, size_t row, const char *const *columns)
{
    for (; *columns; columns++)
        put_string(out, cell(row, *columns));
}

static bool is_set(size_t row, const char *column)
{
    return strcmp(cell(row, column), "1") == 0;
}

static void end_table(FILE *out, const char *name, size_t n)
{
    fprintf(out, "};\nconst size_t %s_count = %zu;\n\n", name, n);
}

/* Every code to its row and edition (row * 2, plus 1 for a code of 2005). A code of 2017 goes first, then the row that
 * stands first. */
static void put_code_slots(FILE *out)
{
    static const char *const columns[] = {"code_2017", "code_2005"};
    static uint16_t slots[HJ212_CODE_SLOTS];
    for (size_t i = 0; i < HJ212_CODE_SLOTS; i++)
        slots[i] = HJ212_CODE_EMPTY;
    for (size_t c = 0; c < 2; c++) {
        for (size_t row = 1; row < table.rows; row++) {
            const char *code = cell(row, columns[c]);
            uint32_t at = hj212_code_hash(code, strlen(code)) % HJ212_CODE_SLOTS;
            while (slots[at] != HJ212_CODE_EMPTY && strcmp(code, cell(slots[at] / 2u + 1, columns[slots[at] % 2])) != 0)
                at = (at + 1) % HJ212_CODE_SLOTS;
            if (*code && slots[at] == HJ212_CODE_EMPTY)
                slots[at] = (uint16_t)(2 * (row - 1) + c);
        }
    }
    fputs("const uint16_t hj212_code_slots[HJ212_CODE_SLOTS] = {", out);
    for (size_t i = 0; i < HJ212_CODE_SLOTS; i++)
        fprintf(out, "%s%u,", i % 20 ? " " : "\n    ", slots[i]);
    fputs("\n};\n\n", out);
}

/* "N5.2" has two decimals, "N4" none; -1 when the standard says nothing or text. */
static int decimals(const char *precision)
{
    if (*precision != 'N')
        return -1;
    const char *point = strchr(precision, '.');
    return point ? (int)strtol(point + 1, NULL, 10) : 0;
}

static void put_factors(FILE *out)
{
    static const char *const columns[] = {"code_2017", "code_2005", "name_zh", "name_en", "medium", "unit_conc",
                                          "unit_emission", NULL};
    fputs("const struct hj212_factor hj212_factor_table[] = {\n", out);
    for (size_t row = 1; row < table.rows; row++) {
        const char *precision = *cell(row, "precision") ? cell(row, "precision") : cell(row, "precision_2005");
        fputs("    {", out);
        put_strings(out, row, columns);
        fprintf(out, "%d},\n", decimals(precision));
    }
    end_table(out, "hj212_factor_table", table.rows - 1);
    put_code_slots(out);
}

static void put_commands(FILE *out)
{
    static const char *const columns[] = {"cn", "direction", "kind", "name_zh", "name_en", "answer", NULL};
    fputs("const struct hj212_command hj212_command_table[] = {\n", out);
    for (size_t row = 1; row < table.rows; row++) {
        fputs("    {", out);
        put_strings(out, row, columns);
        fprintf(out, "%d, %d, %d},\n", is_set(row, "in_2005"), is_set(row, "in_2017"), is_set(row, "in_2025"));
    }
    end_table(out, "hj212_command_table", table.rows - 1);
}

static void put_plain(FILE *out, const char *type, const char *name, const char *const *columns)
{
    fprintf(out, "const struct %s %s[] = {\n", type, name);
    for (size_t row = 1; row < table.rows; row++) {
        fputs("    {", out);
        put_strings(out, row, columns);
        fputs("},\n", out);
    }
    end_table(out, name, table.rows - 1);
}

static void put_data_flags(FILE *out)
{
    size_t n = 0;
    fputs("const struct hj212_data_flag hj212_data_flag_table[] = {\n", out);
    for (size_t row = 1; row < table.rows; row++) {
        const char *value = cell(row, "value");
        if (strcmp(cell(row, "kind"), "data_flag") != 0 || strlen(value) != 1)
            continue;
        fprintf(out, "    {'%c', ", *value);
        put_string(out, cell(row, "name_zh"));
        put_string(out, cell(row, "name_en"));
        fputs("},\n", out);
        n++;
    }
    end_table(out, "hj212_data_flag_table", n);
}

static void put_dialects(FILE *out)
{
    static const char *const columns[] = {"name", "title_zh", "cn", "st", "flag", "cp_key", "has", "heartbeat", "login",
                                          "note_zh", NULL};
    fputs("const struct hj212_dialect hj212_dialect_table[] = {\n", out);
    for (size_t row = 1; row < table.rows; row++) {
        const char *words = cell(row, "cp_key");
        uint64_t first = 0;
        for (const char *p = words; *p; p++)
            if (p == words || p[-1] == ' ')
                first |= (uint64_t)1 << (*p & 63);
        fputs("    {", out);
        put_strings(out, row, columns);
        fprintf(out, "%lluu},\n", (unsigned long long)first);
    }
    end_table(out, "hj212_dialect_table", table.rows - 1);
}

int main(int argc, char **argv)
{
    static const char *const system_types[] = {"st", "name_zh", "name_en", NULL};
    static const char *const codes[] = {"kind", "value", "name_zh", "name_en", NULL};
    FILE *out = argc == 7 ? fopen(argv[1], "wb") : NULL;
    if (!out) {
        fprintf(stderr, "usage: gen-dict OUT.c POLLUTANTS COMMANDS SYSTEM_TYPES FLAGS DIALECTS\n");
        return 2;
    }
    fputs("/* Generated from data/dictionaries/hj212. */\n#include \"hj212/dict_tables.h\"\n\n", out);
    read_table(argv[2]);
    put_factors(out);
    read_table(argv[3]);
    put_commands(out);
    read_table(argv[4]);
    put_plain(out, "hj212_system_type", "hj212_system_type_table", system_types);
    read_table(argv[5]);
    put_data_flags(out);
    put_plain(out, "hj212_code", "hj212_code_table", codes);
    read_table(argv[6]);
    put_dialects(out);
    return fclose(out) == 0 ? 0 : 1;
}
