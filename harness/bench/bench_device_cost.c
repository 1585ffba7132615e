/* bench_device_cost.c - Table 1 on a device: one image at a time, from bytes to the heads' maps, by the clock on the
 * wall. Kernel recovery merges its copies and lays the merged weights out for each image, as the paper measures it.
 * Methods take turns image by image. And a micro-batch of feature-map recovery beside one of the original. */
#include <string.h>

#include "base/clock.h"
#include "harness/bench/bench_device_parts.h"
#include "harness/bench/bench_measure.h"

#define FMR_LIMIT 1.5 /* of the original's forward pass */

static const char *const methods[] = {"none", "kr", "fmr"};
enum { NONE, KR, FMR, N_METHODS };

/* One method, ready to take images. */
typedef struct contender {
    ftdn_rig rig;
    bool is_open;
    ftdn_trial_settings settings;
    ftdn_device_recording *recording; /* of the forward pass */
    double *sample_s;                 /* [n_repeats] */
} contender;

static ftdn_status open_contender(const ftdn_device_bench *bench, const ftdn_device_subject *subject, int method,
                                  int micro_batch, contender *c, ftdn_error *err)
{
    c->settings = ftdn_device_subject_settings(subject, methods[method], micro_batch);
    c->settings.faults.feature_map_rate = 0;
    FTDN_TRY(ftdn_device_subject_open(subject, &c->settings, &c->rig, err));
    c->is_open = true;
    FTDN_TRY(ftdn_rig_prepare(&c->rig, &c->settings, err));
    FTDN_TRY(ftdn_rig_forward(&c->rig, subject->dataset, 0, NULL, err));
    c->sample_s = FTDN_NEW(bench->arena, (size_t)bench->options->n_repeats, double, err);
    return c->sample_s ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void close_contender(contender *c)
{
    if (!c->is_open) return;
    c->rig.device->device->device->recording_free(c->recording);
    ftdn_rig_done(&c->rig);
}

/* Stored originals and copies, without a fault, to what the network runs with. */
static ftdn_status merge_weights(ftdn_weight_bank *bank, ftdn_error *err)
{
    const ftdn_weights *weights, *clean = &bank->protection->clean;
    const ftdn_stored_weights stored = bank->device->weight_faults->stored(bank->device_faults);
    FTDN_TRY(bank->device->assembly->make(bank->device_assembly, &stored, &weights, err));
    for (int i = 0; i < clean->n_params; i++) bank->changed[i] = weights->value[i] != clean->value[i];
    return ftdn_packed_update(bank->packed, weights, bank->changed, 1, err);
}

/* Fill the memory that kernel recovery reads, and record the pass. */
static ftdn_status prepare_latency(contender *c, ftdn_error *err)
{
    const ftdn_fault_draw no_fault = {.model = {.type = FTDN_FAULT_ZERO}};
    ftdn_weight_bank *bank = &c->rig.bank;
    FTDN_TRY(bank->device->weight_faults->draw(bank->device_faults, &no_fault, 0, err));
    return ftdn_device_worker_record(c->rig.device, NULL, -1, &c->recording, err);
}

static ftdn_status pass(contender *c, bool merges, int image, double *ret_seconds, ftdn_error *err)
{
    const ftdn_device_worker *worker = c->rig.device;
    const ftdn_device_table *table = worker->device->device;
    int64_t start_ns = ftdn_clock_ns();
    FTDN_TRY(table->set_batch(worker->context, &worker->images->resident, image, 1, err));
    if (merges) FTDN_TRY(merge_weights(&c->rig.bank, err));
    FTDN_TRY(table->replay(c->recording, worker->context, err));
    FTDN_TRY(table->synchronize(worker->context, err));
    *ret_seconds = ftdn_bench_seconds_since(start_ns);
    return FTDN_OK;
}

static ftdn_status take_turns(const ftdn_device_bench *bench, contender *c, int n_images, ftdn_error *err)
{
    for (int turn = -2; turn < bench->options->n_repeats; turn++) {
        for (int i = 0; i < N_METHODS; i++) {
            int m = (turn + 2 + i) % N_METHODS;
            double seconds;
            FTDN_TRY(pass(&c[m], m == KR, (turn + 2) % n_images, &seconds, err));
            if (turn >= 0) c[m].sample_s[turn] = seconds;
        }
    }
    return FTDN_OK;
}

static ftdn_status report_latency(ftdn_device_bench *bench, const ftdn_device_subject *subject, contender *c,
                                  ftdn_error *err)
{
    static const char *const names[N_METHODS] = {"one image, original", "one image, kr at 50 %",
                                                 "one image, fmr at 50 %"};
    int n_repeats = bench->options->n_repeats;
    double *slowdown[N_METHODS];
    for (int m = 0; m < N_METHODS; m++) {
        slowdown[m] = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
        if (!slowdown[m]) return FTDN_ERR_MEMORY;
        for (int r = 0; r < n_repeats; r++) slowdown[m][r] = c[m].sample_s[r] / c[NONE].sample_s[r];
    }
    for (int m = 0; m < N_METHODS; m++) {
        ftdn_device_bench_add(bench, subject, 1, names[m], FTDN_UNIT_SECONDS, 0, c[m].sample_s, n_repeats);
        if (m != NONE)
            ftdn_device_bench_add(bench, subject, 1, "  x original", FTDN_UNIT_QUOTIENT, 0, slowdown[m], n_repeats);
    }
    return FTDN_OK;
}

static ftdn_status measure_latency(ftdn_device_bench *bench, const ftdn_device_subject *subject, contender *c,
                                   ftdn_error *err)
{
    for (int m = 0; m < N_METHODS; m++) {
        FTDN_TRY(open_contender(bench, subject, m, 1, &c[m], err));
        FTDN_TRY(ftdn_device_worker_load(c[m].rig.device, subject->dataset, 0, subject->dataset->n_images, err));
        FTDN_TRY(prepare_latency(&c[m], err));
    }
    FTDN_TRY(take_turns(bench, c, subject->dataset->n_images, err));
    return report_latency(bench, subject, c, err);
}

/* Feature-map recovery by micro-batches of the size that campaigns use. */
static ftdn_status measure_throughput(ftdn_device_bench *bench, const ftdn_device_subject *subject, contender *c,
                                      ftdn_error *err)
{
    static const int compared[] = {NONE, FMR};
    int n_repeats = bench->options->n_repeats, micro_batch = subject->settings->engine.micro_batch;
    double *quotient = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    if (!quotient) return FTDN_ERR_MEMORY;
    for (int i = 0; i < 2; i++) {
        contender *own = &c[compared[i]];
        FTDN_TRY(open_contender(bench, subject, compared[i], micro_batch, own, err));
        FTDN_TRY(ftdn_device_time_sequence(&own->rig, NULL, false, n_repeats, own->sample_s, err));
    }
    for (int r = 0; r < n_repeats; r++) quotient[r] = c[FMR].sample_s[r] / c[NONE].sample_s[r];
    ftdn_device_bench_add(bench, subject, micro_batch, "forward of fmr at 50 % / of the original", FTDN_UNIT_QUOTIENT,
                          FMR_LIMIT, quotient, n_repeats);
    return FTDN_OK;
}

typedef ftdn_status measure_function(ftdn_device_bench *bench, const ftdn_device_subject *subject, contender *c,
                                     ftdn_error *err);

ftdn_status ftdn_device_measure_cost(ftdn_device_bench *bench, const ftdn_device_subject *subject, ftdn_error *err)
{
    measure_function *const measures[] = {measure_latency, measure_throughput};
    ftdn_status status = FTDN_OK;
    for (int i = 0; i < 2 && status == FTDN_OK; i++) {
        contender c[N_METHODS];
        memset(c, 0, sizeof c);
        status = measures[i](bench, subject, c, err);
        for (int m = 0; m < N_METHODS; m++) close_contender(&c[m]);
    }
    return status;
}
