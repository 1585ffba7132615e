/* store_attack.h - everything that the program does with a store, done to one that may be damaged or lie.
 *
 * Whatever looks at it answers or refuses, and does not change it; what is repaired of it is sound; a trial that is
 * written into it is there afterwards, or nothing is. */
#ifndef FTDN_TESTS_FUZZ_STORE_ATTACK_H
#define FTDN_TESTS_FUZZ_STORE_ATTACK_H

enum { FTDN_ATTACKED_TRIALS = 3 };

#define FTDN_HOSTILE_ELEMENT "hostile" /* of HTML, which no page may have */

/* A sound store of so many trials, and an attempt that failed. */
void ftdn_fuzz_make_store(const char *path);

void ftdn_fuzz_attack_store(const char *path);

#endif
