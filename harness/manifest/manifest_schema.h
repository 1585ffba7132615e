/* manifest_schema.h - the grammar of manifests as a JSON schema, for editors and other programs.
 *
 * The schema (draft 2020-12) is written from the table of keys (manifest_keys.h) and the rules over them
 * (manifest_rules.h), by which manifests are read as well; experiments/manifest.schema.json is its text.
 * It accepts every manifest that the program accepts. What no schema can say - repeated keys, keys of a sweep that set
 * the same value, combinations that do not go together - only the program refuses. */
#ifndef FTDN_HARNESS_MANIFEST_MANIFEST_SCHEMA_H
#define FTDN_HARNESS_MANIFEST_MANIFEST_SCHEMA_H

#include "base/text.h"

/* Append the schema, a definition a line. */
void ftdn_manifest_schema_write(ftdn_text *text);

#endif
