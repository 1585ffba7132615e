/* cli_campaign.h - campaigns for tests of the program: manifests, a small folder of images, and what a store tells. */
#ifndef FTDN_TESTS_CLI_CLI_CAMPAIGN_H
#define FTDN_TESTS_CLI_CLI_CAMPAIGN_H

#include "tests/cli/cli.h"

/* As ftdn_cli_set_up and ftdn_cli_tear_down, with the test's folder as the current one: results/ comes to lie in it. */
int ftdn_cli_enter(void **state);
int ftdn_cli_leave(void **state);
#define FTDN_CAMPAIGN_TEST(function) cmocka_unit_test_setup_teardown(function, ftdn_cli_enter, ftdn_cli_leave)

/* Write a text to a file; a ' in it stands for ". */
void ftdn_cli_write_quoted(const char *path, const char *format, ...) FTDN_PRINTF(2, 3);

/* Write a manifest of a small network with made-up weights on n_images test scenes. rest: "'sweep': {...}", say. */
void ftdn_cli_write_small(const char *path, int n_images, const char *rest);

/* Write a VOC folder: images a, b and c, with one dog each, in split "test". */
void ftdn_cli_write_voc(const char *root);

/* The CSV text of a query or SELECT. */
const char *ftdn_cli_ask(ftdn_arena *arena, const char *db, const char *question);

/* The integer that a SELECT of one row and one column gives. */
long long ftdn_cli_ask_number(ftdn_arena *arena, const char *db, const char *question);

/* ... is the expected one. */
void ftdn_cli_assert_answer(ftdn_arena *arena, const char *db, const char *question, long long expected);

/* All that a store holds as a function of specs alone: what `ftdn dump` prints. */
const char *ftdn_cli_results(ftdn_arena *arena, const char *db);

/* The store obeys SQLite, and all rows of every trial are there: AP of 20 classes and 6 timings. */
void ftdn_cli_assert_whole(ftdn_arena *arena, const char *db);

#endif
