#include "results/made_store.h"

#include <stdio.h>

#include "base/file.h"
#include "base/text.h"

static const char doing[] = "making it";

/* The file and what SQLite may have beside it. */
static void remove_file(const char *path)
{
    static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        ftdn_text name;
        ftdn_text_init(&name);
        ftdn_text_append(&name, "%s%s", path, suffixes[i]);
        if (!name.failed) remove(name.chars);
        ftdn_text_done(&name);
    }
}

ftdn_status ftdn_made_store_begin(ftdn_made_store *made, const char *place, const char *suffix, ftdn_arena *arena,
                                  ftdn_error *err)
{
    *made = (ftdn_made_store){.place = place, .path = ftdn_arena_format(arena, err, "%s.%s", place, suffix)};
    if (!made->path) return FTDN_ERR_MEMORY;
    remove_file(made->path);
    FTDN_TRY(ftdn_store_open(made->path, FTDN_STORE_WRITE, &made->store, err));
    ftdn_status status = ftdn_store_begin(made->store, doing, err);
    return status == FTDN_OK ? status : ftdn_made_store_finish(made, status, err);
}

ftdn_status ftdn_made_store_finish(ftdn_made_store *made, ftdn_status status, ftdn_error *err)
{
    status = ftdn_store_end_transaction(made->store, status, doing, err);
    /* Out of the log, or the file alone would not be the store. */
    if (status == FTDN_OK) status = ftdn_store_execute(made->store, "PRAGMA journal_mode = DELETE", doing, err);
    ftdn_store_close(made->store);
    made->store = NULL;
    if (status != FTDN_OK) remove_file(made->path);
    return status;
}

ftdn_status ftdn_made_store_put(ftdn_made_store *made, ftdn_error *err)
{
    ftdn_status status = ftdn_file_replace(made->path, made->place, err);
    if (status == FTDN_OK) return status;
    remove_file(made->path);
    if (err) err->status = FTDN_ERR_STORE;
    return FTDN_ERR_STORE;
}
