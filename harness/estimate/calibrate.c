#include "harness/estimate/calibrate.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "harness/campaign/crew.h"
#include "harness/estimate/sample_plan.h"
#include "harness/plan/same_settings.h"
#include "harness/process_memory.h"
#include "harness/rankings/scores.h"

#define BUDGET_S 4.5 /* nothing is begun later than this */
#define BRIEF_S 1.0
#define WAIT_MS 50
#define PATIENCE_S 2.0 /* for what was begun in time */
#define JOBS_OF_KIND 4 /* that are enough */
#define JOB_S 0.5      /* that one should take, at most */

typedef enum sample_job { NO_JOB, COLD_JOB, WARM_JOB, CANARY_JOB, RANKING_JOB } sample_job;

typedef struct seat {
    sample_job job;
    int entry; /* of the sample plan: what is done */
    int kind, ranking, sample;
    bool is_pending; /* its rig is ready for a warm job of kind and sample */
    bool has_canary;
    int rig; /* entry that its rig was made for; -1: none */
    int64_t start_ns;
    double fraction, fraction_s; /* done of the job, and when that was said */
} seat;

/* What was measured of a kind. */
typedef struct tally {
    int n_asked, n_warm, n_cold, n_lost;
    double warm_images, warm_image_time, warm_rest; /* sums */
    double mean, squares;                           /* of seconds per image of warm jobs: Welford */
    double cold_images, cold_image_time, cold_time; /* sums */
} tally;

typedef struct calibration {
    const ftdn_calibrate_desc *desc;
    ftdn_sample_plan samples;
    ftdn_crew crew;
    seat *seat;        /* [n_workers] */
    tally *tally;      /* [n_kinds of the samples] */
    double *ranking_s; /* [n_rankings]; NaN: not known */
    int n_rankings_asked, n_canaries;
    double canary_time;
    ftdn_costs *costs;
    ftdn_text message;
    ftdn_arena scratch;
    int64_t start_ns;
} calibration;

static double seconds_since(int64_t start_ns)
{
    return (double)(ftdn_clock_ns() - start_ns) * 1e-9;
}

static const ftdn_planned_trial *entry_of(const calibration *c, int entry)
{
    return &c->samples.plan.trial[entry];
}

static void begin_job(calibration *c, int place, sample_job job, int entry)
{
    seat *s = &c->seat[place];
    s->job = job;
    s->entry = entry;
    s->start_ns = ftdn_clock_ns();
    s->fraction = 0;
    ftdn_message_end(&c->message);
    ftdn_crew_send(&c->crew, place, &c->message);
}

static ftdn_status send_trial(calibration *c, int place, sample_job job, int entry, ftdn_error *err)
{
    ftdn_layer_scores *layer = NULL;
    int n_layers = 0;
    const ftdn_planned_trial *trial = entry_of(c, entry);
    if (trial->settings.protection.ranking) FTDN_TRY(ftdn_scores_blank(trial, &c->scratch, &layer, &n_layers, err));
    ftdn_message_begin(&c->message, FTDN_MESSAGE_RUN, entry);
    ftdn_message_put_scores(&c->message, layer, n_layers);
    begin_job(c, place, job, entry);
    c->seat[place].rig = entry;
    ftdn_arena_done(&c->scratch);
    return FTDN_OK;
}

/* Seconds of an image of this kind as far as is known: of others while nothing is; 0 in the beginning. */
static double guess_image_s(const calibration *c, int kind)
{
    const tally *t = &c->tally[kind];
    if (t->warm_images > 0) return t->warm_image_time / t->warm_images;
    if (t->cold_images > 0) return t->cold_image_time / t->cold_images;
    double time = 0, images = 0;
    for (int k = 0; k < c->samples.n_kinds; k++) {
        time += c->tally[k].warm_image_time + c->tally[k].cold_image_time;
        images += c->tally[k].warm_images + c->tally[k].cold_images;
    }
    return images > 0 ? time / images : 0;
}

/* As many images as there is time for, when every kind that was not asked for yet is to have its turn. */
static int choose_size(const calibration *c, int kind)
{
    int n_unasked = 0, size = 0;
    for (int k = 0; k < c->samples.n_kinds; k++) n_unasked += c->tally[k].n_asked == 0;
    double left_s = BUDGET_S - seconds_since(c->start_ns), image_s = guess_image_s(c, kind);
    double share_s = left_s * c->desc->n_workers / (2 * n_unasked + 1);
    if (share_s > JOB_S) share_s = JOB_S;
    while (size + 1 < FTDN_SAMPLE_SIZES) {
        int n_images = entry_of(c, ftdn_sample_plan_trial(kind, 0, size + 1))->dataset->n_images;
        if (n_images * image_s > share_s) break;
        size++;
    }
    return size;
}

/* The kind that was asked for least, of these the one with the most trials; -1: all are known well enough. */
static int choose_kind(const calibration *c)
{
    const ftdn_trial_kind *kind = c->desc->kinds->kind;
    int chosen = -1;
    for (int k = 0; k < c->samples.n_kinds; k++) {
        const tally *t = &c->tally[k];
        if (t->n_lost > 0 || t->n_asked >= (c->desc->is_brief ? 1 : JOBS_OF_KIND)) continue;
        bool is_better = chosen < 0 || t->n_asked < c->tally[chosen].n_asked ||
                         (t->n_asked == c->tally[chosen].n_asked && kind[k].n_trials > kind[chosen].n_trials);
        if (is_better) chosen = k;
    }
    return chosen;
}

static bool has_rig(const calibration *c, const seat *s, int entry)
{
    if (s->rig < 0) return false;
    const ftdn_planned_trial *ready = entry_of(c, s->rig), *wanted = entry_of(c, entry);
    return ready->model == wanted->model && ftdn_same_rig(&ready->settings, &wanted->settings);
}

static ftdn_status assign_trial(calibration *c, int place, int kind, ftdn_error *err)
{
    seat *s = &c->seat[place];
    s->kind = kind;
    s->sample = c->tally[kind].n_asked++ % FTDN_SAMPLE_TRIALS;
    s->is_pending = !has_rig(c, s, ftdn_sample_plan_trial(kind, s->sample, 0));
    int size = s->is_pending ? 0 : choose_size(c, kind);
    return send_trial(c, place, s->is_pending ? COLD_JOB : WARM_JOB, ftdn_sample_plan_trial(kind, s->sample, size),
                      err);
}

static void assign_ranking(calibration *c, int place)
{
    seat *s = &c->seat[place];
    s->ranking = c->n_rankings_asked++;
    s->rig = -1; /* the worker drops it */
    ftdn_message_begin(&c->message, FTDN_MESSAGE_RANK, ftdn_sample_plan_ranking(&c->samples, s->ranking));
    begin_job(c, place, RANKING_JOB, ftdn_sample_plan_ranking(&c->samples, s->ranking));
}

static ftdn_status assign(calibration *c, int place, ftdn_error *err)
{
    seat *s = &c->seat[place];
    if (c->crew.place[place].pid == 0) FTDN_TRY(ftdn_crew_hire(&c->crew, place, err));
    if (!s->has_canary && !c->desc->is_brief) {
        int entry = ftdn_sample_plan_canary(&c->samples, place % c->samples.n_kinds);
        s->has_canary = true;
        ftdn_message_begin(&c->message, FTDN_MESSAGE_CANARY, entry);
        begin_job(c, place, CANARY_JOB, entry);
        return FTDN_OK;
    }
    if (s->is_pending && !c->desc->is_brief) {
        s->is_pending = false;
        return send_trial(c, place, WARM_JOB, ftdn_sample_plan_trial(s->kind, s->sample, choose_size(c, s->kind)), err);
    }
    int kind = choose_kind(c);
    if (kind >= 0 && c->tally[kind].n_asked == 0) return assign_trial(c, place, kind, err);
    if (c->n_rankings_asked < c->desc->n_rankings) assign_ranking(c, place);
    else if (kind >= 0) return assign_trial(c, place, kind, err);
    return FTDN_OK;
}

/* Seconds of a stage; 0 where the record has none. */
static double stage_s(const ftdn_trial_record *record, const char *stage)
{
    for (int i = 0; i < record->n_timings; i++)
        if (!strcmp(record->timing_row[i].stage, stage)) return record->timing_row[i].seconds;
    return 0;
}

/* Bytes of a trial's rows: its texts, eight bytes for each number, what SQLite adds to a row, and pages that are not
 * full. */
static double count_bytes(const ftdn_trial_record *record, const ftdn_planned_trial *trial)
{
    enum {
        ROW = 12,
        NUMBER = 8,
        OF_TRIAL = 900 /* ids, digests, their indexes, the seed in the spec, the label of what was planned */
    };
    const ftdn_cell_spec *cell = trial->spec.cell;
    double n_bytes = OF_TRIAL + (double)(cell->n_head + cell->n_tail);
    for (int i = 0; i < record->n_classes; i++)
        n_bytes += ROW + 3 * NUMBER + (double)strlen(record->class_row[i].class_name);
    for (int i = 0; i < record->n_faults; i++)
        n_bytes += ROW + 4 * NUMBER + (double)strlen(record->fault_row[i].layer) +
                   (double)strlen(record->fault_row[i].location);
    for (int i = 0; i < record->n_timings; i++) n_bytes += ROW + NUMBER + (double)strlen(record->timing_row[i].stage);
    return n_bytes * 1.2;
}

static ftdn_status take_result(calibration *c, int place, ftdn_message_reader *body, double elapsed_s, ftdn_error *err)
{
    seat *s = &c->seat[place];
    tally *t = &c->tally[s->kind];
    const ftdn_planned_trial *trial = entry_of(c, s->entry);
    ftdn_trial_record record;
    (void)ftdn_message_get_integer(body);
    FTDN_TRY(ftdn_message_get_record(body, &c->scratch, &record, err));
    bool redraws = !strcmp(trial->settings.faults.redraw, "image");
    double image_time = stage_s(&record, "total") - stage_s(&record, "average_precision");
    if (!redraws) image_time -= stage_s(&record, "weights");
    double n_images = record.n_images;
    if (s->job == COLD_JOB) {
        t->n_cold++;
        t->cold_images += n_images;
        t->cold_image_time += image_time;
        t->cold_time += elapsed_s;
    } else {
        double from_mean = image_time / n_images - t->mean;
        t->mean += from_mean / ++t->n_warm;
        t->squares += from_mean * (image_time / n_images - t->mean);
        t->warm_images += n_images;
        t->warm_image_time += image_time;
        t->warm_rest += elapsed_s - image_time;
    }
    c->costs->record_bytes = fmax(c->costs->record_bytes, count_bytes(&record, trial));
    c->costs->n_jobs++;
    ftdn_arena_done(&c->scratch);
    return FTDN_OK;
}

/* A job without an answer: a ranking that is not finished is judged by what is done of it. */
static void lose_job(calibration *c, seat *s)
{
    if (s->job == RANKING_JOB && s->fraction > 0) c->ranking_s[s->ranking] = s->fraction_s / s->fraction;
    if (s->job == COLD_JOB || s->job == WARM_JOB) c->tally[s->kind].n_lost++;
    s->job = NO_JOB;
    s->is_pending = false;
    s->rig = -1;
}

static ftdn_status take_message(calibration *c, ftdn_crew_event *event, ftdn_error *err)
{
    seat *s = &c->seat[event->place];
    double elapsed_s = seconds_since(s->start_ns);
    switch (event->header.kind) {
    case FTDN_MESSAGE_PROGRESS: {
        (void)ftdn_message_get_text(&event->body);
        double n_done = (double)ftdn_message_get_integer(&event->body);
        double n_all = (double)ftdn_message_get_integer(&event->body);
        s->fraction = n_all > 0 ? n_done / n_all : 0;
        s->fraction_s = elapsed_s;
        return FTDN_OK;
    }
    case FTDN_MESSAGE_RESULT: FTDN_TRY(take_result(c, event->place, &event->body, elapsed_s, err)); break;
    case FTDN_MESSAGE_SCORES: c->ranking_s[s->ranking] = ftdn_message_get_real(&event->body); break;
    case FTDN_MESSAGE_DIGEST:
        c->canary_time += elapsed_s;
        c->n_canaries++;
        break;
    default: lose_job(c, s); return FTDN_OK;
    }
    double n_bytes = ftdn_process_private_bytes(c->crew.place[event->place].pid);
    c->costs->worker_bytes = fmax(c->costs->worker_bytes, n_bytes);
    s->job = NO_JOB;
    return FTDN_OK;
}

static bool is_idle(const calibration *c)
{
    for (int i = 0; i < c->crew.n_places; i++)
        if (c->seat[i].job != NO_JOB) return false;
    return true;
}

static ftdn_status measure(calibration *c, ftdn_error *err)
{
    const double budget_s = c->desc->is_brief ? BRIEF_S : BUDGET_S;
    for (;;) {
        double elapsed_s = seconds_since(c->start_ns);
        for (int i = 0; i < c->crew.n_places && elapsed_s < budget_s; i++)
            if (c->seat[i].job == NO_JOB) FTDN_TRY(assign(c, i, err));
        if (is_idle(c)) return FTDN_OK;
        ftdn_crew_event event;
        FTDN_TRY(ftdn_crew_wait(&c->crew, WAIT_MS, &event, err));
        if (event.kind == FTDN_CREW_MESSAGE) FTDN_TRY(take_message(c, &event, err));
        if (event.kind == FTDN_CREW_GONE) lose_job(c, &c->seat[event.place]);
        for (int i = 0; i < c->crew.n_places; i++) {
            if (c->seat[i].job == NO_JOB || elapsed_s < budget_s + PATIENCE_S) continue;
            ftdn_crew_dismiss(&c->crew, i);
            lose_job(c, &c->seat[i]);
        }
    }
}

static void conclude_kind(calibration *c, int k, ftdn_kind_cost *cost)
{
    const tally *t = &c->tally[k];
    cost->n_jobs = t->n_warm + t->n_cold;
    if (cost->n_jobs == 0) return;
    bool is_warm = t->n_warm > 0;
    cost->image_s = is_warm ? t->warm_image_time / t->warm_images : t->cold_image_time / t->cold_images;
    cost->trial_s = is_warm ? t->warm_rest / t->n_warm : 0;
    cost->spread = t->n_warm > 1 ? sqrt(t->squares / (t->n_warm - 1)) / t->mean : (double)NAN;
    if (t->n_cold == 0) return;
    int entry = ftdn_sample_plan_trial(k, 0, 0);
    const ftdn_planned_trial *trial = &c->desc->queue->plan->trial[ftdn_trial_kinds_sample(c->desc->kinds, k, 0)];
    double rest_s = t->cold_time / t->n_cold - cost->trial_s - t->cold_images / t->n_cold * cost->image_s;
    cost->set_up_s = fmax(0, rest_s) * ftdn_sample_plan_set_up_scale(trial, entry_of(c, entry));
}

/* A kind that is not known takes what the others take in the mean; so does a set-up. */
static ftdn_status fill_gaps(const calibration *c, ftdn_costs *costs, ftdn_error *err)
{
    double n = 0, n_set_up = 0, trial_s = 0, image_s = 0, set_up_s = 0;
    int n_kinds = c->desc->kinds->n_kinds;
    for (int k = 0; k < n_kinds; k++) {
        const ftdn_kind_cost *cost = &costs->kind[k];
        if (cost->n_jobs == 0) continue;
        n++;
        trial_s += cost->trial_s;
        image_s += cost->image_s;
        if (k >= c->samples.n_kinds || c->tally[k].n_cold == 0) continue;
        n_set_up++;
        set_up_s += cost->set_up_s;
    }
    if (n == 0) return FTDN_FAIL(err, FTDN_ERR_BACKEND, "no trial of the calibration was finished in time");
    for (int k = 0; k < n_kinds; k++) {
        ftdn_kind_cost *cost = &costs->kind[k];
        bool has_set_up = k < c->samples.n_kinds && c->tally[k].n_cold > 0;
        if (!has_set_up && n_set_up > 0) cost->set_up_s = set_up_s / n_set_up;
        if (cost->n_jobs > 0) continue;
        costs->n_unmeasured++;
        cost->trial_s = trial_s / n;
        cost->image_s = image_s / n;
        cost->spread = (double)NAN;
    }
    return FTDN_OK;
}

static ftdn_status conclude(calibration *c, ftdn_error *err)
{
    ftdn_costs *costs = c->costs;
    for (int k = 0; k < c->samples.n_kinds; k++) conclude_kind(c, k, &costs->kind[k]);
    FTDN_TRY(fill_gaps(c, costs, err));
    for (int r = 0; r < c->desc->n_rankings; r++) {
        const ftdn_planned_trial *trial = &c->desc->queue->plan->trial[c->desc->ranking[r]];
        const ftdn_planned_trial *sample = entry_of(c, ftdn_sample_plan_ranking(&c->samples, r));
        costs->ranking_s[r] = c->ranking_s[r] * ftdn_sample_plan_ranking_scale(trial, sample);
    }
    if (c->n_canaries > 0) costs->canary_s = c->canary_time / c->n_canaries;
    costs->decode_s = c->samples.decode_s;
    return FTDN_OK;
}

static ftdn_status prepare(calibration *c, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_calibrate_desc *desc = c->desc;
    FTDN_TRY(ftdn_sample_plan_make(desc, arena, &c->samples, err));
    c->seat = FTDN_NEW(arena, (size_t)desc->n_workers, seat, err);
    c->tally = FTDN_NEW(arena, (size_t)c->samples.n_kinds, tally, err);
    c->ranking_s = FTDN_NEW(arena, (size_t)desc->n_rankings, double, err);
    c->costs->kind = FTDN_NEW(arena, (size_t)desc->kinds->n_kinds, ftdn_kind_cost, err);
    c->costs->ranking_s = FTDN_NEW(arena, (size_t)desc->n_rankings, double, err);
    if (!c->seat || !c->tally || !c->ranking_s || !c->costs->kind || !c->costs->ranking_s) return FTDN_ERR_MEMORY;
    for (int r = 0; r < desc->n_rankings; r++) c->ranking_s[r] = (double)NAN;
    for (int i = 0; i < desc->n_workers; i++) c->seat[i].rig = -1;
    return FTDN_OK;
}

ftdn_status ftdn_calibrate(const ftdn_calibrate_desc *desc, ftdn_arena *arena, ftdn_costs *ret_costs, ftdn_error *err)
{
    ftdn_costs costs = {0};
    calibration c = {.desc = desc, .costs = &costs, .start_ns = ftdn_clock_ns()};
    ftdn_text_init(&c.message);
    ftdn_arena_init(&c.scratch);
    ftdn_status status = prepare(&c, arena, err);
    const ftdn_duties duties = {
        .plan = &c.samples.plan, .n_threads = desc->n_threads, .batch = 1, .n_devices = desc->n_devices};
    if (status == FTDN_OK) status = ftdn_crew_init(&c.crew, &duties, desc->n_workers, err);
    if (status == FTDN_OK) {
        status = measure(&c, err);
        ftdn_crew_done(&c.crew);
    }
    if (status == FTDN_OK) status = conclude(&c, err);
    ftdn_text_done(&c.message);
    ftdn_arena_done(&c.scratch);
    costs.seconds = seconds_since(c.start_ns);
    if (status == FTDN_OK) *ret_costs = costs;
    return status;
}
