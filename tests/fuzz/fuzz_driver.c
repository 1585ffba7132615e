/* fuzz_driver.c - attacks a reader with its seeds and with mutations of them, the same ones on every machine.
 *
 *     fuzz_NAME [--rounds N] [--seed N]   N mutations; exits 1 where the reader does wrong, and keeps the input
 *     fuzz_NAME --read FILE...            these inputs
 *     fuzz_NAME --write-seeds FOLDER      the seeds as files, and the words as FOLDER.words: what libFuzzer takes
 *
 * The reader runs in a child process, so that its death leaves somebody to say which input it was (fuzz-NAME-input, in
 * the current folder). */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/fuzz/mutation.h"

#define SECONDS_PER_INPUT 20
#define BYTES_OF_PROCESS ((rlim_t)2 << 30)

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define IS_SANITIZED 1
const char *__asan_default_options(void);
/* What the limit of the process is elsewhere: shadow memory takes terabytes of addresses. */
const char *__asan_default_options(void)
{
    return "max_allocation_size_mb=2048";
}
#else
#define IS_SANITIZED 0
#endif

/* What the child leaves for its parent. */
typedef struct trace {
    long round;
    size_t n_bytes;
    char bytes[];
} trace;

typedef struct attack {
    const ftdn_fuzz_reader *reader;
    ftdn_fuzz_corpus corpus;
    long n_rounds;
    uint64_t seed;
    trace *trace;
} attack;

static void read_one(attack *a, long round, const char *bytes, size_t n_bytes)
{
    a->trace->round = round;
    a->trace->n_bytes = n_bytes;
    if (n_bytes) memcpy(a->trace->bytes, bytes, n_bytes);
    alarm(SECONDS_PER_INPUT);
    LLVMFuzzerTestOneInput((const uint8_t *)bytes, n_bytes);
    alarm(0);
}

static void read_all(attack *a)
{
    const ftdn_fuzz_reader *reader = a->reader;
    for (int i = 0; i < a->corpus.n_seeds; i++) {
        const ftdn_text *seed = &a->corpus.seed[i];
        if (seed->n_chars > reader->max_bytes) ftdn_fuzz_fail("seed %d has %zu bytes", i, seed->n_chars);
        read_one(a, i - a->corpus.n_seeds, seed->chars, seed->n_chars);
    }
    ftdn_mutation mutation = {.bytes = malloc(reader->max_bytes), .capacity = reader->max_bytes};
    FTDN_FUZZ_CHECK(mutation.bytes);
    for (long round = 0; round < a->n_rounds; round++) {
        mutation.random = (a->seed + (uint64_t)round + 1) * UINT64_C(0x9E3779B97F4A7C15);
        ftdn_mutation_make(&mutation, &a->corpus, reader);
        if (reader->mend && ftdn_mutation_draw(&mutation) % 4) reader->mend(mutation.bytes, mutation.n_bytes);
        read_one(a, round, mutation.bytes, mutation.n_bytes);
    }
    free(mutation.bytes);
}

/* The child: only what the reader needs, no more memory than it may take. */
_Noreturn static void attack_reader(attack *a)
{
    const struct rlimit memory = {BYTES_OF_PROCESS, BYTES_OF_PROCESS}, no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (!IS_SANITIZED) setrlimit(RLIMIT_AS, &memory);
    a->reader->add_seeds(&a->corpus);
    if (a->corpus.n_seeds == 0) ftdn_fuzz_fail("no seeds");
    a->trace->round = 0;
    read_all(a);
    ftdn_fuzz_corpus_done(&a->corpus);
    ftdn_fuzz_count n = ftdn_fuzz_count_answers();
    if (n.n_read == 0 || n.n_refused == 0) ftdn_fuzz_fail("%ld are read, %ld refused", n.n_read, n.n_refused);
    printf("fuzz_%s: %ld mutations of seed %llu: %ld are read, %ld refused\n", a->reader->name, a->n_rounds,
           (unsigned long long)a->seed, n.n_read, n.n_refused);
    exit(0); /* where leaks are looked for */
}

static int tell_death(const attack *a, int wait_status)
{
    char path[512];
    snprintf(path, sizeof path, "fuzz-%s-input", a->reader->name);
    FILE *file = fopen(path, "wb");
    if (file) {
        fwrite(a->trace->bytes, 1, a->trace->n_bytes, file);
        fclose(file);
    }
    fprintf(stderr, "fuzz_%s: ", a->reader->name);
    if (!WIFSIGNALED(wait_status)) fprintf(stderr, "exit code %d", WEXITSTATUS(wait_status));
    else if (WTERMSIG(wait_status) == SIGALRM) fprintf(stderr, "more than %d s for one input", SECONDS_PER_INPUT);
    else fprintf(stderr, "signal %d", WTERMSIG(wait_status));
    fprintf(stderr, ", last round %ld of seed %llu (below 0: seeds); its input is kept as %s\n", a->trace->round,
            (unsigned long long)a->seed, path);
    return 1;
}

static int run(attack *a)
{
    size_t n_trace = sizeof *a->trace + a->reader->max_bytes;
    a->trace = mmap(NULL, n_trace, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a->trace == MAP_FAILED) ftdn_fuzz_fail("no memory to share: %s", strerror(errno));
    (void)ftdn_fuzz_folder(); /* so that it goes with this process, however the child ends */
    pid_t child = fork();
    if (child < 0) ftdn_fuzz_fail("no child: %s", strerror(errno));
    if (child == 0) attack_reader(a);
    int wait_status = 0;
    while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) return tell_death(a, wait_status);
    return 0;
}

static int read_files(const ftdn_fuzz_reader *reader, char **path, int n_paths)
{
    for (int i = 0; i < n_paths; i++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        char *bytes;
        size_t n_bytes;
        ftdn_arena_init(&arena);
        if (ftdn_file_load(path[i], reader->max_bytes, &arena, &bytes, &n_bytes, &err) != FTDN_OK)
            ftdn_fuzz_fail("%s", err.message);
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, n_bytes);
        ftdn_arena_done(&arena);
    }
    return 0;
}

static void write_file(const char *path, const char *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, n_bytes, file) != n_bytes) ftdn_fuzz_fail("%s: cannot be written", path);
    if (fclose(file) != 0) ftdn_fuzz_fail("%s: cannot be written", path);
}

static int write_seeds(attack *a, const char *folder)
{
    char path[512];
    ftdn_text words;
    ftdn_text_init(&words);
    a->reader->add_seeds(&a->corpus);
    for (int i = 0; i < a->corpus.n_seeds; i++) {
        snprintf(path, sizeof path, "%s/seed-%03d", folder, i);
        write_file(path, a->corpus.seed[i].chars, a->corpus.seed[i].n_chars);
    }
    for (const char *const *word = a->reader->word; word && *word; word++) {
        ftdn_text_append(&words, "\"");
        for (const char *c = *word; *c; c++) ftdn_text_append(&words, "\\x%02x", (unsigned char)*c);
        ftdn_text_append(&words, "\"\n");
    }
    snprintf(path, sizeof path, "%s.words", folder);
    write_file(path, words.chars, words.n_chars);
    ftdn_text_done(&words);
    ftdn_fuzz_corpus_done(&a->corpus);
    return 0;
}

int main(int argc, char **argv)
{
    attack a = {.reader = &ftdn_fuzz_reader_under_attack, .n_rounds = 1000};
    if (argc > 1 && strcmp(argv[1], "--read") == 0) return read_files(a.reader, argv + 2, argc - 2);
    if (argc == 3 && strcmp(argv[1], "--write-seeds") == 0) return write_seeds(&a, argv[2]);
    for (int i = 1; i < argc; i += 2) {
        bool is_rounds = strcmp(argv[i], "--rounds") == 0, is_seed = strcmp(argv[i], "--seed") == 0;
        if (i + 1 == argc || (!is_rounds && !is_seed)) {
            fprintf(stderr, "usage: %s [--rounds N] [--seed N] | --read FILE... | --write-seeds FOLDER\n", argv[0]);
            return 2;
        }
        if (is_rounds) a.n_rounds = strtol(argv[i + 1], NULL, 10);
        else a.seed = strtoull(argv[i + 1], NULL, 10);
    }
    return run(&a);
}
