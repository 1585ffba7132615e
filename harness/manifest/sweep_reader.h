/* sweep_reader.h - the parts of reading a sweep, for sweep_read.c and its tests.
 *
 * Every part adds its mistakes to the list and goes on with what is sound; only a refused allocation fails. Pointers
 * are those of messages, "sweeps.a.grid.seed"; they live in the arena. */
#ifndef FTDN_HARNESS_MANIFEST_SWEEP_READER_H
#define FTDN_HARNESS_MANIFEST_SWEEP_READER_H

#include "harness/manifest/sweep.h"

typedef struct ftdn_sweep_reader {
    ftdn_arena *arena;
    ftdn_mistakes *mistakes;
    ftdn_error *err;
} ftdn_sweep_reader;

/* Add a mistake at pointer + suffix. */
void ftdn_sweep_mistake(const ftdn_sweep_reader *r, ftdn_position position, const char *pointer, const char *suffix,
                        const char *format, ...) FTDN_PRINTF(5, 6);

/* Values of one key, as JSON. */
typedef struct ftdn_values {
    int n; /* 0 after a mistake */
    const ftdn_json *const *node;
    bool of_range;  /* made, and all called by the place of the range */
    bool is_single; /* no list: the one value is called by its key alone */
} ftdn_values;

/* A list of values, {"from", "to", "step"} or {"log": [first, last, n]} (sweep_values.c). */
FTDN_NODISCARD ftdn_status ftdn_values_expand(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer,
                                              const ftdn_json *node, ftdn_values *ret_values);

/* The bounds of one key of a sample: {"from", "to"} or {"log": [first, last]}. Answers false after a mistake. */
typedef struct ftdn_bounds {
    const ftdn_json *from, *to;
    bool is_log;
} ftdn_bounds;

FTDN_NODISCARD bool ftdn_bounds_read(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer,
                                     const ftdn_json *node, ftdn_bounds *ret_bounds);

/* A node for a number that stands for a part of `place`; *node is filled, its literal lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_number_make(const ftdn_sweep_reader *r, const ftdn_json *place, const char *literal,
                                            ftdn_json *node);

/* The values of the key of a sample at `n_points` points (sweep_sample.c). key_index: from 0, of the sample. */
typedef struct ftdn_sample {
    bool is_sobol;
    int n_points;
    uint64_t seed;
} ftdn_sample;

FTDN_NODISCARD ftdn_status ftdn_sample_draw(const ftdn_sweep_reader *r, const ftdn_sample *sample, int key_index,
                                            ftdn_key_id key, const char *pointer, const ftdn_json *node,
                                            ftdn_values *ret_values);

/* The key that a member of an object of dotted keys names; FTDN_KEY_ROOT after a mistake (sweep_columns.c).
 * pointer: of the object. */
ftdn_key_id ftdn_dotted_find(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *member);

/* The pointer of a member; NULL where memory is refused. */
const char *ftdn_member_pointer(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *member);

/* Is one of the keys inside the other, or are they the same? */
bool ftdn_keys_overlap(ftdn_key_id a, ftdn_key_id b);

/* Read values of a key into a column. Of a range the first wrong value is told, no more. */
FTDN_NODISCARD ftdn_status ftdn_column_read(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer,
                                            const ftdn_values *values, ftdn_column *ret_column);

/* An object of dotted keys with one value each, as an axis of one value. */
FTDN_NODISCARD ftdn_status ftdn_settings_axis_read(const ftdn_sweep_reader *r, const char *pointer,
                                                   const ftdn_json *object, ftdn_axis *ret_axis);

/* sweep.seeds (sweep_seeds.c). value: its slot and those inside it. */
FTDN_NODISCARD ftdn_status ftdn_seeds_read(const ftdn_sweep_reader *r, const char *pointer, const ftdn_value *value,
                                           ftdn_seeds *ret_seeds);

/* sweep.exclude (sweep_rules.c): set sweep->kept and n_kept. lookup: its defaults and table are read. is_good: the
 * sweep has no mistakes so far; else the rules are read and not applied. */
FTDN_NODISCARD ftdn_status ftdn_rules_apply(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *rules,
                                            const ftdn_lookup *lookup, bool is_good, ftdn_sweep *sweep);

#endif
