/* Pictures name a folder of images, and not where it lies. */
#include <string.h>

#include "analysis/dataset_label.h"
#include "tests/support/support.h"

static void assert_label(const char *description, const char *label)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append_dataset(&text, description);
    assert_string_equal(text.chars, label);
    ftdn_text_done(&text);
}

static void a_folder_is_called_by_its_own_name(void **state)
{
    (void)state;
    assert_label("VOC '/data/sets/VOC2007-mini' test, 300 images", "VOC 'VOC2007-mini' test, 300 images");
    assert_label("VOC 'VOC2007' test, 1 image", "VOC 'VOC2007' test, 1 image");
    assert_label("VOC '/data/VOC2007/' test", "VOC 'VOC2007/' test");
}

static void what_names_no_folder_stays(void **state)
{
    (void)state;
    assert_label("road test, 200 images", "road test, 200 images");
    assert_label("1/2 of it", "1/2 of it");
    assert_label("", "");
    assert_label("a 'b", "a 'b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_called_by_its_own_name),
        cmocka_unit_test(what_names_no_folder_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
