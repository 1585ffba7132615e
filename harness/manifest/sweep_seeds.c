#include "harness/manifest/decimal.h"
#include "harness/manifest/sweep_reader.h"

/* The slot of a key inside sweep.seeds. */
static const ftdn_value *inside(const ftdn_value *seeds, ftdn_key_id key)
{
    return &seeds[(int)key - (int)FTDN_KEY_SWEEP_SEEDS];
}

/* Answers false after a mistake. */
static bool has(const ftdn_sweep_reader *r, const char *pointer, const ftdn_value *seeds, ftdn_key_id object,
                ftdn_key_id key)
{
    const ftdn_value *value = inside(seeds, key);
    if (value->node) return value->is_sound;
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    ftdn_key_write_allowed(key, &allowed);
    const char *suffix = ftdn_manifest_keys[key].path + sizeof "sweep.seeds" - 1;
    if (allowed.failed) r->mistakes->failed = true;
    else
        ftdn_sweep_mistake(r, ftdn_position_of_value(inside(seeds, object)->node), pointer, suffix,
                           "missing; allowed: %s", allowed.chars);
    ftdn_text_done(&allowed);
    return false;
}

static void read_until(const ftdn_sweep_reader *r, const char *pointer, const ftdn_value *seeds, ftdn_seeds *ret_seeds)
{
    static const ftdn_key_id keys[] = {FTDN_KEY_SWEEP_SEEDS_UNTIL_CI95, FTDN_KEY_SWEEP_SEEDS_UNTIL_MIN,
                                       FTDN_KEY_SWEEP_SEEDS_UNTIL_MAX};
    bool is_good = inside(seeds, FTDN_KEY_SWEEP_SEEDS_UNTIL)->is_sound;
    for (int i = 0; i < 3 && inside(seeds, FTDN_KEY_SWEEP_SEEDS_UNTIL)->is_sound; i++)
        is_good = has(r, pointer, seeds, FTDN_KEY_SWEEP_SEEDS_UNTIL, keys[i]) && is_good;
    if (!is_good) return;
    int n_min = (int)ftdn_value_number(inside(seeds, FTDN_KEY_SWEEP_SEEDS_UNTIL_MIN));
    const ftdn_value *most = inside(seeds, FTDN_KEY_SWEEP_SEEDS_UNTIL_MAX);
    if ((int)ftdn_value_number(most) < n_min) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(most->node), pointer, ".until.max",
                           "%s is below min; allowed: at least %d", most->node->literal, n_min);
        return;
    }
    *ret_seeds = (ftdn_seeds){
        .n = (int)ftdn_value_number(most),
        .step = 1,
        .ci95 = ftdn_value_number(inside(seeds, FTDN_KEY_SWEEP_SEEDS_UNTIL_CI95)),
        .n_min = n_min,
    };
}

static void read_range(const ftdn_sweep_reader *r, const char *pointer, const ftdn_value *seeds, ftdn_seeds *ret_seeds)
{
    static const ftdn_key_id keys[] = {FTDN_KEY_SWEEP_SEEDS_FROM, FTDN_KEY_SWEEP_SEEDS_TO, FTDN_KEY_SWEEP_SEEDS_STEP};
    bool is_good = true;
    for (int i = 0; i < 3; i++) is_good = has(r, pointer, seeds, FTDN_KEY_SWEEP_SEEDS, keys[i]) && is_good;
    if (!is_good) return;
    const ftdn_json *last = inside(seeds, FTDN_KEY_SWEEP_SEEDS_TO)->node;
    double from = ftdn_value_number(inside(seeds, FTDN_KEY_SWEEP_SEEDS_FROM)), to = last->number + 0.0;
    uint64_t first = (uint64_t)from, step = (uint64_t)ftdn_value_number(inside(seeds, FTDN_KEY_SWEEP_SEEDS_STEP));
    if (to < from) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(last), pointer, ".to", "%s is below from; allowed: at least %.0f",
                           last->literal, from);
        return;
    }
    uint64_t n_steps = ((uint64_t)to - first) / step, below = first + n_steps * step;
    if (below != (uint64_t)to) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(last), pointer, ".to",
                           "%s is no whole number of steps from %.0f; allowed: %llu, %llu", last->literal, from,
                           (unsigned long long)below, (unsigned long long)(below + step));
        return;
    }
    if (n_steps >= FTDN_MAX_TRIALS) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(last), pointer, ".to", "%llu seeds; allowed: at most %zu",
                           (unsigned long long)n_steps + 1, FTDN_MAX_TRIALS);
        return;
    }
    *ret_seeds = (ftdn_seeds){.n = (int)n_steps + 1, .from = first, .step = step};
}

static ftdn_status read_list(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *list,
                             ftdn_seeds *ret_seeds)
{
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_value_place place = {.key = FTDN_KEY_SEED, .pointer = pointer, .item = i};
        ftdn_value seed;
        FTDN_TRY(ftdn_value_read(&place, list->child[i], r->arena, r->mistakes, &seed, r->err));
    }
    *ret_seeds = (ftdn_seeds){.n = list->n_children, .list = list->child};
    return FTDN_OK;
}

ftdn_status ftdn_seeds_read(const ftdn_sweep_reader *r, const char *pointer, const ftdn_value *value,
                            ftdn_seeds *ret_seeds)
{
    *ret_seeds = (ftdn_seeds){0};
    if (!value->node || !value->is_sound) return FTDN_OK;
    if (value->node->kind == FTDN_JSON_ARRAY) return read_list(r, pointer, value->node, ret_seeds);
    if (value->node->kind == FTDN_JSON_NUMBER) {
        *ret_seeds = (ftdn_seeds){.n = (int)ftdn_value_number(value), .step = 1};
        return FTDN_OK;
    }
    const ftdn_json *until = inside(value, FTDN_KEY_SWEEP_SEEDS_UNTIL)->node;
    bool has_range = false;
    for (int key = FTDN_KEY_SWEEP_SEEDS_FROM; key <= FTDN_KEY_SWEEP_SEEDS_STEP; key++)
        has_range = has_range || inside(value, (ftdn_key_id)key)->node;
    if (until && has_range)
        ftdn_sweep_mistake(r, ftdn_position_of_key(until), pointer, ".until",
                           "given beside from, to or step; allowed: one of the two");
    else if (until) read_until(r, pointer, value, ret_seeds);
    else read_range(r, pointer, value, ret_seeds);
    return FTDN_OK;
}
