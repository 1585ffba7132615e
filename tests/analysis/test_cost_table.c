#include <math.h>

#include "analysis/cost_table.h"
#include "tests/support/arena_per_test.h"
#include "tests/support/support.h"

static ftdn_latency measured(const char *model, const char *method, double ms, double slowdown, int64_t weight_bytes,
                             int64_t map_bytes)
{
    return (ftdn_latency){
        .model = model,
        .width = 1,
        .weights = "formula:0",
        .weights_digest = model,
        .method = method,
        .ratio = strcmp(method, "none") ? 0.5 : NAN,
        .n_repeats = 15,
        .median_s = ms / 1000,
        .q1_s = ms / 1000,
        .q3_s = ms / 1000,
        .slowdown = slowdown,
        .weight_bytes = weight_bytes,
        .feature_map_bytes = map_bytes,
    };
}

static const ftdn_latency *networks(void)
{
    static ftdn_latency latency[4];
    latency[0] = measured("ssd_vgg16", "none", 500, 1, 0, 0);
    latency[1] = measured("ssd_vgg16", "kr", 512, 1.03, 29400000, 0);
    latency[2] = measured("ssd_vgg16", "fmr", 750, 1.5, 29400000, 48800000);
    latency[3] = measured("ssd_mobilenet_v1", "none", 30, 1, 0, 0);
    return latency;
}

static ftdn_cost_table make(bool is_of_memory)
{
    ftdn_cost_table table;
    FTDN_ASSERT_OK(ftdn_cost_table_make(networks(), 4, is_of_memory, &arena, &table, &err), err);
    return table;
}

static const char *write(const ftdn_cost_table *table, ftdn_format format)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_cost_table_write(table, format, &text);
    return ftdn_test_keep_text(&text, &arena);
}

/* The second network lacks its methods and is left out. */
static void times_stand_beside_their_quotients(void **state)
{
    (void)state;
    const ftdn_cost_table table = make(false);
    assert_string_equal(write(&table, FTDN_FORMAT_TEXT),
                        "network   original   kernel recovery  feature-map recovery\n"
                        "-------  ---------  ----------------  --------------------\n"
                        "SSD-VGG  500.00 ms  512.00 ms (1.03)      750.00 ms (1.50)\n");
}

static void memory_is_that_of_copies_and_of_maps(void **state)
{
    (void)state;
    const ftdn_cost_table table = make(true);
    assert_string_equal(write(&table, FTDN_FORMAT_MARKDOWN), "| network | kernel recovery | feature-map recovery |\n"
                                                             "| ------- | --------------: | -------------------: |\n"
                                                             "| SSD-VGG |         29.4 MB |              78.2 MB |\n");
}

static void the_papers_rows_stand_below(void **state)
{
    (void)state;
    ftdn_cost_table times = make(false), memory = make(true);
    FTDN_ASSERT_OK(ftdn_paper_values_load("table1", &arena, &times.paper_value, &times.n_paper_values, &err), err);
    FTDN_ASSERT_OK(ftdn_paper_values_load("table2", &arena, &memory.paper_value, &memory.n_paper_values, &err), err);
    const char *text = write(&times, FTDN_FORMAT_TEXT);
    assert_non_null(strstr(text, "\n  paper, x86             31.39 ms   32.02 ms (1.02)       60.35 ms (1.92)\n"));
    assert_non_null(strstr(text, "\n  paper, Nvidia Xavier  106.09 ms  104.84 ms (0.99)      181.01 ms (1.71)\n"));
    assert_null(strstr(text, "7.53"));
    assert_non_null(strstr(write(&memory, FTDN_FORMAT_LATEX), "  paper & 29.6 MB & 78.0 MB"));
}

static void csv_has_a_row_for_each_method(void **state)
{
    (void)state;
    const ftdn_cost_table table = make(true);
    assert_string_equal(write(&table, FTDN_FORMAT_CSV),
                        "network,method,ratio,median_ms,lower_quartile_ms,upper_quartile_ms,slowdown,weight_bytes,"
                        "feature_map_bytes,repeats\n"
                        "SSD-VGG,none,,500,500,500,1,0,0,15\n"
                        "SSD-VGG,kr,0.5,512,512,512,1.03,29400000,0,15\n"
                        "SSD-VGG,fmr,0.5,750,750,750,1.5,29400000,48800000,15\n");
}

static void json_has_an_object_for_each_method(void **state)
{
    (void)state;
    const ftdn_cost_table table = make(true);
    assert_string_equal(
        write(&table, FTDN_FORMAT_JSON),
        "[\n"
        "{\"network\":\"SSD-VGG\",\"method\":\"none\",\"ratio\":null,\"median_ms\":500,"
        "\"lower_quartile_ms\":500,\"upper_quartile_ms\":500,\"slowdown\":1,\"weight_bytes\":0,"
        "\"feature_map_bytes\":0,\"repeats\":15},\n"
        "{\"network\":\"SSD-VGG\",\"method\":\"kr\",\"ratio\":0.5,\"median_ms\":512,"
        "\"lower_quartile_ms\":512,\"upper_quartile_ms\":512,\"slowdown\":1.03,\"weight_bytes\":29400000,"
        "\"feature_map_bytes\":0,\"repeats\":15},\n"
        "{\"network\":\"SSD-VGG\",\"method\":\"fmr\",\"ratio\":0.5,\"median_ms\":750,"
        "\"lower_quartile_ms\":750,\"upper_quartile_ms\":750,\"slowdown\":1.5,\"weight_bytes\":29400000,"
        "\"feature_map_bytes\":48800000,\"repeats\":15}\n]\n");
}

static void without_protected_measurements_there_is_no_table(void **state)
{
    (void)state;
    ftdn_cost_table table;
    FTDN_ASSERT_FAILS(ftdn_cost_table_make(networks() + 3, 1, false, &arena, &table, &err), FTDN_ERR_STORE,
                      "no network was measured", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(times_stand_beside_their_quotients),
        FTDN_ARENA_TEST(memory_is_that_of_copies_and_of_maps),
        FTDN_ARENA_TEST(the_papers_rows_stand_below),
        FTDN_ARENA_TEST(csv_has_a_row_for_each_method),
        FTDN_ARENA_TEST(json_has_an_object_for_each_method),
        FTDN_ARENA_TEST(without_protected_measurements_there_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
