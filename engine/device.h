/* device.h - a GPU and the module that drives it.
 *
 * All code that needs CUDA or cuDNN is one shared module, ftdn_cuda.so, which is opened at run time: the program
 * starts and runs on the CPU where CUDA, cuDNN or a device is missing. The module answers with a table of what it can
 * do; each layer of the program declares its own part (injectors/map_faults_device.h, ...), the module holds them
 * together. Everything a table is called with or answers is C.
 *
 * A process may fork only before it first touches a device (select, count, describe, or a program of the backend):
 * ftdn_device_probe asks in a child process for those who fork later.
 *
 * The module is looked for at $FTDN_CUDA_MODULE, then beside the program, then where it was installed. */
#ifndef FTDN_ENGINE_DEVICE_H
#define FTDN_ENGINE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"

#define FTDN_DEVICE_INTERFACE 4 /* raised whenever a table or a structure behind it changes */
#define FTDN_DEVICE_TEXT_BYTES 128
#define FTDN_DEVICE_BACKEND "cuda"

typedef struct ftdn_device_info {
    char name[FTDN_DEVICE_TEXT_BYTES];      /* "NVIDIA H200" */
    int major, minor;                       /* compute capability: 9, 0 */
    int n_multiprocessors;
    size_t total_bytes, free_bytes;         /* of device memory */
    char driver[FTDN_DEVICE_TEXT_BYTES];    /* "CUDA 13.0": the newest that the driver runs */
    char libraries[FTDN_DEVICE_TEXT_BYTES]; /* "CUDA 13.0, cuDNN 9.19.0" */
} ftdn_device_info;

/* A sequence of work on a context's stream, recorded once and replayed. */
typedef struct ftdn_device_recording ftdn_device_recording;

/* The device itself, and the contexts (engine.h) of the module's backend. Calls on a context enqueue work on its
 * stream and return at once where nothing else is said. After FTDN_ERR_BACKEND the device may be lost to this process:
 * CUDA's errors of kernels are final. FTDN_ERR_MEMORY is not: the process may go on. */
typedef struct ftdn_device_table {
    /* How many devices answer. FTDN_ERR_BACKEND says why none does. */
    ftdn_status (*count)(int *ret_n_devices, ftdn_error *err);
    ftdn_status (*describe)(int device, ftdn_device_info *ret_info, ftdn_error *err);
    /* The device of this process, from now on. */
    ftdn_status (*select)(int device, ftdn_error *err);
    /* For programs (ftdn_compile_desc) that one thread compiles on its device, one after the other. free: behind the
     * last of them; NULL is fine. */
    ftdn_status (*cache_create)(ftdn_device_cache **ret_cache, ftdn_error *err);
    void (*cache_free)(ftdn_device_cache *cache);

    ftdn_status (*alloc)(size_t n_bytes, void **ret_memory, ftdn_error *err); /* not zeroed; 256-byte aligned */
    void (*free)(void *memory);                                               /* NULL is fine */
    /* Copy between host and device, or on the device; returns when it is done. */
    ftdn_status (*copy)(void *to, const void *from, size_t n_bytes, ftdn_error *err);
    /* The same behind the work of a context; host memory is read or written during the call. Waits. */
    ftdn_status (*copy_after)(const ftdn_context *context, void *to, const void *from, size_t n_bytes, ftdn_error *err);
    /* Wait for all work of a context; errors of its kernels surface here. */
    ftdn_status (*synchronize)(const ftdn_context *context, ftdn_error *err);

    /* The images that the next forwards with ftdn_input.resident read: first ... first + n_images - 1. Work that was
     * enqueued before still reads the earlier ones. */
    ftdn_status (*set_batch)(ftdn_context *context, const ftdn_resident_images *images, int first, int n_images,
                             ftdn_error *err);

    /* Between begin and end, calls on the context are recorded instead of run; none may wait, and set_batch is not
     * among them. A recording is valid as long as the objects that took part. */
    ftdn_status (*record_begin)(ftdn_context *context, ftdn_error *err);
    ftdn_status (*record_end)(ftdn_context *context, ftdn_device_recording **ret_recording, ftdn_error *err);
    ftdn_status (*replay)(const ftdn_device_recording *recording, ftdn_context *context, ftdn_error *err);
    void (*recording_free)(ftdn_device_recording *recording); /* NULL is fine */

    /* Seconds that the device spent between two marks of a context, of which there are FTDN_DEVICE_MARKS. elapsed waits
     * for the second one. Marks may be recorded. */
    ftdn_status (*mark)(ftdn_context *context, int mark, ftdn_error *err);
    ftdn_status (*elapsed)(const ftdn_context *context, int from_mark, int to_mark, double *ret_s, ftdn_error *err);
} ftdn_device_table;

#define FTDN_DEVICE_MARKS 8

/* What the module holds. The structures are declared by the layers named. */
typedef struct ftdn_device_module {
    int interface_version;    /* FTDN_DEVICE_INTERFACE of its build */
    const char *code_version; /* of its build */
    bool is_emulated;         /* kernels run on the processor, for tests */
    const ftdn_backend *backend;
    const ftdn_device_table *device;
    const struct ftdn_optimizer_device_table *optimizer;         /* engine/optimizer_device.h */
    const struct ftdn_map_faults_device_table *map_faults;       /* injectors/map_faults_device.h */
    const struct ftdn_weight_faults_device_table *weight_faults; /* injectors/weight_faults_device.h */
    const struct ftdn_assembly_device_table *assembly;           /* protectors/assembly_device.h */
    const struct ftdn_detector_device_table *detector;           /* detect/detector_device.h */
    const struct ftdn_loss_device_table *loss;                   /* detect/loss_device.h */
    const struct ftdn_ranking_device_table *ranking;             /* rankers/ranking_device.h */
} ftdn_device_module;

/* The module's only symbol is a function of this type and name. */
typedef const ftdn_device_module *ftdn_device_module_function(void);
#define FTDN_DEVICE_MODULE_SYMBOL "ftdn_device_module_of_cuda"

#define FTDN_DEVICE_MODULE_VARIABLE "FTDN_CUDA_MODULE"

/* The module's file. *ret_path lives in the arena. FTDN_ERR_BACKEND: there is none. */
FTDN_NODISCARD ftdn_status ftdn_device_module_find(ftdn_arena *arena, const char **ret_path, ftdn_error *err);

/* The module, opened by the first call. FTDN_ERR_BACKEND: no module was built or found, a library that it needs is
 * missing (which), it belongs to another version of the program. Touches no device. */
FTDN_NODISCARD ftdn_status ftdn_device_module_open(const ftdn_device_module **ret_module, ftdn_error *err);

/* Number and description of the devices, asked in a child process, so that this one may still fork.
 * ret_info: [max_devices]; *ret_n_devices may be larger. FTDN_ERR_BACKEND says why there is none. */
FTDN_NODISCARD ftdn_status ftdn_device_probe(ftdn_device_info *ret_info, int max_devices, int *ret_n_devices,
                                             ftdn_error *err);

#endif
