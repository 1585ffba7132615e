/* fuzz_store.c - results databases with damaged pages, of this version and of an older one. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_attack.h"
#include "tests/results/old_store.h"

static void read_store(char *bytes, size_t n_bytes)
{
    char path[512];
    snprintf(path, sizeof path, "%s", ftdn_fuzz_write("damaged.db", bytes, n_bytes));
    ftdn_fuzz_attack_store(path);
    ftdn_fuzz_empty_folder();
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    char path[512];
    snprintf(path, sizeof path, "%s/seed.db", ftdn_fuzz_folder());
    ftdn_fuzz_make_store(path);
    snprintf(path, sizeof path, "%s/old-seed.db", ftdn_fuzz_folder());
    ftdn_old_store_make(path, 3);
    ftdn_fuzz_add_files(corpus, ftdn_fuzz_folder(), "seed.db");
}

static const char *const words[] = {"CREATE TABLE",
                                    "CREATE VIEW",
                                    "CREATE TRIGGER",
                                    "SELECT",
                                    "trials",
                                    "attempts",
                                    "v_trials",
                                    "STRICT",
                                    "\x0d\x00\x00\x00",
                                    "\x05\x00\x00\x00",
                                    "\x0a\x00\x00\x00",
                                    "\x02\x00\x00\x00",
                                    "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "store", .max_bytes = 1 << 19, .read = read_store, .add_seeds = add_seeds, .word = words};
