/* json_blank.h - members of a JSON text that nobody reads, made blank before the text is parsed.
 *
 * The polygons of a COCO file are most of its bytes, and as a tree take thirty times as many. */
#ifndef FTDN_DATASETS_JSON_BLANK_H
#define FTDN_DATASETS_JSON_BLANK_H

#include <stddef.h>

/* Put 0 and blanks in the place of every array and object that is a member of this key, wherever it stands; newlines
 * stay, so that places in the text do too. Text that is no JSON may be left as it is, for the parser to refuse. */
void ftdn_json_blank(char *text, size_t n_bytes, const char *key);

#endif
