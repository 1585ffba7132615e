/* Pictures call networks as the paper does, and name a folder of images, not where it lies. */
#include <string.h>

#include "analysis/network_label.h"
#include "tests/support/support.h"

static void assert_label(const char *model, double width, const char *dataset, const char *label)
{
    const ftdn_trial_params params = {.model = model, .width = width, .dataset = dataset};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append_network(&text, &params);
    assert_string_equal(text.chars, label);
    ftdn_text_done(&text);
}

static void networks_of_the_paper_have_its_names(void **state)
{
    (void)state;
    assert_label("ssd_vgg16", 1, "road test", "SSD-VGG: road test\n");
    assert_label("ssd_mobilenet_v1", 0.25, "road test", "SSD-MobileNet, width 0.25: road test\n");
    assert_label("ssd_zoo", 1, "road test", "ssd_zoo: road test\n");
    assert_string_not_equal(ftdn_model_label("ssd_mobilenet_v1_tf"), ftdn_model_label("ssd_mobilenet_v1"));
}

static void a_folder_is_called_by_its_own_name(void **state)
{
    (void)state;
    assert_label("a", 1, "VOC '/data/sets/VOC2007-mini' test, 300 images", "a: VOC 'VOC2007-mini' test, 300 images\n");
    assert_label("a", 1, "VOC 'VOC2007' test, 1 image", "a: VOC 'VOC2007' test, 1 image\n");
    assert_label("a", 1, "VOC '/data/VOC2007/' test", "a: VOC 'VOC2007/' test\n");
}

static void what_names_no_folder_stays(void **state)
{
    (void)state;
    assert_label("a", 1, "1/2 of it", "a: 1/2 of it\n");
    assert_label("a", 1, "", "a: \n");
    assert_label("a", 1, "a 'b", "a: a 'b\n");
}

static void a_network_is_said_once(void **state)
{
    (void)state;
    const ftdn_trial_params wide = {.model = "ssd_vgg16", .width = 1, .dataset = "road test"},
                            narrow = {.model = "ssd_vgg16", .width = 0.125, .dataset = "road test"};
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append_network(&text, &wide);
    ftdn_text_append_network(&text, &narrow);
    ftdn_text_append_network(&text, &wide);
    assert_string_equal(text.chars, "SSD-VGG: road test\nSSD-VGG, width 0.125: road test\n");
    ftdn_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_of_the_paper_have_its_names),
        cmocka_unit_test(a_folder_is_called_by_its_own_name),
        cmocka_unit_test(what_names_no_folder_stays),
        cmocka_unit_test(a_network_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
