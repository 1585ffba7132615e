/* json_members.h - JSON objects written member by member, without spaces: {"a":1,"b":{"c":"x"}}.
 *
 * A comma is set where one is due: the object that a member goes into is known by the text's last character. Appending
 * never reports (base/text.h). Ids are made from texts like these: what is written for a value never changes. */
#ifndef FTDN_BASE_JSON_MEMBERS_H
#define FTDN_BASE_JSON_MEMBERS_H

#include <stdint.h>

#include "base/text.h"

/* `"key":`; the value is to follow. */
void ftdn_json_put_key(ftdn_text *text, const char *key);

/* string: NULL: null. */
void ftdn_json_put_string(ftdn_text *text, const char *key, const char *string);

/* The shortest decimal; null for NaN and infinities. */
void ftdn_json_put_number(ftdn_text *text, const char *key, double number);

void ftdn_json_put_integer(ftdn_text *text, const char *key, uint64_t integer);

/* An object; its members follow, then its end. */
void ftdn_json_begin_object(ftdn_text *text, const char *key);
void ftdn_json_end_object(ftdn_text *text);

#endif
