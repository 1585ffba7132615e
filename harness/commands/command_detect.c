#include "harness/terminal/command.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_members.h"
#include "datasets/dataset.h"
#include "datasets/picture_formats.h"
#include "detect/detections.h"
#include "engine/device.h"
#include "harness/figures/paint.h"
#include "harness/manifest/manifest_keys.h"
#include "harness/plan/model.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct detect_options {
    const char *model, *weights, *classes, *out;
    double width; /* 0: the weight file's, else as published */
    double score;
    int backend; /* of backend_name */
    bool wants_json;
} detect_options;

static const char *const backend_name[] = {"cpu", "ref", FTDN_DEVICE_BACKEND};
enum { N_BACKENDS = sizeof backend_name / sizeof *backend_name };

static int by_score(const void *a, const void *b)
{
    const ftdn_painted_box *left = a, *right = b;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    if (left->class_index != right->class_index) return left->class_index < right->class_index ? -1 : 1;
    return (left->x0 > right->x0) - (left->x0 < right->x0);
}

/* With the names of its classes. */
static ftdn_status open_model(const detect_options *options, ftdn_arena *arena, ftdn_model *ret_model, ftdn_error *err)
{
    ftdn_model_settings settings = {
        .name = options->model,
        .width = options->width,
        .weights = options->weights,
        .weights_path = options->weights,
    };
    size_t n_prefix = strlen(FTDN_FORMULA_PREFIX);
    if (strncmp(options->weights, FTDN_FORMULA_PREFIX, n_prefix) == 0) {
        const char *digits = options->weights + n_prefix;
        size_t n_digits = strlen(digits);
        if (n_digits == 0 || n_digits > 15 || strspn(digits, "0123456789") != n_digits)
            return FTDN_FAIL(err, FTDN_ERR_ARG,
                             "--weights: '%s' is not allowed; allowed: a file, or formula:N with an integer N",
                             options->weights);
        settings.weights_path = NULL;
        settings.formula_seed = strtoull(digits, NULL, 10);
    }
    ftdn_class_names wanted = {0};
    if (options->classes) {
        ftdn_status status = ftdn_class_names_parse(options->classes, "--classes", arena, &wanted, err);
        if (status != FTDN_OK) ftdn_error_context(err, "--classes");
        FTDN_TRY(status);
        settings.n_classes = wanted.n;
    }
    FTDN_TRY(ftdn_model_open(&settings, arena, ret_model, err));
    FTDN_TRY(ftdn_class_names_check(&ret_model->classes, &wanted, err));
    if (wanted.n > 0) ret_model->classes = wanted;
    else if (ret_model->classes.n == 0)
        ret_model->classes = (ftdn_class_names){.n = FTDN_VOC_CLASSES, .name = ftdn_voc_class_name};
    return FTDN_OK;
}

/* A device is chosen where the backend needs one. */
static ftdn_status open_backend(const char *name, const ftdn_backend **ret_backend, ftdn_error *err)
{
    FTDN_TRY(ftdn_backend_open(name, ret_backend, err));
    const ftdn_device_module *module = ftdn_backend_device(*ret_backend);
    int n_devices;
    if (!module) return FTDN_OK;
    ftdn_status status = module->device->count(&n_devices, err);
    if (status != FTDN_OK) ftdn_error_context(err, "no device answers");
    FTDN_TRY(status);
    return module->device->select(0, err);
}

/* The same, where a failure names the option and who knows more. */
static ftdn_status choose_backend(const detect_options *options, const ftdn_backend **ret_backend, ftdn_error *err)
{
    ftdn_status status = open_backend(backend_name[options->backend], ret_backend, err);
    if (status == FTDN_OK) return FTDN_OK;
    ftdn_error_context(err, "--backend");
    ftdn_error_hint(err, "'ftdn doctor' looks at backends and devices");
    return status;
}

/* The answers of the heads, out of whatever memory they are in. */
static ftdn_status read_answer(const ftdn_network *network, const ftdn_context *context, float *logits,
                               float *locations, ftdn_error *err)
{
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_status status = FTDN_OK;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_network_output_nodes(network, node);
    for (int i = 0; i < 2 * network->n_heads && status == FTDN_OK; i++) {
        map[i] = ftdn_context_map(context, node[i]);
        map[i].values = FTDN_NEW(&arena, ftdn_shape_elements(map[i].shape), float, err);
        status = map[i].values ? ftdn_context_read(context, node[i], map[i].values, err) : FTDN_ERR_MEMORY;
    }
    if (status == FTDN_OK) ftdn_network_gather_maps(network, map, logits, locations);
    ftdn_arena_done(&arena);
    return status;
}

/* Run the network on one picture. logits: [n_priors, n_classes+1], locations: [n_priors, 4]. */
static ftdn_status run_network(const ftdn_model *model, const ftdn_backend *backend, const uint8_t *pixels,
                               float *logits, float *locations, ftdn_error *err)
{
    const ftdn_network *network = &model->network;
    int outputs[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, outputs);
    const ftdn_compile_desc desc = {.outputs = outputs, .n_outputs = 2 * network->n_heads, .micro_batch = 1};
    const ftdn_input input = ftdn_network_input(network, 1, &pixels);

    ftdn_program *program = NULL;
    ftdn_packed *packed = NULL;
    ftdn_context *context = NULL;
    ftdn_status status = ftdn_program_create(backend, &network->graph, &desc, &program, err);
    if (status == FTDN_OK) status = ftdn_packed_create(program, &model->weights, 1, &packed, err);
    if (status == FTDN_OK) status = ftdn_context_create(program, &context, err);
    if (status == FTDN_OK) status = ftdn_forward(context, packed, &input, NULL, err);
    if (status == FTDN_OK) status = read_answer(network, context, logits, locations, err);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return status;
}

/* All objects that score above the threshold, best first, in pixels of the picture. */
static ftdn_status find_boxes(const ftdn_model *model, const ftdn_backend *backend, const ftdn_picture *picture,
                              double score, ftdn_arena *arena, ftdn_painted_box **ret_box, int *ret_n_boxes,
                              ftdn_error *err)
{
    const ftdn_network *network = &model->network;
    const ftdn_detect_rule rule = {.score_threshold = score, .nms_iou = 0.45, .candidates_per_class = 200};
    ftdn_detector detector;
    FTDN_TRY(ftdn_detector_init(&detector, network, &rule, arena, err));
    size_t side = (size_t)network->input_size, n_priors = (size_t)network->n_priors;
    uint8_t *pixels = FTDN_NEW(arena, side * side * 3, uint8_t, err);
    float *logits = FTDN_NEW(arena, n_priors * (size_t)(network->n_classes + 1), float, err);
    float *locations = FTDN_NEW(arena, n_priors * 4, float, err);
    if (!pixels || !logits || !locations) return FTDN_ERR_MEMORY;
    ftdn_picture_resize(picture, network->input_size, pixels);
    FTDN_TRY(run_network(model, backend, pixels, logits, locations, err));
    ftdn_detect(&detector, logits, locations, ftdn_network_priors(network, &model->weights));

    ftdn_painted_box *box = FTDN_NEW(arena, (size_t)detector.n_detections, ftdn_painted_box, err);
    if (!box) return FTDN_ERR_MEMORY;
    float w = (float)picture->width, h = (float)picture->height;
    for (int i = 0; i < detector.n_detections; i++) {
        const ftdn_detection *d = &detector.detection[i];
        const char *name = model->classes.name[d->class_index];
        box[i] = (ftdn_painted_box){d->class_index, name, d->score, d->x0 * w, d->y0 * h, d->x1 * w, d->y1 * h};
    }
    qsort(box, (size_t)detector.n_detections, sizeof *box, by_score);
    *ret_box = box;
    *ret_n_boxes = detector.n_detections;
    return FTDN_OK;
}

static void write_table(const ftdn_painted_box *box, int n_boxes, double score, ftdn_text *text)
{
    if (n_boxes == 0) {
        ftdn_text_append(text, "nothing scores above %g\n", score);
        return;
    }
    static const char *const headers[] = {"class", "score", "left", "top", "right", "bottom"};
    ftdn_table table;
    ftdn_table_init(&table, 6);
    for (int i = 0; i < 6; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", headers[i]);
    for (int i = 0; i < n_boxes; i++) {
        ftdn_table_add_shown(&table, box[i].class_name);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.3f", (double)box[i].score);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.1f", (double)box[i].x0);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.1f", (double)box[i].y0);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.1f", (double)box[i].x1);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.1f", (double)box[i].y1);
    }
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static void write_json(const char *path, const ftdn_picture *picture, const ftdn_painted_box *box, int n_boxes,
                       ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "image", path);
    ftdn_text_append(text, ",\"width\":%d,\"height\":%d,\"detections\":[", picture->width, picture->height);
    for (int i = 0; i < n_boxes; i++) {
        const float corner[4] = {box[i].x0, box[i].y0, box[i].x1, box[i].y1};
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "class", box[i].class_name);
        ftdn_json_put_number(text, "score", (double)box[i].score);
        for (int k = 0; k < 4; k++) {
            ftdn_text_append(text, k ? "," : ",\"box\":[");
            ftdn_text_append_json_number(text, (double)corner[k]);
        }
        ftdn_text_append(text, "]}");
    }
    ftdn_text_append(text, "\n]}\n");
}

static ftdn_status detect(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    const detect_options *options = user;
    const char *path = arguments->argument[0];
    if (!options->weights)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--weights is missing; 'ftdn detect --help' shows an example");
    bool is_made_up = strncmp(options->weights, FTDN_FORMULA_PREFIX, strlen(FTDN_FORMULA_PREFIX)) == 0;
    if (!options->model && is_made_up)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--model is missing; 'ftdn detect --help' shows an example");
    if (options->out) FTDN_TRY(ftdn_jpeg_name_check(options->out, err));

    char *bytes;
    size_t n_bytes;
    ftdn_picture picture;
    ftdn_model model;
    const ftdn_backend *backend;
    ftdn_painted_box *box;
    int n_boxes;
    FTDN_TRY(ftdn_file_load(path, FTDN_PICTURE_MAX_BYTES, arena, &bytes, &n_bytes, err));
    FTDN_TRY(ftdn_picture_decode(path, bytes, n_bytes, arena, &picture, err));
    FTDN_TRY(open_model(options, arena, &model, err));
    FTDN_TRY(choose_backend(options, &backend, err));
    FTDN_TRY(find_boxes(&model, backend, &picture, options->score, arena, &box, &n_boxes, err));
    if (options->wants_json) write_json(path, &picture, box, n_boxes, text);
    else write_table(box, n_boxes, options->score, text);
    if (options->out) {
        FTDN_TRY(ftdn_paint_boxes(&picture, box, n_boxes, arena, err));
        FTDN_TRY(ftdn_picture_write_jpeg(options->out, &picture, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_command_detect(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    detect_options values = {.score = 0.5};
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("model", 'm', "NETWORK", &values.model,
                         "ssd_vgg16, ssd_mobilenet_v1 or ssd_mobilenet_v1_tf (default: the weight file's)"),
        FTDN_TEXT_OPTION("weights", 'w', "FILE", &values.weights,
                         "a safetensors or PyTorch file, or formula:N for made-up weights"),
        FTDN_TEXT_OPTION("classes", 'c', "A,B,...", &values.classes,
                         "the network's classes in its order (default: the weight file's, else VOC's)"),
        FTDN_NUMBER_OPTION("width", 0, "W", &values.width, 0.01, 16,
                           "multiplier of the channels (default: the weight file's, else as published)"),
        FTDN_NUMBER_OPTION("score", 's', "S", &values.score, 0, 1, "only boxes that score above S (default: 0.5)"),
        FTDN_CHOICE_OPTION("backend", 'b', "BACKEND", &values.backend, N_BACKENDS, backend_name,
                           "what computes: cpu (default), ref (plain loops, slow), cuda (the first GPU)"),
        FTDN_TEXT_OPTION("output", 'o', "OUT.jpg", &values.out, "draw the boxes into a copy of the picture"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of a table"),
    };
    const ftdn_command command = {
        .name = "ftdn detect",
        .arguments = "IMAGE",
        .summary = "Find the objects in one picture.",
        .example = "ftdn detect street.jpg --model ssd_vgg16 --weights vgg16-ssd-mp-0_7726.pth -o boxes.jpg",
        .details = "Boxes are in pixels of the picture, counted from its top left corner, the best first.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, detect, &values, err);
}
