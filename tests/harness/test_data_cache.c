/* test_data_cache.c - where fetched data are looked up, and when. */
#include "harness/manifest/data_cache.h"

#include <stdlib.h>

#include "base/file.h"
#include "harness/manifest/manifest.h"
#include "tests/support/support.h"

static ftdn_arena arena;
static ftdn_error err;
static char *folder;

static int set_up(void **state)
{
    (void)state;
    ftdn_arena_init(&arena);
    folder = ftdn_test_create_folder(&arena);
    return setenv("XDG_CACHE_HOME", folder, 1);
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
    return 0;
}

static const char *find_folder(void)
{
    const char *found;
    FTDN_ASSERT_OK(ftdn_data_cache_folder(&arena, &found, &err), err);
    return found;
}

static const char *find(const char *name)
{
    const char *found;
    FTDN_ASSERT_OK(ftdn_data_cache_find(name, &arena, &found, &err), err);
    return found;
}

static void the_cache_is_where_the_environment_says(void **state)
{
    (void)state;
    setenv("HOME", "/home/ada", 1);
    setenv("XDG_CACHE_HOME", "/big/cache", 1);
    assert_string_equal(find_folder(), "/big/cache/ftdn");
    setenv("XDG_CACHE_HOME", "relative", 1);
    assert_string_equal(find_folder(), "/home/ada/.cache/ftdn");
    setenv("XDG_CACHE_HOME", "", 1);
    assert_string_equal(find_folder(), "/home/ada/.cache/ftdn");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    assert_null(find_folder());
    assert_null(find("VOC2007"));
}

static void names_are_found_and_paths_that_leave_it_are_not(void **state)
{
    (void)state;
    char *inside = ftdn_path_join(&arena, folder, "ftdn/VOC2007", &err);
    FTDN_ASSERT_OK(ftdn_folder_create(inside, &err), err);
    ftdn_test_write_file(ftdn_path_join(&arena, folder, "outside", &err), "x", 1);
    assert_string_equal(find("VOC2007"), inside);
    assert_null(find("VOC2012"));
    assert_null(find("../outside"));
    assert_null(find("VOC2007/../../outside"));
    assert_null(find(inside));
}

/* The path that a manifest in `folder` gets for its dataset. */
static const char *root_of(const char *text)
{
    ftdn_mistakes mistakes;
    ftdn_manifest *manifest = FTDN_NEW(&arena, 1, ftdn_manifest, &err);
    ftdn_trial_settings settings;
    char *path = ftdn_path_join(&arena, folder, "m.json", &err);
    ftdn_test_write_file(path, text, strlen(text));
    ftdn_mistakes_init(&mistakes, &arena);
    FTDN_ASSERT_OK(ftdn_manifest_load(path, &arena, &mistakes, manifest, &err), err);
    ftdn_manifest_get_settings(manifest, 0, &settings);
    return settings.dataset.root;
}

static void a_manifest_looks_beside_itself_first_then_in_the_cache(void **state)
{
    (void)state;
    static const char text[] = "{\"manifest_version\": 1, \"name\": \"m\", \"model\": {\"name\": \"ssd_mobilenet_v1\", "
                               "\"weights\": \"formula:0\"}, \"dataset\": {\"kind\": \"voc\", \"root\": \"VOC2007\", "
                               "\"split\": \"test\"}, \"faults\": {\"type\": \"zero\"}}";
    char *beside = ftdn_path_join(&arena, folder, "VOC2007", &err);
    char *cached = ftdn_path_join(&arena, folder, "ftdn/VOC2007", &err);
    assert_string_equal(root_of(text), beside); /* a mistake is told of the place beside the manifest */
    FTDN_ASSERT_OK(ftdn_folder_create(cached, &err), err);
    assert_string_equal(root_of(text), cached);
    FTDN_ASSERT_OK(ftdn_folder_create(beside, &err), err);
    assert_string_equal(root_of(text), beside);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_cache_is_where_the_environment_says),
        TEST(names_are_found_and_paths_that_leave_it_are_not),
        TEST(a_manifest_looks_beside_itself_first_then_in_the_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
