#include "base/json_members.h"

#include <math.h>
#include <stdint.h>

#include "tests/support/support.h"

static void members_are_separated_where_one_stands_before(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_error err = {0};
    ftdn_text_append(&text, "{");
    ftdn_json_begin_object(&text, "a");
    ftdn_json_put_integer(&text, "most", UINT64_MAX);
    ftdn_json_put_number(&text, "rate", 0.1);
    ftdn_json_end_object(&text);
    ftdn_json_begin_object(&text, "none");
    ftdn_json_end_object(&text);
    ftdn_json_put_key(&text, "list");
    ftdn_text_append(&text, "[1,2]");
    ftdn_json_put_string(&text, "text", "a \"b\"{");
    ftdn_json_end_object(&text);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    assert_string_equal(
        text.chars,
        "{\"a\":{\"most\":18446744073709551615,\"rate\":0.1},\"none\":{},\"list\":[1,2],\"text\":\"a \\\"b\\\"{\"}");
    ftdn_text_done(&text);
}

static void what_is_not_there_is_null(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_json_put_string(&text, "text", NULL);
    ftdn_json_put_number(&text, "number", (double)NAN);
    ftdn_json_put_number(&text, "large", (double)INFINITY);
    assert_string_equal(text.chars, "\"text\":null,\"number\":null,\"large\":null");
    ftdn_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_separated_where_one_stands_before),
        cmocka_unit_test(what_is_not_there_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
