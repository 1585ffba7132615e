#include "base/json_members.h"

#include <inttypes.h>
#include <string.h>

/* Without printf, which would take most of the time of a plan. */
static void put(ftdn_text *text, const char *chars)
{
    ftdn_text_append_bytes(text, chars, strlen(chars));
}

void ftdn_json_put_key(ftdn_text *text, const char *key)
{
    char last = text->n_chars ? text->chars[text->n_chars - 1] : '{';
    put(text, last == '{' ? "\"" : ",\"");
    put(text, key);
    put(text, "\":");
}

void ftdn_json_put_string(ftdn_text *text, const char *key, const char *string)
{
    ftdn_json_put_key(text, key);
    if (string) ftdn_text_append_json_string(text, string);
    else put(text, "null");
}

void ftdn_json_put_number(ftdn_text *text, const char *key, double number)
{
    ftdn_json_put_key(text, key);
    ftdn_text_append_json_number(text, number);
}

void ftdn_json_put_integer(ftdn_text *text, const char *key, uint64_t integer)
{
    ftdn_json_put_key(text, key);
    ftdn_text_append(text, "%" PRIu64, integer);
}

void ftdn_json_begin_object(ftdn_text *text, const char *key)
{
    ftdn_json_put_key(text, key);
    put(text, "{");
}

void ftdn_json_end_object(ftdn_text *text)
{
    put(text, "}");
}
