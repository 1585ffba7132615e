#include "harness/terminal/print.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_members.h"
#include "engine/graph.h"
#include "harness/terminal/completion.h"
#include "harness/terminal/help.h"
#include "harness/terminal/manual.h"
#include "results/cell_text.h"

static const char standard_output[] = "standard output";

ftdn_status ftdn_print(const ftdn_text *text, ftdn_error *err)
{
    FTDN_TRY(ftdn_text_check(text, err));
    if (text->n_chars == 0) return FTDN_OK;
    if (fwrite(text->chars, 1, text->n_chars, stdout) != text->n_chars || fflush(stdout) != 0)
        return ftdn_file_fail_write(standard_output, err);
    return FTDN_OK;
}

/* A pipe that is ready takes this much at once. */
#define BYTES_AT_ONCE 4096

ftdn_status ftdn_print_ahead(const ftdn_text *text, size_t *n_written, ftdn_error *err)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (*n_written < text->n_chars && poll(&output, 1, 0) == 1) {
        size_t n_bytes = text->n_chars - *n_written;
        if (n_bytes > BYTES_AT_ONCE) n_bytes = BYTES_AT_ONCE;
        ssize_t n_taken = write(STDOUT_FILENO, text->chars + *n_written, n_bytes);
        if (n_taken < 0 && (errno == EAGAIN || errno == EINTR)) return FTDN_OK;
        if (n_taken < 0) return ftdn_file_fail_write(standard_output, err);
        *n_written += (size_t)n_taken;
    }
    return FTDN_OK;
}

int ftdn_terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

ftdn_status ftdn_print_help(const ftdn_command *command, ftdn_help_form form, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    switch (form) {
    case FTDN_HELP_TEXT: ftdn_help_write(command, &text); break;
    case FTDN_HELP_MAN: ftdn_manual_write_command(command, &text); break;
    case FTDN_HELP_WORDS: ftdn_completion_write_command(command, &text); break;
    }
    ftdn_status status = ftdn_print(&text, err);
    ftdn_text_done(&text);
    return status;
}

ftdn_status ftdn_print_answer(const ftdn_command *command, int argc, const char *const *argv, ftdn_answer *answer,
                              const void *user, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_text text;
    ftdn_arguments arguments;
    ftdn_arena_init(&arena);
    ftdn_text_init(&text);
    ftdn_status status = ftdn_options_parse(command, argc - 1, argv + 1, &arena, &arguments, err);
    if (status != FTDN_OK) goto done;
    if (arguments.wants_help) {
        status = ftdn_print_help(command, arguments.help_form, err);
        goto done;
    }
    status = answer(user, &arguments, &arena, &text, err);
    if (status == FTDN_OK) status = ftdn_print(&text, err);
done:
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
    return status;
}

void ftdn_append_shown(ftdn_text *text, const char *string)
{
    ftdn_cell_text_append(text, string, strlen(string), true);
}

#define MOST_LISTED 20

int ftdn_n_listed(int n)
{
    return n < MOST_LISTED ? n : MOST_LISTED;
}

void ftdn_append_unlisted(ftdn_text *text, int n)
{
    if (n > MOST_LISTED) ftdn_text_append(text, "  and %d more (--json has all)\n", n - MOST_LISTED);
}

void ftdn_append_json(ftdn_text *text, const char *string)
{
    ftdn_text clean;
    ftdn_text_init(&clean);
    ftdn_cell_text_append(&clean, string, strlen(string), false);
    ftdn_text_append_bytes(&clean, "", 0);
    if (clean.failed) text->failed = true;
    else ftdn_text_append_json_string(text, clean.chars);
    ftdn_text_done(&clean);
}

void ftdn_append_json_member(ftdn_text *text, const char *key, const char *string)
{
    ftdn_json_put_key(text, key);
    if (string) ftdn_append_json(text, string);
    else ftdn_text_append(text, "null");
}

void ftdn_table_add_shown(ftdn_table *table, const char *string)
{
    int width = ftdn_cell_text_append(&table->chars, string, strlen(string), true);
    ftdn_table_end_cell(table, FTDN_CELL_TEXT, width);
}

void ftdn_append_count(ftdn_text *text, uint64_t count)
{
    char digits[24];
    int n_digits = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < n_digits; i++) {
        if (i > 0 && (n_digits - i) % 3 == 0) ftdn_text_append_bytes(text, ",", 1);
        ftdn_text_append_bytes(text, digits + i, 1);
    }
}

void ftdn_table_add_count(ftdn_table *table, uint64_t count)
{
    size_t start = table->chars.n_chars;
    ftdn_append_count(&table->chars, count);
    ftdn_table_end_cell(table, FTDN_CELL_NUMBER, (int)(table->chars.n_chars - start));
}

void ftdn_append_json_roles(ftdn_text *text, unsigned roles)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {FTDN_ROLE_FEATURE_WEIGHTS, "feature_weights"},
        {FTDN_ROLE_FEATURE_MAP, "feature_map"},
        {FTDN_ROLE_BLOCK_CONV, "block_conv"},
        {FTDN_ROLE_SOURCE, "source"},
        {FTDN_ROLE_BASE, "base"},
        {FTDN_ROLE_EXTRA, "extra"},
        {FTDN_ROLE_HEAD, "head"},
    };
    bool is_first = true;
    ftdn_text_append(text, "\"roles\":[");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(roles & names[i].bit)) continue;
        ftdn_text_append(text, "%s\"%s\"", is_first ? "" : ",", names[i].name);
        is_first = false;
    }
    ftdn_text_append(text, "]");
}
