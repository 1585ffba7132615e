#include "tests/support/support.h"

#include <string.h>

#include "base/fnv.h"
#include "base/sha256.h"
#include "datasets/dataset.h"

#define SIDE 300
#define IMAGE_BYTES (SIDE * SIDE * 3)

enum { CAR, PEDESTRIAN, CYCLIST, VAN, TRUCK, BUS, TRAFFIC_CONE, CHANNELIZER, N_CLASSES };

static ftdn_dataset *open_road(const char *split, uint64_t seed, int n_images, int size, int n_threads)
{
    ftdn_error err = {0};
    ftdn_dataset *dataset = NULL;
    FTDN_ASSERT_OK(ftdn_dataset_open_road(split, seed, n_images, &dataset, &err), err);
    if (size) FTDN_ASSERT_OK(ftdn_dataset_decode(dataset, size, n_threads, &err), err);
    return dataset;
}

static void names_hold_split_seed_and_index(void **state)
{
    (void)state;
    ftdn_dataset *dataset = open_road("test", 0, 124, 0, 1);
    assert_string_equal(dataset->image[123].name, "road-test-0-000123");
    assert_true(dataset->image[123].id == ftdn_fnv1a64("road-test-0-000123"));
    assert_string_equal(dataset->description, "road scenes 'test', seed 0, 124 images");
    assert_int_equal(dataset->n_classes, N_CLASSES);
    assert_string_equal(dataset->class_name[PEDESTRIAN], "pedestrian");
    assert_string_equal(dataset->class_name[CHANNELIZER], "channelizer");
    ftdn_dataset_close(dataset);
    dataset = open_road("train", UINT64_MAX, 1, 0, 1);
    assert_string_equal(dataset->image[0].name, "road-train-18446744073709551615-000000");
    assert_string_equal(dataset->description, "road scenes 'train', seed 18446744073709551615, 1 image");
    ftdn_dataset_close(dataset);
}

/* Networks are trained on these bytes: they change only with GENERATOR_VERSION, on
 * no compiler, at no level of optimisation. */
static void the_first_scenes_are_pinned(void **state)
{
    (void)state;
    static const struct pinned {
        const char *split;
        uint64_t seed;
        int n_images;
        const char *pixels, *digest;
    } rows[] = {
        {"test", 0, 24, "cbd65ceb3451fc1efe00e5544c0bd1c15b59535942e37d6e10f96a653643d872",
         "35f21170d8d6e3581cae4242f5433dcea5281cfe827e326410f15d6732b8df51"},
        {"train", 0, 24, "f87f2c92448b428bf96002f97a15311aefdea14d7dea8aac8d1d7ce547250a87",
         "c157ecf31c3ba713f3d9e9e0e86fa7e410a60526a59808b202996100f02bd065"},
        {"val", UINT64_C(0x123456789abcdef), 24, "6e592cd2e8a065b1882f955690c7d4aa2f3d14a7026c7d66c5c21751ae37493b",
         "49e8d5dc4793bc363fd6f5f275f25072a52d3bb2858586bd7d57ee75f222a923"},
    };
    ftdn_error err = {0};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        ftdn_dataset *dataset = open_road(rows[r].split, rows[r].seed, rows[r].n_images, SIDE, 2);
        char hex[FTDN_SHA256_HEX];
        size_t n_bytes = (size_t)rows[r].n_images * IMAGE_BYTES;
        FTDN_ASSERT_OK(ftdn_sha256_of(dataset->image[0].pixels, n_bytes, hex, &err), err);
        assert_string_equal(hex, rows[r].pixels);
        assert_string_equal(dataset->digest, rows[r].digest);
        ftdn_dataset_close(dataset);
    }
}

static void a_scene_depends_on_split_seed_and_index_alone(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_dataset *few = open_road("test", 9, 4, SIDE, 1), *many = open_road("test", 9, 7, SIDE, 3);
    for (int i = 0; i < 4; i++) {
        assert_memory_equal(few->image[i].pixels, many->image[i].pixels, IMAGE_BYTES);
        assert_int_equal(few->image[i].n_objects, many->image[i].n_objects);
        for (int k = 0; k < few->image[i].n_objects; k++) {
            const ftdn_object *a = &few->image[i].object[k], *b = &many->image[i].object[k];
            assert_true(a->class_index == b->class_index && a->difficult == b->difficult);
            assert_true(a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1);
        }
    }
    assert_string_not_equal(few->digest, many->digest);
    /* Another split, another seed, another high half of the seed: other pictures, other digests. */
    ftdn_dataset *other[3] = {open_road("train", 9, 4, SIDE, 1), open_road("test", 10, 4, SIDE, 1),
                              open_road("test", 9 + (UINT64_C(1) << 32), 4, SIDE, 1)};
    for (int d = 0; d < 3; d++) {
        assert_string_not_equal(few->digest, other[d]->digest);
        for (int i = 0; i < 4; i++) {
            assert_memory_not_equal(few->image[i].pixels, other[d]->image[i].pixels, IMAGE_BYTES);
            assert_true(few->image[i].id != other[d]->image[i].id);
        }
        ftdn_dataset_close(other[d]);
    }
    /* Decoding anew at another size and back gives the first bytes again. */
    FTDN_ASSERT_OK(ftdn_dataset_decode(few, 64, 2, &err), err);
    assert_int_equal(few->size, 64);
    FTDN_ASSERT_OK(ftdn_dataset_decode(few, SIDE, 2, &err), err);
    for (int i = 0; i < 4; i++) assert_memory_equal(few->image[i].pixels, many->image[i].pixels, IMAGE_BYTES);
    ftdn_dataset_close(few);
    ftdn_dataset_close(many);
}

/* 1,500 scenes have about 6,800 objects; the rarest class, 5 % of them, is met with a deviation of 0.3 %. */
static void classes_are_as_unequal_as_on_a_road(void **state)
{
    (void)state;
    enum { N_SCENES = 1500 };
    ftdn_dataset *dataset = open_road("train", 3, N_SCENES, 0, 1);
    int n_of_class[N_CLASSES] = {0}, n_objects = 0, n_difficult = 0, n_usual = 0, n_small = 0;
    for (int i = 0; i < N_SCENES; i++) {
        const ftdn_image *image = &dataset->image[i];
        int n_wanted = 0;
        for (int k = 0; k < image->n_objects; k++) {
            const ftdn_object *box = &image->object[k];
            float width = box->x1 - box->x0, height = box->y1 - box->y0, longer = width > height ? width : height;
            assert_in_range(box->class_index, 0, N_CLASSES - 1);
            assert_true(box->x0 >= 0 && box->y0 >= 0 && box->x1 <= SIDE && box->y1 <= SIDE);
            assert_true(width >= 6 && height >= 6 && longer >= 16);
            if (longer < 22) assert_true(box->difficult);
            if (box->difficult) {
                n_difficult++;
                continue;
            }
            n_of_class[box->class_index]++;
            n_wanted++;
            n_small += longer < 30;
        }
        assert_in_range(n_wanted, 1, 8);
        n_usual += n_wanted >= 3;
        n_objects += n_wanted;
    }
    for (int c = 0; c < N_CLASSES; c++) {
        assert_true(n_of_class[c] * 100 >= 4 * n_objects);
        if (c != CAR) assert_true(n_of_class[c] * 100 <= 18 * n_objects);
    }
    assert_true(n_of_class[CAR] * 100 >= 40 * n_objects && n_of_class[CAR] * 100 <= 50 * n_objects);
    assert_true(n_usual * 100 >= 95 * N_SCENES);
    assert_true(n_small * 100 <= 3 * n_objects && n_difficult > 0 && n_difficult * 100 <= 3 * n_objects);
    ftdn_dataset_close(dataset);
}

typedef struct light {
    double mean, deviation;
} light;

static light light_of(const uint8_t *pixels, int first_row, int end_row)
{
    double sum = 0, squares = 0, n = (double)(end_row - first_row) * SIDE;
    for (int at = first_row * SIDE; at < end_row * SIDE; at++) {
        double level = pixels[3 * at];
        sum += level;
        squares += level * level;
    }
    double mean = sum / n;
    return (light){mean, squares / n - mean * mean};
}

/* The horizon is below row 90: above there is cold sky, except for buildings and trees; the lowest rows are road. */
static void pictures_are_white_hot(void **state)
{
    (void)state;
    enum { N_SCENES = 100 };
    ftdn_dataset *dataset = open_road("test", 4, N_SCENES, SIDE, 2);
    int n_dark_skies = 0, n_hot = 0;
    double darkest = 255, brightest = 0;
    for (int i = 0; i < N_SCENES; i++) {
        const uint8_t *pixels = dataset->image[i].pixels;
        for (int at = 0; at < SIDE * SIDE; at++) {
            assert_true(pixels[3 * at] == pixels[3 * at + 1] && pixels[3 * at] == pixels[3 * at + 2]);
        }
        light all = light_of(pixels, 0, SIDE), sky = light_of(pixels, 0, 40), road = light_of(pixels, 260, SIDE);
        assert_true(all.mean > 25 && all.mean < 190 && all.deviation > 8 * 8);
        n_dark_skies += sky.mean < road.mean;
        for (int at = 0, found = 0; at < SIDE * SIDE && !found; at++) n_hot += found = pixels[3 * at] > 200;
        if (all.mean < darkest) darkest = all.mean;
        if (all.mean > brightest) brightest = all.mean;
    }
    assert_true(n_dark_skies >= 85);
    assert_true(n_hot >= 60);
    assert_true(brightest - darkest > 50);
    ftdn_dataset_close(dataset);
}

static void splits_and_numbers_of_scenes_are_checked(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_dataset *dataset = NULL;
    static const char *const bad_splits[] = {"", "a b", "../test", "t\xc3\xa4st", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof bad_splits / sizeof *bad_splits; i++) {
        FTDN_ASSERT_FAILS(ftdn_dataset_open_road(bad_splits[i], 0, 1, &dataset, &err), FTDN_ERR_ARG,
                          "1 ... 32 letters, digits, '_' and '-' make a name", err);
    }
    FTDN_ASSERT_FAILS(ftdn_dataset_open_road("test", 0, 0, &dataset, &err), FTDN_ERR_ARG,
                      "0 road scenes; 1 ... 1000000 can be made", err);
    FTDN_ASSERT_FAILS(ftdn_dataset_open_road("test", 0, 1000001, &dataset, &err), FTDN_ERR_ARG, "1000001 road scenes",
                      err);
    assert_null(dataset);
    ftdn_dataset_close(open_road("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, 1, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_hold_split_seed_and_index),
        cmocka_unit_test(the_first_scenes_are_pinned),
        cmocka_unit_test(a_scene_depends_on_split_seed_and_index_alone),
        cmocka_unit_test(classes_are_as_unequal_as_on_a_road),
        cmocka_unit_test(pictures_are_white_hot),
        cmocka_unit_test(splits_and_numbers_of_scenes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
