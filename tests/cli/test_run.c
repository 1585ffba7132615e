/* test_run.c - campaigns that go well. */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "tests/cli/cli_campaign.h"

#define QUICKSTART FTDN_SOURCE_ROOT "/experiments/quickstart.json"
#define TINY FTDN_SOURCE_ROOT "/experiments/tiny.json"

/* 8 trials, of which any order of the lists and keys gives the same. */
#define GRID                                                                                                           \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'faults.feature_map_rate': [0, 0.02], 'seed': [0, 1]}}"
#define GRID_REVERSED                                                                                                  \
    "'sweep': {'grid': {'seed': [1, 0], 'faults.feature_map_rate': [0.02, 0], 'faults.weight_rate': [0.05, 0]}}"

extern char **environ;

static void clear_environment(void)
{
    static char *nothing[] = {NULL};
    environ = nothing;
}

static ftdn_cli_result run_in_empty_environment(ftdn_arena *arena, const char *const *words)
{
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1, .prepare = clear_environment};
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    return ftdn_cli_wait(arena, &process);
}

static int count_lines_with(const char *text, const char *fragment)
{
    int n_lines = 0;
    for (const char *at = strstr(text, fragment); at; at = strstr(at + 1, fragment)) n_lines++;
    return n_lines;
}

static void a_campaign_of_test_scenes_needs_no_outside_file(void **state)
{
    ftdn_cli_place *place = *state;
    static const char *const plan[] = {"plan", TINY, "--no-estimate", NULL}, *const run[] = {"run", TINY, NULL};
    ftdn_cli_result planned = run_in_empty_environment(&place->arena, plan);
    ftdn_cli_assert_done(planned);
    ftdn_cli_assert_says(planned.out, "12 trials, 0 in results/tiny.db, 12 to run\n");
    assert_int_equal(count_lines_with(planned.out, "  missing  weight_rate "), 12);
    assert_int_equal(ftdn_cli_count_entries(place->folder), 0);

    ftdn_cli_result result = run_in_empty_environment(&place->arena, run);
    if (result.exit_code != 0) fail_msg("exit code %d: %s", result.exit_code, result.err);
    ftdn_cli_assert_says(result.out, "tiny: Generated test scenes and made-up weights: ");
    ftdn_cli_assert_says(result.out, "\ntiny: 12 of 12 trials run in ");
    ftdn_cli_assert_says(result.out, "\nmemory of the largest set-up: ");
    ftdn_cli_assert_says(result.out, "\nresults: results/tiny.db ");
    ftdn_cli_assert_whole(&place->arena, "results/tiny.db");
    assert_int_equal(ftdn_cli_count_entries("results"), 1);

    planned = run_in_empty_environment(&place->arena, plan);
    ftdn_cli_assert_says(planned.out, "12 trials, 12 in results/tiny.db, 0 to run\n");
    assert_int_equal(count_lines_with(planned.out, "  done     weight_rate "), 12);
}

/* The golden run of the shipped network, on scenes that it was not trained on. */
static void the_quickstart_needs_no_outside_file(void **state)
{
    ftdn_cli_place *place = *state;
    static const char *const plan[] = {"plan", QUICKSTART, "--no-estimate", "--json", "--list", NULL};
    ftdn_cli_result planned = run_in_empty_environment(&place->arena, plan);
    ftdn_cli_assert_done(planned);
    const ftdn_json *trials = ftdn_cli_member(ftdn_cli_parse(&place->arena, planned.out), "trials");
    assert_int_equal(trials->n_children, 121);
    const char *id = ftdn_cli_member(trials->child[0], "id")->string;
    const char *const run[] = {"run", QUICKSTART, "--trial", id, "--quiet", NULL};
    ftdn_cli_assert_done(run_in_empty_environment(&place->arena, run));
    ftdn_cli_assert_answer(&place->arena, "results/quickstart.db",
                           "SELECT count(*) FROM v_trials WHERE weight_rate = 0 AND feature_map_rate = 0 AND "
                           "method = 'none' AND map_voc07 BETWEEN 0.6 AND 0.95",
                           1);
}

static const ftdn_json *plan_as_json(ftdn_arena *arena)
{
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json", "--json", "--list", "--no-estimate", "--db", "a.db");
    ftdn_cli_assert_done(result);
    const ftdn_json *plan = ftdn_cli_parse(arena, result.out);
    assert_string_equal(ftdn_cli_member(plan, "name")->string, "small");
    assert_string_equal(ftdn_cli_member(plan, "store")->string, "a.db");
    return ftdn_cli_member(plan, "trials");
}

static void plan_gives_every_trial_as_json_and_an_id_is_the_digest_of_the_spec(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 1, "'seed': 1");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--db", "a.db", "--quiet"));
    ftdn_cli_write_small("small.json", 1, "'sweep': {'grid': {'seed': [0, 1, 1, 2]}}");
    const ftdn_json *trials = plan_as_json(arena);
    assert_int_equal(trials->n_children, 3);
    static const char *const seeds[] = {"0", "1", "2"};
    for (int i = 0; i < trials->n_children; i++) {
        const ftdn_json *trial = trials->child[i], *spec = ftdn_cli_member(trial, "spec");
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_json_write(&text, spec, true);
        char digest[FTDN_SHA256_HEX];
        ftdn_error err = {0};
        FTDN_ASSERT_OK(ftdn_sha256_of(text.chars, text.n_chars, digest, &err), err);
        ftdn_text_done(&text);
        assert_string_equal(ftdn_cli_member(trial, "id")->string, digest);
        assert_string_equal(ftdn_cli_member(spec, "seed")->literal, seeds[i]);
        assert_int_equal(ftdn_cli_member(trial, "done")->boolean, i == 1);
    }
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json", "--no-estimate", "--db", "a.db");
    ftdn_cli_assert_says(result.out, "3 trials (and 1 that repeat one of them), 1 in a.db, 2 to run\n");
}

static void a_trial_is_run_once(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    size_t n_before, n_after;
    ftdn_cli_write_small("small.json", 2, "'sweep': {'grid': {'faults.weight_rate': [0, 0.1], 'seed': [0, 1]}}");
    ftdn_cli_result result = FTDN_CLI(arena, "run", "small.json");
    ftdn_cli_assert_says(result.out, "small: 4 of 4 trials run in ");
    const char *before = ftdn_cli_load(arena, "results/small.db", &n_before);

    result = FTDN_CLI(arena, "run", "small.json");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "small: 0 of 4 trials run in 0 s, 4 were in the store already\n");
    const char *after = ftdn_cli_load(arena, "results/small.db", &n_after);
    assert_int_equal(n_after, n_before);
    assert_memory_equal(after, before, n_before);

    ftdn_cli_write_small("small.json", 2, "'sweep': {'grid': {'faults.weight_rate': [0, 0.05, 0.1], 'seed': [0, 1]}}");
    result = FTDN_CLI(arena, "run", "small.json");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.out, "small: 2 of 6 trials run in ");
    ftdn_cli_assert_says(result.out, ", 4 were in the store already\n");
    assert_int_equal(count_lines_with(result.err, "weight_rate 0.05, "), 2);
    assert_int_equal(count_lines_with(result.err, "\n"), 2);
}

static void threads_batch_and_order_change_no_bit(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 7, GRID);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--threads", "1", "--batch", "1", "--db", "a.db"));
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--threads", "2", "--batch", "3", "--db", "b.db"));
    ftdn_cli_write_small("small.json", 7, GRID_REVERSED);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--threads", "3", "--batch", "8", "--db", "c.db"));
    const char *results = ftdn_cli_results(arena, "a.db");
    assert_int_equal(count_lines_with(results, "\"map_voc07\":"), 8);
    assert_string_equal(ftdn_cli_results(arena, "b.db"), results);
    assert_string_equal(ftdn_cli_results(arena, "c.db"), results);
}

static void elsewhere_than_on_a_terminal_progress_is_plain_lines(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 2, "'sweep': {'grid': {'faults.weight_rate': [0, 0.1], 'seed': [3]}}");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "run", "small.json", "--workers", "1");
    assert_int_equal(result.exit_code, 0);
    const char *line = result.err;
    for (int i = 1; i <= 2; i++, line = strchr(line, '\n') + 1) {
        char begin[96];
        int n_chars =
            snprintf(begin, sizeof begin, "trial %d of 2: weight_rate %s, feature_map_rate 0, none, seed 3: mAP 0.", i,
                     i == 1 ? "0" : "0.1");
        if (strncmp(line, begin, (size_t)n_chars) != 0) fail_msg("'%s' does not begin with '%s'", line, begin);
    }
    assert_string_equal(line, "");
    assert_null(strpbrk(result.err, "\r\033"));
}

static void quiet_means_nothing_at_all(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 1, "'seed': 0");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "run", "small.json", "--quiet");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "");
    ftdn_cli_assert_whole(&place->arena, "results/small.db");
}

/* All that comes out of a terminal until its last user is gone. */
static const char *read_terminal(ftdn_arena *arena, int terminal)
{
    char chunk[1024];
    ftdn_text text;
    ftdn_error err = {0};
    ftdn_text_init(&text);
    for (ssize_t n_read = read(terminal, chunk, sizeof chunk); n_read > 0; n_read = read(terminal, chunk, sizeof chunk))
        ftdn_text_append_bytes(&text, chunk, (size_t)n_read);
    const char *copy = text.chars ? ftdn_arena_copy_text(arena, text.chars, text.n_chars, &err) : "";
    ftdn_text_done(&text);
    if (!copy) fail_msg("%s", err.message);
    return copy;
}

static void on_a_terminal_progress_is_a_moving_line_that_is_gone_at_the_end(void **state)
{
    ftdn_cli_place *place = *state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0) skip();
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    int line_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(line_end >= 0);
    ftdn_cli_write_small("small.json", 20, GRID);
    const ftdn_cli_launch_desc desc = {
        .words = (const char *const[]){"run", "small.json", "--threads", "1", "--batch", "2", NULL},
        .stdout_fd = -1,
        .stderr_fd = line_end,
    };
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    close(line_end);
    const char *shown = read_terminal(&place->arena, terminal);
    close(terminal);
    ftdn_cli_result result = ftdn_cli_wait(&place->arena, &process);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.out, "small: 8 of 8 trials run in ");

    static const char first[] = "\r[............] 0 of 8 trials\033[K", last[] = "\033[K\r\033[K";
    assert_int_equal(strncmp(shown, first, strlen(first)), 0);
    ftdn_cli_assert_says(shown, " of 8 trials, ");
    ftdn_cli_assert_says(shown, " s left (\u00b1 ");
    size_t n_chars = strlen(shown);
    assert_true(n_chars > strlen(last));
    assert_string_equal(shown + n_chars - strlen(last), last);
    assert_null(strchr(shown, '\n'));
    /* At most five a second. */
    assert_in_range(count_lines_with(shown, "\r["), 2, 40);
}

/* How often a rate is met is shown by the tests of the injectors; here, that what they say comes to the store. */
static void requested_and_observed_rates_are_in_the_store(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 6,
                         "'faults': {'scope': 'all'},\n 'sweep': {'grid': {'faults.weight_rate': [0, 0.01, 0.05],"
                         " 'faults.feature_map_rate': [0, 0.01, 0.05], 'seed': [0, 1]}}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--quiet", "--db", "a.db"));
    assert_true(ftdn_cli_ask_number(arena, "a.db", "SELECT count(*) FROM v_faults") > 500);
    /* Four standard deviations, in every layer. */
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM v_faults WHERE (faults - elements * requested_rate) *"
                           " (faults - elements * requested_rate) >"
                           " 16 * elements * requested_rate * (1 - requested_rate)",
                           0);
    /* Rows where there are faults, none elsewhere. */
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM v_faults f JOIN v_trials t USING (id)"
                           " WHERE f.requested_rate != CASE f.location WHEN 'weights' THEN t.weight_rate"
                           " ELSE t.feature_map_rate END OR f.requested_rate = 0",
                           0);
    /* The weights of a seed and rate are hit alike whatever else goes wrong, and so are the maps. */
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM (SELECT 1 FROM v_faults f JOIN v_trials t USING (id)"
                           " GROUP BY f.layer, f.location, f.requested_rate, t.seed"
                           " HAVING count(DISTINCT f.faults) > 1 OR count(*) != 3"
                           " OR (f.location = 'weights' AND count(DISTINCT f.changed) > 1))",
                           0);
    /* A larger rate hits at least as many elements as a smaller one in every layer, and more in all. */
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM v_faults f JOIN v_trials t USING (id)"
                           " JOIN v_faults g USING (layer, location) JOIN v_trials u ON u.id = g.id"
                           " WHERE t.seed = u.seed AND f.requested_rate < g.requested_rate AND f.faults > g.faults",
                           0);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT sum(faults) FILTER (WHERE requested_rate = 0.05) >"
                           " 4.5 * sum(faults) FILTER (WHERE requested_rate = 0.01) FROM v_faults",
                           1);
    /* Another seed hits other elements. */
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(DISTINCT n) FROM (SELECT sum(f.faults) AS n FROM v_faults f"
                           " JOIN v_trials t USING (id) GROUP BY t.seed)",
                           2);
}

static void without_faults_neither_scope_nor_point_nor_seed_changes_a_bit(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 8,
                         "'sweep': {'grid': {'faults': [{'weight_rate': 0.1, 'feature_map_rate': 0.1},"
                         " {}, {'feature_map_point': 'conv'}, {'scope': 'all'}, {'scope': 'all',"
                         " 'feature_map_point': 'conv'}, {'scope': ['base_net.1.*'], 'feature_map_point': 'conv'}],"
                         " 'seed': [0, 5]}}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--quiet", "--db", "a.db"));
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(*) FROM v_trials WHERE weight_rate = 0", 10);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM (SELECT DISTINCT map_voc07, map_area, images, n_nonfinite_outputs"
                           " FROM v_trials WHERE weight_rate = 0)",
                           1);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM (SELECT DISTINCT a.class, a.ap_voc07, a.ap_area, a.objects"
                           " FROM v_ap a JOIN v_trials t USING (id) WHERE t.weight_rate = 0)",
                           20);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(*) FROM v_faults JOIN v_trials t USING (id) WHERE t.weight_rate = 0", 0);
    /* The trials with faults differ: it is no constant that was compared. */
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(DISTINCT map_area) FROM v_trials", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_campaign_of_test_scenes_needs_no_outside_file),
        FTDN_CAMPAIGN_TEST(the_quickstart_needs_no_outside_file),
        FTDN_CAMPAIGN_TEST(plan_gives_every_trial_as_json_and_an_id_is_the_digest_of_the_spec),
        FTDN_CAMPAIGN_TEST(a_trial_is_run_once),
        FTDN_CAMPAIGN_TEST(threads_batch_and_order_change_no_bit),
        FTDN_CAMPAIGN_TEST(elsewhere_than_on_a_terminal_progress_is_plain_lines),
        FTDN_CAMPAIGN_TEST(quiet_means_nothing_at_all),
        FTDN_CAMPAIGN_TEST(on_a_terminal_progress_is_a_moving_line_that_is_gone_at_the_end),
        FTDN_CAMPAIGN_TEST(requested_and_observed_rates_are_in_the_store),
        FTDN_CAMPAIGN_TEST(without_faults_neither_scope_nor_point_nor_seed_changes_a_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
