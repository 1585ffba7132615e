/* map_faults_device.h - faults in feature maps on a device: the same sites and values as map_faults.h, bit for bit.
 *
 * Calls enqueue work on the context's stream. What a trial changes (rate, seed, model) lies in device memory, so that a
 * recorded sequence (engine/device.h) serves all trials whose draws ask for the same kernels. */
#ifndef FTDN_INJECTORS_MAP_FAULTS_DEVICE_H
#define FTDN_INJECTORS_MAP_FAULTS_DEVICE_H

#include "injectors/map_faults.h"

typedef struct ftdn_device_map_injector ftdn_device_map_injector;

typedef struct ftdn_map_faults_device_table {
    /* faults: what to hit, borrowed. context: whose maps are hit, borrowed. */
    ftdn_status (*create)(const ftdn_map_faults *faults, ftdn_context *context, ftdn_device_map_injector **ret_injector,
                          ftdn_error *err);
    void (*free)(ftdn_device_map_injector *injector);

    /* Take faults->draw over and set the counts to 0. Waits for work under way. */
    ftdn_status (*set)(ftdn_device_map_injector *injector, ftdn_error *err);

    /* The hook; user: ftdn_device_map_injector *. Hits the maps of the images of the context's batch, by their ids. A
     * failure is kept for read_counts. */
    void (*hook)(void *user, const ftdn_map *map);

    /* What was hit since set: ret_count: [faults->n_targets], overwritten. Waits. */
    ftdn_status (*read_counts)(ftdn_device_map_injector *injector, ftdn_fault_count *ret_count, ftdn_error *err);
} ftdn_map_faults_device_table;

/* Do two draws enqueue the same kernels, so that one recording serves both? */
bool ftdn_map_draws_run_alike(const ftdn_fault_draw *a, const ftdn_fault_draw *b);

#endif
