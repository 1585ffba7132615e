#include "tests/support/arena_per_test.h"

#include <stdio.h>
#include <string.h>

#include "datasets/class_map.h"

static const char *const names[] = {"car", "aeroplane", "bus"};

static ftdn_class_list list;
static ftdn_class_map map;

static void make_map(const ftdn_class_choice *choice)
{
    FTDN_ASSERT_OK(ftdn_class_list_create(names, 3, &arena, &list, &err), err);
    FTDN_ASSERT_OK(ftdn_class_map_init(&map, &list, choice, &arena, &err), err);
}

static int find(const char *name, unsigned long line)
{
    int found = 77;
    FTDN_ASSERT_OK(ftdn_class_map_find(&map, name, "a.xml", line, 5, &found, &err), err);
    return found;
}

static void names_are_renamed_before_they_are_looked_up(void **state)
{
    (void)state;
    static const char *const rename[] = {"airplane", "aeroplane", "bus", "car", "coach", "bus"};
    const ftdn_class_choice choice = {.rename = rename, .n_renames = 3};
    make_map(&choice);
    assert_int_equal(find("airplane", 1), 1);
    assert_int_equal(find("aeroplane", 2), 1);
    assert_int_equal(find("bus", 3), 0); /* once: not what another name becomes */
    assert_int_equal(find("coach", 4), 2);
    FTDN_ASSERT_OK(ftdn_class_map_check(&map, &err), err);
    assert_string_equal(ftdn_class_map_describe(&map, &err), "");
}

static void other_classes_are_listed_by_their_number(void **state)
{
    (void)state;
    const ftdn_class_choice choice = {0};
    make_map(&choice);
    assert_int_equal(find("zebra", 9), -1);
    for (unsigned long i = 0; i < 3; i++) assert_int_equal(find("airplane", 20 + i), -1);
    assert_int_equal(find("cat", 8), -1);
    FTDN_ASSERT_FAILS(ftdn_class_map_check(&map, &err), FTDN_ERR_INPUT, "3 classes that the network lacks (", err);
    assert_non_null(strstr(err.message,
                           "):\n  'airplane' of 3 objects, the first at a.xml:20:5; did you mean 'aeroplane'?\n"
                           "  'cat' of 1 object, the first at a.xml:8:5; did you mean 'car'?\n"
                           "  'zebra' of 1 object, the first at a.xml:9:5"));
    assert_string_equal(ftdn_class_map_describe(&map, &err), ", 5 objects of other classes left out");
}

/* All of COCO's classes for a network of three: the message stays readable and whole. */
static void many_other_classes_are_counted(void **state)
{
    (void)state;
    const ftdn_class_choice choice = {0};
    make_map(&choice);
    for (int i = 0; i < 80; i++) {
        char name[200];
        snprintf(name, sizeof name, "a class with a very long name of which there are many: %d", i);
        assert_int_equal(find(name, 1), -1);
    }
    FTDN_ASSERT_FAILS(ftdn_class_map_check(&map, &err), FTDN_ERR_INPUT, "80 classes that the network lacks (", err);
    assert_non_null(strstr(err.message, "\n  and 72 more"));
}

/* As many as a hostile file likes: in time squared these would take minutes. */
static void a_hundred_thousand_other_classes_are_counted_at_once(void **state)
{
    (void)state;
    const ftdn_class_choice choice = {0};
    make_map(&choice);
    for (int i = 0; i < 2 * 200000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i % 200000);
        assert_int_equal(find(name, 1), -1);
    }
    assert_int_equal(map.n_others, 200000);
    assert_string_equal(ftdn_class_map_describe(&map, &err), ", 400000 objects of other classes left out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(names_are_renamed_before_they_are_looked_up),
        FTDN_ARENA_TEST(other_classes_are_listed_by_their_number),
        FTDN_ARENA_TEST(many_other_classes_are_counted),
        FTDN_ARENA_TEST(a_hundred_thousand_other_classes_are_counted_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
