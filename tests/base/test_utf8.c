#include "base/utf8.h"

#include <stdbool.h>

#include "tests/support/support.h"

/* The one form of a code, by the table of RFC 3629. Returns its length. */
static size_t encode(uint32_t code, unsigned char *bytes)
{
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; code >>= 6) bytes[i] = (unsigned char)(0x80 | (code & 0x3F));
    bytes[0] = (unsigned char)(lead[length] | code);
    return length;
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDFFF;
}

static void every_character_is_decoded_and_none_that_is_cut(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        unsigned char bytes[5] = {0, 0, 0, 0, 'x'};
        uint32_t decoded = 0x110000;
        size_t length = encode(code, bytes);
        for (size_t n = 1; n < length; n++) assert_int_equal(ftdn_utf8_decode((const char *)bytes, n, &decoded), 0);
        assert_int_equal(ftdn_utf8_decode((const char *)bytes, sizeof bytes, &decoded),
                         is_surrogate(code) ? 0 : length);
        assert_int_equal(decoded, is_surrogate(code) ? 0x110000 : code);
    }
}

/* Whatever is decoded is the one form of its code: nothing else passes. */
static void every_other_sequence_is_refused(void **state)
{
    (void)state;
    static const unsigned char fourth[] = {0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
    for (uint32_t first = 0x800000; first < 0x1000000; first++) { /* below it a byte is a character */
        for (size_t i = 0; i < sizeof fourth; i++) {
            const unsigned char bytes[4] = {(unsigned char)(first >> 16), (unsigned char)(first >> 8),
                                            (unsigned char)first, fourth[i]};
            unsigned char form[4];
            uint32_t code;
            size_t length = ftdn_utf8_decode((const char *)bytes, sizeof bytes, &code);
            if (length == 0) continue;
            assert_int_equal(encode(code, form), length);
            assert_memory_equal(form, bytes, length);
        }
    }
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
        cmocka_unit_test(every_character_is_decoded_and_none_that_is_cut),
        cmocka_unit_test(every_other_sequence_is_refused),
        cmocka_unit_test(controls_and_malformed_bytes_are_made_visible_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
