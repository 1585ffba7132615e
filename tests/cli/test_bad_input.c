/* test_bad_input.c - campaigns that cannot be run: what is said, what is answered, and that nothing is written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/cli/cli_campaign.h"
#include "tests/engine/make_pth.h"

#define SMALL_MODEL "'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.25}"
#define VOC "'dataset': {'kind': 'voc', 'root': 'voc'}"
#define SCENES "'dataset': {'kind': 'test_scenes', 'images': 1}"
#define HEAD "{'manifest_version': 1, 'name': 'bad',\n "
#define WEIGHTS_PLACE "bad.json:2:51: model.weights: " /* of write_manifest_with_weights */
#define ROOT_PLACE "bad.json:3:37: dataset.root: "     /* of VOC behind the model */

/* What is said of a pickle that names os.system. */
#define REFUSED                                                                                                        \
    "the name 'os.system' is refused: a weight file may name tensors, their storages and dicts, and no code\n"

#define NOBODY 65534

/* Run and plan the manifest bad.json; both fail with the exit code and say exactly this on stderr, and in the current
 * folder nothing is new or gone. */
static void assert_refused(ftdn_arena *arena, int exit_code, const char *said)
{
    static const char *const commands[] = {"plan", "run"};
    int n_entries = ftdn_cli_count_entries(".");
    for (int i = 0; i < 2; i++) {
        ftdn_cli_result result = FTDN_CLI(arena, commands[i], "bad.json");
        if (result.exit_code != exit_code) fail_msg("exit code %d: %s", result.exit_code, result.err);
        assert_string_equal(result.err, said);
        assert_string_equal(result.out, "");
        assert_int_equal(ftdn_cli_count_entries("."), n_entries);
    }
}

/* The same for what only a run sees. */
static void assert_run_refused(ftdn_arena *arena, const char *db, int exit_code, const char *said)
{
    int n_entries = ftdn_cli_count_entries(".");
    ftdn_cli_result result = db ? FTDN_CLI(arena, "run", "bad.json", "--db", db) : FTDN_CLI(arena, "run", "bad.json");
    if (result.exit_code != exit_code) fail_msg("exit code %d: %s", result.exit_code, result.err);
    assert_string_equal(result.err, said);
    assert_string_equal(result.out, "");
    assert_int_equal(ftdn_cli_count_entries("."), n_entries);
}

typedef struct wrong_manifest {
    const char *text, *said;
} wrong_manifest;

static void mistakes_of_a_manifest_are_exit_code_3_with_line_and_column(void **state)
{
    static const wrong_manifest cases[] = {
        {HEAD SMALL_MODEL ",\n " SCENES ",\n 'sed': 1}",
         "bad.json:4:2: sed: unknown key; allowed: $schema, manifest_version, name, description, extends, defaults, "
         "model, "
         "dataset, evaluate, engine, faults, protection, calibration, seed, sweep, sweeps; did you mean 'seed'?\n"
         "ftdn: 1 mistake in 'bad.json'; nothing was run\n"},
        {HEAD SMALL_MODEL ",\n " SCENES ",\n 'seed': 1, 'seed': 2}",
         "bad.json:4:13: seed: key given twice in one object; allowed: once\n"
         "ftdn: 1 mistake in 'bad.json'; nothing was run\n"},
        {HEAD SMALL_MODEL ",\n " SCENES ",\n 'faults': {'weight_rate': '0.1'}}",
         "bad.json:4:28: faults.weight_rate: a string is not allowed; allowed: a number in [0, 1]\n"
         "ftdn: 1 mistake in 'bad.json'; nothing was run\n"},
        {HEAD SMALL_MODEL ",\n " SCENES ",\n 'faults': {'weight_rate': 1.5}}",
         "bad.json:4:28: faults.weight_rate: 1.5 is not allowed; allowed: a number in [0, 1]\n"
         "ftdn: 1 mistake in 'bad.json'; nothing was run\n"},
        {HEAD SMALL_MODEL ",\n " SCENES ",\n 'sweep': {'grid': {'faults.feature_map_rate': [0, 0.1,\n  -0.1]}}}",
         "bad.json:5:3: sweep.grid.faults.feature_map_rate[2]: -0.1 is not allowed; allowed: a number in [0, 1]\n"
         "ftdn: 1 mistake in 'bad.json'; nothing was run\n"},
        {HEAD SMALL_MODEL ",\n " SCENES "}\n}", "ftdn: bad.json:4:1: unexpected text behind the value\n"},
        {HEAD "'model': {'name': 'ssd_mobilenet_v1', 'weights': '${FTDN_SHARED}/w.pth'},\n " SCENES "}",
         "bad.json:2:51: model.weights: environment variable FTDN_SHARED is not set\n"
         "ftdn: 1 mistake in 'bad.json'; nothing was run\n"},
        {HEAD "'model': {'name': 'ssd_mobilenet', 'weights': 'formula:0', 'width': 0},\n 'dataset': {'kind': 'voc'},\n"
              " 'fauls': {},\n 'seed': 0.5, 'name': 'again'}",
         "bad.json:2:20: model.name: 'ssd_mobilenet' is not allowed; allowed: ssd_vgg16, ssd_mobilenet_v1, "
         "ssd_mobilenet_v1_tf; did you mean 'ssd_mobilenet_v1'?\n"
         "bad.json:2:70: model.width: 0 is not allowed; allowed: a number in (0, 4]\n"
         "bad.json:3:13: dataset.root: missing for kind 'voc'; allowed: a path\n"
         "bad.json:4:2: fauls: unknown key; allowed: $schema, manifest_version, name, description, extends, defaults, "
         "model, "
         "dataset, evaluate, engine, faults, protection, calibration, seed, sweep, sweeps; did you mean 'faults'?\n"
         "bad.json:5:10: seed: 0.5 is not allowed; allowed: an integer in [0, 9007199254740992]\n"
         "bad.json:5:15: name: key given twice in one object; allowed: once\n"
         "ftdn: 6 mistakes in 'bad.json'; nothing was run\n"},
    };
    ftdn_cli_place *place = *state;
    const char *shared = getenv("FTDN_SHARED");
    char *copy = shared ? strdup(shared) : NULL;
    unsetenv("FTDN_SHARED");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_cli_write_quoted("bad.json", "%s", cases[i].text);
        assert_refused(&place->arena, 3, cases[i].said);
    }
    if (copy) setenv("FTDN_SHARED", copy, true);
    free(copy);
}

static void parts_that_do_not_fit_together_are_exit_code_3(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_quoted("bad.json",
                          HEAD "'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.25,\n"
                               "  'classes': 5},\n " SCENES "}");
    assert_refused(arena, 3,
                   "ftdn: bad.json:3:14: model.classes: the model has 5 classes, the dataset (test scenes, seed "
                   "0, 1 image) has 20\n");
    ftdn_cli_write_quoted("bad.json",
                          HEAD SMALL_MODEL ",\n " SCENES ",\n 'faults': {'scope': ['base_net.1.*', 'base_nt.5.3']}}");
    assert_refused(arena, 3,
                   "ftdn: bad.json:4:22: faults.scope: no layer matches 'base_nt.5.3'; a layer of this network "
                   "is called 'base_net.5.3'\n");
    ftdn_cli_write_quoted("bad.json", HEAD SMALL_MODEL ",\n " SCENES ",\n 'sweep': {'grid': {'seed': [1, 2], "
                                                       "'faults.scope.feature_maps': ['all',\n  ['stem']]}}}");
    assert_refused(arena, 3,
                   "ftdn: bad.json:5:3: faults.scope.feature_maps: no layer matches 'stem'; a layer of this "
                   "network is called 'base_net.0.0'\n");
}

static void a_manifest_that_is_not_there_is_exit_code_4(void **state)
{
    ftdn_cli_place *place = *state;
    assert_refused(&place->arena, 4, "ftdn: bad.json: No such file or directory\n");
    assert_int_equal(mkdir("bad.json", 0777), 0);
    assert_refused(&place->arena, 4, "ftdn: bad.json: is a folder\n");
}

static void write_manifest_with_weights(const char *weights)
{
    ftdn_cli_write_quoted("bad.json", HEAD "'model': {'name': 'ssd_mobilenet_v1', 'weights': '%s'},\n " SCENES "}",
                          weights);
}

/* A safetensors file of one tensor, zeros in the shape [8,3,3,2]. n_bytes: of the file, at most all of it. */
static void write_one_tensor(const char *path, size_t n_cut)
{
    static const char header[] = "{\"base_net.0.0.weight\":{\"dtype\":\"F32\",\"shape\":[8,3,3,2],"
                                 "\"data_offsets\":[0,576]}} ";
    ftdn_text file;
    ftdn_text_init(&file);
    append_number(&file, sizeof header - 1, 8);
    ftdn_text_append_bytes(&file, header, sizeof header - 1);
    for (int i = 0; i < 576 / 8; i++) append_number(&file, 0, 8);
    assert_false(file.failed);
    ftdn_test_write_file(path, file.chars, file.n_chars - n_cut);
    ftdn_text_done(&file);
}

static void weights_that_cannot_be_read_are_exit_code_4(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_manifest_with_weights("missing.safetensors");
    assert_refused(arena, 4, "ftdn: " WEIGHTS_PLACE "missing.safetensors: No such file or directory\n");

    write_one_tensor("cut.safetensors", 1);
    write_manifest_with_weights("cut.safetensors");
    assert_refused(arena, 4,
                   "ftdn: " WEIGHTS_PLACE
                   "cut.safetensors: tensor 'base_net.0.0.weight': data_offsets [0,576] do not lie in "
                   "the 575 bytes of values\n");
    ftdn_cli_write_quoted("text.pth", "these are no weights\n");
    write_manifest_with_weights("text.pth");
    assert_refused(arena, 4,
                   "ftdn: " WEIGHTS_PLACE "text.pth: neither safetensors nor a PyTorch file by its first bytes\n");
}

static void weights_of_another_shape_name_the_layer_and_both_shapes(void **state)
{
    ftdn_cli_place *place = *state;
    write_one_tensor("w.safetensors", 0);
    write_manifest_with_weights("w.safetensors");
    assert_refused(&place->arena, 4,
                   "ftdn: " WEIGHTS_PLACE "w.safetensors: does not fit the network, 175 mistakes:\n"
                   "  base_net.0.0.weight: shape [8,3,3,2] in the file, [32,3,3,3] in the network\n"
                   "  base_net.0.1.weight: missing, shape [32] wanted\n"
                   "  base_net.0.1.bias: missing, shape [32] wanted\n"
                   "  base_net.0.1.running_mean: missing, shape [32] wanted\n"
                   "  base_net.0.1.running_var: missing, shape [32] wanted\n"
                   "  base_net.1.0.weight: missing, shape [32,1,3,3] wanted\n"
                   "  base_net.1.1.weight: missing, shape [32] wanted\n"
                   "  base_net.1.1.bias: missing, shape [32] wanted\n"
                   "  base_net.1.1.running_mean: missing, shape [32] wanted\n"
                   "  base_net.1.1.running_var: missing, shape [32] wanted\n"
                   "  base_net.1.3.weight: missing, shape [64,32,1,1] wanted\n"
                   "  base_net.1.4.weight: missing, shape [64] wanted\n"
                   "  and 163 more\n");
}

static void real_weights_of_another_network_or_cut_short_are_refused(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *trained = ftdn_test_shared_path(arena, "data/weights/ssd_mobilenet_v1_075_coco.safetensors");
    write_manifest_with_weights(trained);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "bad.json");
    ftdn_cli_assert_fails(result, 4,
                          "/ssd_mobilenet_v1_075_coco.safetensors: does not fit the network, 270 mistakes:\n"
                          "  base_net.0.0.weight: missing, shape [32,3,3,3] wanted\n");
    write_manifest_with_weights(ftdn_test_shared_path(arena, "golden/pth/version-slim-320.pth"));
    result = FTDN_CLI(arena, "run", "bad.json");
    ftdn_cli_assert_fails(result, 4, "/version-slim-320.pth: does not fit the network, ");

    ftdn_cli_cut_file(arena, trained, "w.safetensors", 1000000);
    write_manifest_with_weights("w.safetensors");
    assert_refused(arena, 4,
                   "ftdn: " WEIGHTS_PLACE
                   "w.safetensors: tensor 'block7.pointwise.weight': data_offsets [624000,1213824] do not "
                   "lie in the 990416 bytes of values\n");
    ftdn_cli_cut_file(arena, ftdn_test_shared_path(arena, "golden/pth/version-slim-320.pth"), "w.pth", 20000);
    write_manifest_with_weights("w.pth");
    assert_refused(arena, 4,
                   "ftdn: " WEIGHTS_PLACE
                   "w.pth: checkpoint: byte 20000 of the pickle: 1 more bytes should follow, but only 0 do\n");
    ftdn_cli_cut_file(arena, ftdn_test_shared_path(arena, "golden/pth/mobilenet_base.zip.pth"), "w.pth", 100000);
    write_manifest_with_weights("w.pth");
    assert_refused(
        arena, 4, "ftdn: " WEIGHTS_PLACE "w.pth: zip archive: archive_read_open_memory: Unrecognized archive format\n");
}

/* {"x": os.system("touch touched")}, as a checkpoint would be saved. */
static void pickle_command(ftdn_text *text)
{
    PICKLE_BYTES(text, "\200\002}");
    pickle_text(text, "x");
    PICKLE_BYTES(text, "cos\nsystem\n(");
    pickle_text(text, "touch touched");
    PICKLE_BYTES(text, "tRs.");
}

static void a_checkpoint_that_calls_a_command_is_refused_and_nothing_is_called(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_text pickle, legacy;
    zip_maker zip = {0};
    ftdn_text_init(&pickle);
    ftdn_text_init(&legacy);
    pickle_command(&pickle);
    legacy_begin(&legacy);
    ftdn_text_append_bytes(&legacy, pickle.chars, pickle.n_chars);
    legacy_add_storage(&legacy, "0", 0, "", 0);
    zip_add(&zip, "net/data.pkl", pickle.chars, pickle.n_chars);
    zip_finish(&zip);
    ftdn_test_write_file("bare.pth", pickle.chars, pickle.n_chars);
    ftdn_test_write_file("legacy.pth", legacy.chars, legacy.n_chars);
    ftdn_test_write_file("zip.pth", zip.file.chars, zip.file.n_chars);
    ftdn_text_done(&pickle);
    ftdn_text_done(&legacy);
    zip_done(&zip);

    write_manifest_with_weights("legacy.pth");
    assert_refused(arena, 4, "ftdn: " WEIGHTS_PLACE "legacy.pth: checkpoint: byte 54 of the pickle: " REFUSED);
    write_manifest_with_weights("zip.pth");
    assert_refused(arena, 4, "ftdn: " WEIGHTS_PLACE "zip.pth: net/data.pkl: byte 9 of the pickle: " REFUSED);
    write_manifest_with_weights("bare.pth");
    assert_refused(arena, 4, "ftdn: " WEIGHTS_PLACE "bare.pth: magic number: byte 9 of the pickle: " REFUSED);
    assert_false(ftdn_file_exists("touched"));
}

/* The first n_bytes of a file are what is left of it. */
static void cut(const char *path, off_t n_bytes)
{
    if (truncate(path, n_bytes) != 0) fail_msg("%s: %s", path, strerror(errno));
}

static void images_that_cannot_be_read_are_exit_code_4(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    size_t n_bytes;
    ftdn_cli_write_quoted("bad.json", HEAD SMALL_MODEL ",\n " VOC "}");
    assert_refused(arena, 4,
                   "ftdn: " ROOT_PLACE
                   "voc/ImageSets/Main/test.txt: No such file or directory; the root of a VOC dataset holds "
                   "ImageSets, Annotations and JPEGImages\n");

    ftdn_cli_write_voc("voc");
    ftdn_cli_load(arena, "voc/JPEGImages/b.jpg", &n_bytes);
    cut("voc/JPEGImages/b.jpg", (off_t)n_bytes - 20);
    assert_run_refused(arena, NULL, 4, "ftdn: voc/JPEGImages/b.jpg: unreadable JPEG: Premature end of JPEG file\n");
    cut("voc/JPEGImages/b.jpg", 2);
    assert_refused(arena, 4, "ftdn: " ROOT_PLACE "voc/JPEGImages/b.jpg: unreadable JPEG: it holds no image\n");
    assert_int_equal(unlink("voc/JPEGImages/b.jpg"), 0);
    assert_refused(arena, 4, "ftdn: " ROOT_PLACE "voc/JPEGImages/b.jpg: No such file or directory\n");

    ftdn_cli_write_voc("voc");
    cut("voc/Annotations/c.xml", 60);
    assert_refused(arena, 4, "ftdn: " ROOT_PLACE "voc/Annotations/c.xml:4:16: broken XML: unclosed token\n");
    ftdn_cli_write_quoted(
        "voc/Annotations/c.xml",
        "<annotation>\n<object>\n <name>unicorn</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object></annotation>\n");
    assert_refused(arena, 4,
                   "ftdn: " ROOT_PLACE
                   "1 class that the network lacks (where it has one by another name, say so in \"rename\"; "
                   "\"other_classes\": \"ignore\" leaves such objects out):\n"
                   "  'unicorn' of 1 object, the first at voc/Annotations/c.xml:3:8\n");
    assert_int_equal(unlink("voc/Annotations/c.xml"), 0);
    assert_refused(arena, 4, "ftdn: " ROOT_PLACE "voc/Annotations/c.xml: No such file or directory\n");

    ftdn_cli_write_voc("voc");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "bad.json", "--quiet"));
    ftdn_cli_assert_whole(arena, "results/bad.db");
}

/* One line for each, in the order of the manifest, and every trial is looked at; what is good is not told. */
static void all_inputs_that_cannot_be_used_are_told_at_once(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_one_tensor("w.safetensors", 0);
    ftdn_cli_write_voc("voc");
    ftdn_cli_write_quoted("voc/Annotations/c.xml",
                          "<annotation><object><name>unicorn</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
                          "<ymax>9</ymax></bndbox></object></annotation>\n");
    ftdn_cli_write_quoted("bad.json", HEAD
                          "'model': {'name': 'ssd_mobilenet_v1', 'weights': 'none.pth', 'width': 0.25},\n " VOC ",\n "
                          "'calibration': {'kind': 'voc', 'root': 'other', 'split': 'trainval'},\n 'protection': "
                          "{'method': 'kr', 'ranking': 'entropy', 'ratio': 0.5},\n 'sweep': {'grid': {'seed': [0, 1],\n"
                          "  'model.weights': ['formula:1', 'formula:2', 'w.safetensors', 'gone.pth']}}}");
    ftdn_cli_result result = FTDN_CLI(arena, "run", "bad.json");
    assert_refused(arena, 4, result.err);
    static const char *const said[] = {
        ROOT_PLACE "1 class that the network lacks (where it has one by another name, say so in ",
        ": 'unicorn' of 1 object, the first at voc/Annotations/c.xml:1:27\n"
        "bad.json:4:41: calibration.root: other/ImageSets/Main/trainval.txt: No such file or directory; the root of a "
        "VOC dataset holds ImageSets, Annotations and JPEGImages\n"
        "bad.json:7:47: model.weights: w.safetensors: does not fit the network, ",
        " mistakes: base_net.0.0.weight: shape [8,3,3,2] in the file, [8,3,3,3] in the network; base_net.0.1.weight: "
        "missing, shape [8] wanted; ",
        "\nbad.json:7:64: model.weights: gone.pth: No such file or directory\n"
        "ftdn: 4 inputs of 'bad.json' cannot be used; nothing was run\n"};
    assert_int_equal(strncmp(result.err, said[0], strlen(said[0])), 0);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) ftdn_cli_assert_says(result.err, said[i]);
}

static void an_image_that_breaks_later_leaves_the_store_as_it_was(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    size_t n_before, n_after, n_bytes;
    ftdn_cli_write_voc("voc");
    ftdn_cli_write_quoted("bad.json", HEAD SMALL_MODEL ",\n " VOC "}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "bad.json", "--quiet"));
    const char *before = ftdn_cli_load(arena, "results/bad.db", &n_before);
    ftdn_cli_load(arena, "voc/JPEGImages/a.jpg", &n_bytes);
    cut("voc/JPEGImages/a.jpg", (off_t)n_bytes - 20);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "bad.json", "--quiet");
    ftdn_cli_assert_fails(result, 4, "ftdn: voc/JPEGImages/a.jpg: unreadable JPEG: Premature end of JPEG file\n");
    const char *after = ftdn_cli_load(arena, "results/bad.db", &n_after);
    assert_int_equal(n_after, n_before);
    assert_memory_equal(after, before, n_before);
    assert_int_equal(ftdn_cli_count_entries("results"), 1);
}

/* An SQLite file whose pages were never ours: the header of an empty database, with another application id. */
static void write_foreign_store(const char *path)
{
    unsigned char page[512] = "SQLite format 3";
    page[16] = 2; /* 512 bytes a page */
    page[18] = page[19] = 1;
    page[21] = 64;
    page[22] = page[23] = 32;
    page[31] = 1; /* pages */
    page[47] = 4; /* schema format */
    page[59] = 1; /* UTF-8 */
    memcpy(page + 68, "OTHR", 4);
    page[100] = 13; /* an empty table leaf */
    page[105] = 2;
    ftdn_test_write_file(path, page, sizeof page);
}

static void a_store_that_is_none_of_ours_is_exit_code_5_and_stays_as_it_is(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_quoted("bad.json", HEAD SMALL_MODEL ",\n " SCENES "}");
    static const char *const paths[] = {"text.db", "other.db"};
    static const char *const said[] = {
        "ftdn: store 'text.db' is not an SQLite file\n",
        "ftdn: store 'other.db' is an SQLite file of another program (application id 0x4f544852)\n"};
    ftdn_cli_write_quoted(paths[0], "A list of things to do\n");
    write_foreign_store(paths[1]);
    for (int i = 0; i < 2; i++) {
        size_t n_before, n_after;
        const char *before = ftdn_cli_load(arena, paths[i], &n_before);
        assert_run_refused(arena, paths[i], 5, said[i]);
        ftdn_cli_assert_fails(FTDN_CLI(arena, "plan", "bad.json", "--db", paths[i]), 5, said[i]);
        const char *after = ftdn_cli_load(arena, paths[i], &n_after);
        assert_int_equal(n_after, n_before);
        assert_memory_equal(after, before, n_before);
    }
}

static void a_place_where_no_store_can_be_is_exit_code_5(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_quoted("bad.json", HEAD SMALL_MODEL ",\n " SCENES "}");
    assert_run_refused(arena, "bad.json/a.db", 5,
                       "ftdn: store 'bad.json/a.db': bad.json: folder cannot be created: File exists\n");
    assert_int_equal(mkdir("folder.db", 0777), 0);
    assert_run_refused(arena, "folder.db", 5, "ftdn: store 'folder.db' is a folder\n");
    ftdn_cli_write_quoted("results", "a file where the folder should be\n");
    assert_run_refused(arena, NULL, 5,
                       "ftdn: store 'results/bad.db': results: folder cannot be created: File exists\n");
}

static void drop_privileges(void)
{
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) _exit(127);
}

static ftdn_cli_result run_without_privileges(ftdn_arena *arena)
{
    const ftdn_cli_launch_desc desc = {
        .words = (const char *const[]){"run", "bad.json", NULL},
        .stdout_fd = -1,
        .stderr_fd = -1,
        .prepare = drop_privileges,
    };
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    ftdn_cli_result result = ftdn_cli_wait(arena, &process);
    if (result.exit_code == 127) skip(); /* the program lies where not everybody may look */
    return result;
}

static void a_folder_or_store_that_is_read_only_is_exit_code_5(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_quoted("bad.json", HEAD SMALL_MODEL ",\n " SCENES "}");
    assert_int_equal(chmod("bad.json", 0444), 0);
    assert_int_equal(chmod(place->folder, 0555), 0);
    ftdn_cli_result in_folder = run_without_privileges(arena);
    assert_int_equal(chmod(place->folder, 0755), 0);
    ftdn_cli_assert_fails(in_folder, 5, "results: folder cannot be created: Permission denied\n");
    assert_int_equal(ftdn_cli_count_entries("."), 1);

    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "bad.json", "--quiet"));
    assert_int_equal(chmod("results/bad.db", 0444), 0);
    ftdn_cli_assert_fails(run_without_privileges(arena), 5,
                          "store 'results/bad.db' cannot be written: 'results/bad.db.lock': Permission denied\n");
    assert_int_equal(chmod("results/bad.db", 0666), 0);
    assert_int_equal(chmod("results", 0555), 0);
    ftdn_cli_assert_fails(run_without_privileges(arena), 5,
                          "store 'results/bad.db' cannot be written: 'results/bad.db.lock': Permission denied\n");
    assert_int_equal(chmod("results", 0755), 0);
    ftdn_cli_assert_whole(arena, "results/bad.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(mistakes_of_a_manifest_are_exit_code_3_with_line_and_column),
        FTDN_CAMPAIGN_TEST(parts_that_do_not_fit_together_are_exit_code_3),
        FTDN_CAMPAIGN_TEST(a_manifest_that_is_not_there_is_exit_code_4),
        FTDN_CAMPAIGN_TEST(real_weights_of_another_network_or_cut_short_are_refused),
        FTDN_CAMPAIGN_TEST(weights_that_cannot_be_read_are_exit_code_4),
        FTDN_CAMPAIGN_TEST(weights_of_another_shape_name_the_layer_and_both_shapes),
        FTDN_CAMPAIGN_TEST(a_checkpoint_that_calls_a_command_is_refused_and_nothing_is_called),
        FTDN_CAMPAIGN_TEST(images_that_cannot_be_read_are_exit_code_4),
        FTDN_CAMPAIGN_TEST(all_inputs_that_cannot_be_used_are_told_at_once),
        FTDN_CAMPAIGN_TEST(an_image_that_breaks_later_leaves_the_store_as_it_was),
        FTDN_CAMPAIGN_TEST(a_store_that_is_none_of_ours_is_exit_code_5_and_stays_as_it_is),
        FTDN_CAMPAIGN_TEST(a_place_where_no_store_can_be_is_exit_code_5),
        FTDN_CAMPAIGN_TEST(a_folder_or_store_that_is_read_only_is_exit_code_5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
