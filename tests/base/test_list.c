#include "base/list.h"

#include "tests/support/support.h"

typedef struct item {
    int number;
    char letter;
} item;

static void items_stay_in_their_order_while_the_list_grows(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_list list;
    ftdn_list_init(&list, sizeof(item));
    for (int i = 0; i < 1000; i++) {
        const item added = {i * i, (char)('a' + i % 26)};
        FTDN_ASSERT_OK(ftdn_list_add(&list, &added, &err), err);
        assert_int_equal(list.n_items, i + 1);
    }
    const item *items = list.items;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(items[i].number, i * i);
        assert_int_equal(items[i].letter, 'a' + i % 26);
    }
    ftdn_list_done(&list);
    assert_int_equal(list.n_items, 0);
    const item again = {7, 'z'};
    FTDN_ASSERT_OK(ftdn_list_add(&list, &again, &err), err);
    assert_int_equal(((const item *)list.items)->number, 7);
    ftdn_list_done(&list);
}

static void a_list_that_cannot_grow_keeps_what_it_has(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_list list;
    ftdn_list_init(&list, SIZE_MAX / 8); /* sixteen of them overflow a size */
    char byte = 0;
    FTDN_ASSERT_FAILS(ftdn_list_add(&list, &byte, &err), FTDN_ERR_MEMORY, "out of memory: 0 items of ", err);
    assert_int_equal(list.n_items, 0);
    ftdn_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_stay_in_their_order_while_the_list_grows),
        cmocka_unit_test(a_list_that_cannot_grow_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
