/* careless_reader.c - a reader that does wrong, for the driver to notice: it dies of a '!' that no seed has. */
#include <string.h>

#include "tests/fuzz/fuzz.h"

static void read_carelessly(char *bytes, size_t n_bytes)
{
    const ftdn_error err = {.status = FTDN_ERR_INPUT, .message = "refused"};
    (void)ftdn_fuzz_is_read(n_bytes % 2 ? FTDN_ERR_INPUT : FTDN_OK, &err, NULL);
    FTDN_FUZZ_CHECK(!memchr(bytes, '!', n_bytes));
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_text(corpus, "even");
    ftdn_fuzz_add_text(corpus, "odd");
}

static const char *const words[] = {"!", NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "careless_reader", .max_bytes = 64, .read = read_carelessly, .add_seeds = add_seeds, .word = words};
