/* cli.h - run the program as a process and see what it prints and answers. */
#ifndef FTDN_TESTS_CLI_CLI_H
#define FTDN_TESTS_CLI_CLI_H

#include <stdio.h>
#include <sys/types.h>

#include "tests/support/support.h"

typedef struct ftdn_cli_result {
    int exit_code;   /* 128 + the signal where one ended it */
    const char *out; /* all of stdout; "" where that was not caught */
    const char *err; /* all of stderr; "" where that was not caught */
} ftdn_cli_result;

/* Run the program named by the environment variable FTDN_PROGRAM; the test fails where it cannot be run.
 * words: its arguments, NULL behind the last. stdout_fd: where its stdout goes, -1: caught. */
ftdn_cli_result ftdn_cli_start(ftdn_arena *arena, int stdout_fd, const char *const *words);

/* How to start the program to go on beside it. */
typedef struct ftdn_cli_launch_desc {
    const char *const *words; /* its arguments, NULL behind the last */
    int stdout_fd, stderr_fd; /* where they go, -1: caught */
    void (*prepare)(void);    /* called in the child before it becomes the program; may be NULL */
} ftdn_cli_launch_desc;

/* A program that runs; what it has printed so far can be read from the files' beginnings. */
typedef struct ftdn_cli_process {
    pid_t id;
    FILE *out, *err;
} ftdn_cli_process;

/* Start the program; ftdn_cli_wait must follow. */
ftdn_cli_process ftdn_cli_launch(const ftdn_cli_launch_desc *desc);

/* Wait until the program has said the fragment on its caught stderr; the test fails where it ends before. */
void ftdn_cli_wait_until_it_says(const ftdn_cli_process *process, const char *fragment);

/* Has it ended, without being waited for yet? */
bool ftdn_cli_has_ended(const ftdn_cli_process *process);

/* Wait for its end; the process is then used up. */
ftdn_cli_result ftdn_cli_wait(ftdn_arena *arena, ftdn_cli_process *process);

/* FTDN_CLI(arena, "inspect", "graph", name) */
#define FTDN_CLI(arena, ...) ftdn_cli_start((arena), -1, (const char *const[]){__VA_ARGS__, NULL})

/* The program answered with the exit code, printed nothing on stdout, and on stderr "ftdn: " and the fragment. */
void ftdn_cli_assert_fails(ftdn_cli_result result, int exit_code, const char *fragment);

/* The program answered 0 and said nothing on stderr. */
void ftdn_cli_assert_done(ftdn_cli_result result);

/* The text contains the fragment. */
void ftdn_cli_assert_says(const char *text, const char *fragment);

/* The JSON that was printed. */
const ftdn_json *ftdn_cli_parse(ftdn_arena *arena, const char *text);

/* The member of an object, which must be there. */
const ftdn_json *ftdn_cli_member(const ftdn_json *object, const char *key);

/* A file's bytes; *ret_n_bytes of them. */
const char *ftdn_cli_load(ftdn_arena *arena, const char *path, size_t *ret_n_bytes);

/* The number of entries in a folder. */
int ftdn_cli_count_entries(const char *folder);

/* Write the first n_bytes of a file to another one. */
void ftdn_cli_cut_file(ftdn_arena *arena, const char *from, const char *to, size_t n_bytes);

/* folder + "/" + name. */
char *ftdn_cli_path(ftdn_arena *arena, const char *folder, const char *name);

/* One arena and one empty folder for each test: setup and teardown for cmocka. */
typedef struct ftdn_cli_place {
    ftdn_arena arena;
    char *folder;
} ftdn_cli_place;

int ftdn_cli_set_up(void **state);
int ftdn_cli_tear_down(void **state);
#define FTDN_CLI_TEST(function) cmocka_unit_test_setup_teardown(function, ftdn_cli_set_up, ftdn_cli_tear_down)

#endif
