/* large_store.h - a store of 100,000 trials for tests of how long things take. */
#ifndef FTDN_TESTS_RESULTS_LARGE_STORE_H
#define FTDN_TESTS_RESULTS_LARGE_STORE_H

/* Make it at path: 2,000 cells of 50 seeds (large_store.sql). The test fails where that fails. */
void ftdn_large_store_make(const char *path);

#endif
