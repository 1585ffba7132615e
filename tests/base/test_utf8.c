#include "base/utf8.h"

#include "tests/support/support.h"

static void characters_are_decoded_and_malformed_ones_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        uint32_t code;
    } cases[] = {
        {"a", 1, 'a'},          {"\xc2\x80", 2, 0x80},             {"\xdf\xbf", 2, 0x7FF},
        {"\xe0\xa0\x80", 3, 0x800}, {"\xef\xbf\xbf", 3, 0xFFFF},     {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10FFFF}, {"\x80", 0, 0},          {"\xc1\xbf", 0, 0},
        {"\xe0\x9f\xbf", 0, 0}, {"\xed\xa0\x80", 0, 0},            {"\xf0\x8f\xbf\xbf", 0, 0},
        {"\xf4\x90\x80\x80", 0, 0}, {"\xf8\x88\x80\x80\x80", 0, 0}, {"\xe2\x82", 0, 0},
        {"\xc3" "A", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        assert_int_equal(ftdn_utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &code), cases[i].length);
        assert_int_equal(code, cases[i].code);
    }
    uint32_t code = 7;
    assert_int_equal(ftdn_utf8_decode("", 1, &code), 1);
    assert_int_equal(code, 0);
}

static void controls_and_malformed_bytes_are_made_visible_in_place(void **state)
{
    (void)state;
    char line[] = "a\n\x7f\xc2\x85\xc2\xa0\xe2\x82", text[] = "a\nb\t";
    ftdn_make_printable(line, strlen(line), false);
    assert_string_equal(line, "a????\xc2\xa0??");
    ftdn_make_printable(text, strlen(text), true);
    assert_string_equal(text, "a\nb?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_are_decoded_and_malformed_ones_are_none),
        cmocka_unit_test(controls_and_malformed_bytes_are_made_visible_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
