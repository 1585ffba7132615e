#define _XOPEN_SOURCE 700 /* waitid */
#include "tests/cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define MOST_WORDS 32
#define LARGEST_FILE ((size_t)1 << 30)

/* All that was written to the file. */
static const char *read_back(FILE *file, ftdn_arena *arena)
{
    ftdn_error err = {0};
    long n_chars = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (n_chars < 0) fail_msg("output file: %s", strerror(errno));
    rewind(file);
    char *text = ftdn_arena_alloc(arena, (size_t)n_chars + 1, 1, &err);
    if (!text) fail_msg("%s", err.message);
    assert_int_equal(fread(text, 1, (size_t)n_chars, file), n_chars);
    return text;
}

/* In the child: never returns. */
static void become_program(const ftdn_cli_launch_desc *desc, int out_fd, int err_fd)
{
    char *argv[MOST_WORDS + 2] = {getenv("FTDN_PROGRAM")};
    for (int i = 0; desc->words[i] && i < MOST_WORDS; i++) argv[i + 1] = strdup(desc->words[i]);
    if (desc->prepare) desc->prepare();
    if (dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0) execv(argv[0], argv);
    _exit(127);
}

ftdn_cli_process ftdn_cli_launch(const ftdn_cli_launch_desc *desc)
{
    const char *program = getenv("FTDN_PROGRAM");
    if (!program || access(program, X_OK) != 0) fail_msg("FTDN_PROGRAM names no program");
    ftdn_cli_process process = {.out = tmpfile(), .err = tmpfile()};
    if (!process.out || !process.err) fail_msg("tmpfile: %s", strerror(errno));
    fflush(stdout);
    process.id = fork();
    if (process.id == 0)
        become_program(desc, desc->stdout_fd >= 0 ? desc->stdout_fd : fileno(process.out),
                       desc->stderr_fd >= 0 ? desc->stderr_fd : fileno(process.err));
    if (process.id < 0) fail_msg("%s: %s", program, strerror(errno));
    return process;
}

bool ftdn_cli_has_ended(const ftdn_cli_process *process)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)process->id, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

void ftdn_cli_wait_until_it_says(const ftdn_cli_process *process, const char *fragment)
{
    static char text[65536];
    for (;;) {
        bool has_ended = ftdn_cli_has_ended(process);
        ssize_t n_chars = pread(fileno(process->err), text, sizeof text - 1, 0);
        assert_true(n_chars >= 0);
        text[n_chars] = 0;
        if (strstr(text, fragment)) return;
        if (has_ended) fail_msg("'%s' lacks '%s'", text, fragment);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

ftdn_cli_result ftdn_cli_wait(ftdn_arena *arena, ftdn_cli_process *process)
{
    int status = 0;
    if (waitpid(process->id, &status, 0) != process->id) fail_msg("waitpid: %s", strerror(errno));
    ftdn_cli_result result = {
        .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        .out = read_back(process->out, arena),
        .err = read_back(process->err, arena),
    };
    fclose(process->out);
    fclose(process->err);
    *process = (ftdn_cli_process){0};
    return result;
}

ftdn_cli_result ftdn_cli_start(ftdn_arena *arena, int stdout_fd, const char *const *words)
{
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = stdout_fd, .stderr_fd = -1};
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    return ftdn_cli_wait(arena, &process);
}

void ftdn_cli_assert_fails(ftdn_cli_result result, int exit_code, const char *fragment)
{
    if (result.exit_code != exit_code) fail_msg("exit code %d: %s", result.exit_code, result.err);
    if (strncmp(result.err, "ftdn: ", 6) != 0) fail_msg("'%s' does not begin with 'ftdn: '", result.err);
    ftdn_cli_assert_says(result.err, fragment);
    assert_string_equal(result.out, "");
}

void ftdn_cli_assert_done(ftdn_cli_result result)
{
    if (result.exit_code != 0) fail_msg("exit code %d: %s", result.exit_code, result.err);
    assert_string_equal(result.err, "");
}

void ftdn_cli_assert_says(const char *text, const char *fragment)
{
    if (!strstr(text, fragment)) fail_msg("'%s' lacks '%s'", text, fragment);
}

const ftdn_json *ftdn_cli_parse(ftdn_arena *arena, const char *text)
{
    ftdn_error err = {0};
    const ftdn_json *root = NULL;
    FTDN_ASSERT_OK(ftdn_json_parse(text, strlen(text), "stdout", arena, &root, &err), err);
    return root;
}

const ftdn_json *ftdn_cli_member(const ftdn_json *object, const char *key)
{
    const ftdn_json *member = ftdn_json_find(object, key);
    if (!member) fail_msg("there is no member '%s'", key);
    return member;
}

const char *ftdn_cli_load(ftdn_arena *arena, const char *path, size_t *ret_n_bytes)
{
    ftdn_error err = {0};
    char *bytes = NULL;
    FTDN_ASSERT_OK(ftdn_file_load(path, LARGEST_FILE, arena, &bytes, ret_n_bytes, &err), err);
    return bytes;
}

int ftdn_cli_count_entries(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries) fail_msg("%s: %s", folder, strerror(errno));
    int n_entries = 0;
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        n_entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return n_entries;
}

void ftdn_cli_cut_file(ftdn_arena *arena, const char *from, const char *to, size_t n_bytes)
{
    size_t n_all;
    const char *bytes = ftdn_cli_load(arena, from, &n_all);
    assert_true(n_bytes < n_all);
    ftdn_test_write_file(to, bytes, n_bytes);
}

char *ftdn_cli_path(ftdn_arena *arena, const char *folder, const char *name)
{
    ftdn_error err = {0};
    char *path = ftdn_path_join(arena, folder, name, &err);
    if (!path) fail_msg("%s", err.message);
    return path;
}

int ftdn_cli_set_up(void **state)
{
    ftdn_cli_place *place = calloc(1, sizeof *place);
    if (!place) return -1;
    ftdn_arena_init(&place->arena);
    place->folder = ftdn_test_create_folder(&place->arena);
    *state = place;
    return 0;
}

int ftdn_cli_tear_down(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_test_remove_folder(place->folder);
    ftdn_arena_done(&place->arena);
    free(place);
    return 0;
}
