#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

#include "datasets/class_map.h"

static const char *const names[] = {"car", "aeroplane", "bus"};

static void create(ftdn_class_map *map, const ftdn_class_choice *choice, ftdn_class_list *list, ftdn_arena *arena)
{
    ftdn_error err = {0};
    ftdn_arena_init(arena);
    FTDN_ASSERT_OK(ftdn_class_list_create(names, 3, arena, list, &err), err);
    FTDN_ASSERT_OK(ftdn_class_map_init(map, list, choice, arena, &err), err);
}

static int find(ftdn_class_map *map, const char *name, unsigned long line)
{
    ftdn_error err = {0};
    int found = 77;
    FTDN_ASSERT_OK(ftdn_class_map_find(map, name, "a.xml", line, 5, &found, &err), err);
    return found;
}

static void names_are_renamed_before_they_are_looked_up(void **state)
{
    (void)state;
    static const char *const rename[] = {"airplane", "aeroplane", "bus", "car", "coach", "bus"};
    const ftdn_class_choice choice = {.rename = rename, .n_renames = 3};
    ftdn_arena arena;
    ftdn_class_list list;
    ftdn_class_map map;
    ftdn_error err = {0};
    create(&map, &choice, &list, &arena);
    assert_int_equal(find(&map, "airplane", 1), 1);
    assert_int_equal(find(&map, "aeroplane", 2), 1);
    assert_int_equal(find(&map, "bus", 3), 0); /* once: not what another name becomes */
    assert_int_equal(find(&map, "coach", 4), 2);
    FTDN_ASSERT_OK(ftdn_class_map_check(&map, &err), err);
    assert_string_equal(ftdn_class_map_describe(&map, &err), "");
    ftdn_arena_done(&arena);
}

static void other_classes_are_listed_by_their_number(void **state)
{
    (void)state;
    const ftdn_class_choice choice = {0};
    ftdn_arena arena;
    ftdn_class_list list;
    ftdn_class_map map;
    ftdn_error err = {0};
    create(&map, &choice, &list, &arena);
    assert_int_equal(find(&map, "zebra", 9), -1);
    for (unsigned long i = 0; i < 3; i++) assert_int_equal(find(&map, "airplane", 20 + i), -1);
    assert_int_equal(find(&map, "cat", 8), -1);
    FTDN_ASSERT_FAILS(ftdn_class_map_check(&map, &err), FTDN_ERR_INPUT, "3 classes that the network lacks (", err);
    assert_non_null(strstr(err.message,
                           "):\n  'airplane' of 3 objects, the first at a.xml:20:5; did you mean 'aeroplane'?\n"
                           "  'cat' of 1 object, the first at a.xml:8:5; did you mean 'car'?\n"
                           "  'zebra' of 1 object, the first at a.xml:9:5"));
    assert_string_equal(ftdn_class_map_describe(&map, &err), ", 5 objects of other classes left out");
    ftdn_arena_done(&arena);
}

/* All of COCO's classes for a network of three: the message stays readable and whole. */
static void many_other_classes_are_counted(void **state)
{
    (void)state;
    const ftdn_class_choice choice = {0};
    ftdn_arena arena;
    ftdn_class_list list;
    ftdn_class_map map;
    ftdn_error err = {0};
    create(&map, &choice, &list, &arena);
    for (int i = 0; i < 80; i++) {
        char name[200];
        snprintf(name, sizeof name, "a class with a very long name of which there are many: %d", i);
        assert_int_equal(find(&map, name, 1), -1);
    }
    FTDN_ASSERT_FAILS(ftdn_class_map_check(&map, &err), FTDN_ERR_INPUT, "80 classes that the network lacks (", err);
    assert_non_null(strstr(err.message, "\n  and 72 more"));
    ftdn_arena_done(&arena);
}

/* As many as a hostile file likes: in time squared these would take minutes. */
static void a_hundred_thousand_other_classes_are_counted_at_once(void **state)
{
    (void)state;
    const ftdn_class_choice choice = {0};
    ftdn_arena arena;
    ftdn_class_list list;
    ftdn_class_map map;
    create(&map, &choice, &list, &arena);
    for (int i = 0; i < 2 * 200000; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i % 200000);
        assert_int_equal(find(&map, name, 1), -1);
    }
    assert_int_equal(map.n_others, 200000);
    ftdn_error err = {0};
    assert_string_equal(ftdn_class_map_describe(&map, &err), ", 400000 objects of other classes left out");
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_renamed_before_they_are_looked_up),
        cmocka_unit_test(other_classes_are_listed_by_their_number),
        cmocka_unit_test(many_other_classes_are_counted),
        cmocka_unit_test(a_hundred_thousand_other_classes_are_counted_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
