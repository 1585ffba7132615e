#include "harness/terminal/child_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ; /* POSIX has no header for it */

/* Words are copied, because posix_spawnp wants them writable. */
static char **copy_words(const char *const *argv, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_words = 0;
    while (argv[n_words]) n_words++;
    char **words = FTDN_NEW(arena, n_words + 1, char *, err);
    if (!words) return NULL;
    for (size_t i = 0; i < n_words; i++) {
        words[i] = ftdn_arena_copy_text(arena, argv[i], strlen(argv[i]), err);
        if (!words[i]) return NULL;
    }
    return words;
}

/* 0 or what posix_spawn answers. The program ignores SIGPIPE; its child must not. */
static int start(char **words, int out_fd, int err_fd, pid_t *ret_child)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    int code = posix_spawn_file_actions_init(&files);
    if (code) return code;
    code = posix_spawnattr_init(&attributes);
    if (code) {
        posix_spawn_file_actions_destroy(&files);
        return code;
    }
    code = posix_spawnattr_setsigdefault(&attributes, &signals);
    if (!code) code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (!code) code = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!code) code = posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
    if (!code) code = posix_spawn_file_actions_adddup2(&files, err_fd, STDERR_FILENO);
    if (!code) code = posix_spawnp(ret_child, words[0], &files, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* All that was written to the file. */
static ftdn_status read_back(FILE *file, const char *program, ftdn_arena *arena, const char **ret_text, ftdn_error *err)
{
    long n_chars = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (n_chars < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: its output: %s", program, strerror(errno));
    rewind(file);
    char *text = FTDN_NEW(arena, (size_t)n_chars + 1, char, err);
    if (!text) return FTDN_ERR_MEMORY;
    if (fread(text, 1, (size_t)n_chars, file) != (size_t)n_chars)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: its output cannot be read", program);
    *ret_text = text;
    return FTDN_OK;
}

static ftdn_status wait_for(pid_t child, const char *program, int *ret_exit_code, ftdn_error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: waitpid: %s", program, strerror(errno));
    *ret_exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return FTDN_OK;
}

ftdn_status ftdn_child_run(const char *const *argv, ftdn_arena *arena, ftdn_child_result *ret_result, ftdn_error *err)
{
    ftdn_status status;
    ftdn_child_result result = {0};
    pid_t child;
    char **words = copy_words(argv, arena, err);
    if (!words) return FTDN_ERR_MEMORY;
    FILE *out = tmpfile(), *errors = tmpfile();
    if (!out || !errors) {
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: no temporary file for its output: %s", argv[0], strerror(errno));
        goto done;
    }
    int code = start(words, fileno(out), fileno(errors), &child);
    if (code) {
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", argv[0], strerror(code));
        goto done;
    }
    status = wait_for(child, argv[0], &result.exit_code, err);
    if (status == FTDN_OK) status = read_back(out, argv[0], arena, &result.out, err);
    if (status == FTDN_OK) status = read_back(errors, argv[0], arena, &result.err, err);
    if (status == FTDN_OK) *ret_result = result;
done:
    if (out) fclose(out);
    if (errors) fclose(errors);
    return status;
}
