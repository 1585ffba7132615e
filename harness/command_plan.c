#include <stdio.h>

#include "base/file.h"
#include "base/text.h"
#include "harness/campaign_files.h"
#include "harness/command.h"
#include "harness/options.h"
#include "harness/record.h"
#include "results/store.h"

/* Which trials the store holds: all false where there is no store yet. ret_held: [n_trials] in the arena. */
static ftdn_status find_held(ftdn_campaign_files *files, bool **ret_held, int *ret_n_held, ftdn_error *err)
{
    const ftdn_plan *plan = &files->plan;
    bool *held = FTDN_NEW(&files->arena, (size_t)plan->n_trials, bool, err);
    if (!held) return FTDN_ERR_MEMORY;
    int n_held = 0;
    if (ftdn_file_exists(files->db_path)) {
        ftdn_store *store;
        FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_READ, &store, err));
        ftdn_status status = FTDN_OK;
        for (int i = 0; i < plan->n_trials && status == FTDN_OK; i++) {
            status = ftdn_store_has_trial(store, plan->trial[i].spec.id, &held[i], err);
            n_held += held[i];
        }
        ftdn_store_close(store);
        FTDN_TRY(status);
    }
    *ret_held = held;
    *ret_n_held = n_held;
    return FTDN_OK;
}

static ftdn_status print_plan(ftdn_campaign_files *files, const bool *held, int n_held, ftdn_error *err)
{
    const ftdn_plan *plan = &files->plan;
    const ftdn_sweep *sweep = &files->manifest.sweep;
    ftdn_campaign_files_print_title(files);
    printf("\n");
    for (int a = 0; a < sweep->n_axes; a++) {
        printf("  %-28s %d value%s\n", ftdn_manifest_keys[sweep->axis[a].key].path, sweep->axis[a].n_values,
               sweep->axis[a].n_values == 1 ? "" : "s");
    }
    printf("  %d trial%s", plan->n_trials, plan->n_trials == 1 ? "" : "s");
    if (plan->n_repeated) printf(" (and %d that repeat one of them)", plan->n_repeated);
    printf(", %d in %s, %d to run\n\n", n_held, files->db_path, plan->n_trials - n_held);
    for (int i = 0; i < plan->n_trials; i++) {
        const char *label = ftdn_record_label(&plan->trial[i], &files->arena, err);
        if (!label) return FTDN_ERR_MEMORY;
        printf("  %.12s  %-7s  %s\n", plan->trial[i].spec.id, held[i] ? "done" : "missing", label);
    }
    return FTDN_OK;
}

static ftdn_status print_json(const ftdn_campaign_files *files, const bool *held, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\"name\":");
    ftdn_text_append_json_string(&text, files->manifest.name);
    ftdn_text_append(&text, ",\"store\":");
    ftdn_text_append_json_string(&text, files->db_path);
    ftdn_text_append(&text, ",\"trials\":[");
    for (int i = 0; i < files->plan.n_trials; i++) {
        const ftdn_trial_spec *spec = &files->plan.trial[i].spec;
        ftdn_text_append(&text, "%s\n{\"id\":\"%s\",\"done\":%s,\"spec\":%s}", i ? "," : "", spec->id,
                         held[i] ? "true" : "false", spec->text);
    }
    ftdn_text_append(&text, "\n]}\n");
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) fputs(text.chars, stdout);
    ftdn_text_done(&text);
    return status;
}

ftdn_status ftdn_command_plan(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    const char *db = NULL;
    bool json = false;
    const ftdn_option option[] = {
        {"db",
         0,
         "FILE",
         "the store to compare with (default: results/NAME.db)",
         FTDN_OPTION_TEXT,
         {.text = &db},
         0,
         0},
        {"json", 0, NULL, "print every trial with its spec as JSON", FTDN_OPTION_FLAG, {.flag = &json}, 0, 0},
    };
    const ftdn_command command = {
        .name = "ftdn plan",
        .arguments = "MANIFEST",
        .summary = "Show the trials of a manifest, and which of them the store holds; run nothing.",
        .example = "ftdn plan experiments/smoke.json",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_arguments arguments;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &files.arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help) {
        bool *held;
        int n_held;
        status = ftdn_campaign_files_open(&files, arguments.argument[0], db, err);
        if (status == FTDN_OK) status = find_held(&files, &held, &n_held, err);
        if (status == FTDN_OK) status = json ? print_json(&files, held, err) : print_plan(&files, held, n_held, err);
    }
    ftdn_campaign_files_done(&files);
    return status;
}
