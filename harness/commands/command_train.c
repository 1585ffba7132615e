#include <stdio.h>

#include "harness/terminal/command.h"
#include "harness/terminal/print.h"
#include "harness/terminal/stop_signal.h"
#include "harness/training/training_curve.h"
#include "harness/training/training_loop.h"
#include "harness/training/training_report.h"

static const char stop_word[] = "\nstopping: the step under way is finished and a checkpoint written; once more: at "
                                "once\n";

typedef struct train_options {
    const char *folder;
    long long n_threads, last_step;
    bool wants_json, quiet;
} train_options;

/* Print what the writer makes of a session. */
static ftdn_status print_begin(const ftdn_training_session *session, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_training_report_begin(session, &text);
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

static ftdn_status print_end(const ftdn_training_session *session, const ftdn_training_summary *summary,
                             const train_options *options, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    if (options->wants_json) ftdn_training_report_json(session, summary, &text);
    else ftdn_training_report_end(session, summary, &text);
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

/* The files of the log are complete. */
static ftdn_status draw_curve(ftdn_training_session *session, ftdn_error *err)
{
    const char *hint;
    const ftdn_training_curve curve = {.folder = session->folder,
                                       .title = session->manifest.name,
                                       .has_validation = session->log.validations.last_step > 0};
    FTDN_TRY(ftdn_training_curve_draw(&curve, &session->arena, &hint, err));
    if (*hint) fprintf(stderr, "%s\n", hint);
    return FTDN_OK;
}

static ftdn_status train(ftdn_training_session *session, const char *path, const train_options *options,
                         ftdn_exit_code *ret_exit, ftdn_error *err)
{
    ftdn_training_summary summary;
    ftdn_training_options run = {.last_step = (int)options->last_step, .progress = options->quiet ? NULL : stderr};
    FTDN_TRY(ftdn_training_session_open(session, path, options->folder, err));
    if (!options->wants_json && !options->quiet) FTDN_TRY(print_begin(session, err));
    if (!options->quiet)
        fprintf(stderr, "decoding %d images\n", session->dataset->n_images + session->validation->n_images);
    FTDN_TRY(ftdn_training_session_start(session, (int)options->n_threads, err));
    run.stop = ftdn_stop_signal_watch(stop_word);
    FTDN_TRY(ftdn_training_run(session, &run, &summary, err));
    if (summary.end == FTDN_TRAINING_INTERRUPTED) *ret_exit = FTDN_EXIT_INTERRUPTED;
    else if (session->state.n_steps > 0) FTDN_TRY(draw_curve(session, err));
    bool is_told = options->wants_json || !options->quiet || summary.end != FTDN_TRAINING_FINISHED;
    return is_told ? print_end(session, &summary, options, err) : FTDN_OK;
}

ftdn_status ftdn_command_train(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    train_options options = {.n_threads = ftdn_default_threads()};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("output", 'o', "FOLDER", &options.folder,
                         "what it fills; created if absent (default: trainings/NAME)"),
        FTDN_INTEGER_OPTION("threads", 't', "N", &options.n_threads, 1, 1024,
                            "worker threads (default: the processor's cores); no bit depends on it"),
        FTDN_INTEGER_OPTION("steps", 0, "N", &options.last_step, 1, 10000000,
                            "leave after step N with a checkpoint; without it the training goes on from there"),
        FTDN_FLAG_OPTION("json", 0, &options.wants_json, "print the summary as JSON"),
        FTDN_FLAG_OPTION("quiet", 'q', &options.quiet, "print nothing but errors"),
    };
    const ftdn_command command = {
        .name = "ftdn train",
        .arguments = "MANIFEST",
        .summary = "Train a network on labelled images, and write its weights.",
        .example = "ftdn train experiments/train_road.json --output trainings/road",
        .details = "A training that was interrupted, or killed, is continued by the same command from its last\n"
                   "checkpoint, and ends with the same bits. The folder gets log.csv, validation.csv, the curve of\n"
                   "both as a picture (gnuplot), checkpoint.safetensors and, at the end, NAME.safetensors, whose\n"
                   "validation mAP is printed.\n\n"
                   "Exit codes: 0 all steps that were asked for are taken; 130 interrupted.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
    };
    ftdn_training_session session;
    ftdn_training_session_init(&session);
    ftdn_arguments arguments;
    ftdn_status status = ftdn_command_arguments(&command, argc, argv, &session.arena, &arguments, err);
    if (status == FTDN_OK && !arguments.wants_help)
        status = train(&session, arguments.argument[0], &options, ret_exit, err);
    ftdn_training_session_done(&session);
    return status;
}
