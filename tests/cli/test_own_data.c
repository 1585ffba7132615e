/* test_own_data.c - campaigns on images and classes of one's own, from the manifest to the store. */
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

#define HEAD "{'manifest_version': 1, 'name': 'own',\n"
#define MODEL " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},\n"

static void run_well(ftdn_arena *arena)
{
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "own.json", "--quiet"));
}

static void assert_refused(ftdn_arena *arena, int exit_code, const char *message)
{
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "own.json", "--quiet"), exit_code, message);
    assert_int_not_equal(access("results/own.db", F_OK), 0);
}

/* Pictures of the VOC folder, two of them annotated again in a COCO file: three dogs and a lama. */
static void write_coco(void)
{
    ftdn_cli_write_voc("own");
    ftdn_cli_write_quoted(
        "own/test.json",
        "{'images': [{'id': 40, 'file_name': 'JPEGImages/c.jpg', 'width': 40, 'height': 30},\n"
        "  {'id': 7, 'file_name': 'JPEGImages/a.jpg', 'width': 40, 'height': 30}],\n"
        " 'categories': [{'id': 18, 'name': 'dog'}, {'id': 90, 'name': 'lama'}],\n"
        " 'annotations': [{'id': 1, 'image_id': 7, 'category_id': 18, 'bbox': [2, 3, 17, 21], 'iscrowd': 0},\n"
        "  {'id': 2, 'image_id': 7, 'category_id': 18, 'bbox': [20, 3, 17, 21], 'iscrowd': 1, 'area': 9},\n"
        "  {'id': 3, 'image_id': 40, 'category_id': 18, 'bbox': [2.5, 3, 17, 21]},\n"
        "  {'id': 4, 'image_id': 40, 'category_id': 90, 'bbox': [20, 3.5, 17, 21]}]}");
}

static void a_coco_file_is_evaluated_under_the_networks_classes(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_coco();
    ftdn_cli_write_quoted("own.json", HEAD MODEL
                          " 'dataset': {'kind': 'coco', 'root': 'own', 'classes': ['cat', 'hound', 'llama'],\n"
                          "  'rename': {'dog': 'hound', 'lama': 'llama'}}}");
    run_well(arena);
    assert_string_equal(ftdn_cli_ask(arena, "results/own.db", "SELECT class, objects FROM v_ap ORDER BY class"),
                        "class,objects\ncat,0\nhound,2\nllama,1\n");
    ftdn_cli_assert_answer(arena, "results/own.db", "SELECT images FROM v_trials", 2);
}

static void classes_that_the_network_lacks_are_listed_with_a_hint(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_coco();
    ftdn_cli_write_quoted("own.json",
                          HEAD MODEL " 'dataset': {'kind': 'coco', 'root': 'own', 'classes': ['cat', 'llama']}}");
    assert_refused(arena, 4,
                   "2 classes that the network lacks (where it has one by another name, say so in \"rename\"; "
                   "\"other_classes\": \"ignore\" leaves such objects out):\n"
                   "  'dog' of 3 objects, the first at own/test.json:4:18\n"
                   "  'lama' of 1 object, the first at own/test.json:7:3; did you mean 'llama'?\n");
    ftdn_cli_write_quoted("own.json",
                          HEAD MODEL " 'dataset': {'kind': 'coco', 'root': 'own', 'classes': ['cat', 'llama'],\n"
                                     "  'rename': {'lama': 'lllama'}, 'other_classes': 'ignore'}}");
    assert_refused(arena, 3,
                   "own.json:3:13: dataset: 'lama' is renamed to 'lllama', which is no class of the network; did you "
                   "mean 'llama'?\n");
    ftdn_cli_write_quoted("own.json",
                          HEAD MODEL " 'dataset': {'kind': 'coco', 'root': 'own', 'classes': ['cat', 'llama'],\n"
                                     "  'rename': {'lama': 'llama'}, 'other_classes': 'ignore'}}");
    run_well(arena);
    assert_string_equal(ftdn_cli_ask(arena, "results/own.db", "SELECT class, objects FROM v_ap ORDER BY class"),
                        "class,objects\ncat,0\nllama,1\n");
}

static void a_folder_in_the_form_of_voc_may_have_other_classes(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_voc("own");
    ftdn_cli_write_quoted("own.json", HEAD MODEL
                          " 'dataset': {'kind': 'voc', 'root': 'own', 'classes': ['cat', 'dog']},\n"
                          " 'calibration': {'kind': 'voc', 'root': 'own', 'split': 'test', 'allow_overlap': true},\n"
                          " 'protection': {'method': 'kr', 'ranking': 'second_order', 'ratio': 0.25}}");
    run_well(arena);
    assert_string_equal(ftdn_cli_ask(arena, "results/own.db", "SELECT class, objects FROM v_ap ORDER BY class"),
                        "class,objects\ncat,0\ndog,3\n");
    ftdn_cli_write_quoted(
        "own.json",
        HEAD " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1, 'classes': 20},\n"
             " 'dataset': {'kind': 'voc', 'root': 'own', 'classes': ['cat', 'dog']}}");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "plan", "own.json"), 3,
                          "own.json:2:89: model.classes: the model has 20 classes, the dataset (VOC 'own' test, 3 "
                          "images) has 2\n");
}

static void road_scenes_need_no_file(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_quoted("own.json", HEAD MODEL " 'dataset': {'kind': 'road', 'images': 4}}");
    run_well(arena);
    ftdn_cli_assert_answer(arena, "results/own.db", "SELECT count(*) FROM v_ap", 8);
    ftdn_cli_assert_answer(arena, "results/own.db", "SELECT count(*) FROM v_ap WHERE class = 'channelizer'", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_coco_file_is_evaluated_under_the_networks_classes),
        FTDN_CAMPAIGN_TEST(classes_that_the_network_lacks_are_listed_with_a_hint),
        FTDN_CAMPAIGN_TEST(a_folder_in_the_form_of_voc_may_have_other_classes),
        FTDN_CAMPAIGN_TEST(road_scenes_need_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
