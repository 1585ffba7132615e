/* test_pictures.c - the columns of a sheet are trials of the plan, and what they show is what the trials find. */
#include "harness/figures/pictures.h"

#include <math.h>

#include "harness/rig.h"
#include "tests/harness/planned.h"

#define HEAD                                                                                                           \
    "{'manifest_version': 1, 'name': 'x',\n"                                                                           \
    " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},\n"                                  \
    " 'dataset': {'kind': 'test_scenes', 'images': 4},\n"
#define SWEEP                                                                                                          \
    "'sweep': {'grid': {'faults.weight_rate': [0, 0.01, 0.05], 'faults.feature_map_rate': [0, 0.02],"                  \
    " 'protection': [{'method': 'none'}, {'method': 'd2nn', 'ranking': 'weight_sum', 'ratio': 0.5},"                   \
    " {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5}], 'seed': [4, 3]}}}"

static const ftdn_pictures_desc usual = {
    .weight_rate = NAN, .feature_map_rate = NAN, .seed = -1, .score = 0.2, .n_images = 2, .n_threads = 1};

static ftdn_pictures choose(ftdn_planned *p, const ftdn_pictures_desc *desc)
{
    ftdn_pictures pictures;
    FTDN_ASSERT_OK(ftdn_pictures_choose(&p->plan, desc, &p->arena, &pictures, &p->err), p->err);
    return pictures;
}

static void columns_are_truth_clean_faulty_and_every_protection(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p, HEAD SWEEP, "m.json");
    const ftdn_pictures pictures = choose(&p, &usual);
    static const char *const names[] = {"ground truth", "no faults", "unprotected", "KR 50 %", "D2NN 50 %"};
    assert_int_equal(pictures.n_columns, 5);
    assert_true(pictures.weight_rate == 0.05 && pictures.feature_map_rate == 0.02); /* the greatest */
    assert_null(pictures.column[0].trial);
    for (int c = 0; c < 5; c++) {
        assert_string_equal(pictures.column[c].name, names[c]);
        if (c == 0) continue;
        const ftdn_trial_settings *settings = &pictures.column[c].trial->settings;
        assert_int_equal(settings->seed, 3); /* the least */
        assert_true(settings->faults.weight_rate == (c == 1 ? 0 : 0.05));
        assert_true(settings->faults.feature_map_rate == (c == 1 ? 0 : 0.02));
    }
    ftdn_planned_done(&p);
}

static void rates_seed_and_images_can_be_asked_for(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p, HEAD SWEEP, "m.json");
    ftdn_pictures_desc desc = usual;
    desc.weight_rate = 0.01;
    desc.feature_map_rate = 0;
    desc.seed = 4;
    const char *names[] = {p.plan.trial[0].dataset->image[3].name, p.plan.trial[0].dataset->image[0].name};
    desc.n_names = 2;
    desc.name = names;
    ftdn_pictures pictures = choose(&p, &desc);
    assert_true(pictures.column[2].trial->settings.faults.weight_rate == 0.01);
    assert_int_equal(pictures.column[2].trial->settings.seed, 4);
    assert_int_equal(pictures.image[0], 3);
    assert_int_equal(pictures.image[1], 0);
    desc.weight_rate = 0.5;
    FTDN_ASSERT_FAILS(ftdn_pictures_choose(&p.plan, &desc, &p.arena, &pictures, &p.err), FTDN_ERR_ARG,
                      "there is no trial with these fault rates", p.err);
    desc = usual;
    desc.seed = 9;
    FTDN_ASSERT_FAILS(ftdn_pictures_choose(&p.plan, &desc, &p.arena, &pictures, &p.err), FTDN_ERR_ARG,
                      "--seed: the manifest has no trial of seed 9", p.err);
    desc = usual;
    names[0] = "nowhere";
    desc.n_names = 1;
    desc.name = names;
    FTDN_ASSERT_FAILS(ftdn_pictures_choose(&p.plan, &desc, &p.arena, &pictures, &p.err), FTDN_ERR_ARG, "nowhere",
                      p.err);
    ftdn_planned_done(&p);
}

static void images_are_those_with_the_most_classes(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p, HEAD SWEEP, "m.json");
    const ftdn_pictures pictures = choose(&p, &usual);
    int n_least = 99, n_most = 0;
    for (int i = 0; i < pictures.dataset->n_images; i++) {
        const ftdn_image *image = &pictures.dataset->image[i];
        uint64_t classes = 0;
        for (int k = 0; k < image->n_objects; k++) classes |= UINT64_C(1) << image->object[k].class_index;
        int n = __builtin_popcountll(classes);
        bool is_shown = i == pictures.image[0] || i == pictures.image[1];
        if (is_shown && n < n_least) n_least = n;
        if (!is_shown && n > n_most) n_most = n;
    }
    assert_true(n_least >= n_most);
    assert_true(pictures.image[0] < pictures.image[1]);
    ftdn_pictures_desc desc = usual;
    desc.n_images = 32;
    assert_int_equal(choose(&p, &desc).n_images, 4); /* no more than there are */
    ftdn_planned_done(&p);
}

/* Whatever was run before, and alone or among all images of the trial. */
static void what_is_shown_is_what_the_trial_finds(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p, HEAD SWEEP, "m.json");
    const ftdn_pictures pictures = choose(&p, &usual);
    const ftdn_score_source scores = {.n_threads = 1};
    int n_found = 0;
    for (int c = 1; c < pictures.n_columns; c++) {
        const ftdn_planned_trial *trial = pictures.column[c].trial;
        ftdn_image_detections shown[2], all[4];
        ftdn_rig rig;
        FTDN_ASSERT_OK(ftdn_pictures_detect(&pictures, trial, &scores, &p.arena, shown, &p.err), p.err);
        const ftdn_rig_desc desc = {.trial = trial, .scores = &scores, .n_threads = 1};
        FTDN_ASSERT_OK(ftdn_rig_init(&rig, &desc, &p.err), p.err);
        FTDN_ASSERT_OK(ftdn_rig_prepare(&rig, &trial->settings, &p.err), p.err);
        for (int i = 0; i < 4; i++)
            FTDN_ASSERT_OK(ftdn_worker_detect(&rig.worker[0], trial->dataset, i, 1, c > 1, &all[i], &p.err), p.err);
        for (int r = 0; r < 2; r++) {
            const ftdn_image_detections *expected = &all[pictures.image[r]];
            assert_int_equal(shown[r].n_detections, expected->n_detections);
            assert_memory_equal(shown[r].detection, expected->detection,
                                (size_t)expected->n_detections * sizeof *expected->detection);
            n_found += expected->n_detections;
        }
        ftdn_rig_done(&rig);
    }
    assert_true(n_found > 0);
    ftdn_planned_done(&p);
}

static void a_sheet_has_a_cell_for_each_image_and_column(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p, HEAD SWEEP, "m.json");
    const ftdn_pictures pictures = choose(&p, &usual);
    ftdn_picture sheet, one;
    FTDN_ASSERT_OK(ftdn_pictures_draw(&pictures, &usual, NULL, &p.arena, &sheet, &p.err), p.err);
    assert_in_range(sheet.width, 5 * 420, 5 * 440);
    ftdn_pictures_desc desc = usual;
    desc.n_images = 1;
    const ftdn_pictures smaller = choose(&p, &desc);
    FTDN_ASSERT_OK(ftdn_pictures_draw(&smaller, &desc, NULL, &p.arena, &one, &p.err), p.err);
    assert_true(one.height < sheet.height && one.width == sheet.width);
    ftdn_planned_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_truth_clean_faulty_and_every_protection),
        cmocka_unit_test(rates_seed_and_images_can_be_asked_for),
        cmocka_unit_test(images_are_those_with_the_most_classes),
        cmocka_unit_test(what_is_shown_is_what_the_trial_finds),
        cmocka_unit_test(a_sheet_has_a_cell_for_each_image_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
