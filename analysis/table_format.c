#include "analysis/table_format.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/json_members.h"

void ftdn_table_add_name(ftdn_table *table, const char *name, ftdn_format format)
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

void ftdn_text_append_csv_number(ftdn_text *text, double number)
{
    ftdn_text_append_bytes(text, ",", 1);
    if (isfinite(number)) ftdn_text_append_json_number(text, number);
}

ftdn_records ftdn_records_begin(ftdn_format format, const char *const *name, int n_columns, ftdn_text *text)
{
    ftdn_records records = {
        .text = text, .is_json = format == FTDN_FORMAT_JSON, .n_columns = n_columns, .name = name};
    if (records.is_json) ftdn_text_append(text, "[");
    for (int i = 0; !records.is_json && i < n_columns; i++)
        ftdn_text_append(text, "%s%s", name[i], i + 1 < n_columns ? "," : "\n");
    return records;
}

static void begin_value(ftdn_records *r)
{
    if (!r->is_json) {
        if (r->column > 0) ftdn_text_append(r->text, ",");
        return;
    }
    if (r->column == 0) ftdn_text_append(r->text, "%s\n{", r->n_rows > 0 ? "," : "");
    ftdn_json_put_key(r->text, r->name[r->column]);
}

static void end_value(ftdn_records *r)
{
    if (++r->column < r->n_columns) return;
    ftdn_text_append(r->text, r->is_json ? "}" : "\n");
    r->column = 0;
    r->n_rows++;
}

void ftdn_records_put_text(ftdn_records *records, const char *chars)
{
    begin_value(records);
    if (records->is_json) ftdn_text_append_json_string(records->text, chars);
    else ftdn_text_append_csv(records->text, chars, strlen(chars));
    end_value(records);
}

void ftdn_records_put_number(ftdn_records *records, double number)
{
    begin_value(records);
    if (records->is_json || isfinite(number)) ftdn_text_append_json_number(records->text, number);
    end_value(records);
}

void ftdn_records_end(ftdn_records *records)
{
    assert(records->column == 0);
    if (records->is_json) ftdn_text_append(records->text, "\n]\n");
}
