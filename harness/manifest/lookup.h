/* lookup.h - what holds for a key in a trial: the value that is given, else the manifest's default, else the table's.
 *
 * The manifest's defaults give way. Where the document gives a key that says the same in another way (a bit and a
 * class of bits, a rate and a count), and where the chosen kind, type or method has no use for a key, the default is
 * as if it were not there. */
#ifndef FTDN_HARNESS_MANIFEST_LOOKUP_H
#define FTDN_HARNESS_MANIFEST_LOOKUP_H

#include <stdbool.h>

#include "harness/manifest/document.h"
#include "harness/manifest/manifest_rules.h"

typedef struct ftdn_lookup {
    const ftdn_document *given;    /* of the trial */
    const ftdn_document *defaults; /* of the manifest */
    const ftdn_document *table;
} ftdn_lookup;

/* The value of a key, a scope of weights or maps also where it is given for both; a slot without a node where there is
 * none. */
const ftdn_value *ftdn_lookup_get(const ftdn_lookup *lookup, ftdn_key_id key);

/* Its string; NULL where there is none or where it is not sound. */
const char *ftdn_lookup_word(const ftdn_lookup *lookup, ftdn_key_id key);

/* The rule by which a key says nothing beside the kinds, types and methods that hold, the first of several; NULL: it
 * says something, or one of those is not sound. */
const ftdn_detail_rule *ftdn_lookup_find_obstacle(const ftdn_lookup *lookup, ftdn_key_id key);

/* Is there none? */
bool ftdn_lookup_uses(const ftdn_lookup *lookup, ftdn_key_id key);

#endif
