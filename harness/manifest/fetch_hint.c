#include "harness/manifest/fetch_hint.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "datasets/catalog.h"

void ftdn_fetch_hint_add(const char *path, ftdn_error *err)
{
    if (!err || ftdn_file_exists(path)) return;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    ftdn_arena arena;
    ftdn_catalog catalog = {0};
    ftdn_arena_init(&arena);
    if (ftdn_catalog_load_built_in(&arena, &catalog, NULL) != FTDN_OK) catalog.n_entries = 0;
    for (int i = 0; i < catalog.n_entries; i++) {
        size_t n_chars = strlen(err->message);
        if (strcmp(catalog.entry[i].place, name) != 0) continue;
        snprintf(err->message + n_chars, sizeof err->message - n_chars, "; 'ftdn fetch %s' gets it",
                 catalog.entry[i].name);
    }
    ftdn_arena_done(&arena);
}
