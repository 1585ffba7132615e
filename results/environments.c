#include "results/store.h"

#include <assert.h>

#include "results/statement.h"

static void bind_environment(ftdn_statement *row, const ftdn_environment *environment)
{
    ftdn_statement_bind_text(row, environment->code_version);
    ftdn_statement_bind_text(row, environment->compiler);
    ftdn_statement_bind_text(row, environment->machine);
    ftdn_statement_bind_text(row, environment->system);
    ftdn_statement_bind_text(row, environment->cpu);
    ftdn_statement_bind_text(row, environment->device);
    ftdn_statement_bind_text(row, environment->driver);
    ftdn_statement_bind_text(row, environment->libraries);
}

/* The key of an environment that is there; 0 where there is none. */
static ftdn_status find_environment(ftdn_store *store, const ftdn_environment *environment, int64_t *ret_key,
                                    ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "SELECT id FROM environments WHERE (code_version, compiler, machine, system, cpu, device, driver, libraries) "
        "= (?, ?, ?, ?, ?, ?, ?, ?)");
    bind_environment(&row, environment);
    return ftdn_statement_finish_integer(&row, "looking for an environment", ret_key, err);
}

static ftdn_status insert_environment(ftdn_store *store, const ftdn_environment *environment, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO environments (code_version, compiler, machine, system, cpu, device, driver, "
                           "libraries) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    bind_environment(&row, environment);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, "writing an environment", err);
}

ftdn_status ftdn_store_add_environment(ftdn_store *store, const ftdn_environment *environment, int64_t *ret_environment,
                                       ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    int64_t key;
    FTDN_TRY(find_environment(store, environment, &key, err));
    if (key == 0) {
        FTDN_TRY(insert_environment(store, environment, err));
        FTDN_TRY(find_environment(store, environment, &key, err));
    }
    *ret_environment = key;
    return FTDN_OK;
}
