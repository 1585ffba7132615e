#include "tests/harness/wrong_manifest.h"

#include <string.h>

char *ftdn_wrong_copy(ftdn_arena *arena, const char *text)
{
    char *copy = ftdn_arena_copy_text(arena, text, strlen(text), NULL);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    return copy;
}

ftdn_status ftdn_wrong_parse(const char *text, ftdn_arena *arena, ftdn_mistakes *mistakes, ftdn_error *err)
{
    ftdn_manifest manifest;
    ftdn_mistakes_init(mistakes, arena);
    return ftdn_manifest_parse(text, strlen(text), "m.json", arena, mistakes, &manifest, err);
}

/* The expected lines as they are printed: each behind the file's name. */
static void write_expected(const char *lines, ftdn_text *text)
{
    while (*lines) {
        size_t n_chars = strcspn(lines, "\n");
        ftdn_text_append(text, "m.json:%.*s\n", (int)n_chars, lines);
        lines += n_chars + (lines[n_chars] == '\n');
    }
}

void ftdn_wrong_check(const ftdn_wrong_case *c)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_error err = {0};
    assert_int_equal(ftdn_wrong_parse(ftdn_wrong_copy(&arena, c->text), &arena, &mistakes, &err), FTDN_ERR_MANIFEST);

    ftdn_text seen, expected;
    ftdn_text_init(&seen);
    ftdn_text_init(&expected);
    if (mistakes.n_mistakes > 0) ftdn_mistakes_write(&mistakes, &seen);
    else ftdn_text_append(&seen, "%s\n", err.message); /* no JSON */
    write_expected(c->expected, &expected);
    if (strcmp(seen.chars, expected.chars) != 0)
        fail_msg("%s:\nseen\n%sexpected\n%s", c->title, seen.chars, expected.chars);
    if (strlen(expected.chars) < sizeof err.message - 60) {
        expected.chars[expected.n_chars - 1] = 0;
        assert_string_equal(err.message, expected.chars);
    }
    ftdn_text_done(&seen);
    ftdn_text_done(&expected);
    ftdn_arena_done(&arena);
}
