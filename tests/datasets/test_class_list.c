#include "tests/support/support.h"

#include <string.h>

#include "datasets/class_list.h"
#include "datasets/dataset.h"

static void every_name_is_found_at_its_place(void **state)
{
    (void)state;
    static const char *const unordered[] = {"zebra", "ant", "mule", "b", "ants", "Ant"};
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_class_list list;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_class_list_create(unordered, 6, &arena, &list, &err), err);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ftdn_class_list_find(&list, unordered[i]), i);
        assert_string_equal(list.name[i], unordered[i]);
        assert_ptr_not_equal(list.name[i], unordered[i]);
    }
    static const char *const absent[] = {"", "an", "antss", "zebr", "zzz", "A"};
    for (int i = 0; i < 6; i++) assert_int_equal(ftdn_class_list_find(&list, absent[i]), -1);
    FTDN_ASSERT_OK(ftdn_class_list_create(ftdn_voc_class_name, 20, &arena, &list, &err), err);
    for (int i = 0; i < 20; i++) assert_int_equal(list.by_name[i], i);
    ftdn_arena_done(&arena);
}

static void lists_that_mean_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const repeated[] = {"car", "bus", "cat", "bus"}, *const empty[] = {"car", ""};
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_class_list list = {.n_classes = 7};
    ftdn_arena_init(&arena);
    FTDN_ASSERT_FAILS(ftdn_class_list_create(repeated, 4, &arena, &list, &err), FTDN_ERR_ARG,
                      "classes 1 and 3 are both called 'bus'", err);
    FTDN_ASSERT_FAILS(ftdn_class_list_create(empty, 2, &arena, &list, &err), FTDN_ERR_ARG, "class 1 has an empty name",
                      err);
    FTDN_ASSERT_FAILS(ftdn_class_list_create(empty, 0, &arena, &list, &err), FTDN_ERR_ARG, "a dataset of 0 classes",
                      err);
    assert_int_equal(list.n_classes, 7);
    ftdn_arena_done(&arena);
}

/* Names in a file are as many as its author likes: in time squared these would take minutes. */
static void a_hundred_thousand_names_are_sorted_at_once(void **state)
{
    (void)state;
    enum { N = 200000 };
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_class_list list;
    ftdn_arena_init(&arena);
    const char **names = FTDN_NEW(&arena, N, const char *, &err);
    for (int i = 0; i < N; i++) names[i] = ftdn_arena_format(&arena, &err, "class %d", (N - i) * 7919 % N);
    FTDN_ASSERT_OK(ftdn_class_list_create(names, N, &arena, &list, &err), err);
    for (int i = 0; i < N; i += 997) assert_int_equal(ftdn_class_list_find(&list, names[i]), i);
    names[N - 1] = names[5];
    FTDN_ASSERT_FAILS(ftdn_class_list_create(names, N, &arena, &list, &err), FTDN_ERR_ARG, "classes 5 and 199999 are",
                      err);
    ftdn_arena_done(&arena);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_status status = FTDN_ERR_MEMORY;
    for (long k = 0; status != FTDN_OK; k++) {
        ftdn_error err = {0};
        ftdn_arena arena;
        ftdn_class_list list;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        status = ftdn_class_list_create(ftdn_voc_class_name, 20, &arena, &list, &err);
        assert_int_equal(status, k < 23 ? FTDN_ERR_MEMORY : FTDN_OK);
        ftdn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_found_at_its_place),
        cmocka_unit_test(lists_that_mean_nothing_are_refused),
        cmocka_unit_test(a_hundred_thousand_names_are_sorted_at_once),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
