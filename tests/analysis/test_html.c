#include "analysis/html.h"

#include "tests/support/support.h"

static ftdn_text text;

static int set_up(void **state)
{
    (void)state;
    ftdn_text_init(&text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_text_done(&text);
    return 0;
}

static void no_text_means_anything_to_a_browser(void **state)
{
    (void)state;
    ftdn_html_append(&text, "</td><script>alert(\"1\" & '2')</script>");
    assert_string_equal(text.chars, "&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
}

static void what_is_no_text_is_shown_as_such(void **state)
{
    (void)state;
    ftdn_html_append(&text, "a\nb\x1b\xff\xc3\xa4");
    assert_string_equal(text.chars, "a\\nb\\x1b\xef\xbf\xbd\xc3\xa4");
    ftdn_html_append(&text, "");
    assert_string_equal(text.chars, "a\\nb\\x1b\xef\xbf\xbd\xc3\xa4");
}

static void lines_keep_their_ends(void **state)
{
    (void)state;
    ftdn_html_append_lines(&text, "a<\n\n  b\n");
    assert_string_equal(text.chars, "a&lt;\n\n  b\n");
}

static void counts_are_grouped_by_thousands(void **state)
{
    (void)state;
    static const int64_t counts[] = {0, 999, 1000, 26285998, -1234, -123};
    for (int i = 0; i < 6; i++) {
        ftdn_html_append_count(&text, counts[i]);
        ftdn_text_append(&text, " ");
    }
    assert_string_equal(text.chars, "0 999 1,000 26,285,998 -1,234 -123 ");
}

/* The vectors of RFC 4648, section 10, and bytes above 127. */
static void base64_is_that_of_the_rfc(void **state)
{
    (void)state;
    static const char *const plain[] = {"f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd"};
    for (int i = 0; i < 7; i++) {
        ftdn_html_append_base64(&text, (const unsigned char *)plain[i], strlen(plain[i]));
        ftdn_text_append(&text, " ");
    }
    assert_string_equal(text.chars, "Zg== Zm8= Zm9v Zm9vYg== Zm9vYmE= Zm9vYmFy //79 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_text_means_anything_to_a_browser, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_text_is_shown_as_such, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_keep_their_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_are_grouped_by_thousands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(base64_is_that_of_the_rfc, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
