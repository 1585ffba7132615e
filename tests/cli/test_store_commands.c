#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/cli/cli.h"
#include "tests/results/sample.h"

#define APPLICATION_ID_AT 68 /* in an SQLite file: 4 bytes, big-endian */

enum { N_TRIALS = 3 };

/* A store with trials of the seeds 0, 1, 2 and one failed attempt; its path. The ids: [N_TRIALS]. */
static char *make_store(ftdn_cli_place *place, char (*ret_id)[FTDN_SHA256_HEX])
{
    ftdn_error err = {0};
    char *path = ftdn_cli_path(&place->arena, place->folder, "store.db");
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    ftdn_sample sample;
    for (int i = 0; i < N_TRIALS; i++) {
        ftdn_sample_init(&sample, i);
        ftdn_sample_append(store, &sample, &origin);
        memcpy(ret_id[i], sample.record.id, FTDN_SHA256_HEX);
    }
    ftdn_sample_init(&sample, N_TRIALS);
    FTDN_ASSERT_OK(ftdn_sample_fail(store, &sample, "lightning", &origin, &err), err);
    ftdn_store_close(store);
    return path;
}

static void show_gives_each_trial_one_line(void **state)
{
    ftdn_cli_place *place = *state;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "show", path);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "finished_trials  failed_attempts  unfinished_trials\n"
                                     "---------------  ---------------  -----------------\n"
                                     "              3                1                  1\n"
                                     "\nfinished trials\n\n");
    for (int i = 0; i < N_TRIALS; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 "\n%.10s  smoke     ssd_mobilenet_v1_tf  zero       0.1000             1e-05  none    -        -      "
                 "-      -           %d     "
                 "0.3000    0.6667     300   2.5000\n",
                 id[i], i);
        ftdn_cli_assert_says(result.out, line);
    }
    ftdn_cli_assert_says(result.out, "\nfailed attempts\n\n");
    ftdn_cli_assert_says(result.out, "lightning");
}

static void show_tells_all_about_one_trial(void **state)
{
    ftdn_cli_place *place = *state;
    char id[N_TRIALS][FTDN_SHA256_HEX], prefix[9], line[128];
    char *path = make_store(place, id);
    snprintf(prefix, sizeof prefix, "%.8s", id[1]);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "show", path, prefix);
    ftdn_cli_assert_done(result);
    snprintf(line, sizeof line, "\nid                        %s\n", id[1]);
    ftdn_cli_assert_says(result.out, line);
    ftdn_cli_assert_says(result.out, "\nfeature_map_rate          1e-05\n");
    ftdn_cli_assert_says(result.out, "\nfeature_map_scope         [\"base_net.*\"]\n");
    ftdn_cli_assert_says(result.out, "\nseed                      1\n");
    ftdn_cli_assert_says(result.out, "\nmap_voc07                 0.3000\n");
    ftdn_cli_assert_says(result.out, "\ncode_version              0.1.0+g1a2b3c4\n");
    ftdn_cli_assert_says(result.out, "\naverage precision\n\n"
                                     "class  ap_voc07  ap_area  objects\n"
                                     "-----  --------  -------  -------\n"
                                     "boat     0.1000   0.3333        7\n"
                                     "cat           -        -        0\n"
                                     "dog      1.0000   0.0000       12\n");
    ftdn_cli_assert_says(result.out, "\ntotal     2.5000\nforward   1.2500\n");
    ftdn_cli_assert_says(result.out, "\nfaults by layer\n\n");
    ftdn_cli_assert_says(
        result.out, "\nweights      base_net.10.3     0           1000          0.0100         0.0090         9  ");
    ftdn_cli_assert_says(
        result.out, "\nfeature_map  base_net.10.3     0  1099511627776           1e-05      1.123e-05  12345678  ");
}

/* Every column of v_trials has its line: a new one must not be forgotten. */
static void show_knows_every_parameter(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX], line[64];
    char *path = make_store(place, id);
    ftdn_cli_result columns =
        FTDN_CLI(arena, "query", path, "SELECT name FROM pragma_table_info('v_trials')", "--json");
    ftdn_cli_assert_done(columns);
    ftdn_cli_result result = FTDN_CLI(arena, "show", path, id[0]);
    const ftdn_json *names = ftdn_cli_parse(arena, columns.out);
    assert_true(names->n_children >= 30);
    for (int i = 0; i < names->n_children; i++) {
        snprintf(line, sizeof line, "\n%s ", ftdn_cli_member(names->child[i], "name")->string);
        ftdn_cli_assert_says(result.out, line);
    }
}

static void show_lists_the_trials_of_a_condition(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX], trial[11];
    char *path = make_store(place, id);
    ftdn_cli_result result =
        FTDN_CLI(arena, "show", path, "--where", "seed > 0 AND weight_rate = 0.1 -- not the first");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "finished_trials  chosen_trials\n---------------  -------------\n"
                                     "              3              2\n\nfinished trials\n\n");
    for (int i = 0; i < N_TRIALS; i++) {
        snprintf(trial, sizeof trial, "%.10s", id[i]);
        assert_true((strstr(result.out, trial) != NULL) == (i > 0));
    }
    assert_null(strstr(result.out, "lightning"));
    result = FTDN_CLI(arena, "show", path, "--where", "method = 'kr'");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\n              3              0\n");
}

static void wrong_conditions_are_told_with_the_columns(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    static const struct {
        const char *condition, *message;
    } wrong[] = {
        {"wieght_rate = 1", "--where: no such column: wieght_rate; did you mean 'weight_rate'?\n"},
        {"protection = 'kr'", "--where: no such column: protection (texts stand between quotes: 'protection'); columns "
                              "are id, manifest, model, width, "},
        {"method = kr", "no such column: kr (texts stand between quotes: 'kr'); columns are "},
        {"seed >", "--where: near \")\": syntax error (a condition is as in: weight_rate = 0.01 AND method = 'kr')\n"},
        {"()", "syntax error"},
        {"seed = :seed", "a condition has no parameters, and nothing behind it\n"},
        {"1) FROM v_trials; DELETE FROM trials WHERE (1", "nothing behind it\n"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ftdn_cli_assert_fails(FTDN_CLI(arena, "show", path, "--where", wrong[i].condition), 2, wrong[i].message);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "show", path, id[0], "--where", "1"), 2, "a trial and --where exclude");
    ftdn_cli_assert_says(FTDN_CLI(arena, "query", path, "SELECT count(*) FROM v_trials").out, "\n       3\n");
}

static void show_gives_all_trials_as_json(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_cli_result result = FTDN_CLI(arena, "show", path, "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *answer = ftdn_cli_parse(arena, result.out), *trials = ftdn_cli_member(answer, "trials");
    assert_int_equal(answer->n_children, 2);
    assert_int_equal(trials->n_children, N_TRIALS);
    for (int i = 0; i < N_TRIALS; i++) {
        assert_string_equal(ftdn_cli_member(trials->child[i], "id")->string, id[i]);
        assert_true(ftdn_cli_member(trials->child[i], "feature_map_rate")->number == 1e-5);
    }
    const ftdn_json *failures = ftdn_cli_member(answer, "failed_attempts");
    assert_int_equal(failures->n_children, 1);
    assert_string_equal(ftdn_cli_member(failures->child[0], "cause")->string, "lightning");
    result = FTDN_CLI(arena, "show", path, "--json", "--where", "seed = 1");
    ftdn_cli_assert_done(result);
    answer = ftdn_cli_parse(arena, result.out);
    assert_int_equal(answer->n_children, 1);
    assert_int_equal(ftdn_cli_member(answer, "trials")->n_children, 1);
}

/* The columns of v_trials stand in it as they are, to the last bit. */
static void show_gives_one_trial_as_json(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_cli_result result = FTDN_CLI(arena, "show", path, id[1], "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *trial = ftdn_cli_parse(arena, result.out);
    ftdn_cli_result rows = FTDN_CLI(arena, "query", path, "v_trials", "--json");
    const ftdn_json *row = ftdn_cli_parse(arena, rows.out)->child[1];
    for (int i = 0; i < row->n_children; i++) assert_string_equal(trial->child[i]->key, row->child[i]->key);
    assert_string_equal(ftdn_cli_member(trial, "id")->string, id[1]);
    assert_true(ftdn_cli_member(trial, "map_voc07")->number == ftdn_cli_member(row, "map_voc07")->number);
    assert_true(ftdn_cli_member(trial, "micro_batch") != NULL);
    const ftdn_json *classes = ftdn_cli_member(trial, "average_precision");
    assert_int_equal(classes->n_children, 3);
    assert_string_equal(ftdn_cli_member(classes->child[0], "class")->string, "boat");
    assert_int_equal(ftdn_cli_member(classes->child[1], "ap_voc07")->kind, FTDN_JSON_NULL);
    assert_string_equal(ftdn_cli_member(ftdn_cli_member(trial, "timings")->child[0], "stage")->string, "total");
    const ftdn_json *faults = ftdn_cli_member(trial, "faults");
    assert_true(faults->n_children >= 2);
    assert_string_equal(ftdn_cli_member(faults->child[0], "location")->string, "weights");
}

static void unknown_trials_are_exit_code_2(void **state)
{
    ftdn_cli_place *place = *state;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "show", path, "0000000"), 2,
                          "no trial whose id begins with '0000000'");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "show", path, "12"), 2, "4 to 64 hexadecimal digits");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "show", path, "x' OR 1 --"), 2, "4 to 64 hexadecimal digits");
}

static void query_answers_in_three_formats(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    const char *question = "SELECT seed, map_voc07, ranking FROM v_trials WHERE seed > 0 ORDER BY seed";
    ftdn_cli_result table = FTDN_CLI(arena, "query", path, question);
    ftdn_cli_result csv = FTDN_CLI(arena, "query", path, question, "--csv");
    ftdn_cli_result json = FTDN_CLI(arena, "query", path, question, "--json");
    ftdn_cli_assert_done(table);
    ftdn_cli_assert_done(csv);
    ftdn_cli_assert_done(json);
    assert_string_equal(table.out, "seed  map_voc07  ranking\n----  ---------  -------\n"
                                   "   1     0.3000  -\n   2     0.3000  -\n");
    assert_string_equal(csv.out, "seed,map_voc07,ranking\n1,0.30000000000000004,\n2,0.30000000000000004,\n");
    assert_string_equal(json.out, "[\n{\"seed\":1,\"map_voc07\":0.30000000000000004,\"ranking\":null},\n"
                                  "{\"seed\":2,\"map_voc07\":0.30000000000000004,\"ranking\":null}\n]\n");
}

static void query_writes_a_table_for_a_report_into_a_file(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id), *file = ftdn_cli_path(arena, place->folder, "table.tex");
    size_t n_bytes;
    ftdn_cli_result result = FTDN_CLI(arena, "query", path, "map_by_rate", "--latex", "--columns",
                                      "weight_rate,n,mean_map_voc07", "-o", file);
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "");
    assert_string_equal(ftdn_cli_load(arena, file, &n_bytes), "\\begin{tabular}{rrr}\n\\toprule\n"
                                                              "weight fault rate & n & mean mAP \\\\\n\\midrule\n"
                                                              "0.1000 & 3 & 0.3000 \\\\\n\\bottomrule\n"
                                                              "\\end{tabular}\n");
    result = FTDN_CLI(arena, "query", path, "map_by_rate", "--markdown", "--columns", "weight_rate,n");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out,
                        "| weight fault rate | n |\n| ----------------: | -: |\n|            0.1000 | 3 |\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "map_by_rate", "-o", "/no/such/folder/x"), 4,
                          "/no/such/folder/x");
    /* A question that fails leaves the file as it is. */
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "map_by_rat", "-o", file), 2, "did you mean 'map_by_rate'?");
    ftdn_cli_assert_says(ftdn_cli_load(arena, file, &n_bytes), "0.1000 & 3 & 0.3000");
}

static void query_takes_settings_and_explains_its_columns(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_cli_result result =
        FTDN_CLI(arena, "query", path, "SELECT :a AS a, :b AS b", "--csv", "--set", "a=1", "--set", "b=--x");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "a,b\n1,--x\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "smallest_ratio", "--set", "witin=1"), 2,
                          "did you mean 'within'?");
    result = FTDN_CLI(arena, "query", "--explain", "smallest_ratio");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "smallest_ratio: the smallest ratio of copied channels");
    ftdn_cli_assert_says(result.out, "\nwithin     0.01       the margin: mAP that may be lost\n");
    ftdn_cli_assert_says(result.out, " clean_map_voc07 less mean_map_voc07\n");
    ftdn_cli_assert_says(FTDN_CLI(arena, "query", "--list").out, " manifest=* within=0.01\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", "--explain", "smalest_ratio"), 2, "did you mean 'smallest_ratio'?");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "v_ap", "--csv", "--latex"), 2,
                          "--csv and --latex exclude each other");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "--explain", "v_ap"), 2, "--explain takes no store");
}

/* More than a pipe holds: what is not taken while the answer is made comes afterwards. */
static void a_long_answer_is_whole(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    static const char *const formats[] = {"--csv", "--json", NULL};
    for (int i = 0; i < 3; i++) {
        ftdn_cli_result result = FTDN_CLI(
            arena, "query", path,
            "WITH RECURSIVE n(i) AS (SELECT 100000 UNION ALL SELECT i + 1 FROM n WHERE i < 139999) SELECT i FROM n",
            formats[i]);
        ftdn_cli_assert_done(result);
        const char *place_of = result.out;
        for (int number = 100000; number < 140000; number++) {
            char digits[16];
            snprintf(digits, sizeof digits, "%d", number);
            place_of = strstr(place_of, digits);
            assert_non_null(place_of);
        }
        assert_int_equal(strlen(result.out), i == 0 ? 2 + 40000 * 7 : i == 1 ? 3 + 40000 * 14 : 2 * 7 + 40000 * 7);
    }
}

/* Each name of --list can be asked. */
static void every_listed_query_has_an_answer(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_cli_result list = FTDN_CLI(arena, "query", "--list");
    ftdn_cli_assert_done(list);
    assert_int_equal(strncmp(list.out, "query ", 6), 0);
    int n_queries = 0;
    const char *line = strchr(strchr(list.out, '\n') + 1, '\n') + 1; /* behind the header and its rule */
    for (; *line; line = strchr(line, '\n') + 1) {
        char name[64] = "";
        sscanf(line, "%63s", name);
        ftdn_cli_assert_done(FTDN_CLI(arena, "query", path, name));
        n_queries++;
    }
    assert_true(n_queries >= 31);
    ftdn_cli_assert_says(list.out, "\nv_trials ");
    ftdn_cli_assert_says(list.out, "\nmap_by_rate ");
}

static void wrong_questions_are_exit_code_2(void **state)
{
    ftdn_cli_place *place = *state;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    ftdn_arena *arena = &place->arena;
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "v_trails"), 2, "did you mean 'v_trials'?");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "SELECT colour FROM v_trials"), 2, "no such column: colour");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "query", path, "DELETE FROM trials"), 2,
                          "a statement that writes is refused");
    ftdn_cli_assert_says(FTDN_CLI(arena, "query", path, "SELECT count(*) FROM v_trials").out, "\n       3\n");
}

static void a_select_without_quotes_is_told_so(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_assert_fails(
        FTDN_CLI(&place->arena, "query", "a.db", "SELECT", "x", "FROM", "v_ap"), 2,
        "unexpected argument 'x'; usage: ftdn query DB QUESTION, where a SELECT stands between quotes");
}

static void let_files_grow_to_64_bytes(void)
{
    struct rlimit limit = {64, 64};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(99);
}

/* A quota, or ulimit -f: an error as that of a full disk, and nothing is left behind. */
static void a_file_that_may_not_grow_is_an_error_and_no_signal(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id), *file = ftdn_cli_path(arena, place->folder, "answer.csv");
    int n_entries = ftdn_cli_count_entries(place->folder), out = open("/dev/null", O_WRONLY);
    const char *const words[] = {"query", path, "v_trials", "--csv", "-o", file, NULL};
    int caught[2];
    assert_int_equal(pipe(caught), 0);
    const ftdn_cli_launch_desc desc = {words, out, caught[1], let_files_grow_to_64_bytes};
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    assert_int_equal(ftdn_cli_wait(arena, &process).exit_code, 4);
    close(caught[1]);
    char said[512] = "";
    assert_true(read(caught[0], said, sizeof said - 1) > 0);
    ftdn_cli_assert_says(said, "answer.csv: cannot be written: File too large");
    close(caught[0]);
    close(out);
    assert_int_equal(ftdn_cli_count_entries(place->folder), n_entries);
}

/* What is no store is named, is exit code 5, and stays byte for byte as it was. */
static void files_that_are_no_store_are_refused_and_not_touched(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    size_t n_bytes, n_after;
    char *bytes = (char *)(uintptr_t)ftdn_cli_load(arena, path, &n_bytes);
    memcpy(bytes + APPLICATION_ID_AT, "MAIL", 4);
    ftdn_test_write_file(path, bytes, n_bytes);
    char *text = ftdn_cli_path(arena, place->folder, "notes.txt"),
         *none = ftdn_cli_path(arena, place->folder, "none.db");
    ftdn_test_write_file(text, "not a database, but long enough to be looked at as one\n", 55);

    static const char *const commands[][3] = {{"show", NULL, NULL}, {"query", "v_trials", NULL}};
    for (int i = 0; i < 2; i++) {
        const char *question = commands[i][1];
        ftdn_cli_assert_fails(FTDN_CLI(arena, commands[i][0], path, question), 5,
                              "store.db' is an SQLite file of another program");
        ftdn_cli_assert_fails(FTDN_CLI(arena, commands[i][0], text, question), 5, "notes.txt' is not an SQLite file\n");
        ftdn_cli_assert_fails(FTDN_CLI(arena, commands[i][0], none, question), 5, "none.db' does not exist\n");
    }
    const char *after = ftdn_cli_load(arena, path, &n_after);
    assert_int_equal(n_after, n_bytes);
    assert_memory_equal(after, bytes, n_bytes);
    assert_int_equal(ftdn_cli_count_entries(place->folder), 2);
}

static void an_answer_that_cannot_be_written_is_exit_code_4(void **state)
{
    ftdn_cli_place *place = *state;
    char id[N_TRIALS][FTDN_SHA256_HEX];
    char *path = make_store(place, id);
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) skip();
    const char *const query[] = {"query", path, "v_ap", NULL}, *const show[] = {"show", path, id[0], NULL};
    ftdn_cli_assert_fails(ftdn_cli_start(&place->arena, full, query), 4, "No space left on device\n");
    ftdn_cli_assert_fails(ftdn_cli_start(&place->arena, full, show), 4, "No space left on device\n");
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(show_gives_each_trial_one_line),
        FTDN_CLI_TEST(show_tells_all_about_one_trial),
        FTDN_CLI_TEST(show_knows_every_parameter),
        FTDN_CLI_TEST(show_lists_the_trials_of_a_condition),
        FTDN_CLI_TEST(wrong_conditions_are_told_with_the_columns),
        FTDN_CLI_TEST(show_gives_all_trials_as_json),
        FTDN_CLI_TEST(show_gives_one_trial_as_json),
        FTDN_CLI_TEST(unknown_trials_are_exit_code_2),
        FTDN_CLI_TEST(query_answers_in_three_formats),
        FTDN_CLI_TEST(query_writes_a_table_for_a_report_into_a_file),
        FTDN_CLI_TEST(query_takes_settings_and_explains_its_columns),
        FTDN_CLI_TEST(a_long_answer_is_whole),
        FTDN_CLI_TEST(every_listed_query_has_an_answer),
        FTDN_CLI_TEST(wrong_questions_are_exit_code_2),
        FTDN_CLI_TEST(a_select_without_quotes_is_told_so),
        FTDN_CLI_TEST(a_file_that_may_not_grow_is_an_error_and_no_signal),
        FTDN_CLI_TEST(an_answer_that_cannot_be_written_is_exit_code_4),
        FTDN_CLI_TEST(files_that_are_no_store_are_refused_and_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
