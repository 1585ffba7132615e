#include "harness/bench/overhead_store.h"

#include "harness/plan/environment.h"
#include "harness/terminal/migration_notice.h"

ftdn_status ftdn_overhead_store_check(const char *db, ftdn_error *err)
{
    ftdn_store *store;
    ftdn_migration_notice_print(db);
    FTDN_TRY(ftdn_store_open(db, FTDN_STORE_WRITE, &store, err));
    ftdn_store_close(store);
    return FTDN_OK;
}

ftdn_status ftdn_overhead_store_append(const char *db, const char *measured_at, const ftdn_latency *latency,
                                       int n_latencies, ftdn_error *err)
{
    ftdn_store *store;
    int64_t environment;
    FTDN_TRY(ftdn_store_open(db, FTDN_STORE_WRITE, &store, err));
    ftdn_status status = ftdn_environment_record(store, NULL, &environment, err);
    if (status == FTDN_OK)
        status = ftdn_store_append_latencies(store, measured_at, latency, n_latencies, environment, err);
    ftdn_store_close(store);
    return status;
}
