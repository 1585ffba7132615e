#include <math.h>
#include <stdlib.h>

#include "datasets/image.h"
#include "tests/cli/cli.h"

#define TRAINED "data/weights/ssd_mobilenet_v1_075_coco.safetensors"
#define PHOTO "data/VOC2007-mini/JPEGImages/000021.jpg"

typedef struct wanted_box {
    const char *class_name;
    double score;
    double corner[4];
} wanted_box;

/* The reference's raw outputs for this photograph (golden/real/000021), decoded: two men and a woman, and a dog that
 * scores below one half. */
static const wanted_box wanted[] = {
    {"person", 0.77888, {43.988, 81.487, 170.072, 298.254}},
    {"person", 0.74904, {8.549, 202.087, 170.324, 405.061}},
    {"person", 0.74203, {210.695, 37.836, 336.000, 485.579}},
};
static const wanted_box wanted_dog = {"dog", 0.26596, {115.730, 234.353, 178.596, 318.520}};

/* Logits agree with the reference to 1e-3: that is 3e-4 of a score and well below a pixel. */
static void assert_box(const ftdn_json *found, const wanted_box *box)
{
    assert_string_equal(ftdn_cli_member(found, "class")->string, box->class_name);
    assert_true(fabs(ftdn_cli_member(found, "score")->number - box->score) < 1e-3);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(ftdn_cli_member(found, "box")->child[i]->number - box->corner[i]) < 0.5);
}

static void the_trained_network_finds_three_persons_and_a_dog(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *photo = ftdn_test_shared_path(arena, PHOTO), *weights = ftdn_test_shared_path(arena, TRAINED);
    ftdn_cli_result result =
        FTDN_CLI(arena, "detect", photo, "--model", "ssd_mobilenet_v1_tf", "-w", weights, "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *answer = ftdn_cli_parse(arena, result.out), *found = ftdn_cli_member(answer, "detections");
    assert_true(ftdn_cli_member(answer, "width")->number == 336 && ftdn_cli_member(answer, "height")->number == 500);
    assert_int_equal(found->n_children, 3);
    for (int i = 0; i < 3; i++) assert_box(found->child[i], &wanted[i]);

    result = FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", weights, "-s", "0.26", "--json");
    ftdn_cli_assert_done(result);
    found = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "detections");
    assert_int_equal(found->n_children, 6);
    for (int i = 0; i < 3; i++) assert_box(found->child[i], &wanted[i]);
    assert_box(found->child[5], &wanted_dog);
}

static void boxes_are_printed_as_a_table(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *photo = ftdn_test_shared_path(arena, PHOTO), *weights = ftdn_test_shared_path(arena, TRAINED);
    ftdn_cli_result result = FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", weights);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "class   score   left    top  right  bottom\n");
    ftdn_cli_assert_says(result.out, "\nperson  0.779   44.0   81.5  170.1   298.3\n");
    result = FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", weights, "--score", "0.95");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "nothing scores above 0.95\n");
}

static ftdn_picture load_picture(ftdn_arena *arena, const char *path)
{
    ftdn_error err = {0};
    ftdn_picture picture;
    size_t n_bytes;
    const char *bytes = ftdn_cli_load(arena, path, &n_bytes);
    FTDN_ASSERT_OK(ftdn_picture_decode_jpeg(path, bytes, n_bytes, arena, &picture, &err), err);
    return picture;
}

/* The mean difference of two pictures, in grey levels, over a rectangle. */
static double mean_difference(const ftdn_picture *a, const ftdn_picture *b, int x0, int y0, int x1, int y1)
{
    double sum = 0;
    for (int y = y0; y < y1; y++) {
        for (int i = 3 * x0; i < 3 * x1; i++) {
            size_t at = (size_t)y * (size_t)a->width * 3 + (size_t)i;
            sum += abs(a->pixels[at] - b->pixels[at]);
        }
    }
    return sum / (3.0 * (x1 - x0) * (y1 - y0));
}

static void boxes_are_drawn_into_a_copy_of_the_picture(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *photo = ftdn_test_shared_path(arena, PHOTO), *weights = ftdn_test_shared_path(arena, TRAINED);
    char *out = ftdn_cli_path(arena, place->folder, "out.jpg");
    ftdn_cli_assert_done(FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", weights, "-o", out));
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
    ftdn_picture before = load_picture(arena, photo), after = load_picture(arena, out);
    assert_int_equal(after.width, before.width);
    assert_int_equal(after.height, before.height);
    /* On the left line of the third box; and far from any box, where only the second compression shows. */
    assert_true(mean_difference(&before, &after, 211, 100, 212, 400) > 40);
    assert_true(mean_difference(&before, &after, 180, 420, 205, 495) < 4);
}

static void missing_words_are_exit_code_2(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect"), 2, "usage: ftdn detect IMAGE\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", "x.jpg"), 2, "--weights is missing; 'ftdn detect --help'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", "x.jpg", "-w", "formula:0"), 2, "--model is missing; 'ftdn detect");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", "x.jpg", "-m", "ssd_vgg16"), 2, "--weights is missing; ");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", "x.jpg", "-s", "2"), 2, "--score: '2' is not allowed; ");
}

/* A grey picture of 320 x 200 pixels; its path. */
static char *make_photo(ftdn_cli_place *place)
{
    ftdn_error err = {0};
    ftdn_picture picture = {.width = 320, .height = 200};
    picture.pixels = FTDN_NEW(&place->arena, 320 * 200 * 3, uint8_t, &err);
    assert_non_null(picture.pixels);
    memset(picture.pixels, 128, 320 * 200 * 3);
    char *path = ftdn_cli_path(&place->arena, place->folder, "grey.jpg");
    FTDN_ASSERT_OK(ftdn_picture_write_jpeg(path, &picture, &err), err);
    return path;
}

static void classes_have_the_names_that_are_given(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *photo = make_photo(place);
    ftdn_cli_result result = FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1", "-w", "formula:3", "--width",
                                      "0.25", "-s", "0.3", "--classes", "traffic cone,\303\251cran", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *found = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "detections");
    assert_true(found->n_children > 0);
    for (int i = 0; i < found->n_children; i++) {
        const char *name = ftdn_cli_member(found->child[i], "class")->string;
        assert_true(strcmp(name, "traffic cone") == 0 || strcmp(name, "\303\251cran") == 0);
    }
    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1", "-w", "formula:3", "-c", "car,car"), 2,
        "--classes: classes 0 and 1 are both called 'car'\n");
    const char *weights = ftdn_test_shared_path(arena, TRAINED);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", weights, "-c", "car,bus"),
                          2, "ssd_mobilenet_v1_075_coco.safetensors is of 20 classes, not of 2\n");
}

static void made_up_weights_need_no_file(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *photo = make_photo(place), *out = ftdn_cli_path(arena, place->folder, "out.jpg");
    ftdn_cli_result result = FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1", "-w", "formula:3", "--width",
                                      "0.25", "-s", "0.1", "-o", out, "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *found = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "detections");
    double last = 1;
    for (int i = 0; i < found->n_children; i++) {
        double score = ftdn_cli_member(found->child[i], "score")->number;
        assert_true(score > 0.1 && score <= last);
        last = score;
    }
    ftdn_picture picture = load_picture(arena, out);
    assert_true(picture.width == 320 && picture.height == 200);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", "ssd_vgg16", "-w", "formula:x"), 2, "'formula:x'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", "ssd_vgg", "-w", "formula:0"), 2,
                          "did you mean 'ssd_vgg16'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", "formula:0"), 4,
                          "'priors' is a constant of the network");
}

static void bad_input_is_exit_code_4_and_nothing_is_written(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *photo = make_photo(place), *out = ftdn_cli_path(arena, place->folder, "out.jpg");
    char *cut = ftdn_cli_path(arena, place->folder, "cut.jpg"), *none = ftdn_cli_path(arena, place->folder, "none");
    char *inside_none = ftdn_cli_path(arena, place->folder, "none/out.jpg");
    size_t n_bytes;
    ftdn_cli_load(arena, photo, &n_bytes);
    ftdn_cli_cut_file(arena, photo, cut, n_bytes - 40);
    const char *model = "ssd_mobilenet_v1";
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", cut, "-m", model, "-w", "formula:0", "-o", out), 4,
                          "cut.jpg: unreadable JPEG: Premature end of JPEG file\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", none, "-m", model, "-w", "formula:0", "-o", out), 4,
                          "none: No such file or directory\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", model, "-w", none, "-o", out), 4,
                          "none: No such file or directory\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", model, "-w", photo, "-o", out), 4, "grey.jpg: ");
    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "detect", photo, "-m", model, "-w", "formula:0", "--width", "0.25", "-o", inside_none), 4,
        "none/out.jpg: cannot be written: No such file or directory\n");
    assert_int_equal(ftdn_cli_count_entries(place->folder), 2);
}

static void weights_of_another_shape_are_named_with_both_shapes(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *weights = ftdn_test_shared_path(arena, TRAINED);
    char *photo = make_photo(place), *cut = ftdn_cli_path(arena, place->folder, "cut.safetensors");
    ftdn_cli_result result =
        FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", weights, "--width", "0.5");
    ftdn_cli_assert_fails(result, 4, "ssd_mobilenet_v1_075_coco.safetensors: does not fit the network");
    ftdn_cli_assert_says(result.err, "stem.weight: shape [24,3,3,3] in the file, [16,3,3,3] in the network\n");
    ftdn_cli_cut_file(arena, weights, cut, 100000);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1_tf", "-w", cut), 4,
                          "cut.safetensors: tensor '");
}

static void the_backend_is_chosen_and_changes_no_box(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *photo = ftdn_test_shared_path(arena, PHOTO), *weights = ftdn_test_shared_path(arena, TRAINED);
    ftdn_cli_result result =
        FTDN_CLI(arena, "detect", photo, "--model", "ssd_mobilenet_v1_tf", "-w", weights, "--backend", "ref", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *found = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "detections");
    assert_int_equal(found->n_children, 3);
    for (int i = 0; i < 3; i++) assert_box(found->child[i], &wanted[i]);
}

static void a_backend_that_is_not_there_is_named_with_who_knows_more(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *photo = make_photo(place);
    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1", "-w", "formula:3", "--backend", "gpu"), 2,
        "--backend: 'gpu' is not allowed; allowed: cpu, ref, cuda; did you mean 'cuda'?\n");
    assert_int_equal(setenv("FTDN_CUDA_MODULE", "absent.so", 1), 0);
    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "detect", photo, "-m", "ssd_mobilenet_v1", "-w", "formula:3", "-b", "cuda"), 1,
        "--backend: backend 'cuda': the CUDA module absent.so, which $FTDN_CUDA_MODULE names, does not exist; "
        "'ftdn doctor' looks at backends and devices\n");
    assert_int_equal(unsetenv("FTDN_CUDA_MODULE"), 0);
}

static void a_picture_under_another_name_than_a_jpegs_is_refused(void **state)
{
    ftdn_cli_place *place = *state;
    char *photo = make_photo(place);
    ftdn_cli_assert_fails(
        FTDN_CLI(&place->arena, "detect", photo, "-m", "ssd_mobilenet_v1", "-w", "formula:3", "-o", "boxes.png"), 2,
        "the output 'boxes.png' must end in .jpg: it is written as JPEG\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(the_trained_network_finds_three_persons_and_a_dog),
        FTDN_CLI_TEST(boxes_are_printed_as_a_table),
        FTDN_CLI_TEST(boxes_are_drawn_into_a_copy_of_the_picture),
        FTDN_CLI_TEST(missing_words_are_exit_code_2),
        FTDN_CLI_TEST(classes_have_the_names_that_are_given),
        FTDN_CLI_TEST(made_up_weights_need_no_file),
        FTDN_CLI_TEST(the_backend_is_chosen_and_changes_no_box),
        FTDN_CLI_TEST(a_backend_that_is_not_there_is_named_with_who_knows_more),
        FTDN_CLI_TEST(a_picture_under_another_name_than_a_jpegs_is_refused),
        FTDN_CLI_TEST(bad_input_is_exit_code_4_and_nothing_is_written),
        FTDN_CLI_TEST(weights_of_another_shape_are_named_with_both_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
