/* shard.h - one part of a campaign, for one of several machines. */
#ifndef FTDN_HARNESS_PLAN_SHARD_H
#define FTDN_HARNESS_PLAN_SHARD_H

#include "base/arena.h"
#include "base/status.h"

#define FTDN_MOST_SHARDS 10000

typedef struct ftdn_shard {
    int index;    /* 1 ... n_shards */
    int n_shards; /* 1 ... FTDN_MOST_SHARDS */
} ftdn_shard;

/* "2/5". FTDN_ERR_ARG: anything else. */
FTDN_NODISCARD ftdn_status ftdn_shard_parse(const char *text, ftdn_shard *ret_shard, ftdn_error *err);

/* "results/NAME.2-of-5.db": the store of a shard where none is named. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_shard_db_path(const ftdn_shard *shard, const char *name, ftdn_arena *arena,
                                              const char **ret_path, ftdn_error *err);

#endif
