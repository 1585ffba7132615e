#include <stdio.h>
#include <stdlib.h>

#include "datasets/image.h"
#include "tests/cli/cli.h"

#define TRAINED "data/weights/ssd_mobilenet_v1_075_coco.safetensors"

static const char *text_of(const ftdn_json *object, const char *key)
{
    const ftdn_json *member = ftdn_cli_member(object, key);
    assert_int_equal(member->kind, FTDN_JSON_STRING);
    return member->string;
}

static long long count_of(const ftdn_json *object, const char *key)
{
    long long count = -1;
    if (!ftdn_json_get_integer(ftdn_cli_member(object, key), &count)) fail_msg("'%s' is no integer", key);
    return count;
}

static const ftdn_json *inspect_json(ftdn_arena *arena, const char *subject, const char *name)
{
    ftdn_cli_result result = FTDN_CLI(arena, "inspect", subject, name, "--json");
    ftdn_cli_assert_done(result);
    return ftdn_cli_parse(arena, result.out);
}

/* golden: one file's member of tensors.json. */
static void assert_same_tensors(const ftdn_json *tensors, const ftdn_json *golden)
{
    assert_int_equal(tensors->n_children, golden->n_children);
    for (int i = 0; i < tensors->n_children; i++) {
        const ftdn_json *tensor = tensors->child[i];
        const ftdn_json *wanted = ftdn_cli_member(golden, text_of(tensor, "name"));
        assert_string_equal(text_of(tensor, "sha256"), text_of(wanted, "sha256_of_float32_row_major"));
        const ftdn_json *shape = ftdn_cli_member(tensor, "shape"), *wanted_shape = ftdn_cli_member(wanted, "shape");
        assert_int_equal(shape->n_children, wanted_shape->n_children);
        for (int d = 0; d < shape->n_children; d++)
            assert_true(shape->child[d]->number == wanted_shape->child[d]->number);
    }
}

static void weights_have_the_names_shapes_and_digests_of_the_golden_list(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *folder = ftdn_test_shared_path(arena, "golden/pth");
    const ftdn_json *golden = ftdn_test_load_json(arena, ftdn_cli_path(arena, folder, "tensors.json"));
    assert_int_equal(golden->n_children, 7);
    for (int i = 0; i < golden->n_children; i++) {
        const char *name = golden->child[i]->key;
        const ftdn_json *answer = inspect_json(arena, "weights", ftdn_cli_path(arena, folder, name));
        assert_same_tensors(ftdn_cli_member(answer, "tensors"), golden->child[i]);
        assert_string_equal(text_of(answer, "format"), strstr(name, ".zip.") ? "pytorch zip" : "pytorch legacy");
    }
}

static void weights_are_listed_as_a_table(void **state)
{
    ftdn_cli_place *place = *state;
    const char *path = ftdn_test_shared_path(&place->arena, "golden/pth/odd_tensors.zip.pth");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "inspect", "weights", path);
    ftdn_cli_assert_done(result);
    assert_string_equal(
        result.out,
        "tensor      shape   type  elements  SHA-256 of the float32 values\n"
        "----------  ------  ----  --------  ----------------------------------------------------------------\n"
        "transposed  6x4     F32         24  1d0a60a3bee48d97823ea8094b14e01792d1c33fbcc99805f0453d87d81ba5e2\n"
        "offset      3x4     F32         12  ef40c83b37b2478bfc4c8583f7c741b94bea2973430cf8a27182fb70b678316c\n"
        "half        24      F16         24  45a99655901702d55ab6284a18aed6a5e16677181d16c7a7517b68c2ae2c0c7a\n"
        "double      24      F64         24  45a99655901702d55ab6284a18aed6a5e16677181d16c7a7517b68c2ae2c0c7a\n"
        "int64       5       I64          5  8deb90668ea3a6845d5c04454798ccb63829a88ff827892f2dc11c808baac7af\n"
        "empty       0x3     F32          0  e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        "scalar      scalar  F32          1  072e3304b03423a4767d28c5fed09f81d5190ff60a3d078c6c1350eeb8bee28b\n"
        "parameter   2x3x4   F32         24  45a99655901702d55ab6284a18aed6a5e16677181d16c7a7517b68c2ae2c0c7a\n"
        "bf16        24      BF16        24  45a99655901702d55ab6284a18aed6a5e16677181d16c7a7517b68c2ae2c0c7a\n"
        "\n9 tensors, 138 elements, pytorch zip\n");
}

static void safetensors_show_their_metadata(void **state)
{
    ftdn_cli_place *place = *state;
    const char *path = ftdn_test_shared_path(&place->arena, TRAINED);
    const ftdn_json *answer = inspect_json(&place->arena, "weights", path);
    assert_string_equal(text_of(answer, "format"), "safetensors");
    assert_int_equal(ftdn_cli_member(answer, "tensors")->n_children, 95);
    assert_string_equal(text_of(ftdn_cli_member(answer, "metadata"), "input"), "RGB 300x300, (x-128)/128");
    ftdn_cli_result table = FTDN_CLI(&place->arena, "inspect", "weights", path);
    ftdn_cli_assert_done(table);
    ftdn_cli_assert_says(table.out, "\n95 tensors, ");
    ftdn_cli_assert_says(table.out, "\nmodel: ssd_mobilenet_v1_075_tf\n");
}

/* A text from a file must not reach the terminal as a command: here ESC [ 2 J, which clears it. */
static void metadata_cannot_send_commands_to_the_terminal(void **state)
{
    ftdn_cli_place *place = *state;
    static const char header[] = "{\"__metadata__\":{\"note\":\"a\\u001b[2Jb\"},"
                                 "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    char file[128] = {(char)(sizeof header - 1)};
    memcpy(file + 8, header, sizeof header - 1);
    char *path = ftdn_cli_path(&place->arena, place->folder, "x.safetensors");
    ftdn_test_write_file(path, file, 8 + sizeof header - 1 + 4);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "inspect", "weights", path);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\nnote: a\\x1b[2Jb\n");
    const ftdn_json *metadata = ftdn_cli_member(inspect_json(&place->arena, "weights", path), "metadata");
    assert_string_equal(text_of(metadata, "note"), "a\x1b[2Jb");
}

static void bad_weight_files_are_exit_code_4_and_named(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const char evil[] = "\x80\x02"
                               "cposix\nsystem\nX\x0a\x00\x00\x00touch evil\x85R.";
    char *path = ftdn_cli_path(arena, place->folder, "evil.pth");
    ftdn_test_write_file(path, evil, sizeof evil - 1);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "weights", path), 4, "evil.pth: ");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "weights", path), 4, "the name 'posix.system' is refused");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "weights", place->folder), 4, ": is a folder\n");
    path = ftdn_cli_path(arena, place->folder, "none.pth");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "weights", path), 4, "none.pth: No such file or directory\n");
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
}

static void truncated_weight_files_are_exit_code_4_and_named(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const char *const files[][3] = {
        {TRAINED, "cut.safetensors", "tensor '"},
        {"golden/pth/version-slim-320.pth", "cut.legacy.pth", "storage '"},
        {"golden/pth/mobilenet_base.zip.pth", "cut.zip.pth", "zip archive: "},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = ftdn_cli_path(arena, place->folder, files[i][1]);
        ftdn_cli_cut_file(arena, ftdn_test_shared_path(arena, files[i][0]), path, 20000);
        ftdn_cli_result result = FTDN_CLI(arena, "inspect", "weights", path);
        ftdn_cli_assert_fails(result, 4, files[i][1]);
        if (i != 1) ftdn_cli_assert_says(result.err, files[i][2]);
    }
}

typedef struct network_row {
    const char *name;
    long long parameters, macs, priors, feature_weights, feature_map_elements;
} network_row;

/* Parameters and priors as published; 14.7 and 3.18 million weights, 24.4 and 4.9 million map elements in the
 * feature layers are the paper's numbers. */
static void graphs_have_the_published_sizes(void **state)
{
    ftdn_cli_place *place = *state;
    static const network_row rows[] = {
        {"ssd_vgg16", 26285998, 31373537792, 8732, 14710464, 24372480},
        {"ssd_mobilenet_v1", 9468996, 1526986688, 3000, 3184224, 4933120},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const ftdn_json *answer = inspect_json(&place->arena, "graph", rows[i].name);
        const ftdn_json *total = ftdn_cli_member(answer, "total"), *layers = ftdn_cli_member(answer, "layers");
        assert_string_equal(text_of(answer, "network"), rows[i].name);
        assert_int_equal(count_of(total, "parameters"), rows[i].parameters);
        assert_int_equal(count_of(total, "macs"), rows[i].macs);
        assert_int_equal(count_of(answer, "priors"), rows[i].priors);
        assert_int_equal(count_of(answer, "feature_weights"), rows[i].feature_weights);
        assert_int_equal(count_of(answer, "feature_map_elements"), rows[i].feature_map_elements);
        static const char *const sums[] = {"parameters", "macs", "map_elements", "weight_bytes", "map_bytes"};
        for (int s = 0; s < 5; s++) {
            long long sum = 0;
            for (int l = 0; l < layers->n_children; l++) sum += count_of(layers->child[l], sums[s]);
            assert_int_equal(sum, count_of(total, sums[s]));
        }
    }
}

static void a_graph_is_shown_as_a_table_with_totals(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_result result = FTDN_CLI(&place->arena, "inspect", "graph", "ssd_vgg16");
    ftdn_cli_assert_done(result);
    assert_int_equal(strncmp(result.out, "layer ", 6), 0);
    /* 3x3x64x128 weights and 128 biases; 150x150x128 outputs of 3x3x64 products each; 4 bytes a value. */
    ftdn_cli_assert_says(
        result.out, "\nbase_net.5                conv 3x3, relu            150x150x128      73,856   1,658,880,000     "
                    "2,880,000       295,424   11,520,000  weights, map\n");
    ftdn_cli_assert_says(result.out, "\nbase_net.31               conv 3x3 dilated 6, relu  19x19x1024 ");
    ftdn_cli_assert_says(result.out, "\nbase_net.4                max pool 2x2/2            150x150x64 ");
    ftdn_cli_assert_says(result.out, "\ntotal                                                            26,285,998  ");
    ftdn_cli_assert_says(result.out, "\nssd_vgg16, width 1, 20 classes, 8732 priors; ");
    result = FTDN_CLI(&place->arena, "inspect", "graph", "ssd_mobilenet_v1");
    ftdn_cli_assert_says(result.out, " 9,468,996 ");
    ftdn_cli_assert_says(result.out, "depthwise 3x3/2, batch norm, relu");
    /* A row of a narrow one: 3x3x8x16 weights and 16 biases. */
    result = FTDN_CLI(&place->arena, "inspect", "graph", "ssd_vgg16", "--width", "0.125");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\nbase_net.5                conv 3x3, relu            150x150x16       1,168 ");
    ftdn_cli_assert_says(result.out, "\nssd_vgg16, width 0.125, 20 classes, 8732 priors; ");
}

static void width_and_classes_change_the_graph(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_result result =
        FTDN_CLI(&place->arena, "inspect", "graph", "ssd_mobilenet_v1_tf", "--width=0.5", "--classes", "2", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *answer = ftdn_cli_parse(&place->arena, result.out);
    assert_true(ftdn_cli_member(answer, "width")->number == 0.5);
    assert_int_equal(count_of(answer, "classes"), 2);
    const ftdn_json *layers = ftdn_cli_member(answer, "layers");
    assert_string_equal(text_of(layers->child[1], "name"), "stem");
    assert_true(ftdn_cli_member(layers->child[1], "shape")->child[2]->number == 16);
    const ftdn_json *published = inspect_json(&place->arena, "graph", "ssd_mobilenet_v1_tf");
    assert_true(ftdn_cli_member(published, "width")->number == 0.75);
}

static void wrong_graphs_are_exit_code_2(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "graph", "ssd_vgg"), 2,
                          "there is no network 'ssd_vgg'; did you mean 'ssd_vgg16'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "graph", "ssd_vgg16", "--width", "0.05"), 2,
                          "width 0.05 is outside [0.1, 4]\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "graph", "ssd_vgg16", "--width", "wide"), 2, "--width: 'wide'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "graph", "ssd_vgg16", "--classes", "0"), 2, "--classes: '0'");
}

static void a_dataset_is_counted_class_by_class(void **state)
{
    ftdn_cli_place *place = *state;
    const char *root = ftdn_test_shared_path(&place->arena, "data/VOC2007-mini");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "inspect", "dataset", root, "test");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\nperson          118      306          0\n");
    ftdn_cli_assert_says(result.out, "\ntotal           300      975          0\n");
    result = FTDN_CLI(&place->arena, "inspect", "dataset", root, "calibration", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *answer = ftdn_cli_parse(&place->arena, result.out);
    assert_int_equal(count_of(answer, "images"), 64);
    assert_int_equal(strlen(text_of(answer, "sha256")), 64);
    assert_int_equal(ftdn_cli_member(answer, "classes")->n_children, 20);
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "inspect", "dataset", root, "tset"), 4,
                          "Main/tset.txt: No such file");
}

static void other_kinds_of_datasets_are_counted_too(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_result result = FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "-n", "3", "--seed", "5", "val");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\ntraffic_cone ");
    ftdn_cli_assert_says(result.out, "\nroad scenes 'val', seed 5, 3 images\nSHA-256 ");
    result = FTDN_CLI(arena, "inspect", "dataset", "--kind", "test_scenes", "-n", "2");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\ntest scenes, seed 0, 2 images\n");

    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "inspect", "dataset", "-k", "raod"), 2,
        "--kind: 'raod' is not allowed; allowed: voc, coco, road, test_scenes; did you mean 'road'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "x"), 2,
                          "kind 'voc' takes ROOT SPLIT; 1 argument is given\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "-k", "test_scenes", "x", "y"), 2,
                          "kind 'test_scenes' takes none; 2 arguments are given\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "x", "y", "--annotations", "z"), 2,
                          "--annotations: not of kind 'voc'\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "--classes", "z"), 2,
                          "--classes: not of kind 'road'\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "x", "y", "-c", "a,b,a"), 2,
                          "--classes: classes 0 and 2 are both called 'a'\n");
}

static ftdn_picture load_sheet(ftdn_arena *arena, const char *path)
{
    ftdn_error err = {0};
    ftdn_picture sheet;
    size_t n_bytes;
    const char *bytes = ftdn_cli_load(arena, path, &n_bytes);
    FTDN_ASSERT_OK(ftdn_picture_decode_jpeg(path, bytes, n_bytes, arena, &sheet, &err), err);
    return sheet;
}

/* Pixels that are clearly not grey. */
static int count_coloured(const ftdn_picture *sheet)
{
    int n = 0;
    for (int i = 0; i < sheet->width * sheet->height; i++) {
        const uint8_t *pixel = sheet->pixels + 3 * (size_t)i;
        n += abs(pixel[0] - pixel[1]) > 60 || abs(pixel[1] - pixel[2]) > 60;
    }
    return n;
}

static void the_images_of_a_dataset_are_shown_on_a_sheet(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *path = ftdn_cli_path(arena, place->folder, "sheet.jpg"), *bare = ftdn_cli_path(arena, place->folder, "b.jpg");
    ftdn_cli_result result =
        FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "test", "-n", "5", "--sheet", path, "--json");
    ftdn_cli_assert_done(result);
    assert_int_equal(count_of(ftdn_cli_parse(arena, result.out), "images"), 5);
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "test", "-n", "5", "--sheet", bare, "--without-boxes"));
    /* Five cells of 300 pixels in rows of three, six pixels between them; the sixth cell stays white. */
    ftdn_picture with = load_sheet(arena, path), without = load_sheet(arena, bare);
    assert_true(with.width == 924 && with.height == 618 && without.width == 924 && without.height == 618);
    for (int y = 320; y < 610; y++) {
        for (int x = 620 * 3; x < 920 * 3; x++) assert_true(with.pixels[y * 924 * 3 + x] > 250);
    }
    assert_int_equal(count_coloured(&without), 0);
    assert_true(count_coloured(&with) > 2000);

    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "-n", "301", "--sheet", path), 2,
                          "a sheet of 301 images; at most 300 fit, say --images N\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "-n", "1", "--sheet", "sheet.png"), 2,
                          "the output 'sheet.png' must end in .jpg: it is written as JPEG\n");
    char *nowhere = ftdn_cli_path(arena, place->folder, "no/sheet.jpg");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "inspect", "dataset", "-k", "road", "-n", "1", "--sheet", nowhere), 4,
                          "no/sheet.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(weights_have_the_names_shapes_and_digests_of_the_golden_list),
        FTDN_CLI_TEST(weights_are_listed_as_a_table),
        FTDN_CLI_TEST(safetensors_show_their_metadata),
        FTDN_CLI_TEST(metadata_cannot_send_commands_to_the_terminal),
        FTDN_CLI_TEST(bad_weight_files_are_exit_code_4_and_named),
        FTDN_CLI_TEST(truncated_weight_files_are_exit_code_4_and_named),
        FTDN_CLI_TEST(graphs_have_the_published_sizes),
        FTDN_CLI_TEST(a_graph_is_shown_as_a_table_with_totals),
        FTDN_CLI_TEST(width_and_classes_change_the_graph),
        FTDN_CLI_TEST(wrong_graphs_are_exit_code_2),
        FTDN_CLI_TEST(a_dataset_is_counted_class_by_class),
        FTDN_CLI_TEST(other_kinds_of_datasets_are_counted_too),
        FTDN_CLI_TEST(the_images_of_a_dataset_are_shown_on_a_sheet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
