/* Faults in stored copies of filters: those of the definition, for any set of copied channels. */
#include <math.h>
#include <string.h>

#include "injectors/weight_faults.h"
#include "tests/injectors/small_net.h"
#include "tests/support/support.h"

enum { seed = 42, MAX_CHANNELS = 70 };
static const uint64_t image = UINT64_C(0x123456789abcdef0);

static const ftdn_param *weight_of(const small_net *net, int layer)
{
    return &net->graph.param[net->graph.node[net->graph.layer[layer].conv].weight];
}

/* Which channels a test copies. */
typedef struct copied_set {
    ftdn_copies copies;
    ftdn_layer_copies layer[NET_N_LAYERS];
    int channel[NET_N_LAYERS][MAX_CHANNELS];
} copied_set;

enum { SET_ALL, SET_LAST, SET_EVERY_OTHER, SET_RUNS, SET_RANDOM, N_SETS = SET_RANDOM + 5 };

static bool belongs(int set, int layer, int channel, int n_channels)
{
    switch (set) {
    case SET_ALL: return true;
    case SET_LAST: return channel == n_channels - 1;
    case SET_EVERY_OTHER: return channel % 2 == 1;
    case SET_RUNS: return channel / 3 % 2 == 0;
    default: break;
    }
    ftdn_philox_block counter = {{(uint32_t)channel, (uint32_t)layer, (uint32_t)set, 0}};
    return ftdn_philox(counter, 1, 2).word[0] & 1;
}

/* All layers, also the one out of scope; layers without a channel of the set have no copies. */
static void make_set(const small_net *net, int set, int n_copies, copied_set *ret_set)
{
    int n_layers = 0;
    for (int i = 0; i < NET_N_LAYERS; i++) {
        int n_channels = (int)weight_of(net, i)->dims[0], n_copied = 0;
        for (int k = 0; k < n_channels; k++) {
            if (belongs(set, i, k, n_channels)) ret_set->channel[n_layers][n_copied++] = k;
        }
        if (n_copied == 0) continue;
        ret_set->layer[n_layers] = (ftdn_layer_copies){i, n_copied, ret_set->channel[n_layers]};
        n_layers++;
    }
    ret_set->copies = (ftdn_copies){.n_copies = n_copies, .n_layers = n_layers, .layer = ret_set->layer};
}

static ftdn_weight_faults faults_for(small_net *net, const ftdn_copies *copies)
{
    ftdn_error err;
    ftdn_weight_faults faults;
    FTDN_ASSERT_OK(ftdn_weight_faults_init(&faults, &net->graph, net->scope, copies, &net->weights, &net->arena, &err),
                   err);
    return faults;
}

/* Compare one copy of one layer with the definition, element by element. */
static void check_copy(const small_net *net, const ftdn_weight_faults *faults, const ftdn_fault_draw *draw, int copy,
                       int i)
{
    const ftdn_layer_copies *copied = &faults->copies.layer[i];
    const ftdn_param *param = weight_of(net, copied->layer);
    const float *clean = net->weights.value[param - net->graph.param];
    const float *actual = faults->copy_buffer[copy - 1][i];
    size_t filter_size = param->n_elements / (size_t)param->dims[0];
    bool is_hit = copied->layer != NET_POINT && draw->copies != FTDN_COPIES_CLEAN;
    uint32_t sites_of = draw->copies == FTDN_COPIES_SHARED ? 0 : (uint32_t)copy;
    ftdn_site_stream stream = ftdn_site_stream_make(draw->seed, ftdn_layer_id(net->graph.layer[copied->layer].name),
                                                    FTDN_LOCATION_WEIGHTS, sites_of, image);
    const ftdn_fault_model model = ftdn_fault_model_for(&draw->model, clean, param->n_elements);
    ftdn_fault_count expected = {0};
    for (int j = 0; j < copied->n_channels; j++) {
        for (size_t at = 0; at < filter_size; at++) {
            uint64_t e = (uint64_t)copied->channel[j] * filter_size + at;
            float value = clean[e];
            expected.n_elements += is_hit;
            if (is_hit && ftdn_site_is_hit(stream, e, ftdn_site_threshold_of(draw->rate))) {
                value = small_net_hit_value(&model, stream, e, clean[e]);
                expected.n_faults++;
                expected.n_changed += memcmp(&value, &clean[e], sizeof value) != 0;
                expected.n_nonfinite += !isfinite(value);
            }
            assert_memory_equal(&actual[(size_t)j * filter_size + at], &value, sizeof value);
        }
    }
    assert_memory_equal(&faults->copy_count[copy - 1][i], &expected, sizeof expected);
}

static void copies_are_hit_at_the_defined_sites_for_any_set_of_channels(void **state)
{
    small_net *net = *state;
    static const double rates[] = {0.05, 0, 1, 0.6};
    for (int test = 0; test < 3 * N_SETS * (NET_N_MODELS + 1); test++) {
        int set = test % N_SETS, m = test / N_SETS % (NET_N_MODELS + 1), n_copies = 1 + test % 2;
        static copied_set copied;
        make_set(net, set, n_copies, &copied);
        ftdn_arena_mark mark = ftdn_arena_get_mark(&net->arena);
        ftdn_weight_faults faults = faults_for(net, &copied.copies);
        /* The last model takes the range of the layer. */
        const ftdn_fault_draw draw = {
            .model = m < NET_N_MODELS ? small_net_model[m] : (ftdn_fault_model){.type = FTDN_FAULT_RANDOM},
            .rate = rates[test % 7 < 4 ? 0 : test % 7 - 3],
            .seed = seed,
            .copies = (ftdn_copy_faults)(test / N_SETS / (NET_N_MODELS + 1)),
        };
        const ftdn_fault_draw earlier = {.model = small_net_model[0], .rate = 1, .seed = 1};
        ftdn_weight_faults_draw(&faults, &earlier, 0, 1); /* leaves no trace */
        ftdn_weight_faults_draw(&faults, &draw, image, 1 + test % 3);
        for (int c = 1; c <= n_copies; c++) {
            for (int i = 0; i < copied.copies.n_layers; i++) check_copy(net, &faults, &draw, c, i);
        }
        ftdn_arena_reset(&net->arena, mark);
    }
}

static void originals_see_the_same_faults_with_and_without_copies(void **state)
{
    small_net *net = *state;
    copied_set none = {.copies = {0}}, all, some;
    make_set(net, SET_ALL, 2, &all);
    make_set(net, SET_RANDOM, 1, &some);
    const copied_set *sets[] = {&none, &all, &some};
    ftdn_weight_faults faults[3];
    for (int s = 0; s < 3; s++) {
        faults[s] = faults_for(net, &sets[s]->copies);
        for (int mode = 0; mode < 3; mode++) {
            const ftdn_fault_draw draw = {small_net_model[2], 0.1, 0, seed, (ftdn_copy_faults)mode};
            ftdn_weight_faults_draw(&faults[s], &draw, 0, 2);
            for (int i = 0; i < net->scope.n_layers; i++) {
                size_t n = weight_of(net, net->scope.layer[i])->n_elements;
                assert_memory_equal(faults[s].buffer[i], faults[0].buffer[i], n * sizeof(float));
                assert_memory_equal(&faults[s].count[i], &faults[0].count[i], sizeof(ftdn_fault_count));
            }
        }
    }
}

/* Copies of all channels, as long as the original, against the original and each other. */
static void copies_fail_on_their_own_unless_they_share_the_faults_of_the_original(void **state)
{
    small_net *net = *state;
    copied_set all;
    make_set(net, SET_ALL, 2, &all);
    ftdn_weight_faults faults = faults_for(net, &all.copies);
    int i = net->scope.n_layers - 1, at = NET_N_LAYERS - 1;
    const ftdn_param *param = weight_of(net, NET_LARGE);
    size_t n_bytes = param->n_elements * sizeof(float);
    ftdn_fault_draw draw = {small_net_model[2], 0.1, 0, seed, FTDN_COPIES_INDEPENDENT};
    ftdn_weight_faults_draw(&faults, &draw, 0, 2);
    assert_memory_not_equal(faults.buffer[i], faults.copy_buffer[0][at], n_bytes);
    assert_memory_not_equal(faults.buffer[i], faults.copy_buffer[1][at], n_bytes);
    assert_memory_not_equal(faults.copy_buffer[0][at], faults.copy_buffer[1][at], n_bytes);
    draw.copies = FTDN_COPIES_SHARED;
    ftdn_weight_faults_draw(&faults, &draw, 0, 2);
    for (int c = 0; c < 2; c++) {
        assert_memory_equal(faults.copy_buffer[c][at], faults.buffer[i], n_bytes);
        assert_memory_equal(&faults.copy_count[c][at], &faults.count[i], sizeof(ftdn_fault_count));
    }
    draw.copies = FTDN_COPIES_CLEAN;
    ftdn_weight_faults_draw(&faults, &draw, 0, 2);
    for (int c = 0; c < 2; c++) {
        assert_memory_equal(faults.copy_buffer[c][at], net->weights.value[param - net->graph.param], n_bytes);
        assert_int_equal(faults.copy_count[c][at].n_elements, 0);
    }
    ftdn_stored_weights stored = ftdn_weight_faults_stored(&faults);
    assert_ptr_equal(stored.original, &faults.faulty);
    for (int c = 0; c < 2; c++) assert_ptr_equal(stored.copy[c][at], faults.copy_buffer[c][at]);
}

static void a_copied_filter_fails_alike_whichever_others_are_copied(void **state)
{
    small_net *net = *state;
    copied_set all, some;
    make_set(net, SET_ALL, 1, &all);
    ftdn_weight_faults of_all = faults_for(net, &all.copies);
    const ftdn_fault_draw draw = {small_net_model[2], 0.1, 0, seed, FTDN_COPIES_INDEPENDENT};
    ftdn_weight_faults_draw(&of_all, &draw, image, 2);
    for (int set = SET_ALL + 1; set < N_SETS; set++) {
        make_set(net, set, 2, &some);
        ftdn_weight_faults of_some = faults_for(net, &some.copies);
        ftdn_weight_faults_draw(&of_some, &draw, image, 1);
        for (int i = 0; i < some.copies.n_layers; i++) {
            const ftdn_layer_copies *copied = &some.layer[i];
            const ftdn_param *param = weight_of(net, copied->layer);
            size_t filter_size = param->n_elements / (size_t)param->dims[0];
            for (int j = 0; j < copied->n_channels; j++) {
                assert_memory_equal(of_some.copy_buffer[0][i] + (size_t)j * filter_size,
                                    of_all.copy_buffer[0][copied->layer] + (size_t)copied->channel[j] * filter_size,
                                    filter_size * sizeof(float));
            }
        }
    }
}

static void a_larger_rate_hits_a_superset_in_copies_too(void **state)
{
    small_net *net = *state;
    copied_set all;
    make_set(net, SET_ALL, 1, &all);
    ftdn_weight_faults smaller = faults_for(net, &all.copies), larger = faults_for(net, &all.copies);
    static const double rates[] = {0, 1e-4, 0.01, 0.1, 0.5, 0.9, 1};
    for (int r = 1; r < (int)(sizeof rates / sizeof *rates); r++) {
        ftdn_fault_draw draw = {small_net_model[0], rates[r - 1], 0, seed, FTDN_COPIES_INDEPENDENT};
        ftdn_weight_faults_draw(&smaller, &draw, 0, 1);
        draw.rate = rates[r];
        ftdn_weight_faults_draw(&larger, &draw, 0, 1);
        for (int i = 0; i < NET_N_LAYERS; i++) {
            size_t n = weight_of(net, i)->n_elements;
            for (size_t e = 0; e < n; e++) {
                assert_true(smaller.copy_buffer[0][i][e] != 0 || larger.copy_buffer[0][i][e] == 0);
            }
        }
        assert_true(smaller.copy_count[0][NET_LARGE].n_faults < larger.copy_count[0][NET_LARGE].n_faults);
    }
}

static void copies_meet_the_rate_within_four_sigma(void **state)
{
    small_net *net = *state;
    copied_set some;
    make_set(net, SET_RANDOM, 2, &some);
    ftdn_weight_faults faults = faults_for(net, &some.copies);
    static const double rates[] = {0.01, 0.1};
    for (int r = 0; r < 2; r++) {
        int64_t n_elements[2] = {0}, n_faults[2] = {0};
        for (uint64_t s = 0; s < 40; s++) {
            const ftdn_fault_draw draw = {small_net_model[0], rates[r], 0, s, FTDN_COPIES_INDEPENDENT};
            ftdn_weight_faults_draw(&faults, &draw, 0, 2);
            for (int c = 0; c < 2; c++) {
                for (int i = 0; i < some.copies.n_layers; i++) {
                    n_elements[c] += faults.copy_count[c][i].n_elements;
                    n_faults[c] += faults.copy_count[c][i].n_faults;
                }
            }
        }
        for (int c = 0; c < 2; c++) {
            double n = (double)n_elements[c];
            assert_true(n > 300000);
            assert_true(fabs((double)n_faults[c] - rates[r] * n) < 4 * sqrt(n * rates[r] * (1 - rates[r])));
        }
    }
}

static void each_image_draws_anew_and_the_same_again(void **state)
{
    small_net *net = *state;
    copied_set all;
    make_set(net, SET_ALL, 1, &all);
    ftdn_weight_faults one = faults_for(net, &all.copies), other = faults_for(net, &all.copies);
    const ftdn_fault_draw draw = {small_net_model[0], 0.1, 0, seed, FTDN_COPIES_INDEPENDENT};
    static const uint64_t images[] = {0, 1, 2, UINT64_C(1) << 32, UINT64_C(0x123456789abcdef0)};
    size_t n_bytes = weight_of(net, NET_LARGE)->n_elements * sizeof(float);
    for (int a = 0; a < 5; a++) {
        for (int b = 0; b < 5; b++) {
            ftdn_weight_faults_draw(&one, &draw, images[a], 1);
            ftdn_weight_faults_draw(&other, &draw, images[b], 2);
            int i = net->scope.n_layers - 1;
            assert_int_equal(memcmp(one.buffer[i], other.buffer[i], n_bytes) == 0, a == b);
            assert_int_equal(memcmp(one.copy_buffer[0][3], other.copy_buffer[0][3], n_bytes) == 0, a == b);
        }
    }
}

static void refused_memory_is_an_error(void **state)
{
    small_net *net = *state;
    copied_set all;
    make_set(net, SET_ALL, 2, &all);
    for (long n_good = 0;; n_good++) {
        ftdn_arena arena;
        ftdn_error err;
        ftdn_weight_faults faults;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_status status =
            ftdn_weight_faults_init(&faults, &net->graph, net->scope, &all.copies, &net->weights, &arena, &err);
        ftdn_arena_done(&arena);
        if (status == FTDN_OK) {
            assert_true(n_good >= 5 + 3 + 1 + 2 * (2 + NET_N_LAYERS));
            break;
        }
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_hit_at_the_defined_sites_for_any_set_of_channels),
        cmocka_unit_test(originals_see_the_same_faults_with_and_without_copies),
        cmocka_unit_test(copies_fail_on_their_own_unless_they_share_the_faults_of_the_original),
        cmocka_unit_test(a_copied_filter_fails_alike_whichever_others_are_copied),
        cmocka_unit_test(a_larger_rate_hits_a_superset_in_copies_too),
        cmocka_unit_test(copies_meet_the_rate_within_four_sigma),
        cmocka_unit_test(each_image_draws_anew_and_the_same_again),
        cmocka_unit_test(refused_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, small_net_set_up, small_net_tear_down);
}
