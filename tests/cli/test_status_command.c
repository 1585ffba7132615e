/* test_status_command.c - ftdn status and ftdn watch: a run seen from another shell, during it and afterwards. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

/* 8 trials of half a second or so. */
#define GRID                                                                                                           \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.05], 'faults.feature_map_rate': [0, 0.02], 'seed': [0, 1]}}"

static ftdn_cli_process launch(int stdout_fd, const char *const *words)
{
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = stdout_fd, .stderr_fd = -1};
    return ftdn_cli_launch(&desc);
}

static ftdn_cli_process launch_described_run(const char *description)
{
    char rest[512];
    static const char *const run[] = {"run", "small.json", "--workers", "2", NULL};
    snprintf(rest, sizeof rest, "'description': '%s', %s", description, GRID);
    ftdn_cli_write_small("small.json", 40, rest);
    return launch(-1, run);
}

static ftdn_cli_process launch_run(void)
{
    return launch_described_run("eight trials");
}

static const char *ask_status(ftdn_arena *arena)
{
    ftdn_cli_result result = FTDN_CLI(arena, "status", "results/small.db");
    ftdn_cli_assert_done(result);
    return result.out;
}

static void a_run_is_seen_while_it_goes_on(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_process run = launch_run();
    ftdn_cli_wait_until_it_says(&run, "trial 2 of 8: ");
    const char *text = ask_status(arena);
    ftdn_cli_result json = FTDN_CLI(arena, "status", "results/small.db", "--json");
    char owner[64];
    snprintf(owner, sizeof owner, "results/small.db is being filled by process %ld on ", (long)run.id);
    assert_int_equal(ftdn_cli_wait(arena, &run).exit_code, 0);
    ftdn_cli_assert_says(text, owner);
    ftdn_cli_assert_says(text, "\nsmall: eight trials\nsweep  planned  done  missing  failed\n");
    ftdn_cli_assert_says(text, "\nsweep        8     ");
    ftdn_cli_assert_says(text, "\nworst  mAP ");
    ftdn_cli_assert_says(text, "\nbest   mAP ");
    ftdn_cli_assert_says(text, "\nrun    2 workers, ");
    ftdn_cli_assert_says(text, " of 8 trials finished\nrate   ");
    ftdn_cli_assert_says(text, " in the last minutes\nleft   ");
    ftdn_cli_assert_says(text, "(+- ");
    assert_null(strstr(text, "go on with"));

    ftdn_cli_assert_done(json);
    const ftdn_json *status = ftdn_cli_parse(arena, json.out), *seen = ftdn_cli_member(status, "run");
    ftdn_cli_assert_says(ftdn_cli_member(status, "filled_by")->string, "process ");
    assert_int_equal(ftdn_cli_member(seen, "outcome")->kind, FTDN_JSON_NULL);
    assert_int_equal(ftdn_cli_member(seen, "workers")->number, 2);
    assert_int_equal(ftdn_cli_member(seen, "n_wanted")->number, 8);
    int n_done = (int)ftdn_cli_member(seen, "n_done")->number, n_left = (int)ftdn_cli_member(seen, "n_left")->number;
    assert_in_range(n_done, 2, 8);
    assert_int_equal(n_done + n_left, 8);
    assert_true(ftdn_cli_member(seen, "trials_per_second")->number > 0);
    const ftdn_json *campaign = ftdn_cli_member(status, "campaigns")->child[0];
    assert_int_equal(ftdn_cli_member(campaign, "n_planned")->number, 8);
    assert_int_equal(ftdn_cli_member(campaign, "n_done")->number, n_done);
    double worst = ftdn_cli_member(ftdn_cli_member(campaign, "worst"), "map_voc07")->number;
    assert_true(worst <= ftdn_cli_member(ftdn_cli_member(campaign, "best"), "map_voc07")->number);
}

static void a_killed_run_is_called_so_and_can_be_continued(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_process run = launch_run();
    ftdn_cli_wait_until_it_says(&run, "trial 2 of 8: ");
    assert_int_equal(kill(run.id, SIGKILL), 0);
    assert_int_equal(ftdn_cli_wait(arena, &run).exit_code, 128 + SIGKILL);
    const char *text = ask_status(arena);
    ftdn_cli_assert_says(text, "results/small.db: nobody fills it now\nthe last run, begun ");
    ftdn_cli_assert_says(text, ", was killed\n");
    ftdn_cli_assert_says(text, " no golden canary confirms\n");
    ftdn_cli_assert_says(text, "\ngo on with: ftdn run small.json --db results/small.db\n");
    const ftdn_json *status = ftdn_cli_parse(arena, FTDN_CLI(arena, "status", "results/small.db", "--json").out);
    assert_int_equal(ftdn_cli_member(status, "filled_by")->kind, FTDN_JSON_NULL);
    assert_string_equal(ftdn_cli_member(ftdn_cli_member(status, "run"), "outcome")->string, "killed");
    assert_string_equal(ftdn_cli_member(ftdn_cli_member(status, "campaigns")->child[0], "command")->string,
                        "ftdn run small.json --db results/small.db");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--quiet"));
    text = ask_status(arena);
    ftdn_cli_assert_says(text, ", finished 20");
    ftdn_cli_assert_says(text, "\nsweep        8     8        0       0\n");
    ftdn_cli_assert_says(text, "\nall trials are in the store; see them: ftdn show results/small.db\n");
}

static void failures_are_told_by_cause(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 200, "'engine': {'backend': 'ref'}, 'sweep': {'seeds': 1}");
    ftdn_cli_result run = FTDN_CLI(arena, "run", "small.json", "--quiet", "--deadline", "0.3", "--canary", "1000");
    assert_int_equal(run.exit_code, 10);
    const char *text = ask_status(arena);
    ftdn_cli_assert_says(text, "\nsweep        1     0        1       1\n");
    ftdn_cli_assert_says(text, "\n3 failed attempts of the last run, 1 trial given up\n");
    ftdn_cli_assert_says(text, "       3  hung: no answer within 0.3 s\n");
}

static void a_store_that_is_not_there_is_an_error(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "status", "none.db"), 5, "store 'none.db' does not exist");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "watch", "none.db"), 5, "store 'none.db' does not exist");
}

static void watching_ends_with_the_run(void **state)
{
    static const char *const watch[] = {"watch", "results/small.db", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_process run = launch_run();
    ftdn_cli_wait_until_it_says(&run, "trial 1 of 8: ");
    ftdn_cli_process watcher = launch(-1, watch);
    assert_int_equal(ftdn_cli_wait(arena, &run).exit_code, 0);
    ftdn_cli_result seen = ftdn_cli_wait(arena, &watcher);
    ftdn_cli_assert_done(seen);
    ftdn_cli_assert_says(seen.out, "results/small.db is being filled by process ");
    ftdn_cli_assert_says(seen.out, " of 8 trials finished, ");
    ftdn_cli_assert_says(seen.out, "\nresults/small.db: nobody fills it now\nthe last run, begun ");
    ftdn_cli_assert_says(seen.out, "all trials are in the store");
    assert_null(strchr(seen.out, '\033'));
    /* The store is one file again, although somebody was looking. */
    assert_int_equal(ftdn_cli_count_entries("results"), 1);
}

/* What a terminal is sent, until its other end is closed. */
static const char *read_terminal(int fd, ftdn_arena *arena)
{
    static char text[1 << 20];
    size_t n_chars = 0;
    for (ssize_t n; n_chars < sizeof text - 1 && (n = read(fd, text + n_chars, sizeof text - 1 - n_chars)) > 0;)
        n_chars += (size_t)n;
    text[n_chars] = 0;
    ftdn_error err = {0};
    const char *copy = ftdn_arena_copy_text(arena, text, n_chars, &err);
    assert_non_null(copy);
    return copy;
}

/* Columns that ASCII characters take; "\033[14A" and the like take none. */
static int count_columns(const char *line, size_t n_chars)
{
    int n_columns = 0;
    for (size_t i = 0; i < n_chars; i++) {
        if (line[i] == '\033') i += 1 + strcspn(line + i + 1, "AJK");
        else n_columns++;
    }
    return n_columns;
}

static void on_a_terminal_the_picture_is_drawn_in_its_place(void **state)
{
    static const char *const watch[] = {"watch", "results/small.db", NULL};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) skip();
    int its_end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(its_end >= 0);
    ftdn_cli_process run = launch_described_run("more words than there is room for on one line of a terminal that has "
                                                "eighty columns, as nearly all of them still have: these are cut off");
    ftdn_cli_wait_until_it_says(&run, "trial 1 of 8: ");
    ftdn_cli_process watcher = launch(its_end, watch);
    close(its_end);
    const char *seen = read_terminal(terminal, arena);
    assert_int_equal(ftdn_cli_wait(arena, &watcher).exit_code, 0);
    assert_int_equal(ftdn_cli_wait(arena, &run).exit_code, 0);
    close(terminal);
    ftdn_cli_assert_says(seen, "\nleft   ");
    const char *end = strstr(seen, "A\033[J"); /* up, and cleared, before the last word */
    assert_non_null(end);
    ftdn_cli_assert_says(seen, "\nsmall: more words");
    for (const char *line = seen; line < end;) {
        size_t n_chars = strcspn(line, "\r\n");
        if (count_columns(line, n_chars) > 80) fail_msg("%.*s", (int)n_chars, line);
        line += n_chars + strspn(line + n_chars, "\r\n");
    }
    ftdn_cli_assert_says(end, "still have: these are cut off");
    ftdn_cli_assert_says(end, "all trials are in the store");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_run_is_seen_while_it_goes_on),
        FTDN_CAMPAIGN_TEST(a_killed_run_is_called_so_and_can_be_continued),
        FTDN_CAMPAIGN_TEST(failures_are_told_by_cause),
        FTDN_CAMPAIGN_TEST(a_store_that_is_not_there_is_an_error),
        FTDN_CAMPAIGN_TEST(watching_ends_with_the_run),
        FTDN_CAMPAIGN_TEST(on_a_terminal_the_picture_is_drawn_in_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
