#include "engine/schedule.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "base/size.h"

/* What is known of each node while the schedule is made. */
typedef struct node_facts {
    int n_readers;
    int only_reader; /* meaningful where n_readers is 1 */
    bool visible;    /* a tap or an output: its map must exist as defined */
    bool output;
    bool tapped;
} node_facts;

/* A merge that fits its sources; anything else is a mistake of the code that made the graph. */
static void assert_merge(const ftdn_graph *graph, int index)
{
    const ftdn_node *node = &graph->node[index];
    assert(node->n_copies == ftdn_merge_n_copies(node->merge) && node->n_merged > 0);
    for (int i = 0; i < node->n_copies; i++) {
        assert(node->copy[i] >= 0 && node->copy[i] < index);
        ftdn_shape shape = graph->node[node->copy[i]].shape;
        assert(shape.h == node->shape.h && shape.w == node->shape.w && shape.c == node->n_merged);
    }
    for (int i = 0; i < node->n_merged; i++) {
        assert(node->merged[i] < node->shape.c && node->merged[i] > (i ? node->merged[i - 1] : -1));
    }
}

/* The nodes whose maps a node reads. Returns their number, 0 for the input. */
static int list_sources(const ftdn_node *node, int source[1 + FTDN_MAX_COPIES])
{
    int n_sources = 0;
    if (node->input >= 0) source[n_sources++] = node->input;
    if (node->op != FTDN_OP_MERGE) return n_sources;
    for (int i = 0; i < node->n_copies; i++) source[n_sources++] = node->copy[i];
    return n_sources;
}

static ftdn_status mark_nodes(const ftdn_graph *graph, const ftdn_compile_desc *desc, node_facts *facts,
                              ftdn_error *err)
{
    for (int i = 0; i < desc->n_taps; i++) {
        int node = desc->taps[i];
        if (node < 1 || node >= graph->n_nodes) return FTDN_FAIL(err, FTDN_ERR_ARG, "tap %d is no computed node", node);
        facts[node].visible = facts[node].tapped = true;
    }
    for (int i = 0; i < desc->n_outputs; i++) {
        int node = desc->outputs[i];
        if (node < 0 || node >= graph->n_nodes)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "output %d is no node of the graph", node);
        facts[node].visible = facts[node].output = true;
    }
    for (int i = 0; i < graph->n_nodes; i++) {
        bool fuses = !desc->for_gradients && !(desc->for_training && graph->node[i].op != FTDN_OP_BATCH_NORM);
        if (!fuses) facts[i].visible = true;
        if (graph->node[i].op == FTDN_OP_MERGE) assert_merge(graph, i);
        int source[1 + FTDN_MAX_COPIES];
        int n_sources = list_sources(&graph->node[i], source);
        for (int j = 0; j < n_sources; j++) {
            facts[source[j]].n_readers++;
            facts[source[j]].only_reader = i;
        }
    }
    return FTDN_OK;
}

/* The node that may be computed in the same step as `node`: its only reader, of the given kind. */
static int fusable_reader(const ftdn_graph *graph, const node_facts *facts, int node, ftdn_op op)
{
    if (facts[node].visible || facts[node].n_readers != 1) return -1;
    int reader = facts[node].only_reader;
    return graph->node[reader].op == op ? reader : -1;
}

static ftdn_step fuse_step(const ftdn_graph *graph, const node_facts *facts, int node, bool *done)
{
    const ftdn_node *first = &graph->node[node];
    ftdn_step step = {.op = first->op, .node = node, .batch_norm = -1, .source = first->input, .target = node};
    if (first->op == FTDN_OP_CONV) {
        int reader = fusable_reader(graph, facts, step.target, FTDN_OP_BATCH_NORM);
        if (reader >= 0) step.target = step.batch_norm = reader;
    } else if (first->op == FTDN_OP_BATCH_NORM) {
        step.batch_norm = node;
    }
    if (first->op == FTDN_OP_ACTIVATION) {
        step.activation = first->activation;
    } else if (first->op != FTDN_OP_MAX_POOL) {
        int reader = fusable_reader(graph, facts, step.target, FTDN_OP_ACTIVATION);
        if (reader >= 0) {
            step.target = reader;
            step.activation = graph->node[reader].activation;
        }
    }
    if (step.batch_norm >= 0) done[step.batch_norm] = true;
    done[step.target] = true;
    step.tapped = facts[step.target].tapped;
    return step;
}

/* An elementwise step may overwrite its source where nobody needs the source afterwards. */
static bool runs_in_place(const ftdn_step *step, const node_facts *facts, bool keep_all)
{
    bool elementwise = step->op != FTDN_OP_CONV && step->op != FTDN_OP_MAX_POOL;
    const node_facts *source = &facts[step->source];
    return elementwise && !keep_all && !source->output && source->n_readers == 1;
}

/* Lifetimes in steps; the input is there before the first one. */
static ftdn_status find_needs(const ftdn_graph *graph, const ftdn_schedule *schedule, bool keep_all,
                              const node_facts *facts, ftdn_map_need *need, ftdn_error *err)
{
    need[0] = (ftdn_map_need){.exists = true, .birth = -1, .death = -1, .alias = -1};
    for (int s = 0; s < schedule->n_steps; s++) {
        const ftdn_step *step = &schedule->step[s];
        bool in_place = runs_in_place(step, facts, keep_all);
        need[step->target] =
            (ftdn_map_need){.exists = true, .birth = s, .death = s, .alias = in_place ? step->source : -1};
        int source[1 + FTDN_MAX_COPIES];
        int n_sources = list_sources(&graph->node[step->node], source);
        for (int j = 0; j < n_sources; j++) need[source[j]].death = s;
    }
    for (int i = 0; i < graph->n_nodes; i++) {
        if (!need[i].exists) continue;
        if (facts[i].output || keep_all) need[i].death = INT_MAX;
        if (!ftdn_schedule_map_bytes(schedule, graph, i, &need[i].n_bytes))
            return FTDN_FAIL(err, FTDN_ERR_MEMORY, "the map of '%s' does not fit into memory", graph->node[i].name);
    }
    return FTDN_OK;
}

bool ftdn_schedule_map_bytes(const ftdn_schedule *schedule, const ftdn_graph *graph, int node, size_t *ret_bytes)
{
    size_t n_bytes;
    return ftdn_size_mul(ftdn_shape_elements(graph->node[node].shape), sizeof(float), &n_bytes) &&
           ftdn_size_mul(n_bytes, (size_t)schedule->micro_batch, &n_bytes) &&
           ftdn_size_round_up(n_bytes, FTDN_ARENA_ALIGNMENT, ret_bytes);
}

/* Which steps follow which node: those that read its map, and those that read what such a step makes. */
static ftdn_status find_followers(const ftdn_graph *graph, ftdn_schedule *schedule, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_nodes = (size_t)graph->n_nodes, n_steps = (size_t)schedule->n_steps;
    bool *changed = FTDN_NEW(arena, n_nodes, bool, err); /* nodes whose maps depend on the one at hand */
    schedule->follows = FTDN_NEW(arena, n_nodes * n_steps, bool, err);
    if (!changed || !schedule->follows) return FTDN_ERR_MEMORY;
    for (size_t n = 0; n < n_nodes; n++) {
        memset(changed, 0, n_nodes * sizeof *changed);
        changed[n] = true;
        for (size_t s = 0; s < n_steps; s++) {
            const ftdn_step *step = &schedule->step[s];
            int source[1 + FTDN_MAX_COPIES];
            int n_sources = list_sources(&graph->node[step->node], source);
            bool follows = false;
            for (int j = 0; j < n_sources; j++) follows = follows || changed[source[j]];
            schedule->follows[n * n_steps + s] = follows;
            if (follows) changed[step->target] = true;
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_schedule_make(const ftdn_graph *graph, const ftdn_compile_desc *desc, int micro_batch,
                               ftdn_arena *arena, ftdn_schedule *ret_schedule, ftdn_error *err)
{
    if (micro_batch < 1) return FTDN_FAIL(err, FTDN_ERR_ARG, "a micro-batch of %d images is below 1", micro_batch);
    assert(graph->status == FTDN_OK && graph->n_nodes > 0 && graph->node[0].op == FTDN_OP_INPUT);
    size_t n_nodes = (size_t)graph->n_nodes;
    node_facts *facts = FTDN_NEW(arena, n_nodes, node_facts, err);
    bool *done = FTDN_NEW(arena, n_nodes, bool, err);
    ftdn_map_need *need = FTDN_NEW(arena, n_nodes, ftdn_map_need, err);
    ftdn_schedule schedule = {
        .micro_batch = micro_batch,
        .step = FTDN_NEW(arena, n_nodes, ftdn_step, err),
        .map_offset = FTDN_NEW(arena, n_nodes, size_t, err),
    };
    if (!facts || !done || !need || !schedule.step || !schedule.map_offset) return FTDN_ERR_MEMORY;
    FTDN_TRY(mark_nodes(graph, desc, facts, err));
    for (int i = 1; i < graph->n_nodes; i++) {
        if (!done[i]) schedule.step[schedule.n_steps++] = fuse_step(graph, facts, i, done);
    }
    bool keep_all = desc->keep_all || desc->for_gradients || desc->for_training;
    FTDN_TRY(find_needs(graph, &schedule, keep_all, facts, need, err));
    schedule.slab_bytes = ftdn_placement_make(need, graph->n_nodes, schedule.map_offset);
    if (keep_all) FTDN_TRY(find_followers(graph, &schedule, arena, err));
    *ret_schedule = schedule;
    return FTDN_OK;
}
