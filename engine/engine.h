/* engine.h - running a graph: program, packed weights, context, forward.
 *
 * Four kinds of objects, in the order of their making (each borrows what it was made from):
 *
 *     program   a graph compiled for one backend: fused steps, memory plan, primitives; read-only
 *     packed    a set of weights in the backend's layout; read-only while a context runs it
 *     context   the memory of one worker: activation slab, scratch; used by one thread at a time
 *     forward   one micro-batch of images through the program
 *
 * One program serves any number of contexts at once: parallel work is over images, one context per
 * core, and no thread is started inside a forward pass. Every micro-batch has the same size (padded
 * by the backend), so that the bits of an image depend neither on its neighbours nor on the caller's
 * batch. Nothing is allocated while a graph runs.
 *
 * The engine does not know that faults exist. It offers a hook on feature maps: at every node named
 * as a tap the map exists as the graph defines it (fusing stops there), and the hook may read and
 * change it before the next step reads it. */
#ifndef FTDN_ENGINE_ENGINE_H
#define FTDN_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/graph.h"
#include "engine/weights.h"

/* How convolutions are computed. Part of a trial's spec: each choice has bits of its own. */
typedef enum ftdn_conv_algorithm {
    FTDN_CONV_DIRECT,
    FTDN_CONV_WINOGRAD, /* for 3x3 convolutions of stride 1 where the backend has it; others stay direct */
    FTDN_CONV_TF32,     /* products of TF32 numbers (10 bits of mantissa), sums in f32; on devices that have it */
} ftdn_conv_algorithm;

/* What programs on one device leave for those that come after them: how their convolutions are computed, handles of
 * libraries. It reaches no bit of a result. Made and freed by the device's table (device.h). */
typedef struct ftdn_device_cache ftdn_device_cache;

typedef struct ftdn_compile_desc {
    const int *taps; /* [n_taps] nodes whose maps the hook sees; any order */
    int n_taps;
    const int *outputs; /* [n_outputs] nodes whose maps are read after the run; never overwritten */
    int n_outputs;
    bool keep_all;      /* no memory is used twice: every map that exists survives the run */
    bool for_gradients; /* every node is a step of its own and its map survives: what gradients.h needs */
    bool for_training;  /* the same, but a batch norm takes the activation behind it along: what training.h needs */
    int micro_batch;    /* images per forward; 0: the backend's own size */
    ftdn_conv_algorithm conv_algorithm;
    ftdn_device_cache *cache; /* on a device: borrowed, outlives the program; NULL: the program's own */
} ftdn_compile_desc;

typedef struct ftdn_program ftdn_program;
typedef struct ftdn_packed ftdn_packed;
typedef struct ftdn_context ftdn_context;
typedef struct ftdn_backend ftdn_backend;

/* Images in the memory of a device, uploaded once. */
typedef struct ftdn_resident_images {
    int n_images;
    const uint8_t *pixels;    /* [n_images,H,W,C] */
    const uint64_t *image_id; /* [n_images] */
} ftdn_resident_images;

/* The images of one micro-batch, as floats, as bytes, or on the device (exactly one of the three). */
typedef struct ftdn_input {
    int n_images;        /* 1 ... micro_batch */
    const float *values; /* [n_images,H,W,C], normalised; in host memory, or in the backend's */
    const uint8_t *const
        *pixels; /* [n_images] pointers to [H,W,C] bytes in host memory; x = (byte - mean[c]) / scale[c] */
    const ftdn_resident_images *resident; /* those that set_batch (device.h) chose; likewise normalised. n_images is
                                             the micro-batch: what is beyond the chosen ones is computed, and means
                                             nothing */
    float mean[3], scale[3];
} ftdn_input;

/* One node's map for the images of one micro-batch. */
typedef struct ftdn_map {
    int node;
    int n_images;
    ftdn_shape shape;
    float *values; /* [n_images,H,W,C]; device memory where the backend says so */
} ftdn_map;

typedef struct ftdn_map_hook {
    void (*call)(void *user, const ftdn_map *map); /* at each tap, in the order of computation */
    void *user;
} ftdn_map_hook;

/* "ref", "cpu" or "cuda"; NULL if there is no such backend, or none in this build or on this machine: device.h says
 * why. */
const ftdn_backend *ftdn_backend_find(const char *name);

/* The same; FTDN_ERR_BACKEND says why there is none. */
FTDN_NODISCARD ftdn_status ftdn_backend_open(const char *name, const ftdn_backend **ret_backend, ftdn_error *err);

/* The module whose backend this is; NULL of a backend in host memory. */
const struct ftdn_device_module *ftdn_backend_device(const ftdn_backend *backend);

/* The backend that a program was compiled for. */
const ftdn_backend *ftdn_program_backend(const ftdn_program *program);

/* What a result's bits depend on besides graph, weights and images: "f32 direct avx512". Of a device it is how
 * it multiplies and adds, "f32 fma", to which its kind and the library's version are to be added
 * (harness/plan/arithmetic.h). Static text. */
const char *ftdn_backend_arithmetic(const ftdn_backend *backend, ftdn_conv_algorithm algorithm);

/* Images per forward unless a program asks for another size. */
int ftdn_backend_micro_batch(const ftdn_backend *backend);

/* The library's name and version, "oneDNN 2.6.3"; static text. */
const char *ftdn_backend_version(const ftdn_backend *backend);

/* graph: borrowed, must outlive the program. */
FTDN_NODISCARD ftdn_status ftdn_program_create(const ftdn_backend *backend, const ftdn_graph *graph,
                                               const ftdn_compile_desc *desc, ftdn_program **ret_program,
                                               ftdn_error *err);
void ftdn_program_free(ftdn_program *program);
int ftdn_program_micro_batch(const ftdn_program *program);
size_t ftdn_program_slab_bytes(const ftdn_program *program); /* activation memory of one context */

/* Append how each convolution is computed where the backend had a choice, a line each: "conv4_3: engine 44, ...".
 * Programs with equal lines compute with equal bits. */
void ftdn_program_describe(const ftdn_program *program, ftdn_text *text);

/* Lay out all weights for the program, steps shared among n_threads; the values are copied.
 * weights: NULL makes the room only, which ftdn_packed_update must fill before it is used. */
FTDN_NODISCARD ftdn_status ftdn_packed_create(const ftdn_program *program, const ftdn_weights *weights, int n_threads,
                                              ftdn_packed **ret_packed, ftdn_error *err);
void ftdn_packed_free(ftdn_packed *packed);

/* Lay out anew the steps that read a changed parameter. changed: [n_params of the graph]; NULL: all of them.
 * No context may run `packed` meanwhile. After a failure `packed` may only be freed. */
FTDN_NODISCARD ftdn_status ftdn_packed_update(ftdn_packed *packed, const ftdn_weights *weights, const bool *changed,
                                              int n_threads, ftdn_error *err);
size_t ftdn_packed_bytes(const ftdn_packed *packed);

/* Of a device, and a context of the same program: from now on an update is enqueued behind the context's work, and
 * waits for nothing: weights in device memory must stay until the context is through with it. */
FTDN_NODISCARD ftdn_status ftdn_packed_follow(ftdn_packed *packed, const ftdn_context *context, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_context_create(const ftdn_program *program, ftdn_context **ret_context,
                                               ftdn_error *err);
void ftdn_context_free(ftdn_context *context);
const ftdn_program *ftdn_context_program(const ftdn_context *context);

/* Run one micro-batch. hook may be NULL. */
FTDN_NODISCARD ftdn_status ftdn_forward(ftdn_context *context, const ftdn_packed *packed, const ftdn_input *input,
                                        const ftdn_map_hook *hook, ftdn_error *err);

/* Run again, on the maps as they stand in the context, the steps that depend on the map of `node`, which the caller
 * may have changed since the last forward; all other maps stay. Gives the bits of a full forward whose hook makes the
 * same change. The hook, which may be NULL, sees the taps behind `node`, not `node` itself.
 * FTDN_ERR_ARG: the program was compiled neither with keep_all nor for_gradients, or `node` was fused away. */
FTDN_NODISCARD ftdn_status ftdn_forward_after(ftdn_context *context, const ftdn_packed *packed, int node,
                                              const ftdn_map_hook *hook, ftdn_error *err);

/* The map of an output (or, with keep_all, of any materialised) node after a forward; it lives in
 * the context and is valid until the next forward. values is NULL where the node was fused away. */
ftdn_map ftdn_context_map(const ftdn_context *context, int node);

/* Copy such a map to host memory, [n_images,H,W,C]. */
FTDN_NODISCARD ftdn_status ftdn_context_read(const ftdn_context *context, int node, float *ret_values, ftdn_error *err);

#endif
