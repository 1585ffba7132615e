#include "harness/plan/shard.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

ftdn_status ftdn_shard_parse(const char *text, ftdn_shard *ret_shard, ftdn_error *err)
{
    ftdn_shard shard;
    char behind;
    bool is_good = strspn(text, "0123456789/") == strlen(text) && strlen(text) < 16 &&
                   sscanf(text, "%d/%d%c", &shard.index, &shard.n_shards, &behind) == 2;
    if (!is_good || shard.index < 1 || shard.index > shard.n_shards || shard.n_shards > FTDN_MOST_SHARDS)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--shard: '%s' is not allowed; allowed: I/N, as in 2/5, with I from 1 to N",
                         text);
    *ret_shard = shard;
    return FTDN_OK;
}

ftdn_status ftdn_shard_db_path(const ftdn_shard *shard, const char *name, ftdn_arena *arena, const char **ret_path,
                               ftdn_error *err)
{
    char *path = ftdn_arena_format(arena, err, "results/%s.%d-of-%d.db", name, shard->index, shard->n_shards);
    if (!path) return FTDN_ERR_MEMORY;
    *ret_path = path;
    return FTDN_OK;
}
