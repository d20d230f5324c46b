/*
 * What has to be known of a workbook before its cells can be read: where its first visible worksheet is, which number
 * formats show dates, its shared texts, from which year it counts. All in the arena of the reading.
 */
#ifndef YH_SHEET_XLSX_BOOK_H
#define YH_SHEET_XLSX_BOOK_H

#include "sheet/xml.h"
#include "sheet/zip_read.h"

#define BOOK_STYLES_MAX  65536u
#define BOOK_FORMATS_MAX 4096u

struct xlsx_book {
    struct zip_archive zip;
    struct yh_arena *arena;
    const struct sheet_limits *limits;
    const struct zip_part *sheet;
    yh_str sheet_path, strings_path, styles_path;
    bool from_1904;
    yh_str *strings;
    size_t string_n, string_cap, string_bytes;
    bool *style_is_date;
    size_t style_n;
};

yh_must yh_err xlsx_book_open(yh_str file, const struct sheet_limits *limits, struct yh_arena *arena,
                              struct xlsx_book *ret);

/* The XML of one part, to be pulled. */
struct part_xml {
    struct zip_stream stream;
    struct xml xml;
};
yh_must yh_err part_xml_open(struct xlsx_book *b, const struct zip_part *part, struct part_xml *ret);
void part_xml_done(struct part_xml *p);
#define part_xml_auto yh_cleanup(part_xml_done) struct part_xml

/* The text of <si> or <is>, whose start was just read, up to its end: all <t> but those of readings (rPh). */
yh_must yh_err xlsx_rich_text(struct xml *x, yh_buf *out);

/* styles.c */
yh_must yh_err xlsx_styles_read(struct xlsx_book *b, struct xml *x);

#endif
