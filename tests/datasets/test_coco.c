#include "tests/support/folder_per_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/fnv.h"
#include "datasets/coco_annotation.h"
#include "datasets/dataset.h"
#include "datasets/json_blank.h"
#include "datasets/picture_formats.h"
#include "tests/datasets/made_png.h"

/* Pictures of 40 x 30 pixels, ids and categories with gaps, a crowd, an image without objects and one in a folder. */
static const char whole[] =
    "{'info': {'year': 2026}, 'licenses': [],\n"
    " 'images': [\n"
    "  {'id': 900, 'file_name': 'a.png', 'width': 40, 'height': 30, 'license': 1},\n"
    "  {'id': 17, 'file_name': 'sub/b.png', 'width': 40, 'height': 30},\n"
    "  {'id': 3, 'file_name': 'c.png'}],\n"
    " 'categories': [\n"
    "  {'id': 90, 'name': 'toothbrush', 'supercategory': 'indoor'},\n"
    "  {'id': 3, 'name': 'car'},\n"
    "  {'id': 1, 'name': 'person'}],\n"
    " 'annotations': [\n"
    "  {'id': 7, 'image_id': 17, 'category_id': 3, 'bbox': [1.5, 2, 20.25, 10], 'area': 202.5, 'iscrowd': 0,\n"
    "   'segmentation': [[1.5, 2, 21.75, 2, 21.75, 12]]},\n"
    "  {'id': 5, 'image_id': 900, 'category_id': 90, 'bbox': [0, 0, 40, 30], 'area': 1200},\n"
    "  {'id': 6, 'image_id': 17, 'category_id': 1, 'bbox': [10, 20, 5, 5], 'iscrowd': 1,\n"
    "   'segmentation': {'counts': [2, 3], 'size': [30, 40]}},\n"
    "  {'id': 1234567890123, 'image_id': 17, 'category_id': 1, 'bbox': [11, 20, 5, 5], 'iscrowd': false}]}\n";

static const char *const two_classes[] = {"person", "vehicle"}, *const rename_car[] = {"car", "vehicle"};

/* What a test opens, and what it has opened last. */
static ftdn_coco_desc desc;
static ftdn_dataset *dataset;

/* Write a text, ' as ". */
static void write_quoted(const char *relative, const char *text)
{
    size_t n_chars = strlen(text);
    char *copy = ftdn_arena_copy_text(&arena, text, n_chars, NULL);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_test_write_file(path_of(relative), copy, n_chars);
}

/* Thermal counts of 16 bits; `first` tells pictures apart. */
static void write_picture(const char *relative, int first)
{
    static uint16_t samples[40 * 30];
    size_t n_bytes;
    for (int i = 0; i < 40 * 30; i++) samples[i] = (uint16_t)(22000 + (i * 7 + first * 31) % 500);
    const ftdn_made_png made = {.width = 40, .height = 30, .bits = 16, .channels = 1, .samples = samples};
    const uint8_t *bytes = ftdn_made_png_encode(&made, &arena, &n_bytes);
    ftdn_test_write_file(path_of(relative), bytes, n_bytes);
}

/* The folder in which a file will stand. */
static void create_folder_of(const char *relative)
{
    FTDN_ASSERT_OK(ftdn_folder_create(path_of(ftdn_path_folder(&arena, relative, &err)), &err), err);
}

/* Pictures below `images`, annotations at `annotations`. */
static void write_sample(const char *images, const char *annotations)
{
    static const char *const names[] = {"a.png", "sub/b.png", "c.png"};
    for (int i = 0; i < 3; i++) {
        const char *relative = ftdn_path_join(&arena, images, names[i], &err);
        create_folder_of(relative);
        write_picture(relative, i);
    }
    create_folder_of(annotations);
    write_quoted(annotations, whole);
}

static int set_up_coco(void **state)
{
    int result = set_up_folder(state);
    write_sample("val", "annotations/instances_val.json");
    desc = (ftdn_coco_desc){.root = folder, .split = "val"};
    return result;
}

static void close_dataset(void)
{
    ftdn_dataset_close(dataset);
    dataset = NULL;
}

static int tear_down_coco(void **state)
{
    close_dataset();
    return tear_down_folder(state);
}

static void open_well(void)
{
    close_dataset();
    FTDN_ASSERT_OK(ftdn_dataset_open_coco(&desc, &dataset, &err), err);
}

static void assert_refused(ftdn_status wanted, const char *message)
{
    close_dataset();
    FTDN_ASSERT_FAILS(ftdn_dataset_open_coco(&desc, &dataset, &err), wanted, message, err);
    assert_null(dataset);
}

static void assert_object(const ftdn_object *object, int class_index, bool difficult, float x0, float y0, float x1,
                          float y1)
{
    assert_int_equal(object->class_index, class_index);
    assert_int_equal(object->difficult, difficult);
    assert_true(object->x0 == x0 && object->y0 == y0 && object->x1 == x1 && object->y1 == y1);
}

static void objects_are_gathered_by_image_and_categories_by_id(void **state)
{
    (void)state;
    open_well();
    assert_int_equal(dataset->n_classes, 3);
    assert_string_equal(dataset->class_name[0], "person");
    assert_string_equal(dataset->class_name[1], "car");
    assert_string_equal(dataset->class_name[2], "toothbrush");
    assert_int_equal(dataset->n_images, 3);
    static const char *const names[] = {"a", "sub_b", "c"};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(dataset->image[i].name, names[i]);
        assert_true(dataset->image[i].id == ftdn_fnv1a64(names[i]));
        assert_true(dataset->image[i].width == 40 && dataset->image[i].height == 30);
    }
    assert_int_equal(dataset->image[0].n_objects, 1);
    assert_object(&dataset->image[0].object[0], 2, false, 0, 0, 40, 30);
    assert_int_equal(dataset->image[1].n_objects, 3);
    assert_object(&dataset->image[1].object[0], 1, false, 1.5f, 2, 21.75f, 12);
    assert_object(&dataset->image[1].object[1], 0, true, 10, 20, 15, 25);
    assert_object(&dataset->image[1].object[2], 0, false, 11, 20, 16, 25);
    assert_int_equal(dataset->image[2].n_objects, 0);
    const char *description =
        ftdn_arena_format(&arena, NULL, "COCO '%s/annotations/instances_val.json', 3 images", folder);
    assert_string_equal(dataset->description, description);
}

static void pictures_are_decoded_as_their_files_say(void **state)
{
    (void)state;
    open_well();
    FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, 16, 2, &err), err);
    static const char *const paths[] = {"val/a.png", "val/sub/b.png", "val/c.png"};
    for (int i = 0; i < 3; i++) {
        char *bytes;
        size_t n_bytes;
        ftdn_picture picture;
        uint8_t resized[16 * 16 * 3];
        FTDN_ASSERT_OK(ftdn_file_load(path_of(paths[i]), 1 << 20, &arena, &bytes, &n_bytes, &err), err);
        FTDN_ASSERT_OK(ftdn_picture_decode(paths[i], bytes, n_bytes, &arena, &picture, &err), err);
        ftdn_picture_resize(&picture, 16, resized);
        assert_memory_equal(dataset->image[i].pixels, resized, sizeof resized);
    }
    write_picture("val/sub/b.png", 9);
    FTDN_ASSERT_FAILS(ftdn_dataset_decode(dataset, 16, 2, &err), FTDN_ERR_INPUT,
                      "sub/b.png: the file has changed since the dataset was opened", err);
}

static void a_class_list_gives_the_order_and_other_classes_are_named(void **state)
{
    (void)state;
    desc.classes = (ftdn_class_choice){.name = two_classes, .n_classes = 2};
    assert_refused(FTDN_ERR_INPUT, "2 classes that the network lacks (");
    assert_refused(FTDN_ERR_INPUT, "\n  'car' of 1 object, the first at ");
    assert_refused(FTDN_ERR_INPUT, "instances_val.json:11:3\n  'toothbrush' of 1 object, the first at ");
    desc.classes.rename = rename_car;
    desc.classes.n_renames = 1;
    assert_refused(FTDN_ERR_INPUT, "1 class that the network lacks (");
    desc.classes.ignores_others = true;
    open_well();
    assert_non_null(strstr(dataset->description, ", 3 images, 1 object of other classes left out"));
    assert_int_equal(dataset->image[0].n_objects, 0);
    assert_object(&dataset->image[1].object[0], 1, false, 1.5f, 2, 21.75f, 12);
    assert_object(&dataset->image[1].object[2], 0, false, 11, 20, 16, 25);
}

static void the_first_images_are_those_of_the_file(void **state)
{
    (void)state;
    static const char *const brush[] = {"toothbrush"};
    desc.max_images = 1;
    /* Objects of other classes in other images are no concern. */
    desc.classes = (ftdn_class_choice){.name = brush, .n_classes = 1};
    unlink(path_of("val/c.png"));
    open_well();
    assert_int_equal(dataset->n_images, 1);
    assert_int_equal(dataset->image[0].n_objects, 1);
    desc.max_images = 100;
    assert_refused(FTDN_ERR_INPUT, "instances_val.json:5:3: image id 3: ");
    assert_refused(FTDN_ERR_INPUT, "/val/c.png: No such file or directory");
}

static void boxes_are_clipped_and_left_out_where_nothing_remains(void **state)
{
    (void)state;
    write_quoted("annotations/instances_val.json",
                 "{'images': [{'id': 1, 'file_name': 'a.png'}], 'categories': [{'id': 1, 'name': 'x'}],\n"
                 "'annotations': [{'image_id': 1, 'category_id': 1, 'bbox': [-5, -1e300, 10, 2e300]},\n"
                 "{'image_id': 1, 'category_id': 1, 'bbox': [39, 29, 1e308, 1e308]},\n"
                 "{'image_id': 1, 'category_id': 1, 'bbox': [40, 0, 10, 10]},\n"
                 "{'image_id': 1, 'category_id': 1, 'bbox': [-10, 0, 10, 10]},\n"
                 "{'image_id': 1, 'category_id': 1, 'bbox': [5, 5, 10, 0], 'iscrowd': true}]}");
    open_well();
    assert_int_equal(dataset->image[0].n_objects, 2);
    assert_object(&dataset->image[0].object[0], 0, false, 0, 0, 5, 30);
    assert_object(&dataset->image[0].object[1], 0, false, 39, 29, 40, 30);
    assert_non_null(strstr(dataset->description, ", 1 image, 3 boxes without area left out"));
}

static void annotations_and_images_are_found_where_they_usually_stand(void **state)
{
    (void)state;
    static const struct {
        const char *images, *annotations;
        bool needs_split; /* images are found by it alone */
    } places[] = {
        {"val", "annotations/instances_val.json", true},
        {"images_thermal_val", "images_thermal_val/coco.json", false},
        {"video_thermal_val", "video_thermal_val/coco.json", false},
        {"val", "val/thermal_annotations.json", false},
        {"val", "val/coco.json", false},
        {"val", "val/_annotations.coco.json", false},
        {"images/val", "annotations/val.json", true},
        {"images", "val.json", false},
        {".", "val.json", false},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *root = ftdn_arena_format(&arena, &err, "place%zu", i);
        write_sample(ftdn_path_join(&arena, root, places[i].images, &err),
                     ftdn_path_join(&arena, root, places[i].annotations, &err));
        desc = (ftdn_coco_desc){.root = path_of(root), .split = "val"};
        open_well();
        desc.split = "train";
        assert_refused(FTDN_ERR_INPUT, "/annotations/instances_train.json\n  ");
        desc.annotations = places[i].annotations;
        if (places[i].needs_split) assert_refused(FTDN_ERR_INPUT, "image id 900: a.png: no such file; looked at\n  ");
        else open_well();
        desc.annotations = "none.json";
        assert_refused(FTDN_ERR_INPUT, "/none.json: No such file or directory");
    }
    desc.split = "../val";
    assert_refused(FTDN_ERR_ARG, "'../val' is no name of a split");
    desc.max_images = -1;
    assert_refused(FTDN_ERR_ARG, "-1 images; 0 means all");
}

#define IMAGES "{'images': [{'id': 1, 'file_name': 'a.png'}],\n"
#define CATEGORIES "'categories': [{'id': 1, 'name': 'x'}],\n"
#define ANNOTATION(content) IMAGES CATEGORIES "'annotations': [{" content "}]}"

static void every_mistake_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "val.json:1:1: expected a value"},
        {"[]", "val.json:1:1: the file is an array, not an object"},
        {"{}", "val.json:1:1: the file without \"images\""},
        {"{'images': {}}", "val.json:1:12: \"images\" of the file is an object"},
        {IMAGES "'categories': []}", "val.json:1:1: the file without \"annotations\""},
        {"{'images': [],\n" CATEGORIES "'annotations': []}", "val.json:1:12: \"images\" lists none"},
        {"{'images': [7],\n" CATEGORIES "'annotations': []}", "val.json:1:13: an image is a number, not an object"},
        {"{'images': [{'id': 1}],\n" CATEGORIES "'annotations': []}", "val.json:1:13: an image without \"file_name\""},
        {"{'images': [{'id': '1'}],\n" CATEGORIES "'annotations': []}", "val.json:1:20: \"id\" of an image is a string"},
        {"{'images': [{'id': 1.5}],\n" CATEGORIES "'annotations': []}",
         "val.json:1:20: \"id\" of an image is 1.5, no integer"},
        {"{'images': [{'id': 1, 'file_name': 'a.png'},\n{'id': 1, 'file_name': 'b.png'}],\n" CATEGORIES
         "'annotations': []}",
         "val.json:2:1: image id 1 stands in line 1 already"},
        {"{'images': [{'id': 1, 'file_name': 'a.png', 'width': 0}],\n" CATEGORIES "'annotations': []}",
         "val.json:1:54: \"width\" of an image is 0"},
        {"{'images': [{'id': 1, 'file_name': 'a.png', 'width': 41}],\n" CATEGORIES "'annotations': []}",
         "val.json:1:13: image id 1: "},
        {"{'images': [{'id': 1, 'file_name': 'a.png', 'width': 41}],\n" CATEGORIES "'annotations': []}",
         "/val/a.png has 40 x 30 pixels, not 41 x 0"},
        {"{'images': [{'id': 1, 'file_name': '../a.png'}],\n" CATEGORIES "'annotations': []}",
         "val.json:1:36: '../a.png' of image id 1 is no path inside the folder"},
        {"{'images': [{'id': 1, 'file_name': '/etc/passwd'}],\n" CATEGORIES "'annotations': []}", "is no path inside"},
        {"{'images': [{'id': 1, 'file_name': 'sub/./b.png'}],\n" CATEGORIES "'annotations': []}", "is no path inside"},
        {"{'images': [{'id': 1, 'file_name': ''}],\n" CATEGORIES "'annotations': []}", "is no path inside"},
        {"{'images': [{'id': 1, 'file_name': 'a.png'}, {'id': 2, 'file_name': 'a.png'}],\n" CATEGORIES
         "'annotations': []}",
         "val.json:1:46: image id 2: 'a.png' and 'a.png' of image id 1 have one name, 'a'"},
        {"{'images': [{'id': 1, 'file_name': 'none.png'}],\n" CATEGORIES "'annotations': []}",
         "val.json:1:13: image id 1: none.png: no such file; looked at\n"},
        {IMAGES "'categories': [{'id': 1, 'name': 'x'},\n{'id': 1, 'name': 'y'}],'annotations': []}",
         "val.json:3:1: category id 1 stands in line 2 already"},
        {IMAGES "'categories': [{'id': 1, 'name': ''}],'annotations': []}", "category id 1 has an empty name"},
        {IMAGES "'categories': [{'id': 1, 'name': 'x'}, {'id': 2, 'name': 'x'}],'annotations': []}",
         "val.json: \"categories\": classes 0 and 1 are both called 'x'"},
        {ANNOTATION("'image_id': 2"), "val.json:3:17: image id 2 is not in \"images\""},
        {ANNOTATION("'id': 1"), "val.json:3:17: an annotation without \"image_id\""},
        {ANNOTATION("'image_id': 1, 'category_id': 7"), "val.json:3:17: category id 7 is not in \"categories\""},
        {ANNOTATION("'image_id': 1, 'category_id': 1"), "val.json:3:17: an annotation without \"bbox\""},
        {ANNOTATION("'image_id': 1, 'category_id': 1, 'bbox': [1, 2, 3]"),
         "val.json:3:59: \"bbox\" is not of four numbers: [x, y, width, height]"},
        {ANNOTATION("'image_id': 1, 'category_id': 1, 'bbox': [1, 2, 3, '4']"), "is not of four numbers"},
        {ANNOTATION("'image_id': 1, 'category_id': 1, 'bbox': [1, 2, -3, 4]"),
         "val.json:3:59: \"bbox\" has the negative size -3 x 4"},
        {ANNOTATION("'image_id': 1, 'category_id': 1, 'iscrowd': 2"), "val.json:3:62: \"iscrowd\" is neither 0 nor 1"},
        {ANNOTATION("'id': 5, 'image_id': 1, 'category_id': 1, 'bbox': [1, 1, 1, 1]},\n"
                    "{'id': 5, 'image_id': 1, 'category_id': 1, 'bbox': [1, 1, 1, 1]"),
         "val.json:4:1: annotation id 5 stands in line 3 already"},
    };
    desc.annotations = "val.json";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_quoted("val.json", cases[i].text);
        assert_refused(FTDN_ERR_INPUT, cases[i].message);
        assert_refused(FTDN_ERR_INPUT, folder);
    }
}

static void the_digest_is_of_what_is_evaluated(void **state)
{
    (void)state;
    char digest[4][FTDN_SHA256_HEX];
    write_sample("twin", "twin/val.json"); /* another place, the same content */
    const ftdn_coco_desc here = desc, there = {.root = path_of("twin"), .split = "val"};
    ftdn_coco_desc fewer = here;
    fewer.max_images = 2;
    const ftdn_coco_desc *const opened[4] = {&here, &there, &fewer, &there};
    for (int i = 0; i < 4; i++) {
        if (i == 3) write_picture("twin/c.png", 5);
        desc = *opened[i];
        open_well();
        memcpy(digest[i], dataset->digest, sizeof digest[i]);
    }
    assert_string_equal(digest[0], digest[1]);
    assert_string_not_equal(digest[0], digest[2]);
    assert_string_not_equal(digest[0], digest[3]);
    assert_string_not_equal(digest[2], digest[3]);
}

static void polygons_are_blank_and_nothing_else_is(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{'p': [1, [2]], 'x': 3}", "{'p': 0       , 'x': 3}"},
        {"{'p' : {'p': [']', '\\'}'],\n'b': {}}, 'p':[]}", "{'p' : 0                  \n        , 'p':0 }"},
        {"{'p': 5, 'x': ['p', [1]], 'p': 'p'}", "{'p': 5, 'x': ['p', [1]], 'p': 'p'}"},
        {"{'x': 'p\\': [1]', 'pp': [1], 'a': {'p': [1]}}", "{'x': 'p\\': [1]', 'pp': [1], 'a': {'p': 0  }}"},
        {"{'p': [1, 2", "{'p': [1, 2"},
        {"{'p': ['x", "{'p': ['x"},
        {"{'p':", "{'p':"},
        {"'p", "'p"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64], wanted[64];
        size_t n_bytes = strlen(cases[i][0]);
        assert_int_equal(strlen(cases[i][1]), n_bytes);
        for (size_t k = 0; k <= n_bytes; k++) {
            text[k] = cases[i][0][k] == '\'' ? '"' : cases[i][0][k];
            wanted[k] = cases[i][1][k] == '\'' ? '"' : cases[i][1][k];
        }
        ftdn_json_blank(text, n_bytes, "p");
        assert_string_equal(text, wanted);
    }
}

/* Overwrite a file where it stands: thousands of fresh ones would wait for the disk. */
static void overwrite(const char *path, const char *text, size_t n_bytes)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_true(fwrite(text, 1, n_bytes, file) == n_bytes);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(path, (off_t)n_bytes), 0);
}

/* Read a text as annotations of pictures of 40 x 30 pixels; n_scratch, n_kept: the allocations of the two arenas that
 * succeed, -1: all. */
static ftdn_status read_text(const char *path, const char *text, size_t n_bytes, long n_scratch, long n_kept)
{
    static const char *const names[] = {"person", "car"};
    const ftdn_class_choice choice = {.name = names, .n_classes = 2, .ignores_others = true};
    ftdn_arena scratch, kept, plenty;
    ftdn_coco_file file;
    ftdn_coco_objects objects;
    ftdn_class_list classes;
    ftdn_class_map map;
    ftdn_arena_init(&scratch);
    ftdn_arena_init(&kept);
    ftdn_arena_init(&plenty);
    overwrite(path, text, n_bytes);
    ftdn_status status = ftdn_class_list_create(names, 2, &plenty, &classes, &err);
    if (n_scratch >= 0) ftdn_arena_fail_after(&scratch, n_scratch);
    if (n_kept >= 0) ftdn_arena_fail_after(&kept, n_kept);
    if (status == FTDN_OK) status = ftdn_class_map_init(&map, &classes, &choice, &kept, &err);
    if (status == FTDN_OK) status = ftdn_coco_read(path, &scratch, &kept, &file, &err);
    if (status == FTDN_OK) status = ftdn_coco_read_objects(&file, file.n_images, &map, &scratch, &kept, &objects, &err);
    if (status == FTDN_OK) {
        ftdn_image *images = FTDN_NEW(&plenty, (size_t)file.n_images, ftdn_image, NULL);
        assert_non_null(images);
        for (int i = 0; i < file.n_images; i++) images[i] = (ftdn_image){.width = 40, .height = 30};
        ftdn_coco_place_objects(&objects, images);
        for (int i = 0; i < file.n_images; i++) {
            for (int k = 0; k < images[i].n_objects; k++) {
                const ftdn_object *object = &images[i].object[k];
                assert_in_range(object->class_index, 0, 1);
                assert_true(0 <= object->x0 && object->x0 < object->x1 && object->x1 <= 40);
                assert_true(0 <= object->y0 && object->y0 < object->y1 && object->y1 <= 30);
            }
        }
    }
    ftdn_arena_done(&scratch);
    ftdn_arena_done(&kept);
    ftdn_arena_done(&plenty);
    return status;
}

/* The sample, as a text and as a file to be changed. */
static const char *get_whole(char text[sizeof whole])
{
    const char *path = path_of("changed.json");
    for (size_t i = 0; i < sizeof whole; i++) text[i] = whole[i] == '\'' ? '"' : whole[i];
    ftdn_test_write_file(path, text, sizeof whole - 1);
    return path;
}

static void cut_and_changed_annotations_do_no_harm(void **state)
{
    (void)state;
    size_t n_bytes = sizeof whole - 1;
    char text[sizeof whole];
    const char *path = get_whole(text);
    FTDN_ASSERT_OK(read_text(path, text, n_bytes, -1, -1), err);
    for (size_t n = 0; n < n_bytes - 1; n++) {
        err = (ftdn_error){0};
        FTDN_ASSERT_FAILS(read_text(path, text, n, -1, -1), FTDN_ERR_INPUT, "/changed.json:", err);
    }
    static const char changes[] = "\"{}[],:-.0917eatn ";
    uint32_t random = 1;
    for (int i = 0; i < 5000; i++) {
        char changed[sizeof whole];
        memcpy(changed, text, sizeof changed);
        for (int k = 0; k < 3; k++) {
            random = random * 1664525u + 1013904223u;
            changed[random / 256 % n_bytes] = changes[random / 65536 % (sizeof changes - 1)];
        }
        ftdn_status status = read_text(path, changed, n_bytes, -1, -1);
        assert_true(status == FTDN_OK || status == FTDN_ERR_INPUT);
    }
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    char text[sizeof whole];
    const char *path = get_whole(text);
    long n_scratch = 0, n_kept = 0;
    while (read_text(path, text, sizeof whole - 1, n_scratch, -1) == FTDN_ERR_MEMORY) n_scratch++;
    FTDN_ASSERT_OK(read_text(path, text, sizeof whole - 1, n_scratch, -1), err);
    while (read_text(path, text, sizeof whole - 1, -1, n_kept) == FTDN_ERR_MEMORY) n_kept++;
    FTDN_ASSERT_OK(read_text(path, text, sizeof whole - 1, -1, n_kept), err);
    assert_true(n_scratch > 50 && n_kept > 10);
}

#define COCO_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_coco, tear_down_coco)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COCO_TEST(objects_are_gathered_by_image_and_categories_by_id),
        COCO_TEST(pictures_are_decoded_as_their_files_say),
        COCO_TEST(a_class_list_gives_the_order_and_other_classes_are_named),
        COCO_TEST(the_first_images_are_those_of_the_file),
        COCO_TEST(boxes_are_clipped_and_left_out_where_nothing_remains),
        COCO_TEST(annotations_and_images_are_found_where_they_usually_stand),
        COCO_TEST(every_mistake_is_named_with_its_place),
        COCO_TEST(the_digest_is_of_what_is_evaluated),
        COCO_TEST(polygons_are_blank_and_nothing_else_is),
        COCO_TEST(cut_and_changed_annotations_do_no_harm),
        COCO_TEST(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
