/* fuzz.h - hostile input: what a reader is attacked with, and what must hold whatever it is given.
 *
 * Each fuzz_NAME.c attacks one reader and defines ftdn_fuzz_reader. It is built twice: with a driver of our own
 * (fuzz_driver.c), which any compiler builds and the test suite runs for a fixed number of rounds; and, where the
 * build has the option libfuzzer, with clang's libFuzzer, which looks for new paths as long as it is let (tools/fuzz).
 * A reader that does wrong ends the process: by a sanitizer, an assert, or ftdn_fuzz_fail. */
#ifndef FTDN_TESTS_FUZZ_FUZZ_H
#define FTDN_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

/* Inputs to begin with. */
typedef struct ftdn_fuzz_corpus {
    int n_seeds, capacity;
    ftdn_text *seed; /* [n_seeds] */
} ftdn_fuzz_corpus;

typedef struct ftdn_fuzz_reader {
    const char *name;
    size_t max_bytes; /* of an input */
    /* Read one input, a heap block of exactly n_bytes (so that a step too far is seen), with a 0 behind it where the
     * reader is promised one; check what comes of it. */
    void (*read)(char *bytes, size_t n_bytes);
    /* Add good inputs, and a few that are wrong in ways of their own. */
    void (*add_seeds)(ftdn_fuzz_corpus *corpus);
    const char *const *word; /* tokens of the grammar, NULL behind the last; NULL: none */
    /* Make checksums right again that a mutation broke, so that what they guard is reached; NULL: there are none. */
    void (*mend)(char *bytes, size_t n_bytes);
    bool ends_in_zero; /* the reader is promised a 0 behind the bytes */
} ftdn_fuzz_reader;

extern const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack;

void ftdn_fuzz_add_seed(ftdn_fuzz_corpus *corpus, const void *bytes, size_t n_bytes);
void ftdn_fuzz_add_text(ftdn_fuzz_corpus *corpus, const char *text);
/* In the texts of tests ' stands for ". */
void ftdn_fuzz_add_quoted(ftdn_fuzz_corpus *corpus, const char *text);
/* The files of a folder whose names end in `suffix`, in the order of their names. */
void ftdn_fuzz_add_files(ftdn_fuzz_corpus *corpus, const char *folder, const char *suffix);
void ftdn_fuzz_corpus_done(ftdn_fuzz_corpus *corpus);

/* Say what is wrong and abort. */
_Noreturn void ftdn_fuzz_fail(const char *format, ...) FTDN_PRINTF(1, 2);

/* ftdn_fuzz_fail where the condition is false. */
#define FTDN_FUZZ_CHECK(condition)                                                                                     \
    ((condition) ? (void)0 : ftdn_fuzz_fail("%s:%d: %s does not hold", __FILE__, __LINE__, #condition))

/* A failure of a reader is bad input (of a worker process, a broken backend), never a want of memory; it has a message
 * that contains `name` (NULL: none is asked for) and nothing that a terminal obeys. Answers status == FTDN_OK. */
bool ftdn_fuzz_is_read(ftdn_status status, const ftdn_error *err, const char *name);

/* How often that was the answer so far: an attack that is always refused, or never, shows nothing. */
typedef struct ftdn_fuzz_count {
    long n_read, n_refused;
} ftdn_fuzz_count;

ftdn_fuzz_count ftdn_fuzz_count_answers(void);

/* What was taken from the arena is in proportion to the input: at most `base` bytes and `factor` for each of it. */
void ftdn_fuzz_check_memory(const ftdn_arena *arena, size_t n_bytes, size_t base, size_t factor);

/* A folder for files of this process, made at the first call, in $TMPDIR, /dev/shm or /tmp; it goes when the process
 * exits. */
const char *ftdn_fuzz_folder(void);

/* Remove all that is in it. */
void ftdn_fuzz_empty_folder(void);

/* Put bytes into a file of that folder; its path, which lives until the process ends. */
const char *ftdn_fuzz_write(const char *name, const void *bytes, size_t n_bytes);

/* One input, as libFuzzer hands it over. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

#endif
