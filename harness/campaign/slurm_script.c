#include "harness/campaign/slurm_script.h"

/* slurm_shard.sh and slurm_merge.sh, which the build embeds. */
extern const unsigned char ftdn_slurm_shard_body[], ftdn_slurm_merge_body[];

static void write_variable(const char *name, const char *value, ftdn_text *text)
{
    ftdn_text_append(text, "%s=", name);
    ftdn_text_append_shell_word(text, value);
    ftdn_text_append(text, "\n");
}

void ftdn_slurm_write_shard_script(const ftdn_slurm_campaign *campaign, ftdn_text *text)
{
    ftdn_text_append(text,
                     "#!/bin/bash\n"
                     "# One shard of %s: task k of the array runs shard k of %d. Written by 'ftdn submit'.\n",
                     campaign->name, campaign->n_shards);
    write_variable("ftdn", campaign->program, text);
    ftdn_text_append(text, "n_shards=%d\n\n%s", campaign->n_shards, (const char *)ftdn_slurm_shard_body);
}

void ftdn_slurm_write_merge_script(const ftdn_slurm_campaign *campaign, ftdn_text *text)
{
    ftdn_text_append(text,
                     "#!/bin/bash\n"
                     "# The merge of the shards of %s. Written by 'ftdn submit'.\n",
                     campaign->name);
    write_variable("ftdn", campaign->program, text);
    write_variable("store", campaign->store, text);
    ftdn_text_append(text, "n_shards=%d\n\n%s", campaign->n_shards, (const char *)ftdn_slurm_merge_body);
}
