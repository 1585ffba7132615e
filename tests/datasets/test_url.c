/* test_url.c - which addresses are fetched from, and where redirects may lead. */
#include "datasets/url.h"

#include <stdlib.h>

#include "tests/support/arena_per_test.h"

static void three_schemes_are_allowed(void **state)
{
    (void)state;
    ftdn_url_scheme scheme;
    FTDN_ASSERT_OK(ftdn_url_check("https://host/file", &scheme, &err), err);
    assert_int_equal(scheme, FTDN_URL_HTTPS);
    FTDN_ASSERT_OK(ftdn_url_check("HTTP://host:8080/file?a=b", &scheme, &err), err);
    assert_int_equal(scheme, FTDN_URL_HTTP);
    FTDN_ASSERT_OK(ftdn_url_check("file:///folder/file", &scheme, &err), err);
    assert_int_equal(scheme, FTDN_URL_FILE);
    FTDN_ASSERT_FAILS(ftdn_url_check("ftp://host/file", &scheme, &err), FTDN_ERR_ARG, "scheme 'ftp'", err);
    FTDN_ASSERT_FAILS(ftdn_url_check("voc2007", &scheme, &err), FTDN_ERR_ARG, "'voc2007' is no address", err);
    FTDN_ASSERT_FAILS(ftdn_url_check("http://", &scheme, &err), FTDN_ERR_ARG, "is no address", err);
    FTDN_ASSERT_FAILS(ftdn_url_check("http://host/a b", &scheme, &err), FTDN_ERR_ARG, "is no address", err);
    FTDN_ASSERT_FAILS(ftdn_url_check("http://host/a\r\nX: y", &scheme, &err), FTDN_ERR_ARG, "is no address", err);
    FTDN_ASSERT_FAILS(ftdn_url_check("https://name:word@host/", &scheme, &err), FTDN_ERR_ARG, "user name or password",
                      err);
    FTDN_ASSERT_FAILS(ftdn_url_check("https://name@host/", &scheme, &err), FTDN_ERR_ARG, "user name or password", err);
    assert_null(strstr(err.message, "name@"));
    char url[2100] = "http://host/";
    memset(url + 12, 'a', sizeof url - 13);
    FTDN_ASSERT_FAILS(ftdn_url_check(url, &scheme, &err), FTDN_ERR_ARG, "more than 2000 characters", err);
}

static void assert_leads(const char *url, const char *location, const char *expected)
{
    const char *target;
    FTDN_ASSERT_OK(ftdn_url_follow(url, location, &arena, &target, &err), err);
    assert_string_equal(target, expected);
}

static void assert_leads_nowhere(const char *url, const char *location, const char *fragment)
{
    const char *target;
    FTDN_ASSERT_FAILS(ftdn_url_follow(url, location, &arena, &target, &err), FTDN_ERR_INPUT, fragment, err);
    assert_int_equal(err.status, FTDN_ERR_INPUT);
}

static void a_redirect_leads_to_as_strong_a_way_or_a_stronger_one(void **state)
{
    (void)state;
    assert_leads("http://a/x/y", "http://b/z", "http://b/z");
    assert_leads("http://a/x/y", "https://b/z", "https://b/z");
    assert_leads("https://a/x/y", "https://b/z?q", "https://b/z?q");
    assert_leads("https://a/x/y", "//b/z", "https://b/z");
    assert_leads("https://a/x/y", "/z", "https://a/z");
    assert_leads("https://a/x/y", "z#part", "https://a/x/z");
    assert_leads_nowhere("https://a/x", "http://a/x",
                         "a redirect from https to 'http://a/x', a weaker way, is refused");
    assert_leads_nowhere("https://a/x", "HTTP://a/x", "a weaker way");
    assert_leads_nowhere("https://a/x", "file:///etc/passwd", "a file of this machine, is refused");
    assert_leads_nowhere("http://a/x", "file:///etc/passwd", "a file of this machine, is refused");
    assert_leads_nowhere("http://a/x", "ftps://a/x", "a redirect: 'ftps://a/x': scheme 'ftps'");
    assert_leads_nowhere("http://a/x", "javascript:alert(1)", "a redirect");
    assert_leads_nowhere("http://a/x", "http://user@b/x", "a redirect: an address with a user name");
}

static void the_last_part_of_an_address_is_the_files_name(void **state)
{
    (void)state;
    const char *name;
    FTDN_ASSERT_OK(ftdn_url_file_name("http://h/a/VOCtest_06-Nov-2007.tar?x=/y#z", &arena, &name, &err), err);
    assert_string_equal(name, "VOCtest_06-Nov-2007.tar");
    FTDN_ASSERT_OK(ftdn_url_file_name("http://h/a%20b.pth", &arena, &name, &err), err);
    assert_string_equal(name, "a b.pth");
    static const char *const wrong[] = {
        "http://h",
        "http://h/",
        "http://h/a/",
        "http://h/.hidden",
        "http://h/%2e%2e",
        "http://h/a%0ab",
        "http://h/a%5cb",
        "http://h/x.part",
        "http://h/x.part.json",
        "http://h/x.fetch.json",
        "http://h/x.unpacking",
        "http://h/fetch.lock",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FTDN_ASSERT_FAILS(ftdn_url_file_name(wrong[i], &arena, &name, &err), FTDN_ERR_ARG,
                          "names no file that can be kept", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(three_schemes_are_allowed),
        FTDN_ARENA_TEST(a_redirect_leads_to_as_strong_a_way_or_a_stronger_one),
        FTDN_ARENA_TEST(the_last_part_of_an_address_is_the_files_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
