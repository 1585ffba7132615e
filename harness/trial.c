/* trial.c - the paper's experiment, once:
 *
 *     protect   filters of the best channels kept twice, the graph rewritten (harness/protect.c, once per rig)
 *     weights   faults in the stored weights and copies, drawn for the trial's seed; copies merged
 *     images    each image through the network, with faults of its own in the feature maps,
 *               and from the network's answers to detections
 *     measure   average precision per class over all images
 *
 * Images are shared among threads in any order, or go through a device in micro-batches. An image's detections depend
 * on nothing but the image and the trial's settings, and are measured in the order of the dataset. */
#include "harness/trial.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/share.h"
#include "harness/judged_trial.h"

typedef struct trial {
    ftdn_rig *rig;
    const ftdn_dataset *dataset;
    const ftdn_trial_settings *settings;
    const ftdn_trial_control *control;
    ftdn_image_detections *found; /* [n_images] */
    int n_images_done;       /* by all threads */
} trial;

/* The images of one batch, in micro-batches of the program's size. user: trial * */
static ftdn_status detect_batch(void *user, int batch, int thread, ftdn_error *err)
{
    trial *t = user;
    ftdn_worker *worker = &t->rig->worker[thread];
    int first = batch * t->control->batch;
    int end = first + t->control->batch < t->dataset->n_images ? first + t->control->batch : t->dataset->n_images;
    int micro_batch = ftdn_worker_micro_batch(worker);
    bool hits_maps = ftdn_fault_draw_hits(&t->rig->map_faults.draw);
    for (int i = first; i < end; i += micro_batch) {
        if (t->control->stop && *t->control->stop) return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "interrupted");
        int n_images = end - i < micro_batch ? end - i : micro_batch;
        FTDN_TRY(ftdn_worker_detect(worker, t->dataset, i, n_images, hits_maps, &t->found[i], err));
        int n_done = ftdn_share_add(&t->n_images_done, n_images);
        if (t->control->on_image && thread == 0) t->control->on_image(t->control->user, n_done);
    }
    return FTDN_OK;
}

static ftdn_status detect_on_host(trial *t, ftdn_error *err)
{
    const ftdn_shared_work work = {
        .n_items = (t->dataset->n_images + t->control->batch - 1) / t->control->batch,
        .n_threads = t->rig->n_workers,
        .run = detect_batch,
        .user = t,
    };
    return ftdn_share(&work, err);
}

/* The host takes the answers to one micro-batch while the device works on the next one. */
static ftdn_status detect_on_device(trial *t, ftdn_error *err)
{
    ftdn_device_worker *worker = t->rig->device;
    int n_images = t->dataset->n_images, micro_batch = worker->micro_batch, n_sent = 0;
    int n_of[FTDN_DEVICE_DETECTOR_SLOTS];
    FTDN_TRY(ftdn_device_worker_load(worker, t->dataset, 0, n_images, err));
    for (int slot = 0; t->n_images_done < n_images; slot = !slot) {
        if (t->control->stop && *t->control->stop) return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "interrupted");
        n_of[slot] = n_images - n_sent < micro_batch ? n_images - n_sent : micro_batch;
        if (n_of[slot] > 0) FTDN_TRY(ftdn_device_worker_send(worker, t->dataset, n_sent, n_of[slot], slot, err));
        bool is_first = n_sent == 0;
        n_sent += n_of[slot];
        if (is_first) continue;
        FTDN_TRY(ftdn_device_worker_receive(worker, !slot, n_of[!slot], &t->found[t->n_images_done], err));
        t->n_images_done += n_of[!slot];
        if (t->control->on_image) t->control->on_image(t->control->user, t->n_images_done);
    }
    return ftdn_device_worker_finish(worker, err);
}

static ftdn_status detect_all(trial *t, ftdn_error *err)
{
    return t->rig->device ? detect_on_device(t, err) : detect_on_host(t, err);
}

/* What is measured of the trial. */
typedef struct measurement {
    const trial *trial;
    ftdn_class_ap *class_ap; /* [n_classes] */
} measurement;

/* user: measurement * */
static ftdn_status measure_class(void *user, int class_index, int thread, ftdn_error *err)
{
    (void)thread;
    const measurement *m = user;
    const trial *t = m->trial;
    ftdn_judged_class judged;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status =
        ftdn_judge_class(t->dataset, t->found, class_index, t->settings->evaluate.iou, &arena, &judged, err);
    if (status == FTDN_OK) status = ftdn_judged_measure(&judged, NULL, &arena, &m->class_ap[class_index], err);
    ftdn_arena_done(&arena);
    return status;
}

/* Classes are shared among threads; their means are made in order. */
static ftdn_status measure(const trial *t, ftdn_trial_result *result, ftdn_error *err)
{
    measurement m = {.trial = t, .class_ap = result->class_ap};
    const ftdn_shared_work work = {
        .n_items = result->n_classes,
        .n_threads = t->rig->n_threads,
        .run = measure_class,
        .user = &m,
    };
    FTDN_TRY(ftdn_share(&work, err));
    double sum_voc07 = 0, sum_area = 0;
    int n_counted = 0;
    for (int c = 0; c < result->n_classes; c++) {
        if (result->class_ap[c].n_objects == 0) continue;
        sum_voc07 += result->class_ap[c].ap_voc07;
        sum_area += result->class_ap[c].ap_area;
        n_counted++;
    }
    result->map_voc07 = n_counted ? sum_voc07 / n_counted : (double)NAN;
    result->map_area = n_counted ? sum_area / n_counted : (double)NAN;
    return FTDN_OK;
}

static double seconds(int64_t elapsed_ns)
{
    return (double)elapsed_ns * 1e-9;
}

static void add_counts(const ftdn_fault_count *count, int n, ftdn_fault_count *total)
{
    for (int i = 0; i < n; i++) ftdn_fault_count_add(&total[i], &count[i]);
}

static void add_weight_counts(const ftdn_weight_bank *bank, ftdn_trial_result *result)
{
    add_counts(bank->count, bank->faults.layers.n_layers, result->weight_count);
    for (int c = 0; c < bank->faults.copies.n_copies; c++)
        add_counts(bank->copy_count[c], bank->faults.copies.n_layers, result->weight_copy_count[c]);
}

/* A recorded sequence has no clock inside: injection and detection are part of the forward. */
static void collect_from_device(const ftdn_rig *rig, int64_t images_ns, ftdn_trial_result *result)
{
    const ftdn_device_worker *worker = rig->device;
    add_weight_counts(&rig->bank, result);
    add_counts(worker->map_count, rig->map_faults.n_targets, result->map_count);
    result->n_nonfinite = worker->n_nonfinite;
    result->weights_s = seconds(worker->weights_ns);
    result->forward_s = seconds(images_ns - worker->weights_ns);
    result->injection_s = result->detection_s = (double)NAN;
}

/* Add up what the workers counted. Sums of integers: the order of workers cannot matter. */
static void collect_from_host(const ftdn_rig *rig, ftdn_trial_result *result)
{
    if (!rig->redraws_weights) add_weight_counts(&rig->bank, result);
    for (int i = 0; i < rig->n_workers; i++) {
        const ftdn_worker *worker = &rig->worker[i];
        if (rig->redraws_weights) add_weight_counts(&worker->own_bank, result);
        add_counts(worker->injector.count, rig->map_faults.n_targets, result->map_count);
        result->n_nonfinite += worker->n_nonfinite;
        result->weights_s += seconds(worker->weights_ns);
        result->injection_s += seconds(worker->injector.elapsed_ns);
        result->forward_s += seconds(worker->forward_ns - worker->injector.elapsed_ns);
        result->detection_s += seconds(worker->detection_ns);
    }
}

/* images_ns: from the first image to the last. */
static void collect_counts(const ftdn_rig *rig, int64_t images_ns, ftdn_trial_result *result)
{
    if (rig->device) collect_from_device(rig, images_ns, result);
    else collect_from_host(rig, result);
}

static ftdn_status make_result(const trial *t, ftdn_arena *arena, ftdn_trial_result *ret_result, ftdn_error *err)
{
    const ftdn_weight_faults *weights = ftdn_rig_weight_faults(t->rig);
    ftdn_trial_result result = {
        .n_classes = t->dataset->n_classes,
        .n_images = t->dataset->n_images,
        .found = t->found,
        .class_ap = FTDN_NEW(arena, (size_t)t->dataset->n_classes, ftdn_class_ap, err),
        .weight_count = FTDN_NEW(arena, (size_t)weights->layers.n_layers, ftdn_fault_count, err),
        .map_count = FTDN_NEW(arena, (size_t)t->rig->map_faults.n_targets, ftdn_fault_count, err),
    };
    if (!result.class_ap || !result.weight_count || !result.map_count) return FTDN_ERR_MEMORY;
    for (int c = 0; c < weights->copies.n_copies; c++) {
        result.weight_copy_count[c] = FTDN_NEW(arena, (size_t)weights->copies.n_layers, ftdn_fault_count, err);
        if (!result.weight_copy_count[c]) return FTDN_ERR_MEMORY;
    }
    *ret_result = result;
    return FTDN_OK;
}

ftdn_status ftdn_trial_run(ftdn_rig *rig, const ftdn_dataset *dataset, const ftdn_trial_settings *settings,
                           const ftdn_trial_control *control, ftdn_arena *arena, ftdn_trial_result *ret_result,
                           ftdn_error *err)
{
    assert(dataset->size == rig->model->network.input_size && dataset->n_classes == rig->model->network.n_classes);
    assert(control->batch >= 1);
    int64_t start_ns = ftdn_clock_ns();
    trial t = {
        .rig = rig,
        .dataset = dataset,
        .settings = settings,
        .control = control,
        .found = FTDN_NEW(arena, (size_t)dataset->n_images, ftdn_image_detections, err),
    };
    if (!t.found) return FTDN_ERR_MEMORY;
    ftdn_trial_result result;
    FTDN_TRY(make_result(&t, arena, &result, err));
    FTDN_TRY(ftdn_rig_prepare(rig, settings, err));
    int64_t weights_end_ns = ftdn_clock_ns();
    FTDN_TRY(detect_all(&t, err));
    int64_t images_end_ns = ftdn_clock_ns();
    FTDN_TRY(measure(&t, &result, err));
    int64_t end_ns = ftdn_clock_ns();

    collect_counts(rig, images_end_ns - weights_end_ns, &result);
    result.weights_s += seconds(weights_end_ns - start_ns);
    result.average_precision_s = seconds(end_ns - images_end_ns);
    result.total_s = seconds(end_ns - start_ns);
    *ret_result = result;
    return FTDN_OK;
}
