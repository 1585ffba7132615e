#include "analysis/table_format.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void ftdn_table_add_name(ftdn_table *table, const char *name, ftdn_table_format format)
{
    const char *special = format == FTDN_FORMAT_LATEX ? "%_#&$" : format == FTDN_FORMAT_MARKDOWN ? "|*_`<" : "";
    int width = 0;
    for (const char *c = name; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (strchr(special, *c)) ftdn_text_append_bytes(&table->chars, "\\", 1), width++;
        ftdn_text_append_bytes(&table->chars, byte < ' ' || byte == 127 ? " " : c, 1);
        width += (byte & 0xc0) != 0x80; /* bytes that begin a character of UTF-8 */
    }
    ftdn_table_end_cell(table, FTDN_CELL_TEXT, width);
}

void ftdn_table_write_as(const ftdn_table *table, ftdn_table_format format, ftdn_text *text)
{
    assert(format != FTDN_FORMAT_CSV);
    switch (format) {
    case FTDN_FORMAT_MARKDOWN: ftdn_table_write_markdown(table, text); break;
    case FTDN_FORMAT_LATEX: ftdn_table_write_latex(table, text); break;
    default: ftdn_table_write(table, text); break;
    }
}

void ftdn_text_append_csv_number(ftdn_text *text, double number)
{
    ftdn_text_append_bytes(text, ",", 1);
    if (isfinite(number)) ftdn_text_append_json_number(text, number);
}
