#include "harness/training/training_report.h"

#include <math.h>

#include "base/table.h"
#include "harness/terminal/duration.h"
#include "harness/terminal/print.h"

static void write_initial_weights(const ftdn_training_state *state, ftdn_text *text)
{
    if (!state->taken_from) return;
    ftdn_text_append(text, "initial weights: %d of %d parameters from ", state->n_taken,
                     state->model.network.graph.n_params);
    ftdn_append_shown(text, state->taken_from);
    ftdn_text_append(text, state->n_left ? "; the others are drawn:\n" : "\n");
    int n_listed = ftdn_n_listed(state->n_left);
    for (int i = 0; i < n_listed; i++) ftdn_text_append(text, "  %s\n", state->left[i]);
    ftdn_append_unlisted(text, state->n_left);
}

void ftdn_training_report_begin(const ftdn_training_session *session, ftdn_text *text)
{
    const ftdn_training_manifest *manifest = &session->manifest;
    const ftdn_network *network = &session->state.shipped;
    ftdn_text_append(text, "%s%s", manifest->name, *manifest->description ? ": " : "");
    ftdn_append_shown(text, manifest->description);
    ftdn_text_append(text, "\n%s at width %g, %d classes, ", network->name, network->width, network->n_classes);
    ftdn_append_count(text, ftdn_graph_n_trained(&network->graph));
    ftdn_text_append(text, " trained parameters\nimages: ");
    ftdn_append_shown(text, session->dataset->description);
    ftdn_text_append(text, "; for validation: ");
    ftdn_append_shown(text, session->validation->description);
    ftdn_text_append(text, "\n");
    write_initial_weights(&session->state, text);
}

/* "go on with: ftdn train MANIFEST --output FOLDER" */
static void write_command(const ftdn_training_session *session, ftdn_text *text)
{
    ftdn_text_append(text, "ftdn train ");
    ftdn_text_append_shell_word(text, session->manifest.path);
    ftdn_text_append(text, " --output ");
    ftdn_text_append_shell_word(text, session->folder);
}

static void write_classes(const ftdn_training_session *session, const ftdn_trial_result *best, ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 3);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "class");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "objects");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "AP");
    for (int c = 0; c < best->n_classes; c++) {
        ftdn_table_add_shown(&table, session->validation->class_name[c]);
        ftdn_table_add_count(&table, (uint64_t)best->class_ap[c].n_objects);
        if (best->class_ap[c].n_objects) ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.4f", best->class_ap[c].ap_voc07);
        else ftdn_table_add(&table, FTDN_CELL_MISSING, "-");
    }
    ftdn_table_add(&table, FTDN_CELL_TEXT, "mAP");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "-");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.4f", best->map_voc07);
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

/* What an experiment's manifest says of the network. */
static void write_model(const ftdn_training_session *session, ftdn_text *text)
{
    const ftdn_network *network = &session->state.model.network;
    ftdn_text_append(text, "\nput them to the test: \"model\": {\"name\": \"%s\", \"width\": %g, \"weights\": ",
                     network->name, network->width);
    ftdn_append_json(text, session->weights_path);
    ftdn_text_append(text, "} in the manifest of an experiment (ftdn run)\n");
}

static void write_pace(const ftdn_training_session *session, const ftdn_training_summary *summary, ftdn_text *text)
{
    char duration[32];
    ftdn_text_append(text, "%d step%s in %s", summary->n_run, summary->n_run == 1 ? "" : "s",
                     ftdn_duration_text(summary->seconds, duration));
    if (summary->n_run)
        ftdn_text_append(text, ", %.3g images/s; loss %.4f", summary->images_per_s,
                         summary->loss.classification + summary->loss.regression);
    if (session->n_resumed) ftdn_text_append(text, "; %d steps were in the checkpoint already", session->n_resumed);
    ftdn_text_append(text, "\n");
}

void ftdn_training_report_end(const ftdn_training_session *session, const ftdn_training_summary *summary,
                              ftdn_text *text)
{
    write_pace(session, summary, text);
    if (summary->end != FTDN_TRAINING_FINISHED) {
        ftdn_text_append(text, "%d of %d steps are in the checkpoint; go on with: ", session->state.n_steps,
                         session->manifest.n_steps);
        write_command(session, text);
        ftdn_text_append(text, "\n");
        return;
    }
    ftdn_text_append(text, "\n");
    write_classes(session, &summary->best, text);
    ftdn_text_append(text, "\nweights: ");
    ftdn_append_shown(text, session->weights_path);
    ftdn_text_append(text, "\nlook at them: ftdn inspect weights ");
    ftdn_text_append_shell_word(text, session->weights_path);
    write_model(session, text);
}

static const char *end_name(ftdn_training_end end)
{
    switch (end) {
    case FTDN_TRAINING_FINISHED: return "finished";
    case FTDN_TRAINING_PAUSED: return "paused";
    case FTDN_TRAINING_INTERRUPTED: break;
    }
    return "interrupted";
}

static void write_best(const ftdn_training_session *session, const ftdn_trial_result *best, ftdn_text *text)
{
    ftdn_text_append(text, ",\"map\":");
    ftdn_text_append_json_number(text, best->map_voc07);
    ftdn_text_append(text, ",\"classes\":[");
    for (int c = 0; c < best->n_classes; c++) {
        ftdn_text_append(text, "%s{\"name\":", c ? "," : "");
        ftdn_append_json(text, session->validation->class_name[c]);
        ftdn_text_append(text, ",\"objects\":%d,\"ap\":", best->class_ap[c].n_objects);
        ftdn_text_append_json_number(text, best->class_ap[c].n_objects ? best->class_ap[c].ap_voc07 : (double)NAN);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "],\"weights\":");
    ftdn_append_json(text, session->weights_path);
}

void ftdn_training_report_json(const ftdn_training_session *session, const ftdn_training_summary *summary,
                               ftdn_text *text)
{
    ftdn_text_append(text, "{\"name\":");
    ftdn_append_json(text, session->manifest.name);
    ftdn_text_append(text, ",\"training\":\"%s\",\"end\":\"%s\",\"steps\":%d,\"steps_run\":%d,\"steps_wanted\":%d",
                     session->spec.id, end_name(summary->end), session->state.n_steps, summary->n_run,
                     session->manifest.n_steps);
    ftdn_text_append(text, ",\"loss\":");
    ftdn_text_append_json_number(text, summary->n_run ? summary->loss.classification + summary->loss.regression
                                                      : (double)NAN);
    ftdn_text_append(text, ",\"seconds\":");
    ftdn_text_append_json_number(text, summary->seconds);
    ftdn_text_append(text, ",\"images_per_second\":");
    ftdn_text_append_json_number(text, summary->images_per_s);
    if (summary->end == FTDN_TRAINING_FINISHED) write_best(session, &summary->best, text);
    ftdn_text_append(text, "}\n");
}
