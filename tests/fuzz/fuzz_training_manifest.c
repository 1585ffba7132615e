/* fuzz_training_manifest.c - manifests of trainings. */
#include "harness/training/training_manifest.h"
#include "tests/fuzz/fuzz.h"

static void read_manifest(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_mistakes mistakes;
    ftdn_training_manifest manifest;
    ftdn_arena_init(&arena);
    ftdn_mistakes_init(&mistakes, &arena);
    ftdn_status status =
        ftdn_training_manifest_parse(bytes, n_bytes, "folder/x.json", &arena, &mistakes, &manifest, &err);
    if (ftdn_fuzz_is_read(status, &err, ".json:")) {
        FTDN_FUZZ_CHECK(manifest.n_steps > 0 && manifest.batch > 0 && manifest.checkpoint_every > 0);
        FTDN_FUZZ_CHECK(manifest.average >= 0 && manifest.average < 1);
    }
    ftdn_fuzz_check_memory(&arena, n_bytes, 1 << 20, 4096);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_quoted(
        corpus, "{'manifest_version': 1, 'name': 'small', 'model': {'name': 'ssd_mobilenet_v1', 'width': 0.1},\n"
                " 'dataset': {'kind': 'road', 'split': 'train', 'images': 5},\n"
                " 'validation': {'dataset': {'kind': 'road', 'split': 'validation', 'images': 2}, 'every': 5},\n"
                " 'training': {'steps': 20, 'learning_rate': 0.01, 'batch': 3, 'average': 0.9, 'seed': 3},\n"
                " 'augmentation': {'mirror': true, 'photometric': 1, 'expand': 0.5, 'crop': true}}");
    ftdn_fuzz_add_quoted(
        corpus, "{'manifest_version': 1, 'name': 'own', 'model': {'name': 'ssd_vgg16', 'weights': 'a.pth'},\n"
                " 'dataset': {'kind': 'coco', 'root': 'd', 'split': 'train', 'classes': ['a', 'b'],\n"
                "  'rename': {'x': 'a'}, 'other_classes': 'ignore'},\n"
                " 'validation': {'dataset': {'kind': 'voc', 'root': 'd', 'split': 'val', 'classes': ['a', 'b']}},\n"
                " 'training': {'steps': 10, 'optimizer': 'adam', 'warmup': 3}}");
}

static const char *const words[] = {"\"training\"",
                                    "\"validation\"",
                                    "\"augmentation\"",
                                    "\"optimizer\"",
                                    "\"momentum\"",
                                    "\"weight_decay\"",
                                    "\"adam\"",
                                    "\"sgd\"",
                                    "\"warmup\"",
                                    "\"schedule\"",
                                    "\"checkpoint_every\"",
                                    "\"every\"",
                                    "\"average\"",
                                    "\"half\"",
                                    "\"classes\"",
                                    "\"rename\"",
                                    "\\u001b[2J",
                                    "null",
                                    "{}",
                                    "[]",
                                    ",",
                                    ":",
                                    "{",
                                    "}",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "training_manifest", .max_bytes = 4096, .read = read_manifest, .add_seeds = add_seeds, .word = words};
