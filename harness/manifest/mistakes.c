#include "harness/manifest/mistakes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define LONGEST_TEXT 600

void ftdn_mistakes_init(ftdn_mistakes *mistakes, ftdn_arena *arena)
{
    *mistakes = (ftdn_mistakes){.arena = arena};
}

ftdn_position ftdn_position_of_value(const ftdn_json *node)
{
    return (ftdn_position){node->file, node->line, node->column};
}

ftdn_position ftdn_position_of_key(const ftdn_json *member)
{
    return (ftdn_position){member->file, member->key_line, member->key_column};
}

static int compare_positions(ftdn_position a, ftdn_position b)
{
    int order = strcmp(a.file, b.file);
    if (order == 0) order = (a.line > b.line) - (a.line < b.line);
    if (order == 0) order = (a.column > b.column) - (a.column < b.column);
    return order;
}

static int compare_mistakes(const void *a, const void *b)
{
    const ftdn_mistake *x = a, *y = b;
    int order = compare_positions(x->position, y->position);
    return order ? order : strcmp(x->text, y->text);
}

static bool holds(const ftdn_mistakes *mistakes, const ftdn_mistake *wanted)
{
    for (int i = 0; i < mistakes->n_mistakes; i++)
        if (compare_mistakes(&mistakes->mistake[i], wanted) == 0) return true;
    return false;
}

static bool reserve(ftdn_mistakes *mistakes)
{
    ftdn_mistake *mistake = ftdn_arena_grow(mistakes->arena, mistakes->mistake, mistakes->n_mistakes,
                                            &mistakes->capacity, sizeof *mistake, NULL);
    if (mistake) mistakes->mistake = mistake;
    return mistake;
}

/* What a terminal shows as one line: no control characters, no more than LONGEST_TEXT bytes, cut
 * before a UTF-8 character and not within. */
static void make_printable(ftdn_text *text)
{
    if (text->n_chars > LONGEST_TEXT) {
        size_t end = LONGEST_TEXT;
        while (end > 0 && ((unsigned char)text->chars[end] & 0xc0) == 0x80) end--;
        text->n_chars = end;
        ftdn_text_append(text, "...");
    }
    ftdn_make_printable(text->chars, text->n_chars, false);
}

void ftdn_mistakes_add(ftdn_mistakes *mistakes, ftdn_position position, const char *pointer, const char *format, ...)
{
    if (mistakes->has_more) return;
    char what[LONGEST_TEXT + 8];
    va_list args;
    va_start(args, format);
    int n_chars = vsnprintf(what, sizeof what, format, args);
    va_end(args);

    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "%s: %s", pointer[0] ? pointer : "manifest", n_chars < 0 ? "" : what);
    if (!text.failed) make_printable(&text);
    if (text.failed) goto failed;

    ftdn_mistake fresh = {.position = position, .text = text.chars};
    if (holds(mistakes, &fresh)) goto done;
    if (mistakes->n_mistakes == FTDN_MAX_MISTAKES) {
        mistakes->has_more = true;
        goto done;
    }
    fresh.text = ftdn_arena_copy_text(mistakes->arena, text.chars, text.n_chars, NULL);
    if (!fresh.text || !reserve(mistakes)) goto failed;
    mistakes->mistake[mistakes->n_mistakes++] = fresh;
    goto done;

failed:
    mistakes->failed = true;
done:
    ftdn_text_done(&text);
}

static void write_line(const ftdn_mistake *mistake, ftdn_text *text)
{
    ftdn_text_append(text, "%s:%d:%d: %s\n", mistake->position.file, mistake->position.line, mistake->position.column,
                     mistake->text);
}

void ftdn_mistakes_write(const ftdn_mistakes *mistakes, ftdn_text *text)
{
    for (int i = 0; i < mistakes->n_mistakes; i++) write_line(&mistakes->mistake[i], text);
    if (mistakes->has_more) ftdn_text_append(text, "more mistakes are not shown\n");
}

/* As many whole lines as fit into an error's message, and how many are left out. */
static void write_head(const ftdn_mistakes *mistakes, ftdn_text *text)
{
    const size_t reserved = 48; /* for the count of the rest */
    for (int i = 0; i < mistakes->n_mistakes && !text->failed; i++) {
        size_t n_before = text->n_chars;
        write_line(&mistakes->mistake[i], text);
        if (i == 0 || text->n_chars + reserved < sizeof((ftdn_error *)NULL)->message) continue;
        text->n_chars = n_before;
        ftdn_text_append(text, "... and %s%d more\n", mistakes->has_more ? "at least " : "", mistakes->n_mistakes - i);
        return;
    }
}

ftdn_status ftdn_mistakes_check(ftdn_mistakes *mistakes, ftdn_error *err)
{
    if (mistakes->failed) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for a list of mistakes");
    if (mistakes->n_mistakes == 0) return FTDN_OK;
    qsort(mistakes->mistake, (size_t)mistakes->n_mistakes, sizeof *mistakes->mistake, compare_mistakes);
    ftdn_text text;
    ftdn_text_init(&text);
    write_head(mistakes, &text);
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = FTDN_FAIL(err, FTDN_ERR_MANIFEST, "%.*s", (int)(text.n_chars - 1), text.chars);
    ftdn_text_done(&text);
    return status;
}

void ftdn_mistakes_print(const ftdn_mistakes *mistakes)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_mistakes_write(mistakes, &text);
    if (!text.failed) fputs(text.chars, stderr);
    ftdn_text_done(&text);
}

ftdn_status ftdn_mistakes_print_all(const ftdn_mistakes *mistakes, const char *path, ftdn_error *err)
{
    ftdn_mistakes_print(mistakes);
    return FTDN_FAIL(err, FTDN_ERR_MANIFEST, "%d mistake%s in '%s'; nothing was run", mistakes->n_mistakes,
                     mistakes->n_mistakes == 1 ? "" : "s", path);
}
