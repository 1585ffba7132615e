#include "harness/commands/inspect.h"

#include <inttypes.h>
#include <string.h>

#include "detect/network.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct graph_options {
    double width;        /* 0: as published */
    long long n_classes; /* without the background */
    bool wants_json;
} graph_options;

/* A line of the table: a layer (a convolution with its batch norm and activation), or a node outside any layer. */
typedef struct row {
    const char *name;
    int first, last;  /* nodes; last hands the row's map on */
    unsigned roles;   /* FTDN_ROLE_ bits */
    size_t n_trained; /* parameters as PyTorch counts them */
    size_t n_filter;  /* of these, weights of the convolution */
    size_t n_stored;  /* values in the weight file: running mean and variance too */
    uint64_t macs;    /* multiply-accumulates, one image */
    size_t n_map;     /* elements of the map that is handed on, one image */
} row;

static void add_param(row *to, const ftdn_param *param)
{
    if (ftdn_param_is_trained(param)) to->n_trained += param->n_elements;
    if (param->kind == FTDN_PARAM_CONV_WEIGHT) to->n_filter += param->n_elements;
    to->n_stored += param->n_elements;
}

static row make_row(const ftdn_graph *graph, int node)
{
    const ftdn_node *n = &graph->node[node];
    row made = {.name = n->name, .first = node, .last = node};
    if (n->layer >= 0) {
        const ftdn_layer *layer = &graph->layer[n->layer];
        made.name = layer->name;
        made.last = layer->last;
        made.roles = layer->roles;
    }
    for (int i = 0; i < graph->n_params; i++) {
        int reader = graph->param[i].node;
        if (reader >= made.first && reader <= made.last) add_param(&made, &graph->param[i]);
    }
    made.macs = ftdn_node_macs(graph, node);
    made.n_map = ftdn_shape_elements(graph->node[made.last].shape);
    return made;
}

/* One row for each layer and for each node outside layers, in the order of computation. rows: [n_nodes]. */
static int make_rows(const ftdn_graph *graph, row *rows)
{
    int n_rows = 0;
    for (int node = 0; node < graph->n_nodes; node = rows[n_rows - 1].last + 1) rows[n_rows++] = make_row(graph, node);
    return n_rows;
}

static row sum_rows(const ftdn_graph *graph, const row *rows, int n_rows, unsigned roles)
{
    row total = {.name = "total"};
    for (int i = 0; i < n_rows; i++) {
        if ((rows[i].roles & roles) != roles) continue;
        total.n_trained += rows[i].n_trained;
        total.n_filter += rows[i].n_filter;
        total.n_stored += rows[i].n_stored;
        total.macs += rows[i].macs;
        total.n_map += rows[i].n_map;
    }
    for (int i = 0; i < graph->n_params && roles == 0; i++)
        if (graph->param[i].node < 0) total.n_stored += graph->param[i].n_elements;
    return total;
}

/* "conv 3x3/2, batch norm, relu6". */
static void append_operation(ftdn_text *text, const ftdn_graph *graph, const row *of)
{
    for (int i = of->first; i <= of->last; i++) {
        const ftdn_node *n = &graph->node[i];
        if (i > of->first) ftdn_text_append(text, ", ");
        switch (n->op) {
        case FTDN_OP_INPUT: ftdn_text_append(text, "input"); break;
        case FTDN_OP_BATCH_NORM: ftdn_text_append(text, "batch norm"); break;
        case FTDN_OP_ACTIVATION:
            ftdn_text_append(text, n->activation == FTDN_ACTIVATION_RELU6 ? "relu6" : "relu");
            break;
        case FTDN_OP_MERGE: ftdn_text_append(text, "merge"); break;
        case FTDN_OP_CLIP: ftdn_text_append(text, "clip"); break;
        case FTDN_OP_CONV:
        case FTDN_OP_MAX_POOL:
            ftdn_text_append(text, "%s %dx%d",
                             n->op == FTDN_OP_MAX_POOL ? "max pool"
                             : n->groups > 1           ? "depthwise"
                                                       : "conv",
                             n->kernel_h, n->kernel_w);
            if (n->stride > 1) ftdn_text_append(text, "/%d", n->stride);
            if (n->dilation > 1) ftdn_text_append(text, " dilated %d", n->dilation);
            break;
        }
    }
}

/* How a row belongs to the feature-extraction layers, the default scope of faults. */
static const char *feature_word(unsigned roles)
{
    bool weights = roles & FTDN_ROLE_FEATURE_WEIGHTS, map = roles & FTDN_ROLE_FEATURE_MAP;
    return weights && map ? "weights, map" : weights ? "weights" : map ? "map" : "";
}

static void add_sizes(ftdn_table *table, const row *of)
{
    ftdn_table_add_count(table, of->n_trained);
    ftdn_table_add_count(table, of->macs);
    ftdn_table_add_count(table, of->n_map);
    ftdn_table_add_count(table, of->n_stored * sizeof(float));
    ftdn_table_add_count(table, of->n_map * sizeof(float));
}

static void write_table(const ftdn_network *network, const row *rows, int n_rows, ftdn_text *text)
{
    static const char *const headers[] = {"layer",        "operation",    "shape",     "parameters", "MACs",
                                          "map elements", "weight bytes", "map bytes", "features"};
    enum { N_COLUMNS = sizeof headers / sizeof *headers };
    const ftdn_graph *graph = &network->graph;
    ftdn_table table;
    ftdn_table_init(&table, N_COLUMNS);
    for (int i = 0; i < N_COLUMNS; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", headers[i]);
    for (int i = 0; i < n_rows; i++) {
        ftdn_shape shape = graph->node[rows[i].last].shape;
        ftdn_table_add_shown(&table, rows[i].name);
        size_t start = table.chars.n_chars;
        append_operation(&table.chars, graph, &rows[i]);
        ftdn_table_end_cell(&table, FTDN_CELL_TEXT, (int)(table.chars.n_chars - start));
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%dx%dx%d", shape.h, shape.w, shape.c);
        add_sizes(&table, &rows[i]);
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", feature_word(rows[i].roles));
    }
    row total = sum_rows(graph, rows, n_rows, 0);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "total");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
    ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
    add_sizes(&table, &total);
    ftdn_table_add(&table, FTDN_CELL_MISSING, "%s", "");
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);

    ftdn_text_append(text, "\n%s, width %g, %d classes, %d priors; feature layers hold ", network->name, network->width,
                     network->n_classes, network->n_priors);
    ftdn_append_count(text, sum_rows(graph, rows, n_rows, FTDN_ROLE_FEATURE_WEIGHTS).n_filter);
    ftdn_text_append(text, " weights and hand on ");
    ftdn_append_count(text, sum_rows(graph, rows, n_rows, FTDN_ROLE_FEATURE_MAP).n_map);
    ftdn_text_append(text, " map elements\n");
}

static void append_json_sizes(ftdn_text *text, const row *of)
{
    ftdn_text_append(
        text, "\"parameters\":%zu,\"macs\":%" PRIu64 ",\"map_elements\":%zu,\"weight_bytes\":%zu,\"map_bytes\":%zu",
        of->n_trained, of->macs, of->n_map, of->n_stored * sizeof(float), of->n_map * sizeof(float));
}

static void write_json(const ftdn_network *network, const row *rows, int n_rows, ftdn_text *text)
{
    const ftdn_graph *graph = &network->graph;
    ftdn_text_append(text, "{\"network\":\"%s\",\"width\":", network->name);
    ftdn_text_append_json_number(text, network->width);
    ftdn_text_append(text, ",\"classes\":%d,\"priors\":%d,\"layers\":[", network->n_classes, network->n_priors);
    for (int i = 0; i < n_rows; i++) {
        ftdn_shape shape = graph->node[rows[i].last].shape;
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "name", rows[i].name);
        ftdn_text_append(text, ",\"operation\":\"");
        append_operation(text, graph, &rows[i]);
        ftdn_text_append(text, "\",\"shape\":[%d,%d,%d],", shape.h, shape.w, shape.c);
        append_json_sizes(text, &rows[i]);
        ftdn_text_append(text, ",");
        ftdn_append_json_roles(text, rows[i].roles);
        ftdn_text_append(text, "}");
    }
    row total = sum_rows(graph, rows, n_rows, 0);
    ftdn_text_append(text, "\n],\"total\":{");
    append_json_sizes(text, &total);
    ftdn_text_append(text, "},\"feature_weights\":%zu,\"feature_map_elements\":%zu}\n",
                     sum_rows(graph, rows, n_rows, FTDN_ROLE_FEATURE_WEIGHTS).n_filter,
                     sum_rows(graph, rows, n_rows, FTDN_ROLE_FEATURE_MAP).n_map);
}

static ftdn_status inspect(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                           ftdn_error *err)
{
    const graph_options *options = user;
    const ftdn_network_desc desc = {
        .name = arguments->argument[0],
        .n_classes = (int)options->n_classes,
        .width = options->width,
    };
    ftdn_network network;
    FTDN_TRY(ftdn_network_create(&desc, arena, &network, err));
    row *rows = FTDN_NEW(arena, (size_t)network.graph.n_nodes, row, err);
    if (!rows) return FTDN_ERR_MEMORY;
    int n_rows = make_rows(&network.graph, rows);
    if (options->wants_json) write_json(&network, rows, n_rows, text);
    else write_table(&network, rows, n_rows, text);
    return FTDN_OK;
}

ftdn_status ftdn_inspect_graph(int argc, const char *const *argv, ftdn_error *err)
{
    graph_options values = {.n_classes = 20};
    const ftdn_option options[] = {
        FTDN_NUMBER_OPTION("width", 0, "W", &values.width, 0.01, 16,
                           "multiplier of the channels (default: as published)"),
        FTDN_INTEGER_OPTION("classes", 0, "N", &values.n_classes, 1, 1000,
                            "classes without the background (default: 20)"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of a table"),
    };
    int n_networks;
    const char *const *network = ftdn_network_names(&n_networks);
    const ftdn_command command = {
        .name = "ftdn inspect graph",
        .arguments = "NAME",
        .summary = "List the layers of a network: shapes, parameters, operations and memory of one image.",
        .example = "ftdn inspect graph ssd_mobilenet_v1 --width 0.5",
        .details = "NAME is ssd_vgg16, ssd_mobilenet_v1 or ssd_mobilenet_v1_tf. A layer is a convolution with its "
                   "batch norm and\n"
                   "activation; its shape (rows x columns x channels) is that of the map it hands on. Parameters are "
                   "counted as\n"
                   "PyTorch counts them; weight bytes also hold running means and variances. The last column tells "
                   "what of the\n"
                   "layer the scope \"features\" takes in.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
        .n_words = n_networks,
        .word = network,
    };
    return ftdn_print_answer(&command, argc, argv, inspect, &values, err);
}
