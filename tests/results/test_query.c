#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "results/cell_text.h"
#include "results/latencies.h"
#include "results/stored_scores.h"
#include "tests/results/asked_store.h"

static const char *csv(ftdn_asked_store *asked, const char *question)
{
    return ftdn_sample_ask(asked->store, question, FTDN_FORMAT_CSV, &asked->arena);
}

static const char *json(ftdn_asked_store *asked, const char *question)
{
    return ftdn_sample_ask(asked->store, question, FTDN_FORMAT_JSON, &asked->arena);
}

static const char *table(ftdn_asked_store *asked, const char *question)
{
    return ftdn_sample_ask(asked->store, question, FTDN_FORMAT_TEXT, &asked->arena);
}

/* The question is refused in each format with this fragment in the message. */
static void assert_refused(ftdn_store *store, const char *question, const char *fragment)
{
    for (int format = FTDN_FORMAT_TEXT; format <= FTDN_FORMAT_LATEX; format++) {
        ftdn_error err = {0};
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_status status = ftdn_query_answer(store, &(ftdn_question){.text = question}, (ftdn_format)format,
                                               NULL, &text, &err);
        ftdn_text_done(&text);
        if (status != FTDN_ERR_ARG) fail_msg("'%s' gives status %d", question, status);
        if (!strstr(err.message, fragment)) fail_msg("'%s': '%s' lacks '%s'", question, err.message, fragment);
    }
}

static void a_table_is_aligned_and_marks_null(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(table(asked, "SELECT 'a' AS name, 1 AS n, 0.5 AS rate, NULL AS ranking UNION ALL "
                                     "SELECT 'longer', 1234567, NULL, 'entropy' UNION ALL SELECT '', -1, 1e-5, NULL"),
                        "name          n    rate  ranking\n"
                        "------  -------  ------  -------\n"
                        "a             1  0.5000  -\n"
                        "longer  1234567       -  entropy\n"
                        "             -1   1e-05  -\n");
    assert_string_equal(table(asked, "SELECT 1 AS a WHERE 0"), "a\n-\n");
    assert_string_equal(
        table(asked, "SELECT 0.0 AS a, 0.001 AS b, 123456789.25 AS c, 1e9 AS d, -2.5 AS e, 1e999 AS f, x'0aff' AS g"),
        "     a       b               c      d        e    f  g\n"
        "------  ------  --------------  -----  -------  ---  -------\n"
        "0.0000  0.0010  123456789.2500  1e+09  -2.5000  inf  X'0AFF'\n");
}

static void a_table_counts_columns_not_bytes(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(table(asked,
                              "SELECT 'é' AS a, 1 AS b UNION ALL SELECT '日本', 2 UNION ALL SELECT 'e' || char(769), 3 "
                              "UNION ALL SELECT '😀', 4 UNION ALL SELECT '½ ✓ Ω', 5"),
                        "a      b\n-----  -\né      1\n日本   2\ne\xCC\x81      3\n😀     4\n½ ✓ Ω  5\n");
}

static void a_table_keeps_each_row_on_a_line_and_passes_no_control_character_on(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(
        table(asked, "SELECT 'a' || char(10) || 'b' || char(9) || char(27) || '[31m' || char(155) || char(13) AS x, "
                     "1 AS y"),
        "x                     y\n"
        "--------------------  -\n"
        "a\\nb\\t\\x1b[31m\\x9b\\r  1\n");
}

static void text_that_is_no_utf8_is_replaced(void **state)
{
    ftdn_asked_store *asked = *state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *shown;
        int width;
    } cases[] = {
        {"ok", 2, "ok", 2},
        {"\xC3\xA9", 2, "\xC3\xA9", 1},
        {"\xC3", 1, "\xEF\xBF\xBD", 1},
        {"\x80x", 2, "\xEF\xBF\xBDx", 2},
        {"\xC0\xAF", 2, "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
        {"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
        {"\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4},
        {"\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80", 2},
        {"a\0b", 3,
         "a\xEF\xBF\xBD"
         "b",
         3},
        {"\xFFz", 2, "\xEF\xBF\xBDz", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_text text;
        ftdn_text_init(&text);
        assert_int_equal(ftdn_cell_text_append(&text, cases[i].bytes, cases[i].n_bytes, true), cases[i].width);
        assert_string_equal(text.chars, cases[i].shown);
        ftdn_text_done(&text);
    }
    assert_string_equal(json(asked, "SELECT CAST(x'61ff62' AS TEXT) AS a"), "[\n{\"a\":\"a\xEF\xBF\xBD"
                                                                            "b\"}\n]\n");
    assert_string_equal(table(asked, "SELECT CAST(x'61ff62' AS TEXT) AS a"), "a\n---\na\xEF\xBF\xBD"
                                                                             "b\n");
}

static void csv_is_quoted_by_its_rule(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(
        csv(asked,
            "SELECT 'plain' AS a, 'with, comma' AS \"b,c\", 'say \"hi\"' AS d, 'two' || char(10) || 'lines' AS e, "
            "char(13) AS f, '' AS g, NULL AS h, 0.1 AS i, 9007199254740993 AS j, x'00' AS k, -1e999 AS l, "
            "' space ' AS m"),
        "a,\"b,c\",d,e,f,g,h,i,j,k,l,m\n"
        "plain,\"with, comma\",\"say \"\"hi\"\"\",\"two\nlines\",\"\r\",\"\",,0.1,9007199254740993,X'00',-inf, space "
        "\n");
    assert_string_equal(csv(asked, "SELECT 1 AS a WHERE 0"), "a\n");
}

static void json_has_numbers_texts_and_null(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(
        json(asked,
             "SELECT 'say \"hi\"\\' || char(10) AS \"a\"\"b\", NULL AS b, 0.30000000000000004 AS c, "
             "-9223372036854775807 AS d, x'ff' AS e, 1e999 AS f, '' AS g UNION ALL SELECT 'é', 1, 2, 3, 4, 5, 6"),
        "[\n{\"a\\\"b\":\"say \\\"hi\\\"\\\\\\n\",\"b\":null,\"c\":0.30000000000000004,"
        "\"d\":-9223372036854775807,\"e\":\"X'FF'\",\"f\":null,\"g\":\"\"},\n"
        "{\"a\\\"b\":\"é\",\"b\":1,\"c\":2,\"d\":3,\"e\":4,\"f\":5,\"g\":6}\n]\n");
    assert_string_equal(json(asked, "SELECT 1 AS a WHERE 0"), "[]\n");
    const ftdn_json *root;
    ftdn_error err;
    const char *answer = json(asked, "environments");
    FTDN_ASSERT_OK(ftdn_json_parse(answer, strlen(answer), "answer", &asked->arena, &root, &err), err);
    assert_int_equal(root->n_children, 1);
    assert_string_equal(ftdn_json_find(root->child[0], "libraries")->string, "{\"oneDNN\":\"2.6.3\"}");
}

static void a_question_may_be_any_statement_that_reads(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(csv(asked, "  -- first\n/* then */ SELECT 1 AS a ; ;\n -- done\n /* really */ "), "a\n1\n");
    assert_string_equal(csv(asked, "VALUES (1), (2)"), "column1\n1\n2\n");
    assert_string_equal(csv(asked, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
                                   "SELECT i, sum(i) OVER (ORDER BY i) AS s FROM n"),
                        "i,s\n1,1\n2,3\n3,6\n");
    assert_string_equal(csv(asked, "SELECT value FROM json_each('[1, \"two\"]')"), "value\n1\ntwo\n");
    assert_string_equal(csv(asked, "PRAGMA user_version"), "user_version\n3\n");
    assert_string_equal(csv(asked, "PRAGMA application_id"), "application_id\n1179927630\n");
    assert_non_null(strstr(csv(asked, "PRAGMA table_info(cells)"), "weight_rate,REAL"));
    assert_non_null(strstr(csv(asked, "SELECT sql FROM sqlite_schema WHERE name = 'v_ap'"), "CREATE VIEW v_ap"));
    assert_non_null(strstr(csv(asked, "EXPLAIN QUERY PLAN SELECT * FROM v_trials"), "detail"));
}

static void a_question_that_would_write_or_leave_the_store_is_refused(void **state)
{
    ftdn_asked_store *asked = *state;
    static const char *const questions[] = {
        "INSERT INTO trials (id) VALUES ('x')",
        "WITH a AS (SELECT 1) INSERT INTO environments SELECT 1, 1, 1, 1, 1, 1, 1, 1, '{}' FROM a",
        "INSERT INTO environments SELECT * FROM environments RETURNING id",
        "UPDATE results SET map_voc07 = 1",
        "DELETE FROM trials",
        "DROP VIEW v_ap",
        "CREATE TABLE t (a)",
        "CREATE TEMP TABLE t (a)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE t USING fts5(a)",
        "ALTER TABLE trials ADD COLUMN x",
        "REINDEX trials",
        "ANALYZE main",
        "EXPLAIN DELETE FROM trials",
        "ATTACH 'other.db' AS other",
        "DETACH main",
        "VACUUM main",
        "VACUUM INTO 'copy.db'",
        "BEGIN IMMEDIATE",
        "COMMIT TRANSACTION",
        "SAVEPOINT s",
        "PRAGMA user_version = 2",
        "PRAGMA user_version(2)",
        "PRAGMA journal_mode = WAL",
        "PRAGMA writable_schema = 1",
        "PRAGMA query_only = 0",
        "PRAGMA wal_checkpoint",
        "PRAGMA optimize",
        "PRAGMA incremental_vacuum",
        "SELECT load_extension('x')",
        "SELECT fts3_tokenizer('simple')",
    };
    size_t n_before, n_after;
    ftdn_error err;
    ftdn_store *reader = NULL;
    const char *before = ftdn_test_load_file(&asked->arena, asked->path, &n_before);
    FTDN_ASSERT_OK(ftdn_store_open(asked->path, FTDN_STORE_READ, &reader, &err), err);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        assert_refused(asked->store, questions[i], " is refused: a question only reads");
        assert_refused(reader, questions[i], " is refused: a question only reads");
    }
    assert_refused(asked->store, "ATTACH 'other.db' AS other", "ATTACH (or VACUUM) is refused");
    assert_refused(asked->store, "PRAGMA journal_mode = WAL", "PRAGMA journal_mode is refused");
    assert_refused(asked->store, "SELECT load_extension('x')", "the function load_extension is refused");
    assert_refused(asked->store, "UPDATE sqlite_master SET sql = ''", "table sqlite_master may not be modified");
    assert_refused(asked->store, "SELECT * FROM pragma_journal_mode('wal')", "unknown database 'wal'");
    ftdn_store_close(reader);
    const char *after = ftdn_test_load_file(&asked->arena, asked->path, &n_after);
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    assert_false(ftdn_file_exists("other.db"));
    assert_false(ftdn_file_exists("copy.db"));

    /* The store goes on writing afterwards: the guard holds during a question only. */
    ftdn_sample sample;
    ftdn_sample_init(&sample, 1);
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    assert_string_equal(csv(asked, "SELECT seed FROM v_trials"), "seed\n1\n");
}

static void a_question_is_exactly_one_statement(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_refused(asked->store, "SELECT 1; SELECT 2", "one statement");
    assert_refused(asked->store, "SELECT 1; DROP TABLE trials", "one statement");
    assert_refused(asked->store, "SELECT 1; gibberish here", "one statement");
    assert_refused(asked->store, "", "the question is empty");
    assert_refused(asked->store, " ; -- nothing\n", "the question is empty");
}

static void mistakes_are_explained(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_refused(asked->store, "SELECT * FORM v_trials", "near \"FORM\": syntax error");
    assert_refused(asked->store, "SELECT map FROM v_trials", "no such column: map");
    assert_refused(asked->store, "SELECT abs(-9223372036854775807 - 1)", "integer overflow");
    assert_refused(asked->store, "map_by_rat",
                   "no query is named 'map_by_rat': did you mean 'map_by_rate'? (there are v_trials, v_ap,");
    assert_refused(asked->store, "unheard-of", "no query is named 'unheard-of' (there are");
    assert_refused(asked->store, "VACUUM", "no query is named 'VACUUM'");
}

static void markdown_is_escaped_and_has_readable_names(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(
        ftdn_sample_ask(asked->store,
                        "SELECT 'a|b' AS layer, 0.25 AS mean_map_voc07, -3 AS \"x|y\", NULL AS ranking UNION ALL "
                        "SELECT '[\"base_net.*\"] <é>', 1e-5, 12, 'two' || char(10) || 'lines'",
                        FTDN_FORMAT_MARKDOWN, &asked->arena),
        "| layer                   | mean mAP | x\\|y | ranking     |\n"
        "| ----------------------- | -------: | ---: | ----------- |\n"
        "| a\\|b                    |   0.2500 |   -3 | -           |\n"
        "| \\[\"base_net.\\*\"\\] \\<é\\> |    1e-05 |   12 | two\\\\nlines |\n");
    assert_string_equal(ftdn_sample_ask(asked->store, "SELECT 1 AS a WHERE 0", FTDN_FORMAT_MARKDOWN, &asked->arena),
                        "| a |\n| -- |\n");
}

static void latex_is_escaped_and_has_readable_names(void **state)
{
    ftdn_asked_store *asked = *state;
    assert_string_equal(
        ftdn_sample_ask(asked->store,
                        "SELECT 'a_b & 5 % of $1 #2 {x} \\ ^ ~ \"q\" | <i>' AS own_name, 0.25 AS mean_map_voc07, "
                        "-0.5 AS median_ms, NULL AS ranking UNION ALL SELECT '[x]', -1.5e-05, 1e12, 'é' UNION ALL "
                        "SELECT x'0aff', 1e999, -1e999, ''",
                        FTDN_FORMAT_LATEX, &asked->arena),
        "\\begin{tabular}{lrrl}\n\\toprule\n"
        "own\\_name & mean mAP & time per image (ms) & ranking \\\\\n\\midrule\n"
        "a\\_b \\& 5 \\% of \\$1 \\#2 \\{x\\} \\textbackslash{} \\textasciicircum{} \\textasciitilde{} "
        "\\textquotedbl{}q\\textquotedbl{} \\textbar{} \\textless{}i\\textgreater{} & 0.2500 & $-0.5000$ & -- \\\\\n"
        "{[}x{]} & $-1.5 \\times 10^{-5}$ & $1 \\times 10^{12}$ & é \\\\\n"
        "X'0AFF' & $\\infty$ & $-\\infty$ &  \\\\\n"
        "\\bottomrule\n\\end{tabular}\n");
}

/* What comes of a question with settings and chosen columns; "" where it fails, and err says why. */
static const char *answer_of(ftdn_asked_store *asked, const ftdn_question *question, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    const char *answer = "";
    if (ftdn_query_answer(asked->store, question, FTDN_FORMAT_CSV, NULL, &text, err) == FTDN_OK)
        answer = ftdn_arena_copy_text(&asked->arena, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return answer;
}

static void parameters_are_numbers_where_they_read_as_such(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    const char *const settings[] = {"n=9007199254740993", "r=1e-3", "t=10 %", "e=", "s=a=b", "i=inf"};
    const ftdn_question question = {
        .text = "SELECT :n AS n, typeof(:n) AS a, :r AS r, typeof(:r) AS b, :t AS t, :e AS e, $s AS s, typeof(:i) AS c",
        .n_settings = 6,
        .setting = settings};
    assert_string_equal(answer_of(asked, &question, &err),
                        "n,a,r,b,t,e,s,c\n9007199254740993,integer,0.001,real,10 %,\"\",a=b,text\n");
}

static void wrong_settings_are_explained(void **state)
{
    ftdn_asked_store *asked = *state;
    static const struct {
        const char *text, *settings[2], *fragment;
    } rows[] = {
        {"SELECT 1", {"x=1"}, "'x' cannot be set: the question has no parameters"},
        {"smallest_ratio", {"witin=1"}, "the question has no parameter 'witin'; did you mean 'within'?"},
        {"smallest_ratio", {"colour=1"}, "the question has no parameter 'colour'; it has "},
        {"smallest_ratio", {"within"}, "'within' sets nothing: a setting is NAME=VALUE"},
        {"smallest_ratio", {"=1"}, "'=1' sets nothing"},
        {"smallest_ratio", {"within=much"}, "'within' is set to 'much', which is no number"},
        {"smallest_ratio", {"within="}, "'within' is set to '', which is no number"},
        {"smallest_ratio", {"within=1", "within=2"}, "'within' is set twice"},
        {"SELECT :x", {NULL}, "parameter :x has no value: --set x=VALUE"},
        {"SELECT ?", {NULL}, "parameters need names: write :name instead of ?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_error err = {0};
        int n_settings = !rows[i].settings[0] ? 0 : rows[i].settings[1] ? 2 : 1;
        const ftdn_question question = {.text = rows[i].text, .n_settings = n_settings, .setting = rows[i].settings};
        assert_string_equal(answer_of(asked, &question, &err), "");
        if (!strstr(err.message, rows[i].fragment)) fail_msg("'%s' lacks '%s'", err.message, rows[i].fragment);
    }
}

static void columns_are_chosen_by_name(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_error err = {0};
    ftdn_question question = {.text = "SELECT 1 AS a, 2 AS b, 3 AS mean_map", .columns = "mean_map,a,a"};
    assert_string_equal(answer_of(asked, &question, &err), "mean_map,a,a\n3,1,1\n");
    static const char *const wrong[][2] = {{"a,mean_mpa", "the answer has no column 'mean_mpa'; did you mean 'mean_map'?"},
                                           {"colour", "the answer has no column 'colour'"},
                                           {"a,", "the answer has no column ''"},
                                           {"", "the answer has no column ''"}};
    for (int i = 0; i < 4; i++) {
        question.columns = wrong[i][0];
        assert_string_equal(answer_of(asked, &question, &err), "");
        if (!strstr(err.message, wrong[i][1])) fail_msg("'%s' lacks '%s'", err.message, wrong[i][1]);
    }
}

/* Counts its calls, and sees a text that only grows. */
typedef struct audience {
    int n_calls, n_left; /* n_left: calls until it has heard enough; -1: never */
    size_t n_chars;
} audience;

static ftdn_status hear(void *user, const ftdn_text *text, ftdn_error *err)
{
    audience *listening = user;
    assert_true(text->n_chars >= listening->n_chars);
    listening->n_chars = text->n_chars;
    listening->n_calls++;
    if (listening->n_left-- == 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "heard enough");
    return FTDN_OK;
}

#define MANY_ROWS                                                                                                      \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, 'x' AS t FROM n"

static void a_listener_hears_an_answer_while_it_is_made(void **state)
{
    ftdn_asked_store *asked = *state;
    for (int format = FTDN_FORMAT_TEXT; format <= FTDN_FORMAT_LATEX; format++) {
        ftdn_error err = {0};
        ftdn_text text;
        audience listening = {.n_left = -1};
        const ftdn_query_listener listener = {hear, &listening};
        ftdn_text_init(&text);
        const ftdn_question question = {.text = MANY_ROWS};
        FTDN_ASSERT_OK(ftdn_query_answer(asked->store, &question, (ftdn_format)format, &listener, &text, &err), err);
        /* Tables of reports are made at once. */
        assert_int_equal(listening.n_calls, format == FTDN_FORMAT_CSV || format == FTDN_FORMAT_JSON ? 79
                                            : format == FTDN_FORMAT_TEXT                            ? 2
                                                                                                    : 0);
        assert_string_equal(text.chars, ftdn_sample_ask(asked->store, MANY_ROWS, (ftdn_format)format, &asked->arena));
        listening = (audience){.n_left = 1};
        bool is_told = format <= FTDN_FORMAT_JSON;
        assert_int_equal(ftdn_query_answer(asked->store, &question, (ftdn_format)format, &listener, &text, &err),
                         is_told ? FTDN_ERR_INPUT : FTDN_OK);
        assert_int_equal(listening.n_calls, is_told ? 2 : 0);
        ftdn_text_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(a_table_is_aligned_and_marks_null),
        FTDN_ASKED_TEST(a_table_counts_columns_not_bytes),
        FTDN_ASKED_TEST(a_table_keeps_each_row_on_a_line_and_passes_no_control_character_on),
        FTDN_ASKED_TEST(text_that_is_no_utf8_is_replaced),
        FTDN_ASKED_TEST(csv_is_quoted_by_its_rule),
        FTDN_ASKED_TEST(json_has_numbers_texts_and_null),
        FTDN_ASKED_TEST(a_question_may_be_any_statement_that_reads),
        FTDN_ASKED_TEST(a_question_that_would_write_or_leave_the_store_is_refused),
        FTDN_ASKED_TEST(a_question_is_exactly_one_statement),
        FTDN_ASKED_TEST(mistakes_are_explained),
        FTDN_ASKED_TEST(markdown_is_escaped_and_has_readable_names),
        FTDN_ASKED_TEST(latex_is_escaped_and_has_readable_names),
        FTDN_ASKED_TEST(parameters_are_numbers_where_they_read_as_such),
        FTDN_ASKED_TEST(wrong_settings_are_explained),
        FTDN_ASKED_TEST(columns_are_chosen_by_name),
        FTDN_ASKED_TEST(a_listener_hears_an_answer_while_it_is_made),
    };
    return cmocka_run_group_tests_name("results/query", tests, NULL, NULL);
}
