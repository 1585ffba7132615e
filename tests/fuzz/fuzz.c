#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"

static char folder[256];
static ftdn_fuzz_count n_answers;

void ftdn_fuzz_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "fuzz_%s: ", ftdn_fuzz_reader_under_attack.name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

void ftdn_fuzz_add_seed(ftdn_fuzz_corpus *corpus, const void *bytes, size_t n_bytes)
{
    if (corpus->n_seeds == corpus->capacity) {
        corpus->capacity = corpus->capacity ? 2 * corpus->capacity : 16;
        corpus->seed = realloc(corpus->seed, (size_t)corpus->capacity * sizeof *corpus->seed);
        FTDN_FUZZ_CHECK(corpus->seed);
    }
    ftdn_text *seed = &corpus->seed[corpus->n_seeds++];
    ftdn_text_init(seed);
    ftdn_text_append_bytes(seed, bytes, n_bytes);
    FTDN_FUZZ_CHECK(!seed->failed);
}

void ftdn_fuzz_add_text(ftdn_fuzz_corpus *corpus, const char *text)
{
    ftdn_fuzz_add_seed(corpus, text, strlen(text));
}

void ftdn_fuzz_add_quoted(ftdn_fuzz_corpus *corpus, const char *text)
{
    ftdn_fuzz_add_text(corpus, text);
    ftdn_text *seed = &corpus->seed[corpus->n_seeds - 1];
    for (size_t i = 0; i < seed->n_chars; i++)
        if (seed->chars[i] == '\'') seed->chars[i] = '"';
}

static void add_file(ftdn_fuzz_corpus *corpus, const char *path)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    char *bytes;
    size_t n_bytes;
    ftdn_arena_init(&arena);
    if (ftdn_file_load(path, (size_t)16 << 20, &arena, &bytes, &n_bytes, &err) != FTDN_OK)
        ftdn_fuzz_fail("%s", err.message);
    ftdn_fuzz_add_seed(corpus, bytes, n_bytes);
    ftdn_arena_done(&arena);
}

void ftdn_fuzz_add_files(ftdn_fuzz_corpus *corpus, const char *path, const char *suffix)
{
    struct dirent **entry = NULL;
    int n_entries = scandir(path, &entry, NULL, alphasort);
    if (n_entries < 0) ftdn_fuzz_fail("%s: cannot be listed", path);
    for (int i = 0; i < n_entries; i++) {
        const char *name = entry[i]->d_name;
        size_t n_chars = strlen(name), n_suffix = strlen(suffix);
        char file[1024];
        snprintf(file, sizeof file, "%s/%s", path, name);
        if (n_chars >= n_suffix && strcmp(name + n_chars - n_suffix, suffix) == 0) add_file(corpus, file);
        free(entry[i]);
    }
    free(entry);
}

void ftdn_fuzz_corpus_done(ftdn_fuzz_corpus *corpus)
{
    for (int i = 0; i < corpus->n_seeds; i++) ftdn_text_done(&corpus->seed[i]);
    free(corpus->seed);
    *corpus = (ftdn_fuzz_corpus){0};
}

/* Does a terminal obey anything in the text? The C1 controls are U+0080 to U+009F. */
static bool is_harmless(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    for (; *c; c++) {
        if ((*c < 0x20 && *c != '\n') || *c == 0x7f) return false;
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) return false;
    }
    return true;
}

bool ftdn_fuzz_is_read(ftdn_status status, const ftdn_error *err, const char *name)
{
    if (status == FTDN_OK) {
        n_answers.n_read++;
        return true;
    }
    n_answers.n_refused++;
    bool is_bad_input = status == FTDN_ERR_INPUT || status == FTDN_ERR_MANIFEST || status == FTDN_ERR_STORE ||
                        status == FTDN_ERR_ARG || status == FTDN_ERR_BACKEND;
    if (!is_bad_input) ftdn_fuzz_fail("status '%s': %s", ftdn_status_name(status), err->message);
    if (err->status != status)
        ftdn_fuzz_fail("the record says '%s', the call '%s': %s", ftdn_status_name(err->status),
                       ftdn_status_name(status), err->message);
    if (!err->message[0]) ftdn_fuzz_fail("a failure without a message");
    if (name && !strstr(err->message, name)) ftdn_fuzz_fail("'%s' does not name '%s'", err->message, name);
    if (!is_harmless(err->message)) ftdn_fuzz_fail("a message that a terminal obeys: %s", err->message);
    return false;
}

ftdn_fuzz_count ftdn_fuzz_count_answers(void)
{
    return n_answers;
}

void ftdn_fuzz_check_memory(const ftdn_arena *arena, size_t n_bytes, size_t base, size_t factor)
{
    if (arena->peak_bytes > base + factor * n_bytes)
        ftdn_fuzz_fail("%zu bytes of memory for an input of %zu", arena->peak_bytes, n_bytes);
}

static void remove_folder(void)
{
    ftdn_error err = {0};
    if (ftdn_folder_remove(folder, &err) != FTDN_OK) fprintf(stderr, "%s\n", err.message);
}

const char *ftdn_fuzz_folder(void)
{
    if (folder[0]) return folder;
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/ftdn-fuzz-XXXXXX", parent);
    if (!mkdtemp(folder)) ftdn_fuzz_fail("%s: cannot be made", folder);
    atexit(remove_folder);
    return folder;
}

void ftdn_fuzz_empty_folder(void)
{
    ftdn_error err = {0};
    remove_folder();
    if (ftdn_folder_create(ftdn_fuzz_folder(), &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
}

const char *ftdn_fuzz_write(const char *name, const void *bytes, size_t n_bytes)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", ftdn_fuzz_folder(), name);
    FILE *file = fopen(path, "wb");
    if (!file) ftdn_fuzz_fail("%s: cannot be made", path);
    bool is_written = fwrite(bytes, 1, n_bytes, file) == n_bytes;
    if (fclose(file) != 0 || !is_written) ftdn_fuzz_fail("%s: cannot be written", path);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    const ftdn_fuzz_reader *reader = &ftdn_fuzz_reader_under_attack;
    if (n_bytes > reader->max_bytes) return -1;
    size_t n_block = n_bytes + reader->ends_in_zero;
    char *copy = malloc(n_block ? n_block : 1);
    FTDN_FUZZ_CHECK(copy);
    if (n_bytes) memcpy(copy, bytes, n_bytes);
    if (reader->ends_in_zero) copy[n_bytes] = 0;
    reader->read(copy, n_bytes);
    free(copy);
    return 0;
}
