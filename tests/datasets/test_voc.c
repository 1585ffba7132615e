#include "tests/support/folder_per_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/fnv.h"
#include "base/sha256.h"
#include "datasets/dataset.h"
#include "datasets/image.h"
#include "tests/datasets/made_png.h"

#define N_IMAGES 7

static const char annotation[] =
    "<annotation>\n<object><name>dog</name><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>20</xmax>"
    "<ymax>%d</ymax></bndbox></object></annotation>\n";

/* What a test opens, and what it has opened last. */
static ftdn_voc_desc desc;
static ftdn_dataset *dataset;

static void write_text(const char *relative, const char *text)
{
    ftdn_test_write_file(path_of(relative), text, strlen(text));
}

/* Different `brightness`, different file. */
static void write_image(const char *relative, int brightness)
{
    static uint8_t pixels[40 * 30 * 3];
    for (int i = 0; i < 40 * 30 * 3; i++) pixels[i] = (uint8_t)(brightness + i / 120);
    ftdn_picture picture = {40, 30, pixels};
    FTDN_ASSERT_OK(ftdn_picture_write_jpeg(path_of(relative), &picture, &err), err);
}

/* A small VOC folder: images a0 ... a6 of 40 x 30 pixels with one dog each; split "test" lists them from a6 to a0.
 * root: "", or a folder below with a '/' behind it. */
static void write_dogs(const char *root)
{
    static const char *const folders[] = {"ImageSets/Main", "Annotations", "JPEGImages"};
    for (int i = 0; i < 3; i++)
        FTDN_ASSERT_OK(ftdn_folder_create(path_of(ftdn_arena_format(&arena, &err, "%s%s", root, folders[i])), &err),
                       err);
    write_text(ftdn_arena_format(&arena, &err, "%sImageSets/Main/test.txt", root), "a6\na5\r\n\n  a4\na3 \na2\na1\na0");
    for (int i = 0; i < N_IMAGES; i++) {
        write_image(ftdn_arena_format(&arena, &err, "%sJPEGImages/a%d.jpg", root, i), 10 * i);
        write_text(ftdn_arena_format(&arena, &err, "%sAnnotations/a%d.xml", root, i),
                   ftdn_arena_format(&arena, &err, annotation, 10 + i));
    }
}

static int set_up_voc(void **state)
{
    int result = set_up_folder(state);
    write_dogs("");
    desc = (ftdn_voc_desc){.root = folder, .split = "test"};
    return result;
}

static void close_dataset(void)
{
    ftdn_dataset_close(dataset);
    dataset = NULL;
}

static int tear_down_voc(void **state)
{
    close_dataset();
    return tear_down_folder(state);
}

static void open_well(void)
{
    close_dataset();
    FTDN_ASSERT_OK(ftdn_dataset_open_voc(&desc, &dataset, &err), err);
}

static void assert_refused(ftdn_status status, const char *message)
{
    close_dataset();
    FTDN_ASSERT_FAILS(ftdn_dataset_open_voc(&desc, &dataset, &err), status, message, err);
    assert_null(dataset);
}

static void a_folder_is_read_in_the_order_of_its_split(void **state)
{
    (void)state;
    open_well();
    assert_int_equal(dataset->n_images, N_IMAGES);
    assert_int_equal(dataset->n_classes, 20);
    assert_string_equal(dataset->class_name[14], "person");
    char *description = ftdn_arena_format(&arena, &err, "VOC '%s' test, 7 images", folder);
    assert_string_equal(dataset->description, description);
    for (int i = 0; i < N_IMAGES; i++) {
        const ftdn_image *image = &dataset->image[i];
        char name[] = {'a', (char)('6' - i), 0};
        assert_string_equal(image->name, name);
        assert_true(image->id == ftdn_fnv1a64(name));
        assert_int_equal(image->width, 40);
        assert_int_equal(image->height, 30);
        assert_int_equal(image->n_objects, 1);
        assert_int_equal(image->object[0].class_index, 11);
        assert_true(image->object[0].x0 == 2 && image->object[0].y0 == 3);
        assert_true(image->object[0].x1 == 19 && image->object[0].y1 == (float)(15 - i));
        assert_null(image->pixels);
    }
    assert_int_equal(dataset->size, 0);
    desc.max_images = 2;
    open_well();
    assert_int_equal(dataset->n_images, 2);
    assert_string_equal(dataset->image[1].name, "a5");
    desc.max_images = 1000;
    open_well();
    assert_int_equal(dataset->n_images, N_IMAGES);
}

static void decoded_pixels_are_those_of_the_single_image(void **state)
{
    (void)state;
    open_well();
    FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, 16, 3, &err), err);
    assert_int_equal(dataset->size, 16);
    for (int i = 0; i < N_IMAGES; i++) {
        char *path = ftdn_arena_format(&arena, &err, "%s/JPEGImages/%s.jpg", folder, dataset->image[i].name), *bytes;
        size_t n_bytes;
        ftdn_picture picture;
        uint8_t resized[16 * 16 * 3];
        FTDN_ASSERT_OK(ftdn_file_load(path, 1 << 20, &arena, &bytes, &n_bytes, &err), err);
        FTDN_ASSERT_OK(ftdn_picture_decode_jpeg(path, bytes, n_bytes, &arena, &picture, &err), err);
        ftdn_picture_resize(&picture, 16, resized);
        assert_memory_equal(dataset->image[i].pixels, resized, sizeof resized);
    }
}

static void pictures_may_be_png(void **state)
{
    (void)state;
    static uint16_t samples[40 * 30];
    size_t n_bytes;
    for (int i = 0; i < 40 * 30; i++) samples[i] = (uint16_t)(i % 251);
    const ftdn_made_png made = {.width = 40, .height = 30, .bits = 8, .channels = 1, .samples = samples};
    const uint8_t *bytes = ftdn_made_png_encode(&made, &arena, &n_bytes);
    /* Beside a JPEG of the same name it is not read. */
    ftdn_test_write_file(path_of("JPEGImages/a6.png"), bytes, n_bytes);
    ftdn_test_write_file(path_of("JPEGImages/a5.png"), bytes, n_bytes);
    unlink(path_of("JPEGImages/a5.jpg"));
    open_well();
    FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, 30, 1, &err), err);
    uint8_t pixels[40 * 30 * 3], resized[30 * 30 * 3];
    const ftdn_picture picture = {40, 30, pixels};
    for (int i = 0; i < 40 * 30; i++) pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = (uint8_t)samples[i];
    ftdn_picture_resize(&picture, 30, resized);
    assert_memory_equal(dataset->image[1].pixels, resized, sizeof resized);
    assert_memory_not_equal(dataset->image[0].pixels, resized, sizeof resized);
}

static void other_class_lists_are_possible(void **state)
{
    (void)state;
    static const char *const animals[] = {"horse", "dog"}, *const cars[] = {"car"}, *const twice[] = {"dog", "dog"};
    desc.classes = (ftdn_class_choice){.name = animals, .n_classes = 2};
    open_well();
    assert_int_equal(dataset->n_classes, 2);
    assert_int_equal(dataset->image[0].object[0].class_index, 1);
    desc.classes = (ftdn_class_choice){.name = cars, .n_classes = 1};
    assert_refused(FTDN_ERR_INPUT, "'dog' of 7 objects, the first at ");
    desc.classes = (ftdn_class_choice){.name = twice, .n_classes = 2};
    assert_refused(FTDN_ERR_ARG, "both called 'dog'");
}

static void classes_are_renamed_or_left_out(void **state)
{
    (void)state;
    static const char *const pets[] = {"cat", "hound"}, *const rename[] = {"dog", "hound", "ghost", "cat"};
    static const char *const wrong[] = {"dog", "huond"};
    desc.classes = (ftdn_class_choice){.name = pets, .n_classes = 2, .ignores_others = true};
    open_well();
    assert_non_null(strstr(dataset->description, "test, 7 images, 7 objects of other classes left out"));
    for (int i = 0; i < N_IMAGES; i++) assert_int_equal(dataset->image[i].n_objects, 0);
    desc.classes.rename = rename;
    desc.classes.n_renames = 2;
    open_well();
    for (int i = 0; i < N_IMAGES; i++) assert_int_equal(dataset->image[i].object[0].class_index, 1);
    desc.classes.rename = wrong;
    desc.classes.n_renames = 1;
    assert_refused(FTDN_ERR_ARG,
                   "'dog' is renamed to 'huond', which is no class of the network; did you mean 'hound'?");
}

static void assert_file_refused(const char *message)
{
    assert_refused(FTDN_ERR_INPUT, message);
    assert_non_null(strstr(err.message, folder));
}

static void bad_lists_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "/ImageSets/Main/test.txt: lists no image"},
        {"\n \r\n\n", "/ImageSets/Main/test.txt: lists no image"},
        {"a1\na2  1\n", "/ImageSets/Main/test.txt:2:5: more than one word; each line names one image"},
        {"a1\na2\n a1\na2\n", "/ImageSets/Main/test.txt:3:1: image 'a1' stands in line 1 already"},
        {"a4\na4\na1\na1\n", "/ImageSets/Main/test.txt:2:1: image 'a4' stands in line 1 already"},
        {"a1\n../a2\n", "/ImageSets/Main/test.txt:2:1: '../a2' is no image name"},
        {"a1\n  x/a2\n", "/ImageSets/Main/test.txt:2:3: 'x/a2' is no image name"},
        {"a1\na\x01\n", "/ImageSets/Main/test.txt:2:1: 'a?' is no image name"},
        {"a1\nnone\n", "/JPEGImages/none.jpg: No such file or directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_text("ImageSets/Main/test.txt", cases[i].text);
        assert_file_refused(cases[i].message);
    }
    ftdn_test_write_file(path_of("ImageSets/Main/test.txt"), "a1\n\0a2\n", 7);
    assert_file_refused("/ImageSets/Main/test.txt: a 0 byte");
    unlink(path_of("ImageSets/Main/test.txt"));
    assert_file_refused("/ImageSets/Main/test.txt: No such file or directory; the root of a VOC dataset holds "
                        "ImageSets, Annotations and JPEGImages");
    static const char *const lists[] = {"ImageSets/Main/trainval.txt", "ImageSets/Main/dog_trainval.txt",
                                        "ImageSets/Main/more_a.txt", "ImageSets/Main/notes.md"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) write_text(lists[i], "a1\n");
    assert_file_refused("/ImageSets/Main/test.txt: No such file or directory; the splits there are: more_a, trainval");

    desc.split = "../../x";
    assert_refused(FTDN_ERR_ARG, "'../../x' is no name of a split");
    desc.split = "";
    assert_refused(FTDN_ERR_ARG, "'' is no name of a split");
    desc.split = "test";
    desc.max_images = -1;
    assert_refused(FTDN_ERR_ARG, "-1 images");
}

static void bad_annotations_and_images_are_refused_with_their_place(void **state)
{
    (void)state;
    write_text("Annotations/a4.xml", "<annotation>\n<object></annotation>");
    assert_file_refused("/Annotations/a4.xml:2:11: broken XML: mismatched tag");
    write_text("Annotations/a4.xml", "<annotation>\n<size><width>41</width></size></annotation>");
    assert_file_refused("/Annotations/a4.xml:2:14: <width> is 41, but the image has 40 x 30 pixels");
    unlink(path_of("Annotations/a4.xml"));
    assert_file_refused("/Annotations/a4.xml: No such file or directory");
    write_text("Annotations/a4.xml", "<annotation></annotation>");
    write_text("JPEGImages/a5.jpg", "GIF89a");
    assert_file_refused("/JPEGImages/a5.jpg: neither JPEG nor PNG nor TIFF by its first bytes");
    unlink(path_of("JPEGImages/a5.jpg"));
    assert_file_refused("/JPEGImages/a5.jpg: No such file or directory");
}

/* Cut the last 30 bytes off: the header can still be read. */
static void truncate_image(const char *relative)
{
    char *path = path_of(relative);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size - 30), 0);
}

static void the_first_bad_image_of_the_list_is_named_for_any_thread_count(void **state)
{
    (void)state;
    truncate_image("JPEGImages/a1.jpg");
    truncate_image("JPEGImages/a4.jpg"); /* third in the list */
    truncate_image("JPEGImages/a3.jpg");
    open_well();
    for (int n_threads = 1; n_threads <= 8; n_threads++) {
        FTDN_ASSERT_FAILS(ftdn_dataset_decode(dataset, 16, n_threads, &err), FTDN_ERR_INPUT,
                          "/JPEGImages/a4.jpg: unreadable JPEG: Premature end of JPEG file", err);
        assert_int_equal(ftdn_dataset_decode(dataset, 16, n_threads, NULL), FTDN_ERR_INPUT);
        assert_int_equal(dataset->size, 0);
        for (int i = 0; i < N_IMAGES; i++) assert_null(dataset->image[i].pixels);
    }
}

static void an_image_that_changed_after_opening_is_refused(void **state)
{
    (void)state;
    open_well();
    FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, 8, 1, &err), err);
    write_image("JPEGImages/a2.jpg", 200);
    FTDN_ASSERT_FAILS(ftdn_dataset_decode(dataset, 16, 2, &err), FTDN_ERR_INPUT,
                      "/JPEGImages/a2.jpg: the file has changed since the dataset was opened", err);
    unlink(path_of("JPEGImages/a2.jpg"));
    FTDN_ASSERT_FAILS(ftdn_dataset_decode(dataset, 16, 2, &err), FTDN_ERR_INPUT,
                      "/JPEGImages/a2.jpg: No such file or directory", err);
    assert_int_equal(dataset->size, 8); /* the pixels of before are still there */
    assert_int_equal(dataset->image[0].pixels[0], dataset->image[0].pixels[3]);
}

static void digest_of_dogs(char ret_hex[FTDN_SHA256_HEX])
{
    open_well();
    memcpy(ret_hex, dataset->digest, FTDN_SHA256_HEX);
}

static void the_digest_tells_every_change_of_content(void **state)
{
    (void)state;
    static const char *const two[] = {"dog", "cat"}, *const other_order[] = {"cat", "dog"};
    static const char *const three[] = {"dog", "cat", "car"};
    static const ftdn_class_choice choices[] = {
        {.name = two, .n_classes = 2}, {.name = other_order, .n_classes = 2}, {.name = three, .n_classes = 3}};
    char seen[10][FTDN_SHA256_HEX], same[FTDN_SHA256_HEX];
    int n_seen = 0;
    const ftdn_voc_desc test = desc;
    digest_of_dogs(seen[n_seen++]);
    write_dogs("twin/"); /* another place, the same content */
    desc.root = path_of("twin");
    digest_of_dogs(same);
    assert_string_equal(same, seen[0]);
    write_text("ImageSets/Main/copy.txt", "a6\na5\na4\na3\na2\na1\na0\n");
    desc = (ftdn_voc_desc){.root = folder, .split = "copy"};
    digest_of_dogs(same);
    assert_string_equal(same, seen[0]);

    desc = test;
    desc.max_images = 6;
    digest_of_dogs(seen[n_seen++]);
    desc.max_images = 0;
    for (int i = 0; i < 3; i++) {
        desc.classes = choices[i];
        digest_of_dogs(seen[n_seen++]);
    }
    desc = test;
    write_text("ImageSets/Main/test.txt", "a5\na6\na4\na3\na2\na1\na0");
    digest_of_dogs(seen[n_seen++]);
    write_text("Annotations/a0.xml", ftdn_arena_format(&arena, &err, annotation, 20));
    digest_of_dogs(seen[n_seen++]);
    write_text("Annotations/a0.xml", "<annotation/>");
    digest_of_dogs(seen[n_seen++]);
    write_text("Annotations/a0.xml",
               "<annotation><object><difficult>1</difficult><name>dog</name><bndbox><xmin>3</xmin><ymin>4</ymin>"
               "<xmax>20</xmax><ymax>20</ymax></bndbox></object></annotation>");
    digest_of_dogs(seen[n_seen++]);
    write_image("JPEGImages/a0.jpg", 7);
    digest_of_dogs(seen[n_seen++]);
    for (int i = 0; i < n_seen; i++) {
        for (int k = 0; k < i; k++) assert_string_not_equal(seen[i], seen[k]);
    }
}

/* The objects of the real set, counted as pieces of text. */
static void the_real_set_holds_what_its_files_say(void **state)
{
    (void)state;
    char *root = ftdn_test_shared_path(&arena, "data/VOC2007-mini");
    desc.root = root;
    open_well();
    assert_int_equal(dataset->n_images, 300);
    assert_string_equal(dataset->image[0].name, "000021");
    assert_int_equal(dataset->image[0].width, 336);
    assert_int_equal(dataset->image[0].height, 500);
    assert_int_equal(dataset->image[0].n_objects, 4);
    assert_true(dataset->image[0].object[0].x0 == 0 && dataset->image[0].object[0].y0 == 234);
    assert_true(dataset->image[0].object[0].x1 == 181 && dataset->image[0].object[0].y1 == 387);

    int n_read[20] = {0}, n_written[20] = {0}, n_total = 0;
    for (int i = 0; i < 300; i++) {
        const ftdn_image *image = &dataset->image[i];
        n_total += image->n_objects;
        for (int k = 0; k < image->n_objects; k++) n_read[image->object[k].class_index]++;
        char *path = ftdn_arena_format(&arena, &err, "%s/Annotations/%s.xml", root, image->name), *text;
        size_t n_bytes;
        FTDN_ASSERT_OK(ftdn_file_load(path, 1 << 20, &arena, &text, &n_bytes, &err), err);
        for (int c = 0; c < 20; c++) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "<name>%s</name>", ftdn_voc_class_name[c]);
            for (char *found = text; (found = strstr(found, wanted)); found++) n_written[c]++;
        }
    }
    for (int c = 0; c < 20; c++) assert_int_equal(n_read[c], n_written[c]);
    assert_true(n_total > 900);
}

static void real_pixels_and_digest_do_not_depend_on_threads(void **state)
{
    (void)state;
    desc.root = ftdn_test_shared_path(&arena, "data/VOC2007-mini");
    desc.split = "calibration";
    desc.max_images = 20;
    open_well();
    char digest[FTDN_SHA256_HEX], first[FTDN_SHA256_HEX], now[FTDN_SHA256_HEX];
    memcpy(digest, dataset->digest, sizeof digest);
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, 300, n_threads, &err), err);
        FTDN_ASSERT_OK(ftdn_sha256_of(dataset->image[0].pixels, 20 * 300 * 300 * 3, now, &err), err);
        if (n_threads == 1) memcpy(first, now, sizeof first);
        assert_string_equal(now, first);
        assert_string_equal(dataset->digest, digest);
    }
}

#define VOC_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_voc, tear_down_voc)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VOC_TEST(a_folder_is_read_in_the_order_of_its_split),
        VOC_TEST(decoded_pixels_are_those_of_the_single_image),
        VOC_TEST(pictures_may_be_png),
        VOC_TEST(other_class_lists_are_possible),
        VOC_TEST(classes_are_renamed_or_left_out),
        VOC_TEST(bad_lists_are_refused_with_their_place),
        VOC_TEST(bad_annotations_and_images_are_refused_with_their_place),
        VOC_TEST(the_first_bad_image_of_the_list_is_named_for_any_thread_count),
        VOC_TEST(an_image_that_changed_after_opening_is_refused),
        VOC_TEST(the_digest_tells_every_change_of_content),
        VOC_TEST(the_real_set_holds_what_its_files_say),
        VOC_TEST(real_pixels_and_digest_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
