/* test_flir.c - FLIR's thermal data sets, in the layout of their releases: inspected, evaluated, looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "datasets/image.h"
#include "tests/cli/cli_campaign.h"

enum { WIDTH = 640, HEIGHT = 512, N_CATEGORIES = 80 };

/* Categories of version 2 by their ids; those without a name here are unused ones of COCO's. */
static const char *const category_names[N_CATEGORIES + 1] = {
    [1] = "person", [2] = "bike",        [3] = "car",       [4] = "motor",    [6] = "bus",
    [7] = "train",  [8] = "truck",       [10] = "light",    [11] = "hydrant", [12] = "sign",
    [17] = "dog",   [37] = "skateboard", [73] = "stroller", [77] = "scooter", [79] = "other vehicle",
};

static const char *const frames[] = {"video-2Af3dwvs6YPfwSSf6-frame-000000-imW24bapJsHpTahce",
                                     "video-2Af3dwvs6YPfwSSf6-frame-000030-7bT4ymGbLKCeRyLoZ"};

static void create_folder(const char *path)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_folder_create(path, &err), err);
}

/* 8 bits after the camera's gain control. */
static void write_jpeg(const char *path, int brightness)
{
    ftdn_error err = {0};
    static uint8_t pixels[WIDTH * HEIGHT * 3];
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++) pixels[i] = (uint8_t)(brightness + i / 3 % WIDTH / 8);
    const ftdn_picture picture = {WIDTH, HEIGHT, pixels};
    FTDN_ASSERT_OK(ftdn_picture_write_jpeg(path, &picture, &err), err);
}

static size_t put(uint8_t *bytes, size_t at, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) bytes[at + i] = (uint8_t)(value >> 8 * i);
    return at + size;
}

/* Counts of 14 bits in a TIFF of 16, little-endian, one strip behind the list of tags. */
static void write_tiff(const char *path, int first_count)
{
    enum { N_TAGS = 9, PIXELS_AT = 8 + 2 + 12 * N_TAGS + 4, SHORT = 3, LONG = 4 };
    static const uint32_t tags[N_TAGS][3] = {{256, LONG, WIDTH}, {257, LONG, HEIGHT}, {258, SHORT, 16}, {259, SHORT, 1},
                                             {262, SHORT, 1}, {273, LONG, PIXELS_AT}, {277, SHORT, 1},
                                             {278, LONG, HEIGHT}, {279, LONG, 2 * WIDTH * HEIGHT}};
    static uint8_t bytes[PIXELS_AT + 2 * WIDTH * HEIGHT];
    size_t at = put(bytes, put(bytes, 0, 0x002a4949, 4), 8, 4);
    at = put(bytes, at, N_TAGS, 2);
    for (int i = 0; i < N_TAGS; i++) {
        at = put(bytes, at, tags[i][0], 2);
        at = put(bytes, at, tags[i][1], 2);
        at = put(bytes, put(bytes, at, 1, 4), tags[i][2], 4);
    }
    at = put(bytes, at, 0, 4);
    for (int i = 0; i < WIDTH * HEIGHT; i++) at = put(bytes, at, (uint32_t)(first_count + i % WIDTH), 2);
    assert_int_equal(at, sizeof bytes);
    ftdn_test_write_file(path, bytes, sizeof bytes);
}

static void append_annotation(ftdn_text *text, int id, int image, int category, const char *box)
{
    ftdn_text_append(text,
                     "%s\n        {'area': 4095, 'bbox': [%s], 'category_id': %d,\n"
                     "         'extra_info': {'human_annotated': 'human', 'occluded': 'no_(fully_visible)'},\n"
                     "         'id': %d, 'image_id': %d, 'iscrowd': false,\n"
                     "         'segmentation': [[495, 441, 586, 441, 495, 486, 586, 486]], 'track_id': %d}",
                     id == 1 ? "" : ",", box, category, id, image, id - 1);
}

/* coco.json of version 2: annotations before categories and images, as its keys are sorted. */
static void write_coco_json(const char *path)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\n    'annotations': [");
    append_annotation(&text, 1, 0, 3, "495, 441, 91, 45");
    append_annotation(&text, 2, 0, 1, "100, 200, 40, 90");
    append_annotation(&text, 3, 0, 12, "300, 20, 11, 11");
    append_annotation(&text, 4, 1, 2, "60, 210, 30, 40");
    append_annotation(&text, 5, 1, 17, "400, 300, 30, 20");
    append_annotation(&text, 6, 1, 3, "639, 100, 0, 20"); /* some have no width */
    ftdn_text_append(&text, "],\n    'categories': [");
    for (int id = 1; id <= N_CATEGORIES; id++) {
        ftdn_text_append(&text, "%s\n        {'id': %d, 'name': '", id == 1 ? "" : ",", id);
        if (category_names[id]) ftdn_text_append(&text, "%s", category_names[id]);
        else ftdn_text_append(&text, "unused %d", id);
        ftdn_text_append(&text, "', 'supercategory': 'unknown'}");
    }
    ftdn_text_append(&text, "],\n    'images': [");
    for (int i = 0; i < 2; i++) {
        ftdn_text_append(&text,
                         "%s\n        {'coco_url': '', 'date_captured': '', 'extra_info': {'hours': 'day',"
                         " 'scene': 'city', 'video_id': '2Af3dwvs6YPfwSSf6', 'weather': 'clouds'},\n"
                         "         'file_name': 'data/%s.jpg', 'flickr_url': '', 'height': 512, 'id': %d,"
                         " 'license': 1, 'width': 640}",
                         i ? "," : "", frames[i], i);
    }
    ftdn_text_append(&text, "],\n    'info': {}, 'licenses': []\n}\n");
    ftdn_cli_write_quoted(path, "%s", text.chars);
    ftdn_text_done(&text);
}

/* A folder of version 2. */
static void write_version_2(const char *folder)
{
    char path[256];
    static const char *const folders[] = {"data", "analyticsData"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        create_folder(path);
    }
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/data/%s.jpg", folder, frames[i]);
        write_jpeg(path, 40 + 20 * i);
        snprintf(path, sizeof path, "%s/analyticsData/%s.tiff", folder, frames[i]);
        write_tiff(path, 7000 + 100 * i);
    }
    snprintf(path, sizeof path, "%s/coco.json", folder);
    write_coco_json(path);
    snprintf(path, sizeof path, "%s/index.json", folder);
    ftdn_cli_write_quoted(path, "{'frames': []}");
}

#define CLASSES "person,bike,car,dog"
#define MANIFEST(dataset)                                                                                              \
    "{'manifest_version': 1, 'name': 'flir',\n"                                                                        \
    " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},\n"                                  \
    " 'dataset': {'kind': 'coco', " dataset ", 'classes': ['person', 'bicycle', 'car', 'dog'],\n"                      \
    "  'rename': {'bike': 'bicycle'}, 'other_classes': 'ignore'}}"

static void assert_evaluated(ftdn_arena *arena)
{
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "flir.json", "--quiet"));
    assert_string_equal(ftdn_cli_ask(arena, "results/flir.db", "SELECT class, objects FROM v_ap ORDER BY class"),
                        "class,objects\nbicycle,1\ncar,1\ndog,1\nperson,1\n");
    ftdn_cli_assert_answer(arena, "results/flir.db", "SELECT images FROM v_trials", 2);
}

static void version_2_is_inspected_and_evaluated_as_it_is(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_version_2("FLIR_ADAS_v2/images_thermal_val");
    write_version_2("FLIR_ADAS_v2/video_thermal_test");
    ftdn_cli_result result = FTDN_CLI(arena, "inspect", "dataset", "-k", "coco", "FLIR_ADAS_v2", "val");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\ncar                 1        1          0\n");
    ftdn_cli_assert_says(result.out, "\nother vehicle       0        0          0\n");
    ftdn_cli_assert_says(result.out, "COCO 'FLIR_ADAS_v2/images_thermal_val/coco.json', 2 images, 1 box without area "
                                     "left out\n");
    result = FTDN_CLI(arena, "inspect", "dataset", "-k", "coco", "FLIR_ADAS_v2", "test", "--sheet", "flir.jpg");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "COCO 'FLIR_ADAS_v2/video_thermal_test/coco.json', 2 images, ");
    assert_int_equal(access("flir.jpg", F_OK), 0);
    result = FTDN_CLI(arena, "inspect", "dataset", "-k", "coco", "FLIR_ADAS_v2", "val", "-c", CLASSES);
    ftdn_cli_assert_fails(result, 4,
                          "  'sign' of 1 object, the first at FLIR_ADAS_v2/images_thermal_val/coco.json:11:9");
    ftdn_cli_write_quoted("flir.json", MANIFEST("'root': 'FLIR_ADAS_v2', 'split': 'val'"));
    assert_evaluated(arena);
}

static void sixteen_bits_are_read_in_the_place_of_eight(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_version_2("FLIR_ADAS_v2/images_thermal_val");
    create_folder("flir16/val");
    assert_int_equal(symlink("../../FLIR_ADAS_v2/images_thermal_val/coco.json", "flir16/val/coco.json"), 0);
    assert_int_equal(symlink("../../FLIR_ADAS_v2/images_thermal_val/analyticsData", "flir16/val/data"), 0);
    ftdn_cli_result result = FTDN_CLI(arena, "inspect", "dataset", "-k", "coco", "flir16", "val");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "2 images, 1 box without area left out, 2 pictures with another suffix\n");
    ftdn_cli_write_quoted("flir.json", MANIFEST("'root': 'flir16', 'split': 'val'"));
    assert_evaluated(arena);
}

static void version_1_3_is_inspected_and_evaluated_as_it_is(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    create_folder("FLIR_ADAS_1_3/val/thermal_8_bit");
    create_folder("FLIR_ADAS_1_3/val/thermal_16_bit");
    write_jpeg("FLIR_ADAS_1_3/val/thermal_8_bit/FLIR_08863.jpeg", 60);
    write_jpeg("FLIR_ADAS_1_3/val/thermal_8_bit/FLIR_08864.jpeg", 80);
    write_tiff("FLIR_ADAS_1_3/val/thermal_16_bit/FLIR_08863.tiff", 7300);
    ftdn_text text;
    ftdn_text_init(&text);
    append_annotation(&text, 1, 0, 1, "10, 20, 30, 40");
    append_annotation(&text, 2, 0, 2, "10, 20, 30, 40");
    append_annotation(&text, 3, 1, 3, "10, 20, 30, 40");
    append_annotation(&text, 4, 1, 18, "10, 20, 30, 40");
    ftdn_cli_write_quoted("FLIR_ADAS_1_3/val/thermal_annotations.json",
                          "{'info': {}, 'licenses': [], 'images': [\n"
                          "  {'file_name': 'thermal_8_bit/FLIR_08863.jpeg', 'height': 512, 'id': 0, 'width': 640},\n"
                          "  {'file_name': 'thermal_8_bit/FLIR_08864.jpeg', 'height': 512, 'id': 1, 'width': 640}],\n"
                          " 'annotations': [%s],\n"
                          " 'categories': [{'id': 1, 'name': 'person'}, {'id': 2, 'name': 'bicycle'},\n"
                          "  {'id': 3, 'name': 'car'}, {'id': 18, 'name': 'dog'}, {'id': 91, 'name': 'other'}]}",
                          text.chars);
    ftdn_text_done(&text);
    ftdn_cli_write_quoted("flir.json", MANIFEST("'root': 'FLIR_ADAS_1_3', 'split': 'val'"));
    assert_evaluated(arena);
}

static void pictures_of_8_and_16_bits_are_detected_in(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const char *const paths[] = {"a.jpg", "a.tiff"};
    write_jpeg(paths[0], 60);
    write_tiff(paths[1], 7300);
    for (int i = 0; i < 2; i++) {
        ftdn_cli_result result = FTDN_CLI(arena, "detect", paths[i], "-m", "ssd_mobilenet_v1", "-w", "formula:0",
                                          "--width", "0.1", "-c", CLASSES, "-s", "0", "-o", "boxes.jpg", "--json");
        ftdn_cli_assert_done(result);
        const ftdn_json *answer = ftdn_cli_parse(arena, result.out);
        assert_true(ftdn_cli_member(answer, "width")->number == WIDTH);
        assert_true(ftdn_cli_member(answer, "height")->number == HEIGHT);
        assert_true(ftdn_cli_member(answer, "detections")->n_children > 0);
        assert_int_equal(unlink("boxes.jpg"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(version_2_is_inspected_and_evaluated_as_it_is),
        FTDN_CAMPAIGN_TEST(sixteen_bits_are_read_in_the_place_of_eight),
        FTDN_CAMPAIGN_TEST(version_1_3_is_inspected_and_evaluated_as_it_is),
        FTDN_CAMPAIGN_TEST(pictures_of_8_and_16_bits_are_detected_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
