/* measured.c - the procedure:
 *
 *     positives   of all measured images, from matching
 *     work        cut into items: some channels of one layer for one image; threads take them in any order
 *     item        a golden forward leaves all maps in the thread's context. Then, channel by channel: faults into the
 *                 layer's map, the steps behind it, the loss, and the map as it was
 *     sum         over images, in the order of the dataset
 *
 * Behind the layer the maps of a context are those of the last faults; when the thread goes on to another layer, it
 * starts from a golden forward again. The program keeps all maps and has a tap at every layer of the network, so
 * that scores of one layer do not depend on the others under study. */
#include "harness/rankings/measured.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/share.h"
#include "base/size.h"
#include "detect/detector_device.h"
#include "engine/device.h"
#include "harness/rankings/image_loss.h"
#include "injectors/fault.h"
#include "injectors/site_scan.h"

enum { ITEM_CHANNELS = 16 };

typedef struct work_item {
    int image, layer; /* layer: index into the desc's layers */
    int first_channel, n_channels;
} work_item;

/* What one thread needs to measure channels. */
typedef struct prober {
    ftdn_arena arena;
    ftdn_context *context;
    ftdn_image_loss loss;
    int image, layer;        /* whose golden maps and faults are at hand; -1: none */
    double golden;           /* loss of the image without faults */
    ftdn_fault_model fault;  /* fitted to the layer's map of the image */
    ftdn_site_stream stream; /* of the layer's map of the image */
    uint32_t *element;       /* [most elements of a map] hit, channel by channel, in each ascending */
    uint32_t *first_hit;     /* [most channels + 1] where each channel's begin in element */
    float *kept;             /* [most pixels of a map] values of a channel's elements before its faults */
    float *values;           /* the layer's golden map: in the context, or brought here from a device */
    const ftdn_device_module *device; /* NULL: maps are host memory; then the two below are NULL too */
    ftdn_device_detector *reader;     /* of answers */
    float *fetched;                   /* [most elements of a map] */
} prober;

typedef struct measurement {
    const ftdn_measured_desc *desc;
    long n_positives;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_site_scan scan;
    int n_probers;
    prober *prober; /* [n_probers] */
    int n_items;
    work_item *item;      /* [n_items] images in order, in each the layers */
    size_t n_scores;      /* channels of all layers */
    size_t *first_score;  /* [n_layers] of the layer among n_scores */
    double *contribution; /* [n_images, n_scores] */
    int n_done;           /* channels of images */
} measurement;

static int node_of(const ftdn_measured_desc *desc, int layer)
{
    const ftdn_layer *hit = &desc->model->network.graph.layer[layer];
    return desc->point == FTDN_MAP_POINT_CONV ? hit->conv : hit->last;
}

static ftdn_shape shape_of(const ftdn_measured_desc *desc, int layer_index)
{
    return desc->model->network.graph.node[node_of(desc, desc->layers.layer[layer_index])].shape;
}

static ftdn_status make_program(measurement *m, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_measured_desc *desc = m->desc;
    const ftdn_graph *graph = &desc->model->network.graph;
    int *tap = FTDN_NEW(arena, (size_t)graph->n_layers, int, err);
    if (!tap) return FTDN_ERR_MEMORY;
    for (int l = 0; l < graph->n_layers; l++) tap[l] = node_of(desc, l);
    const ftdn_compile_desc compile = {
        .taps = tap,
        .n_taps = graph->n_layers,
        .keep_all = true,
        .micro_batch = 1,
        .conv_algorithm = desc->conv_algorithm,
        .cache = desc->cache,
    };
    FTDN_TRY(ftdn_program_create(desc->backend, graph, &compile, &m->program, err));
    return ftdn_packed_create(m->program, &desc->model->weights, desc->n_threads, &m->packed, err);
}

static ftdn_status make_items(measurement *m, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_measured_desc *desc = m->desc;
    size_t n_items = 0, n_contributions, n_images = (size_t)desc->n_images;
    m->first_score = FTDN_NEW(arena, (size_t)desc->layers.n_layers, size_t, err);
    if (!m->first_score) return FTDN_ERR_MEMORY;
    for (int l = 0; l < desc->layers.n_layers; l++) {
        int n_channels = shape_of(desc, l).c;
        m->first_score[l] = m->n_scores;
        m->n_scores += (size_t)n_channels;
        n_items += (size_t)((n_channels + ITEM_CHANNELS - 1) / ITEM_CHANNELS);
    }
    if (!ftdn_size_mul(m->n_scores, n_images, &n_contributions) || n_contributions > INT32_MAX)
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%zu channels of %d images are too many to be measured", m->n_scores,
                         desc->n_images);
    m->contribution = FTDN_NEW(arena, n_contributions, double, err);
    m->item = FTDN_NEW(arena, n_items * n_images, work_item, err);
    if (!m->contribution || !m->item) return FTDN_ERR_MEMORY;
    for (int i = 0; i < desc->n_images; i++) {
        for (int l = 0; l < desc->layers.n_layers; l++) {
            int n_channels = shape_of(desc, l).c;
            for (int k = 0; k < n_channels; k += ITEM_CHANNELS) {
                int n_mine = n_channels - k < ITEM_CHANNELS ? n_channels - k : ITEM_CHANNELS;
                m->item[m->n_items++] = (work_item){i, l, k, n_mine};
            }
        }
    }
    return FTDN_OK;
}

/* On a device the layer's map travels: here once, and back with the faults of each channel. */
static ftdn_status make_device_parts(const measurement *m, prober *p, size_t n_elements, ftdn_error *err)
{
    const ftdn_network *network = &m->desc->model->network;
    const ftdn_device_detector_desc reader = {
        .network = network,
        .n_networks = 1,
        .priors = ftdn_network_priors(network, &m->desc->model->weights),
        .rule = {.score_threshold = 1, .nms_iou = 1, .candidates_per_class = 1},
        .context = p->context,
    };
    FTDN_TRY(p->device->detector->create(&reader, &p->reader, err));
    p->fetched = FTDN_NEW(&p->arena, n_elements, float, err);
    return p->fetched ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status make_prober(const measurement *m, prober *p, ftdn_error *err)
{
    const ftdn_measured_desc *desc = m->desc;
    size_t n_elements = 0, n_pixels = 0, n_channels = 0;
    for (int l = 0; l < desc->layers.n_layers; l++) {
        ftdn_shape shape = shape_of(desc, l);
        size_t pixels = (size_t)shape.h * (size_t)shape.w, elements = ftdn_shape_elements(shape);
        assert(elements <= UINT32_MAX);
        if (elements > n_elements) n_elements = elements;
        if (pixels > n_pixels) n_pixels = pixels;
        if ((size_t)shape.c > n_channels) n_channels = (size_t)shape.c;
    }
    ftdn_arena_init(&p->arena);
    p->image = p->layer = -1;
    p->device = ftdn_backend_device(desc->backend);
    FTDN_TRY(ftdn_context_create(m->program, &p->context, err));
    if (p->device) FTDN_TRY(make_device_parts(m, p, n_elements, err));
    FTDN_TRY(ftdn_image_loss_init(&p->loss, desc->model, desc->calibration, false, &p->arena, err));
    p->element = FTDN_NEW(&p->arena, n_elements, uint32_t, err);
    p->first_hit = FTDN_NEW(&p->arena, n_channels + 1, uint32_t, err);
    p->kept = FTDN_NEW(&p->arena, n_pixels, float, err);
    return p->element && p->first_hit && p->kept ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status set_up(measurement *m, ftdn_arena *arena, ftdn_error *err)
{
    FTDN_TRY(make_program(m, arena, err));
    FTDN_TRY(make_items(m, arena, err));
    int n_probers = ftdn_backend_device(m->desc->backend) ? 1 : m->desc->n_threads;
    m->prober = FTDN_NEW(arena, (size_t)n_probers, prober, err);
    if (!m->prober) return FTDN_ERR_MEMORY;
    while (m->n_probers < n_probers) FTDN_TRY(make_prober(m, &m->prober[m->n_probers++], err));
    return ftdn_image_loss_count_positives(&m->prober[0].loss, m->desc->calibration, m->desc->n_images, &m->n_positives,
                                           err);
}

static void tear_down(measurement *m)
{
    for (int i = 0; i < m->n_probers; i++) {
        if (m->prober[i].device) m->prober[i].device->detector->free(m->prober[i].reader);
        ftdn_context_free(m->prober[i].context);
        ftdn_arena_done(&m->prober[i].arena);
    }
    ftdn_packed_free(m->packed);
    ftdn_program_free(m->program);
}

/* All elements of a map that are hit, sorted by channel. */
static void find_hits(const measurement *m, prober *p, ftdn_shape shape)
{
    const ftdn_site_threshold threshold = ftdn_site_threshold_of(FTDN_MEASURED_RATE);
    size_t n_elements = ftdn_shape_elements(shape), n_channels = (size_t)shape.c;
    uint32_t offset[FTDN_SITE_CHUNK];
    memset(p->first_hit, 0, (n_channels + 1) * sizeof *p->first_hit);
    /* Twice over the same sites: count each channel's hits, then put them in their places. Meanwhile first_hit[k + 1]
     * is the number of hits of channel k, and then the place of its next one. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t first = 0; first < n_elements; first += FTDN_SITE_CHUNK) {
            size_t n_left = n_elements - first;
            int n_chunk = n_left < FTDN_SITE_CHUNK ? (int)n_left : FTDN_SITE_CHUNK;
            int n_hits = ftdn_site_find(m->scan, p->stream, threshold, first, n_chunk, offset);
            for (int i = 0; i < n_hits; i++) {
                size_t e = first + offset[i];
                uint32_t *mine = &p->first_hit[e % n_channels + 1];
                if (pass == 1) p->element[*mine] = (uint32_t)e;
                ++*mine;
            }
        }
        if (pass == 1) continue;
        for (uint32_t k = 0, n_before = 0; k < n_channels; k++) {
            uint32_t n_mine = p->first_hit[k + 1];
            p->first_hit[k + 1] = n_before;
            n_before += n_mine;
        }
    }
}

/* Of the matched image, as the context holds the answer to it. */
static ftdn_status compute_loss(const measurement *m, prober *p, double *ret_loss, ftdn_error *err)
{
    if (p->device) FTDN_TRY(p->device->detector->read_answer(p->reader, 0, 0, p->loss.logits, p->loss.locations, err));
    ftdn_loss_value value = p->device ? ftdn_image_loss_of_answer(&p->loss, m->n_positives)
                                      : ftdn_image_loss_compute(&p->loss, p->context, m->n_positives);
    *ret_loss = value.classification + value.regression;
    return FTDN_OK;
}

static size_t map_bytes(const ftdn_map *map)
{
    return ftdn_shape_elements(map->shape) * sizeof *map->values;
}

static ftdn_status fetch_map(prober *p, const ftdn_map *map, ftdn_error *err)
{
    p->values = p->device ? p->fetched : map->values;
    if (!p->device) return FTDN_OK;
    return p->device->device->copy_after(p->context, p->values, map->values, map_bytes(map), err);
}

/* What was changed in p->values is in the context from now on. */
static ftdn_status send_map(const prober *p, const ftdn_map *map, ftdn_error *err)
{
    if (!p->device) return FTDN_OK;
    return p->device->device->copy_after(p->context, map->values, p->values, map_bytes(map), err);
}

/* Bring the golden maps of an image into the context, and find the faults of a layer's map. */
static ftdn_status turn_to(const measurement *m, prober *p, const work_item *item, ftdn_error *err)
{
    const ftdn_measured_desc *desc = m->desc;
    const ftdn_network *network = &desc->model->network;
    const ftdn_image *image = &desc->calibration->image[item->image];
    int layer = desc->layers.layer[item->layer], n_positives;
    const ftdn_input input = ftdn_network_input(network, 1, &image->pixels);
    FTDN_TRY(ftdn_forward(p->context, m->packed, &input, NULL, err));
    if (p->image != item->image) {
        FTDN_TRY(ftdn_image_loss_match(&p->loss, image, &n_positives, err));
        FTDN_TRY(compute_loss(m, p, &p->golden, err));
        if (!isfinite(p->golden))
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "calibration image '%s': the loss without faults is not finite",
                             image->name);
    }
    ftdn_map map = ftdn_context_map(p->context, node_of(desc, layer));
    FTDN_TRY(fetch_map(p, &map, err));
    p->fault = ftdn_fault_model_for(&desc->fault, p->values, ftdn_shape_elements(map.shape));
    p->stream = ftdn_site_stream_make(0, ftdn_layer_id(network->graph.layer[layer].name), FTDN_LOCATION_FEATURE_MAP, 0,
                                      image->id);
    find_hits(m, p, map.shape);
    p->image = item->image;
    p->layer = item->layer;
    return FTDN_OK;
}

static ftdn_status probe_channel(const measurement *m, prober *p, int channel, double *ret_difference, ftdn_error *err)
{
    ftdn_map map = ftdn_context_map(p->context, node_of(m->desc, m->desc->layers.layer[p->layer]));
    const uint32_t *element = p->element + p->first_hit[channel];
    int n_hits = (int)(p->first_hit[channel + 1] - p->first_hit[channel]);
    ftdn_fault_count count = {0};
    for (int i = 0; i < n_hits; i++) p->kept[i] = p->values[element[i]];
    ftdn_fault_apply(&p->fault, p->stream, 0, element, p->values, element, n_hits, &count);
    double difference = 0;
    if (count.n_changed > 0) {
        double loss;
        FTDN_TRY(send_map(p, &map, err));
        FTDN_TRY(ftdn_forward_after(p->context, m->packed, map.node, NULL, err));
        FTDN_TRY(compute_loss(m, p, &loss, err));
        difference = loss - p->golden;
    }
    for (int i = 0; i < n_hits; i++) p->values[element[i]] = p->kept[i];
    *ret_difference = difference < FTDN_MEASURED_CEILING ? difference : FTDN_MEASURED_CEILING;
    return FTDN_OK;
}

/* user: measurement * */
static ftdn_status probe_item(void *user, int index, int thread, ftdn_error *err)
{
    measurement *m = user;
    prober *p = &m->prober[thread];
    const work_item *item = &m->item[index];
    if (m->desc->stop && *m->desc->stop)
        return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "stopped while channels were measured");
    if (p->image != item->image || p->layer != item->layer) FTDN_TRY(turn_to(m, p, item, err));
    double *contribution =
        m->contribution + (size_t)item->image * m->n_scores + m->first_score[item->layer] + item->first_channel;
    for (int k = 0; k < item->n_channels; k++)
        FTDN_TRY(probe_channel(m, p, item->first_channel + k, &contribution[k], err));
    int n_done = ftdn_share_add(&m->n_done, item->n_channels);
    if (m->desc->on_channel && thread == 0)
        m->desc->on_channel(m->desc->user, n_done, (int)m->n_scores * m->desc->n_images);
    return FTDN_OK;
}

static ftdn_status probe_all(measurement *m, ftdn_error *err)
{
    const ftdn_shared_work work = {.n_items = m->n_items, .n_threads = m->n_probers, .run = probe_item, .user = m};
    return ftdn_share(&work, err);
}

static void sum_images(const measurement *m, double *const *score)
{
    for (int l = 0; l < m->desc->layers.n_layers; l++) {
        int n_channels = shape_of(m->desc, l).c;
        for (int k = 0; k < n_channels; k++) {
            const double *contribution = m->contribution + m->first_score[l] + k;
            double sum = 0;
            for (int i = 0; i < m->desc->n_images; i++) sum += contribution[(size_t)i * m->n_scores];
            score[l][k] = sum / m->desc->n_images;
        }
    }
}

ftdn_status ftdn_measured_compute(const ftdn_measured_desc *desc, ftdn_arena *arena, double *const *score,
                                  ftdn_error *err)
{
    assert(desc->calibration->size == desc->model->network.input_size);
    assert(desc->n_images >= 1 && desc->n_images <= desc->calibration->n_images);
    measurement m = {.desc = desc, .scan = ftdn_site_scan_choose()};
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = set_up(&m, arena, err);
    if (status == FTDN_OK) status = probe_all(&m, err);
    if (status == FTDN_OK) sum_images(&m, score);
    tear_down(&m);
    ftdn_arena_reset(arena, mark);
    return status;
}
