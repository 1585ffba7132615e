#include "harness/training/training_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define MAX_LOG_BYTES ((size_t)1 << 30)

static ftdn_status fail_file(const char *path, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s' cannot be written: %s", path, strerror(errno));
}

static ftdn_status start_file(ftdn_training_log_file *log, const char *header, ftdn_error *err)
{
    log->file = fopen(log->path, "w");
    if (!log->file || fprintf(log->file, "%s\n", header) < 0) return fail_file(log->path, err);
    return FTDN_OK;
}

/* The bytes of the header and of the rows up to a step; a line without its end is none. */
static size_t measure_kept(const char *bytes, int n_steps, int *ret_last_step, int *ret_n_rows)
{
    const char *at = bytes, *end;
    *ret_last_step = *ret_n_rows = 0;
    for (bool is_header = true; (end = strchr(at, '\n')); at = end + 1, is_header = false) {
        if (is_header) continue;
        long step = strtol(at, NULL, 10);
        if (step < 1 || step > n_steps) break;
        *ret_last_step = (int)step;
        ++*ret_n_rows;
    }
    return (size_t)(at - bytes);
}

/* Go on behind the rows up to a step. A file that is not there begins anew. */
static ftdn_status continue_file(ftdn_training_log_file *log, const char *header, int n_steps, ftdn_arena *arena,
                                 int *ret_n_rows, ftdn_error *err)
{
    char *bytes;
    size_t n_bytes;
    *ret_n_rows = 0;
    if (!ftdn_file_exists(log->path)) return start_file(log, header, err);
    FTDN_TRY(ftdn_file_load(log->path, MAX_LOG_BYTES, arena, &bytes, &n_bytes, err));
    size_t n_header = strlen(header);
    if (strncmp(bytes, header, n_header) != 0 || bytes[n_header] != '\n')
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s' is no log of this training: its first line is not '%s'", log->path,
                         header);
    size_t n_kept = measure_kept(bytes, n_steps, &log->last_step, ret_n_rows);
    if (truncate(log->path, (off_t)n_kept) != 0) return fail_file(log->path, err);
    log->file = fopen(log->path, "a");
    return log->file ? FTDN_OK : fail_file(log->path, err);
}

static ftdn_status open_file(ftdn_training_log_file *log, const char *folder, const char *name, const char *header,
                             int n_steps, ftdn_arena *arena, int *ret_n_rows, ftdn_error *err)
{
    log->path = ftdn_path_join(arena, folder, name, err);
    if (!log->path) return FTDN_ERR_MEMORY;
    *ret_n_rows = 0;
    if (n_steps == 0) return start_file(log, header, err);
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = continue_file(log, header, n_steps, arena, ret_n_rows, err);
    ftdn_arena_reset(arena, mark);
    return status;
}

static const char *validation_header(const ftdn_dataset *validation, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "step,mAP");
    for (int c = 0; c < validation->n_classes; c++) {
        ftdn_text_append(&text, ",");
        ftdn_text_append_csv(&text, validation->class_name[c], strlen(validation->class_name[c]));
    }
    const char *header = NULL;
    if (ftdn_text_check(&text, err) == FTDN_OK) header = ftdn_arena_copy_text(arena, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return header;
}

ftdn_status ftdn_training_log_open(ftdn_training_log *log, const char *folder, int n_steps,
                                   const ftdn_dataset *validation, ftdn_arena *arena, ftdn_error *err)
{
    *log = (ftdn_training_log){0};
    const char *header = validation_header(validation, arena, err);
    if (!header) return FTDN_ERR_MEMORY;
    int n_rows;
    FTDN_TRY(open_file(&log->validations, folder, "validation.csv", header, n_steps, arena, &n_rows, err));
    FTDN_TRY(open_file(&log->speeds, folder, "speed.csv", "step,images_per_second", n_steps, arena, &n_rows, err));
    FTDN_TRY(open_file(&log->steps, folder, "log.csv",
                       "step,epoch,learning_rate,loss,classification,regression,gradient_norm", n_steps, arena, &n_rows,
                       err));
    if (n_rows == n_steps && log->steps.last_step == n_steps) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT,
                     "'%s' has %d of the %d steps of the checkpoint beside it; remove the checkpoint to begin anew",
                     log->steps.path, n_rows, n_steps);
}

static void close_file(ftdn_training_log_file *log)
{
    if (log->file) fclose(log->file);
    log->file = NULL;
}

void ftdn_training_log_close(ftdn_training_log *log)
{
    close_file(&log->steps);
    close_file(&log->validations);
    close_file(&log->speeds);
}

void ftdn_training_log_add_step(ftdn_training_log *log, int step, double epoch, const ftdn_step_result *result)
{
    fprintf(log->steps.file, "%d,%.6g,%.9g,%.9g,%.9g,%.9g,%.9g\n", step, epoch, result->learning_rate,
            result->loss.classification + result->loss.regression, result->loss.classification, result->loss.regression,
            result->gradient_norm);
    log->steps.last_step = step;
}

void ftdn_training_log_add_validation(ftdn_training_log *log, int step, const ftdn_trial_result *result)
{
    FILE *file = log->validations.file;
    fprintf(file, "%d,%.9g", step, result->map_voc07);
    for (int c = 0; c < result->n_classes; c++) {
        if (result->class_ap[c].n_objects) fprintf(file, ",%.9g", result->class_ap[c].ap_voc07);
        else fprintf(file, ",");
    }
    fprintf(file, "\n");
    log->validations.last_step = step;
}

void ftdn_training_log_add_speed(ftdn_training_log *log, int step, double images_per_s)
{
    fprintf(log->speeds.file, "%d,%.1f\n", step, images_per_s);
    log->speeds.last_step = step;
}

static ftdn_status sync_file(const ftdn_training_log_file *log, ftdn_error *err)
{
    if (fflush(log->file) != 0 || ferror(log->file) || fsync(fileno(log->file)) != 0) return fail_file(log->path, err);
    return FTDN_OK;
}

ftdn_status ftdn_training_log_sync(ftdn_training_log *log, ftdn_error *err)
{
    FTDN_TRY(sync_file(&log->steps, err));
    FTDN_TRY(sync_file(&log->validations, err));
    return sync_file(&log->speeds, err);
}
