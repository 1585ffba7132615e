/* fuzz_lying_store.c - results databases whose pages are sound and whose contents are not: the input is SQL that
 * somebody runs on a store, past its checks. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/store_attack.h"
#include "tests/results/changed_store.h"

static void read_sql(char *bytes, size_t n_bytes)
{
    char path[512];
    (void)n_bytes;
    snprintf(path, sizeof path, "%s/lying.db", ftdn_fuzz_folder());
    ftdn_fuzz_make_store(path);
    ftdn_changed_store_try(path, bytes);
    ftdn_fuzz_attack_store(path);
    ftdn_fuzz_empty_folder();
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    static const char *const sql[] = {
        "UPDATE results SET map_voc07 = 9e999, images = -9223372036854775808, map_area = NULL",
        "UPDATE trials SET spec = '<hostile>' || char(27) || '[2J', seed = -1",
        "UPDATE cells SET model = '<hostile>', dataset = char(27) || char(155), weight_rate = -0.5, ratio = 1e300",
        "UPDATE cells SET method = '<hostile>', type = '', width = -1, weight_scope = '[', feature_map_rate = 9e999",
        "UPDATE class_ap SET class = '<hostile>' || seed, ap_voc07 = -1e300, objects = -1",
        "UPDATE attempts SET cause = '<hostile>' || char(155) || x'ff', seconds = 9e999, outcome = 'failed'",
        "UPDATE environments SET libraries = '{\"<hostile>\": [', cpu = '<hostile>'",
        "UPDATE campaigns SET manifest = '<hostile>', name = '', path = '../x'",
        "UPDATE layer_faults SET elements = 0, faults = 9223372036854775807, requested_rate = -1e300, copy = 77",
        "UPDATE runs SET started_at = 'x', n_workers = -1, n_wanted = 2147483648, ended_at = NULL",
        "UPDATE timings SET stage = '<hostile>' || attempt, seconds = -9e999",
        "UPDATE digests SET result = '', provenance = '<hostile>'",
        "UPDATE trials SET cell = 77; DELETE FROM cells",
        "DELETE FROM environments; DELETE FROM campaigns; DELETE FROM runs",
        "INSERT INTO planned SELECT id, '<hostile>', '0', -5, char(27) FROM campaigns",
        "DROP VIEW v_trials; CREATE VIEW v_trials AS SELECT 1 AS trial, NULL AS map_voc07 FROM v_trials",
        "DROP VIEW v_ap; CREATE VIEW v_ap AS SELECT '<hostile>' AS class, * FROM v_trials",
        "CREATE TRIGGER \"<hostile>\" BEFORE INSERT ON results BEGIN DELETE FROM planned; SELECT RAISE(IGNORE); END",
        "CREATE TRIGGER late AFTER INSERT ON digests BEGIN UPDATE attempts SET trial_id = NEW.result; END",
        "CREATE UNIQUE INDEX one ON trials (length(id)); CREATE TABLE \"<hostile>\" (a REFERENCES results)",
        "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '')",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE trials(a)' WHERE name = 'trials'",
        "PRAGMA user_version = 2147483647",
        "PRAGMA user_version = 2; PRAGMA application_id = 0",
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) ftdn_fuzz_add_text(corpus, sql[i]);
}

static const char *const words[] = {"UPDATE results SET ",
                                    "UPDATE class_ap SET ",
                                    "UPDATE attempts SET ",
                                    "UPDATE runs SET ",
                                    "UPDATE cells SET ",
                                    "DELETE FROM ",
                                    "DROP VIEW ",
                                    "CREATE VIEW ",
                                    "CREATE TRIGGER ",
                                    " BEFORE INSERT ON ",
                                    " BEGIN SELECT RAISE(IGNORE); END",
                                    "DROP TABLE ",
                                    "DROP INDEX ",
                                    "ALTER TABLE ",
                                    "'<hostile>'",
                                    "char(27)",
                                    "9e999",
                                    "-9223372036854775808",
                                    "NULL",
                                    "zeroblob(1000)",
                                    "x'00ff'",
                                    "; ",
                                    " = ",
                                    ", ",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "lying_store",
                                                        .max_bytes = 1024,
                                                        .read = read_sql,
                                                        .add_seeds = add_seeds,
                                                        .word = words,
                                                        .ends_in_zero = true};
