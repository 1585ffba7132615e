/* judge_manifests.c - reads manifests from stdin, one a line, and answers each with a line: the list of its mistakes,
 * as JSON. An argument names the file that each is read as; what they extend lies in its folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/manifest/manifest.h"

static void fail(const char *what)
{
    fprintf(stderr, "judge_manifests: %s\n", what);
    exit(1);
}

static void read_all(ftdn_text *text)
{
    char bytes[65536];
    size_t n_bytes;
    while ((n_bytes = fread(bytes, 1, sizeof bytes, stdin)) > 0) ftdn_text_append_bytes(text, bytes, n_bytes);
    if (ferror(stdin) || text->failed) fail("stdin cannot be read");
}

/* Append the answer to one manifest. */
static void judge(const char *document, size_t n_bytes, const char *path, ftdn_text *answer)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    ftdn_manifest manifest;
    ftdn_error err = {0};
    ftdn_status status = ftdn_manifest_parse(document, n_bytes, path, &arena, &mistakes, &manifest, &err);
    if (status != FTDN_OK && status != FTDN_ERR_MANIFEST) fail(err.message);
    ftdn_text_append(answer, "[");
    for (int i = 0; i < mistakes.n_mistakes; i++) {
        ftdn_text_append(answer, "%s", i ? ", " : "");
        ftdn_text_append_json_string(answer, mistakes.mistake[i].text);
    }
    if (status != FTDN_OK && mistakes.n_mistakes == 0) ftdn_text_append_json_string(answer, err.message);
    ftdn_text_append(answer, "]\n");
    ftdn_arena_done(&arena);
}

int main(int argc, char **argv)
{
    if (argc != 2) fail("one argument is wanted: the path that manifests are read as");
    ftdn_text documents, answer;
    ftdn_text_init(&documents);
    ftdn_text_init(&answer);
    read_all(&documents);
    for (const char *line = documents.chars; line && *line;) {
        size_t n_bytes = strcspn(line, "\n");
        judge(line, n_bytes, argv[1], &answer);
        line += n_bytes + (line[n_bytes] == '\n');
    }
    if (answer.failed || (answer.chars && fputs(answer.chars, stdout) < 0)) fail("stdout cannot be written");
    ftdn_text_done(&documents);
    ftdn_text_done(&answer);
    return 0;
}
