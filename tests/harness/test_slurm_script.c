/* test_slurm_script.c - the scripts of a campaign on Slurm, run by bash with a stand-in for ftdn. */
#define _XOPEN_SOURCE 700 /* setenv, mkdir */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "harness/campaign/slurm_script.h"
#include "harness/terminal/child_program.h"
#include "tests/support/support.h"

/* Notes its words, one a line. `query` prints what the file `kept` holds. `run` does what the file `play` says. */
#define STAND_IN                                                                                                       \
    "#!/bin/bash\n"                                                                                                    \
    "here=${0%/*}\n"                                                                                                   \
    "if [ \"$1\" = query ]; then echo count; cat \"$here/kept\"; exit; fi\n"                                           \
    "printf '%s\\n' \"$@\" >>\"$here/words\"\n"                                                                        \
    "shift\n"                                                                                                          \
    ". \"$here/play\"\n"

/* Waits for one SIGTERM, and then a little for a second one, after warning the script as Slurm does. */
#define BE_WARNED                                                                                                      \
    "trap 'echo TERM >>\"$here/words\"' TERM\n"                                                                        \
    "kill -USR1 $PPID\n"                                                                                               \
    "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.03; done\n"                                                             \
    "exit 130\n"

#define ODD_FOLDER "it's a \"$HOME\" \\ %a;*"

typedef struct place {
    ftdn_arena arena;
    char *folder;  /* the current one, of an odd name */
    char *scratch; /* above it */
    ftdn_child_result result;
} place;

static void write_file(const char *path, const char *text)
{
    ftdn_test_write_file(path, text, strlen(text));
}

static void write_program(const char *path, const char *text)
{
    write_file(path, text);
    assert_int_equal(chmod(path, 0755), 0);
}

static int set_up(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    ftdn_error err = {0};
    ftdn_arena_init(&p->arena);
    p->scratch = ftdn_test_create_folder(&p->arena);
    p->folder = ftdn_path_join(&p->arena, p->scratch, ODD_FOLDER, &err);
    assert_non_null(p->folder);
    FTDN_ASSERT_OK(ftdn_folder_create(p->folder, &err), err);
    assert_int_equal(chdir(p->folder), 0);
    write_program("ftdn", STAND_IN);
    write_program("scontrol", "#!/bin/sh\necho \"scontrol $*\" >>words\n");
    write_file("kept", "3\n");
    write_file("shard_2_of_3.db", "");
    const char *path = ftdn_arena_format(&p->arena, &err, "%s:%s", p->folder, getenv("PATH"));
    assert_non_null(path);
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(setenv("SLURM_ARRAY_TASK_ID", "2", 1), 0);
    assert_int_equal(setenv("SLURM_JOB_ID", "77", 1), 0);
    assert_int_equal(setenv("SLURM_CPUS_ON_NODE", "4", 1), 0);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(setenv("PATH", strchr(getenv("PATH"), ':') + 1, 1), 0);
    ftdn_test_remove_folder(p->scratch);
    ftdn_arena_done(&p->arena);
    free(p);
    return 0;
}

/* Let bash run a script in which the stand-in is the program; its exit code. */
static int run(place *p, void (*write)(const ftdn_slurm_campaign *, ftdn_text *), const char *play)
{
    ftdn_error err = {0};
    const ftdn_slurm_campaign campaign = {
        .name = "odd",
        .program = ftdn_path_join(&p->arena, p->folder, "ftdn", &err),
        .store = ftdn_path_join(&p->arena, p->folder, "all of it.db", &err),
        .n_shards = 3,
    };
    ftdn_text text;
    ftdn_text_init(&text);
    write(&campaign, &text);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    write_file("script.sh", text.chars);
    ftdn_text_done(&text);
    write_file("play", play);
    FTDN_ASSERT_OK(ftdn_child_run((const char *const[]){"bash", "script.sh", NULL}, &p->arena, &p->result, &err), err);
    return p->result.exit_code;
}

static void assert_words(place *p, const char *expected)
{
    ftdn_error err = {0};
    char *words;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_file_load("words", 65536, &p->arena, &words, &n_bytes, &err), err);
    assert_string_equal(words, expected);
}

static void assert_says(const place *p, const char *fragment)
{
    if (!strstr(p->result.out, fragment)) fail_msg("'%s' lacks '%s'", p->result.out, fragment);
}

/* The words of `ftdn run` in shard 2 of 3, then `rest`. */
static void assert_run_words(place *p, const char *rest)
{
    ftdn_error err = {0};
    const char *expected = ftdn_arena_format(
        &p->arena, &err, "run\nmanifest.json\n--shard\n2/3\n--db\nshard_2_of_3.db\n--workers\n4\n--threads\n1\n%s",
        rest);
    assert_non_null(expected);
    assert_words(p, expected);
}

static void a_task_runs_its_shard(void **state)
{
    place *p = *state;
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, "exit 0"), 0);
    assert_run_words(p, "");
    assert_says(p, " shard 2 of 3: start 0 on ");
    assert_says(p, " shard 2 of 3: finished\n");
    assert_string_equal(p->result.err, "");
}

static void a_task_has_a_worker_per_gpu_or_per_core(void **state)
{
    place *p = *state;
    static const struct {
        const char *gpus, *cores, *words;
    } rows[] = {
        {"1", "8", "\n--workers\n1\n--threads\n8\n"},
        {"2", "5", "\n--workers\n2\n--threads\n2\n"},
        {"4", "2", "\n--workers\n4\n--threads\n1\n"},
        {NULL, "6", "\n--workers\n6\n--threads\n1\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].gpus) assert_int_equal(setenv("SLURM_GPUS_ON_NODE", rows[i].gpus, 1), 0);
        else assert_int_equal(unsetenv("SLURM_GPUS_ON_NODE"), 0);
        assert_int_equal(setenv("SLURM_CPUS_ON_NODE", rows[i].cores, 1), 0);
        assert_int_equal(run(p, ftdn_slurm_write_shard_script, "printf '\\n%s' \"$@\"; echo"), 0);
        assert_says(p, rows[i].words);
    }
}

static void a_shard_with_failed_trials_is_done(void **state)
{
    place *p = *state;
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, "exit 10"), 0);
    assert_says(p,
                ": finished; trials that failed are kept with their causes: ftdn query shard_2_of_3.db v_failures\n");
}

static void every_other_code_is_that_of_the_task(void **state)
{
    place *p = *state;
    static const int codes[] = {1, 2, 3, 4, 5, 11, 137};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char play[32];
        snprintf(play, sizeof play, "exit %d", codes[i]);
        assert_int_equal(run(p, ftdn_slurm_write_shard_script, play), codes[i]);
        assert_says(p, " shard 2 of 3: failed with exit code ");
    }
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, "exit 130"), 130);
    assert_says(p, " shard 2 of 3: stopped\n");
}

static void a_warned_task_stops_its_run_once_and_requeues_itself(void **state)
{
    place *p = *state;
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, "echo 5 >\"$here/kept\"\n" BE_WARNED), 130);
    assert_run_words(p, "TERM\nscontrol requeue 77\n");
    assert_says(p, ": the time limit is near; it goes on when Slurm starts it again\n");
}

static void a_task_that_finishes_nothing_in_its_time_is_not_requeued(void **state)
{
    place *p = *state;
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, BE_WARNED), 1);
    assert_run_words(p, "TERM\n");
    assert_says(p, ": no trial was finished within the time limit; give tasks more time\n");
}

/* A run that is over when the warning comes has its own code. */
static void a_warning_at_the_end_changes_no_exit_code(void **state)
{
    place *p = *state;
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, "trap '' TERM\nkill -USR1 $PPID\nexit 0"), 0);
    assert_says(p, " shard 2 of 3: finished\n");
}

/* SIGTERM comes to the run from Slurm itself: it is not handed on, and its code is waited for. */
static void a_terminated_task_waits_for_its_run(void **state)
{
    place *p = *state;
    static const char play[] = "trap 'echo TERM >>\"$here/words\"' TERM\n"
                               "kill -CONT $PPID\nkill -TERM $PPID\nsleep 0.2\necho late >>\"$here/words\"\nexit 130\n";
    assert_int_equal(run(p, ftdn_slurm_write_shard_script, play), 130);
    assert_run_words(p, "late\n");
    assert_says(p, " shard 2 of 3: stopped\n");
}

static void a_shard_needs_its_number(void **state)
{
    place *p = *state;
    assert_int_equal(unsetenv("SLURM_ARRAY_TASK_ID"), 0);
    assert_int_not_equal(run(p, ftdn_slurm_write_shard_script, "exit 0"), 0);
    if (!strstr(p->result.err, "is not set: this script is a task of a Slurm job array")) fail_msg("%s", p->result.err);
    assert_false(ftdn_file_exists("words"));
}

static void the_merge_gets_every_shard(void **state)
{
    place *p = *state;
    ftdn_error err = {0};
    write_file("kept", "12,0\n");
    assert_int_equal(run(p, ftdn_slurm_write_merge_script, "exit 0"), 0);
    const char *expected =
        ftdn_arena_format(&p->arena, &err, "merge\n%s/all of it.db\nshard_1_of_3.db\nshard_2_of_3.db\n%s", p->folder,
                          "shard_3_of_3.db\n");
    assert_non_null(expected);
    assert_words(p, expected);
    assert_says(p, " 12 trials are in /");
    assert_null(strstr(p->result.out, "missing"));
}

static void the_merge_tells_of_trials_that_are_missing(void **state)
{
    place *p = *state;
    write_file("kept", "10,2\n");
    assert_int_equal(run(p, ftdn_slurm_write_merge_script, "exit 0"), 0);
    assert_says(p, " 10 trials are in /");
    assert_says(p, " 2 trials that were asked for are missing; why: ftdn query '/");
}

static void a_merge_that_fails_is_a_failed_job(void **state)
{
    place *p = *state;
    assert_int_equal(run(p, ftdn_slurm_write_merge_script, "exit 5"), 5);
    assert_null(strstr(p->result.out, "trials are in"));
}

#define SCRIPT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPT_TEST(a_task_runs_its_shard),
        SCRIPT_TEST(a_task_has_a_worker_per_gpu_or_per_core),
        SCRIPT_TEST(a_shard_with_failed_trials_is_done),
        SCRIPT_TEST(every_other_code_is_that_of_the_task),
        SCRIPT_TEST(a_warned_task_stops_its_run_once_and_requeues_itself),
        SCRIPT_TEST(a_task_that_finishes_nothing_in_its_time_is_not_requeued),
        SCRIPT_TEST(a_warning_at_the_end_changes_no_exit_code),
        SCRIPT_TEST(a_terminated_task_waits_for_its_run),
        SCRIPT_TEST(a_shard_needs_its_number),
        SCRIPT_TEST(the_merge_gets_every_shard),
        SCRIPT_TEST(the_merge_tells_of_trials_that_are_missing),
        SCRIPT_TEST(a_merge_that_fails_is_a_failed_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
