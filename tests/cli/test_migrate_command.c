/* test_migrate_command.c - stores of an older program: said to readers, migrated by hand or by whoever writes. */
#include <unistd.h>

#include "tests/cli/cli_campaign.h"
#include "tests/results/old_store.h"

enum { TRIALS = 6 };

static void readers_are_told_and_the_command_migrates(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_old_store_make("old.db", TRIALS);
    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "query", "old.db", "v_trials"), 5,
        "store 'old.db' was written by an older program: its schema is 2, this program's is 3; make it "
        "one of this program with: ftdn migrate old.db\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "show", "old.db"), 5, "ftdn migrate old.db\n");

    ftdn_cli_result result = FTDN_CLI(arena, "migrate", "old.db");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out,
                        "old.db: schema 2 became schema 3, with 6 trials, 9 attempts, 2 rankings, 2 latencies\n"
                        "the store as it was: old.db.backup-2\n");
    ftdn_cli_assert_answer(arena, "old.db", "SELECT count(*) FROM v_trials", TRIALS);
    result = FTDN_CLI(arena, "migrate", "old.db");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "old.db: its schema is 3, that of this program; nothing was done\n");
    assert_int_equal(ftdn_cli_count_entries("."), 2);
}

static void json_says_the_same(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_old_store_make("old.db", TRIALS);
    ftdn_cli_result result = FTDN_CLI(arena, "migrate", "old.db", "--json");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out,
                        "{\"store\":\"old.db\",\"from\":2,\"to\":3,\"backup\":\"old.db.backup-2\",\"trials\":6,"
                        "\"attempts\":9,\"rankings\":2,\"latencies\":2}\n");
    result = FTDN_CLI(arena, "migrate", "--json", "old.db");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out,
                        "{\"store\":\"old.db\",\"from\":3,\"to\":3,\"backup\":null,\"trials\":0,\"attempts\":0,"
                        "\"rankings\":0,\"latencies\":0}\n");
}

static void what_cannot_be_migrated_is_exit_code_5(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_cli_assert_fails(FTDN_CLI(arena, "migrate", "none.db"), 5, "store 'none.db' does not exist\n");
    ftdn_old_store_make("old.db", TRIALS);
    ftdn_old_store_run("old.db", "DELETE FROM overheads");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "migrate", "old.db"), 5,
                          "store 'old.db' was not migrated and is as it was: it is damaged (trial ");
    ftdn_old_store_run("old.db", "PRAGMA user_version = 1");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "migrate", "old.db"), 5,
                          "run its manifests anew into another file (--db FILE)");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "migrate"), 2, "usage");
    assert_int_equal(ftdn_cli_count_entries("."), 1);
}

static void a_run_says_so_migrates_and_goes_on(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_cli_write_small("small.json", 1, "'sweep': {'grid': {'seed': [0, 1]}}");
    ftdn_old_store_make("old.db", TRIALS);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "small.json", "--db", "old.db");
    assert_int_equal(result.exit_code, 0);
    static const char word[] = "ftdn: migrating old.db, a store of an older program; its backup: old.db.backup-2\n";
    assert_int_equal(strncmp(result.err, word, strlen(word)), 0);
    ftdn_cli_assert_answer(arena, "old.db", "SELECT count(*) FROM v_trials", TRIALS + 2);
    result = FTDN_CLI(arena, "run", "small.json", "--db", "old.db");
    assert_null(strstr(result.err, "migrating"));

    ftdn_old_store_make("quiet.db", TRIALS);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--db", "quiet.db", "--quiet"));
    assert_int_equal(access("quiet.db.backup-2", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(readers_are_told_and_the_command_migrates),
        FTDN_CAMPAIGN_TEST(json_says_the_same),
        FTDN_CAMPAIGN_TEST(what_cannot_be_migrated_is_exit_code_5),
        FTDN_CAMPAIGN_TEST(a_run_says_so_migrates_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
