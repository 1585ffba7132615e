#include "tests/support/support.h"

#include <string.h>

#include "base/fnv.h"
#include "base/sha256.h"
#include "datasets/dataset.h"

static ftdn_dataset *open_scenes(int n_images, uint64_t seed, int size, int n_threads)
{
    ftdn_error err = {0};
    ftdn_dataset *dataset = NULL;
    FTDN_ASSERT_OK(ftdn_dataset_open_test_scenes(n_images, seed, &dataset, &err), err);
    if (size) FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, size, n_threads, &err), err);
    return dataset;
}

static void image_ids_are_fnv1a64_of_their_names(void **state)
{
    (void)state;
    /* Vectors published with the FNV reference code. */
    assert_true(ftdn_fnv1a64("") == UINT64_C(0xcbf29ce484222325));
    assert_true(ftdn_fnv1a64("a") == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(ftdn_fnv1a64("foobar") == UINT64_C(0x85944171f73967e8));
    ftdn_dataset *dataset = open_scenes(12, 3, 0, 1);
    assert_string_equal(dataset->image[11].name, "scene000011");
    assert_true(dataset->image[11].id == ftdn_fnv1a64("scene000011"));
    assert_string_equal(dataset->description, "test scenes, seed 3, 12 images");
    ftdn_dataset_close(dataset);
}

/* The first four scenes of seed 0 and the digest of that dataset. These change only with GENERATOR_VERSION. */
static void the_first_scenes_are_pinned(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_dataset *dataset = open_scenes(4, 0, 300, 1);
    char hex[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_sha256_of(dataset->image[0].pixels, 4 * 300 * 300 * 3, hex, &err), err);
    assert_string_equal(hex, "db5b240c81aec7507d68c5437e46b7f3e6cf254d9a393dab7c9de18d14674c2f");
    assert_string_equal(dataset->digest, "71c92614b89624feb9c071cbb95bc0110fe64d2b8bb88b412d13c6b58e5804c0");
    ftdn_dataset_close(dataset);
}

static void boxes_lie_in_the_picture_and_overlap_little(void **state)
{
    (void)state;
    ftdn_dataset *dataset = open_scenes(500, 7, 0, 1);
    int n_of_class[20] = {0}, n_of_count[7] = {0};
    assert_int_equal(dataset->n_classes, 20);
    for (int i = 0; i < 500; i++) {
        const ftdn_image *image = &dataset->image[i];
        assert_int_equal(image->width, 300);
        assert_int_equal(image->height, 300);
        assert_in_range(image->n_objects, 1, 6);
        n_of_count[image->n_objects]++;
        for (int k = 0; k < image->n_objects; k++) {
            const ftdn_object *a = &image->object[k];
            assert_in_range(a->class_index, 0, 19);
            n_of_class[a->class_index]++;
            assert_false(a->difficult);
            assert_true(a->x0 >= 4 && a->y0 >= 4 && a->x1 <= 296 && a->y1 <= 296);
            assert_true(a->x1 - a->x0 >= 36 && a->y1 - a->y0 >= 36 && a->x1 - a->x0 <= 130 && a->y1 - a->y0 <= 130);
            for (int m = 0; m < k; m++) {
                const ftdn_object *b = &image->object[m];
                float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
                float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
                float area_a = (a->x1 - a->x0) * (a->y1 - a->y0), area_b = (b->x1 - b->x0) * (b->y1 - b->y0);
                if (width > 0 && height > 0) assert_true(width * height <= 0.25f * (area_a < area_b ? area_a : area_b));
            }
        }
    }
    for (int c = 0; c < 20; c++) assert_true(n_of_class[c] > 50); /* about 95 each */
    for (int n = 2; n <= 6; n++) assert_true(n_of_count[n] > 40); /* about 100 each */
    ftdn_dataset_close(dataset);
}

/* Do the boxes keep a distance of 3 pixels? */
static bool are_apart(const ftdn_object *a, const ftdn_object *b)
{
    return a->x0 >= b->x1 + 3 || b->x0 >= a->x1 + 3 || a->y0 >= b->y1 + 3 || b->y0 >= a->y1 + 3;
}

/* Objects are bright (one channel over 180 even at the lower edge), the background is not: the bright pixels
 * around a box that stands alone lie in it, and reach all its four sides. */
static void boxes_are_exact(void **state)
{
    (void)state;
    ftdn_dataset *dataset = open_scenes(40, 11, 300, 1);
    int n_boxes = 0;
    for (int i = 0; i < 40; i++) {
        const ftdn_image *image = &dataset->image[i];
        for (int k = 0; k < image->n_objects; k++) {
            const ftdn_object *box = &image->object[k];
            bool alone = true;
            for (int m = 0; m < image->n_objects; m++) {
                alone &= m == k || are_apart(box, &image->object[m]);
            }
            if (!alone) continue;
            int x0 = 300, y0 = 300, x1 = -1, y1 = -1;
            for (int y = (int)box->y0 - 3; y < (int)box->y1 + 3; y++) {
                for (int x = (int)box->x0 - 3; x < (int)box->x1 + 3; x++) {
                    const uint8_t *pixel = image->pixels + (y * 300 + x) * 3;
                    if (pixel[0] < 170 && pixel[1] < 170 && pixel[2] < 170) continue;
                    if (x < x0) x0 = x;
                    if (y < y0) y0 = y;
                    if (x > x1) x1 = x;
                    if (y > y1) y1 = y;
                }
            }
            /* A slanted or curved edge fades out within two pixels; a triangle's tip within some more. */
            int blunt = box->class_index % 3 == 2 ? 6 : 2;
            assert_in_range(x0 - (int)box->x0, 0, 2);
            assert_in_range((int)box->x1 - 1 - x1, 0, 2);
            assert_in_range(y0 - (int)box->y0, 0, blunt);
            assert_in_range((int)box->y1 - 1 - y1, 0, 2);
            n_boxes++;
        }
    }
    assert_true(n_boxes > 30);
    ftdn_dataset_close(dataset);
}

static void a_scene_depends_on_seed_and_index_alone(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_dataset *few = open_scenes(5, 9, 300, 1), *many = open_scenes(8, 9, 300, 3),
                 *other = open_scenes(5, 10, 300, 2);
    for (int i = 0; i < 5; i++) {
        assert_memory_equal(few->image[i].pixels, many->image[i].pixels, 300 * 300 * 3);
        assert_int_equal(few->image[i].n_objects, many->image[i].n_objects);
        assert_memory_not_equal(few->image[i].pixels, other->image[i].pixels, 300 * 300 * 3);
        if (i) assert_memory_not_equal(few->image[i].pixels, few->image[i - 1].pixels, 300 * 300 * 3);
    }
    assert_string_not_equal(few->digest, many->digest);
    assert_string_not_equal(few->digest, other->digest);
    /* The high half of the seed counts. */
    ftdn_dataset *high = open_scenes(5, 9 + (UINT64_C(1) << 32), 300, 1), *again = open_scenes(5, 9, 0, 1);
    assert_memory_not_equal(few->image[0].pixels, high->image[0].pixels, 300 * 300 * 3);
    assert_string_not_equal(few->digest, high->digest);
    assert_string_equal(few->digest, again->digest);
    /* Decoding anew at another size and back gives the first bytes again. */
    char digest[FTDN_SHA256_HEX];
    memcpy(digest, few->digest, sizeof digest);
    FTDN_ASSERT_OK(ftdn_dataset_decode(few, 64, 2, &err), err);
    assert_int_equal(few->size, 64);
    assert_memory_not_equal(few->image[0].pixels, many->image[0].pixels, 64 * 64 * 3);
    FTDN_ASSERT_OK(ftdn_dataset_decode(few, 300, 2, &err), err);
    assert_memory_equal(few->image[4].pixels, many->image[4].pixels, 300 * 300 * 3);
    assert_string_equal(few->digest, digest);
    ftdn_dataset_close(few);
    ftdn_dataset_close(many);
    ftdn_dataset_close(other);
    ftdn_dataset_close(high);
    ftdn_dataset_close(again);
}

static void more_threads_than_scenes_are_fine(void **state)
{
    (void)state;
    ftdn_dataset *one = open_scenes(2, 5, 40, 1), *many = open_scenes(2, 5, 40, 9);
    for (int i = 0; i < 2; i++) assert_memory_equal(one->image[i].pixels, many->image[i].pixels, 40 * 40 * 3);
    ftdn_dataset_close(one);
    ftdn_dataset_close(many);
}

static void a_count_outside_its_range_is_refused(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_dataset *dataset = NULL;
    FTDN_ASSERT_FAILS(ftdn_dataset_open_test_scenes(0, 0, &dataset, &err), FTDN_ERR_ARG, "0 test scenes; 1 ... 1000000",
                      err);
    FTDN_ASSERT_FAILS(ftdn_dataset_open_test_scenes(1000001, 0, &dataset, &err), FTDN_ERR_ARG, "1000001 test scenes",
                      err);
    assert_null(dataset);
    ftdn_dataset_close(NULL);
}

static void pixels_that_do_not_fit_into_memory_are_an_error(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_dataset *dataset = open_scenes(3, 0, 20, 1);
    FTDN_ASSERT_FAILS(ftdn_dataset_decode(dataset, 2000000000, 1, &err), FTDN_ERR_MEMORY, "do not fit into memory",
                      err);
    assert_int_equal(dataset->size, 20);
    assert_non_null(dataset->image[0].pixels);
    ftdn_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(image_ids_are_fnv1a64_of_their_names),
        cmocka_unit_test(the_first_scenes_are_pinned),
        cmocka_unit_test(boxes_lie_in_the_picture_and_overlap_little),
        cmocka_unit_test(boxes_are_exact),
        cmocka_unit_test(a_scene_depends_on_seed_and_index_alone),
        cmocka_unit_test(more_threads_than_scenes_are_fine),
        cmocka_unit_test(a_count_outside_its_range_is_refused),
        cmocka_unit_test(pixels_that_do_not_fit_into_memory_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
