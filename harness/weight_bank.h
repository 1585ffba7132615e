/* weight_bank.h - the weights of a network on their way from memory to the engine:
 *
 *     stored      originals and copies, clean or hit by faults       (injectors/weight_faults.h)
 *     assembled   what the protected graph runs with: merged under kernel recovery, side by side under feature map
 *                 recovery                                           (protectors/protector.h)
 *     packed      in the layout of the engine                        (engine/engine.h)
 *
 * A trial has one bank that all its workers read; where weights are hit anew for each image, each worker has one. On a
 * device all three are in its memory, and no weight travels for a draw. */
#ifndef FTDN_HARNESS_WEIGHT_BANK_H
#define FTDN_HARNESS_WEIGHT_BANK_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/device.h"
#include "engine/engine.h"
#include "injectors/weight_faults.h"
#include "injectors/weight_faults_device.h"
#include "protectors/assembly_device.h"
#include "protectors/protector.h"

typedef struct ftdn_weight_bank {
    const ftdn_protection *protection; /* borrowed */
    ftdn_weight_faults faults; /* on a device: layers, copies and counts; its buffers are not used */
    ftdn_assembly assembly;    /* not on a device */
    const ftdn_device_module *device; /* NULL: in host memory; then the three below are NULL too */
    const ftdn_context *context;      /* of the device, on whose stream faults are drawn; borrowed */
    ftdn_device_weight_faults *device_faults;
    ftdn_device_assembly *device_assembly;
    ftdn_packed *packed;
    bool *packed_is_faulty; /* [n_params of the protected graph] */
    bool *changed;          /* [n_params], scratch */
    /* Added up over the draws since the last reset: of the layers that are hit, and of all copied layers. */
    ftdn_fault_count *count;                        /* [faults.layers.n_layers] */
    ftdn_fault_count *copy_count[FTDN_MAX_COPIES];  /* [faults.copies.n_layers] */
} ftdn_weight_bank;

typedef struct ftdn_weight_bank_desc {
    const ftdn_protection *protection; /* borrowed, as all below */
    const ftdn_program *program;       /* of the protected graph */
    ftdn_context *context;             /* of the program on a device; NULL: in host memory */
    ftdn_layer_set layers;             /* of the unprotected graph, which faults may hit */
    int n_threads;                     /* that pack the clean weights */
} ftdn_weight_bank_desc;

/* The caller may call ftdn_weight_bank_done on a bank that could not be initialised. */
FTDN_NODISCARD ftdn_status ftdn_weight_bank_init(ftdn_weight_bank *bank, const ftdn_weight_bank_desc *desc,
                                                 ftdn_arena *arena, ftdn_error *err);
void ftdn_weight_bank_done(ftdn_weight_bank *bank);

void ftdn_weight_bank_reset_counts(ftdn_weight_bank *bank);

/* Bring the packed weights to what is asked for: clean, or with faults drawn for the image (0: for the whole trial).
 * On a device it waits for the context's work. */
FTDN_NODISCARD ftdn_status ftdn_weight_bank_set(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image,
                                                int n_threads, ftdn_error *err);

#endif
