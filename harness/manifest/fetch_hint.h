/* fetch_hint.h - data that are missing may be there for the fetching. */
#ifndef FTDN_HARNESS_MANIFEST_FETCH_HINT_H
#define FTDN_HARNESS_MANIFEST_FETCH_HINT_H

#include "base/status.h"

/* Where nothing lies at `path`, and the catalog has that name: put the command that fetches it behind the failure's
 * message. */
void ftdn_fetch_hint_add(const char *path, ftdn_error *err);

#endif
