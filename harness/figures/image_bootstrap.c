#include "harness/figures/image_bootstrap.h"

#include <assert.h>
#include <math.h>

#include "base/share.h"

typedef struct figures {
    const ftdn_judged_trial *trial;
    double *value; /* [1 + n_classes, n_resamples]: mAP, then the classes, each over all resamples */
} figures;

typedef struct bootstrap {
    const ftdn_image_bootstrap_desc *desc;
    int n_trials, n_images, n_classes;
    figures figures[2];    /* [n_trials] */
    ftdn_arena *thread_arena; /* [n_threads] */
    int **n_times;         /* [n_threads][n_images] */
} bootstrap;

/* mAP and the AP of each class. n_times: NULL: all images once. value: [1 + n_classes] at the given distance. */
static ftdn_status measure(const ftdn_judged_trial *trial, const int *n_times, ftdn_arena *arena, double *value,
                           size_t distance, ftdn_error *err)
{
    double sum = 0;
    int n_counted = 0;
    for (int c = 0; c < trial->n_classes; c++) {
        ftdn_class_ap ap;
        FTDN_TRY(ftdn_judged_measure(&trial->of_class[c], n_times, arena, &ap, err));
        value[(size_t)(c + 1) * distance] = ap.ap_voc07;
        if (ap.n_objects == 0) continue;
        sum += ap.ap_voc07;
        n_counted++;
    }
    value[0] = n_counted ? sum / n_counted : (double)NAN;
    return FTDN_OK;
}

/* user: bootstrap * */
static ftdn_status measure_resample(void *user, int resample, int thread, ftdn_error *err)
{
    bootstrap *b = user;
    size_t n_resamples = (size_t)b->desc->n_resamples;
    int *n_times = b->n_times[thread];
    ftdn_bootstrap_draw(b->desc->seed, (uint32_t)resample, b->n_images, n_times);
    for (int i = 0; i < b->n_trials; i++)
        FTDN_TRY(measure(b->figures[i].trial, n_times, &b->thread_arena[thread], b->figures[i].value + resample,
                         n_resamples, err));
    return FTDN_OK;
}

/* Room for all figures and for each thread. */
static ftdn_status make_room(bootstrap *b, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_values = (size_t)(1 + b->n_classes) * (size_t)b->desc->n_resamples, n_threads = (size_t)b->desc->n_threads;
    for (int i = 0; i < b->n_trials; i++) {
        b->figures[i].value = FTDN_NEW(arena, n_values, double, err);
        if (!b->figures[i].value) return FTDN_ERR_MEMORY;
    }
    b->n_times = FTDN_NEW(arena, n_threads, int *, err);
    b->thread_arena = FTDN_NEW(arena, n_threads, ftdn_arena, err);
    if (!b->n_times || !b->thread_arena) return FTDN_ERR_MEMORY;
    for (size_t t = 0; t < n_threads; t++) {
        ftdn_arena_init(&b->thread_arena[t]);
        b->n_times[t] = FTDN_NEW(arena, (size_t)b->n_images, int, err);
        if (!b->n_times[t]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

static ftdn_status measure_resamples(bootstrap *b, ftdn_error *err)
{
    const ftdn_shared_work work = {
        .n_items = b->desc->n_resamples,
        .n_threads = b->desc->n_threads,
        .run = measure_resample,
        .user = b,
    };
    ftdn_status status = ftdn_share(&work, err);
    for (int t = 0; t < b->desc->n_threads; t++) ftdn_arena_done(&b->thread_arena[t]);
    return status;
}

/* An interval leaves its figures sorted, so that differences are taken before. */
static void make_row(const bootstrap *b, int index, double *scratch, ftdn_bootstrap_row *row)
{
    int n = b->desc->n_resamples;
    double *own = b->figures[0].value + (size_t)index * (size_t)n;
    if (b->n_trials == 2) {
        double *other = b->figures[1].value + (size_t)index * (size_t)n;
        for (int i = 0; i < n; i++) scratch[i] = own[i] - other[i];
        row->difference.value = row->own.value - row->other.value;
        row->difference.interval = ftdn_bootstrap_percentiles(scratch, n);
        row->other.interval = ftdn_bootstrap_percentiles(other, n);
    }
    row->own.interval = ftdn_bootstrap_percentiles(own, n);
}

/* The figures of the trials as they are, by row. */
static ftdn_status measure_trials(const bootstrap *b, ftdn_arena *arena, ftdn_bootstrap_row *row, ftdn_error *err)
{
    int n_rows = 1 + b->n_classes;
    double *value = FTDN_NEW(arena, (size_t)n_rows, double, err);
    if (!value) return FTDN_ERR_MEMORY;
    for (int i = 0; i < b->n_trials; i++) {
        FTDN_TRY(measure(b->figures[i].trial, NULL, arena, value, 1, err));
        for (int k = 0; k < n_rows; k++) *(i == 0 ? &row[k].own.value : &row[k].other.value) = value[k];
    }
    return FTDN_OK;
}

ftdn_status ftdn_image_bootstrap(const ftdn_image_bootstrap_desc *desc, const ftdn_judged_trial *own,
                                 const ftdn_judged_trial *other, ftdn_arena *arena, const ftdn_bootstrap_row **ret_row,
                                 ftdn_error *err)
{
    assert(desc->n_resamples >= 1 && desc->n_threads >= 1);
    assert(!other || (other->n_images == own->n_images && other->n_classes == own->n_classes));
    bootstrap b = {
        .desc = desc,
        .n_trials = other ? 2 : 1,
        .n_images = own->n_images,
        .n_classes = own->n_classes,
        .figures = {{.trial = own}, {.trial = other}},
    };
    ftdn_bootstrap_row *row = FTDN_NEW(arena, (size_t)own->n_classes + 1, ftdn_bootstrap_row, err);
    double *scratch = FTDN_NEW(arena, (size_t)desc->n_resamples, double, err);
    if (!row || !scratch) return FTDN_ERR_MEMORY;
    FTDN_TRY(measure_trials(&b, arena, row, err));
    FTDN_TRY(make_room(&b, arena, err));
    FTDN_TRY(measure_resamples(&b, err));
    for (int k = 0; k <= own->n_classes; k++) {
        row[k].name = k == 0 ? "mAP" : own->class_name[k - 1];
        make_row(&b, k, scratch, &row[k]);
    }
    *ret_row = row;
    return FTDN_OK;
}
