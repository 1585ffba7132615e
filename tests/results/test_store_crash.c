/* A run may be killed at any moment: afterwards each trial is there whole or not at all. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

enum { ROUNDS = 50, MOST_ROUNDS = 500, LARGE_SPEC = 600000, LARGE_FAULTS = 400, MOST_DELAY_US = 40000 };

/* Appends trials first, first + 1, ... for ever. Reports first - 1 into the pipe once the store is open, and each
 * trial once it is written. Large rows take many pages, so that kills hit the middle of a transaction too. */
static void append_until_killed(const char *path, int first, int report)
{
    static char spec[LARGE_SPEC + 64], layer[LARGE_FAULTS][16];
    static ftdn_fault_row fault_row[LARGE_FAULTS];
    ftdn_store *store = NULL;
    ftdn_attempt_origin origin;
    if (ftdn_store_open(path, FTDN_STORE_WRITE, &store, NULL) != FTDN_OK) _exit(1);
    if (ftdn_sample_begin(store, &origin, NULL) != FTDN_OK) _exit(2);
    for (int i = 0; i < LARGE_FAULTS; i++) {
        snprintf(layer[i], sizeof layer[i], "layer%d", i);
        fault_row[i] = (ftdn_fault_row){.layer = layer[i], .location = "weights", .n_elements = 10};
    }
    for (int number = first;; number++) {
        int written = number - 1;
        if (write(report, &written, sizeof written) != sizeof written) _exit(4);
        ftdn_sample sample;
        ftdn_sample_init(&sample, number);
        int n_chars = snprintf(spec, sizeof spec, "{\"seed\":%d,\"padding\":\"", number);
        memset(spec + n_chars, 'x', LARGE_SPEC);
        memcpy(spec + n_chars + LARGE_SPEC, "\"}", 3);
        sample.record.spec = spec;
        sample.record.fault_row = fault_row;
        sample.record.n_faults = LARGE_FAULTS;
        if (ftdn_sample_try(store, &sample, &origin, NULL) != FTDN_OK) _exit(3);
    }
}

/* Kill a run some time after it has opened the store (is_open) or after it has started. The number of the last trial
 * that it reported; `before` if none. */
static int run_and_kill(const char *path, int before, bool is_open, long delay_us)
{
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(channel[0]);
        append_until_killed(path, before + 1, channel[1]);
    }
    close(channel[1]);
    int how, last = before, number;
    if (is_open) assert_int_equal(read(channel[0], &number, sizeof number), sizeof number);
    nanosleep(&(struct timespec){.tv_nsec = delay_us * 1000}, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFSIGNALED(how)) fail_msg("the child ended by itself: %d", WEXITSTATUS(how));
    while (read(channel[0], &number, sizeof number) == sizeof number) last = number;
    close(channel[0]);
    return last;
}

/* Is the last frame of a write-ahead log one of a transaction whose end is not there? (The format:
 * sqlite.org/walformat.) */
static bool ends_within_a_transaction(const char *path)
{
    enum { HEADER = 32, FRAME_HEADER = 24, PAGE = 4096, COMMIT_AT = 4, SALT_AT = 8, HEADER_SALT_AT = 16, SALT = 8 };
    unsigned char header[HEADER], frame[FRAME_HEADER], last[FRAME_HEADER] = {0};
    FILE *log = fopen(path, "rb");
    if (!log) return false;
    bool has_frame = false;
    if (fread(header, sizeof header, 1, log) == 1) {
        while (fread(frame, sizeof frame, 1, log) == 1) {
            if (memcmp(frame + SALT_AT, header + HEADER_SALT_AT, SALT) != 0) break; /* left of an earlier log */
            memcpy(last, frame, sizeof last);
            has_frame = true;
            if (fseek(log, PAGE, SEEK_CUR) != 0) break;
        }
    }
    fclose(log);
    return has_frame && memcmp(last + COMMIT_AT, "\0\0\0\0", 4) == 0;
}

static void a_killed_run_leaves_whole_trials_only(void **state)
{
    (void)state;
    char *path = ftdn_path_join(&arena, folder, "killed.db", &err), *log;
    assert_non_null(path);
    log = ftdn_arena_format(&arena, &err, "%s-wal", path);
    assert_non_null(log);
    int n_trials = 0, n_cut = 0;
    unsigned random = 12345;
    /* The test means something only if kills hit the middle of transactions: rounds go on until enough have. */
    for (int round = 0; round < ROUNDS || (n_cut < 5 && round < MOST_ROUNDS); round++) {
        if (round % 10 == 0) {
            remove(path);
            remove(log);
            n_trials = 0;
        }
        random = random * 1103515245u + 12345u;
        /* A machine that has other work gets to its transactions later: kills come later and later, too. */
        long delay_us = (long)(random >> 8) % MOST_DELAY_US * (1 + round / ROUNDS);
        int reported = run_and_kill(path, n_trials - 1, round % 5 != 0, delay_us) + 1;
        n_cut += ends_within_a_transaction(log);

        ftdn_store *store = NULL;
        ftdn_store_mode mode = round % 2 && reported > 0 ? FTDN_STORE_READ : FTDN_STORE_WRITE;
        FTDN_ASSERT_OK(ftdn_store_open(path, mode, &store, &err), err);
        assert_string_equal(ftdn_sample_ask(store, "PRAGMA integrity_check", FTDN_FORMAT_CSV, &arena),
                            "integrity_check\nok\n");
        assert_string_equal(
            ftdn_sample_ask(store, "SELECT count(*) FROM pragma_foreign_key_check", FTDN_FORMAT_CSV, &arena),
            "count(*)\n0\n");
        /* What was reported is there; at most the trial that was being written may be there beside it. */
        const char *answer = ftdn_sample_ask(store, "SELECT count(*), coalesce(max(seed) + 1, 0) FROM v_trials",
                                             FTDN_FORMAT_CSV, &arena);
        int n_there = 0, next = -1;
        assert_int_equal(sscanf(strchr(answer, '\n'), "%d,%d", &n_there, &next), 2);
        assert_int_equal(n_there, next);
        assert_in_range(n_there, reported, reported + 1);
        char whole[128];
        snprintf(whole, sizeof whole, "attempts,classes,faults,timings,specs\n%d,%d,%d,%d,%d\n", n_there,
                 n_there * FTDN_SAMPLE_CLASSES, n_there * LARGE_FAULTS, n_there * FTDN_SAMPLE_TIMINGS, n_there);
        assert_string_equal(
            ftdn_sample_ask(store,
                            "SELECT (SELECT count(*) FROM attempts) AS attempts, (SELECT count(*) FROM "
                            "v_ap) AS classes, (SELECT count(*) FROM v_faults) AS faults, (SELECT count(*) FROM "
                            "v_timings) AS timings, (SELECT count(*) FROM trials WHERE length(spec) > 600000) "
                            "AS specs",
                            FTDN_FORMAT_CSV, &arena),
            whole);
        ftdn_store_close(store);
        n_trials = n_there;
    }
    assert_true(n_cut >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_killed_run_leaves_whole_trials_only),
    };
    return cmocka_run_group_tests_name("results/store_crash", tests, NULL, NULL);
}
