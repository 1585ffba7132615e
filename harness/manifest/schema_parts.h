/* schema_parts.h - what the files that write the schema of manifests share.
 *
 * Definitions under "$defs" have names: "faults.bit" is a value of that key; what else is defined about a key has a
 * prefix, as "axis.faults.bit", the values that a grid gives it. Appending never reports (base/text.h). */
#ifndef FTDN_HARNESS_MANIFEST_SCHEMA_PARTS_H
#define FTDN_HARNESS_MANIFEST_SCHEMA_PARTS_H

#include <stdbool.h>

#include "base/text.h"
#include "harness/manifest/manifest_keys.h"

/* What a value of type NAME is. */
#define FTDN_SCHEMA_NAME "'type': 'string', 'pattern': '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$'"

/* Append the words with " for every '. */
void ftdn_schema_put(ftdn_text *text, const char *words);

/* Append {"$ref": "#/$defs/PREFIXpath"}. */
void ftdn_schema_put_ref(ftdn_text *text, const char *prefix, ftdn_key_id key);

/* Begin the line `"PREFIXname": ` of an object, `depth` deep, behind a comma unless it is the first. */
void ftdn_schema_begin_line(ftdn_text *text, int depth, bool *is_first, const char *prefix, const char *name);

/* Append the keywords of an object with the keys inside `id`. */
void ftdn_schema_put_object(ftdn_key_id id, ftdn_text *text);

/* Append the keywords of a key that holds others: DEFAULTS and all that stands in a sweep. */
void ftdn_schema_put_part(ftdn_key_id id, ftdn_text *text);

/* Append the keywords that keep `seeds` and a varied seed apart, in a sweep. */
void ftdn_schema_put_seeds_rule(ftdn_text *text);

/* Append what those refer to, behind other definitions. */
void ftdn_schema_put_sweep_definitions(ftdn_text *text);

/* Append the rules over several keys, and what they refer to, behind other definitions. */
void ftdn_schema_put_rules(ftdn_text *text);
void ftdn_schema_put_rule_definitions(ftdn_text *text);

#endif
