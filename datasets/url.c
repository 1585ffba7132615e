#include "datasets/url.h"

#include <string.h>

#include <curl/curl.h>

#define LONGEST_NAME 200

bool ftdn_url_is(const char *word)
{
    return strstr(word, "://") != NULL;
}

static bool find_scheme(const char *name, ftdn_url_scheme *ret_scheme)
{
    static const char *const names[] = {[FTDN_URL_FILE] = "file", [FTDN_URL_HTTP] = "http", [FTDN_URL_HTTPS] = "https"};
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *ret_scheme = (ftdn_url_scheme)i;
        return true;
    }
    return false;
}

static ftdn_status fail_memory(ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for an address");
}

/* Check the address in the handle. */
static ftdn_status check_parts(CURLU *handle, const char *url, ftdn_url_scheme *ret_scheme, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    char *scheme = NULL, *user = NULL, *password = NULL;
    bool is_known = curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && find_scheme(scheme, ret_scheme);
    bool has_user = curl_url_get(handle, CURLUPART_USER, &user, 0) == CURLUE_OK ||
                    curl_url_get(handle, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK;
    if (!is_known)
        status =
            FTDN_FAIL(err, FTDN_ERR_ARG, "'%s': scheme '%s'; allowed: https, http, file", url, scheme ? scheme : "");
    else if (has_user)
        status =
            FTDN_FAIL(err, FTDN_ERR_ARG, "an address with a user name or password, which would be kept in records");
    curl_free(scheme);
    curl_free(user);
    curl_free(password);
    return status;
}

ftdn_status ftdn_url_check(const char *url, ftdn_url_scheme *ret_scheme, ftdn_error *err)
{
    if (strlen(url) > FTDN_LONGEST_URL)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "an address of more than %d characters", FTDN_LONGEST_URL);
    CURLU *handle = curl_url();
    if (!handle) return fail_memory(err);
    ftdn_status status;
    CURLUcode code =
        ftdn_url_is(url) ? curl_url_set(handle, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) : CURLUE_MALFORMED_INPUT;
    if (code == CURLUE_OUT_OF_MEMORY) status = fail_memory(err);
    else if (code != CURLUE_OK)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no address: %s", url, curl_url_strerror(code));
    else status = check_parts(handle, url, ret_scheme, err);
    curl_url_cleanup(handle);
    return status;
}

/* The address that a Location stands for, beside the one that gave it. */
static ftdn_status resolve(const char *url, const char *location, ftdn_arena *arena, const char **ret_url,
                           ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    CURLU *handle = curl_url();
    char *text = NULL;
    if (!handle) return fail_memory(err);
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, url, 0);
    if (code == CURLUE_OK) code = curl_url_set(handle, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OK) code = curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
    if (code == CURLUE_OK) code = curl_url_get(handle, CURLUPART_URL, &text, 0);
    if (code == CURLUE_OUT_OF_MEMORY) status = fail_memory(err);
    else if (code != CURLUE_OK)
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "a redirect to '%.200s': %s", location, curl_url_strerror(code));
    else if (!(*ret_url = ftdn_arena_copy_text(arena, text, strlen(text), err))) status = FTDN_ERR_MEMORY;
    curl_free(text);
    curl_url_cleanup(handle);
    return status;
}

ftdn_status ftdn_url_follow(const char *url, const char *location, ftdn_arena *arena, const char **ret_url,
                            ftdn_error *err)
{
    ftdn_url_scheme from, to;
    const char *target = NULL;
    FTDN_TRY(ftdn_url_check(url, &from, err));
    FTDN_TRY(resolve(url, location, arena, &target, err));
    ftdn_status status = ftdn_url_check(target, &to, err);
    if (status == FTDN_ERR_ARG) {
        if (err) err->status = FTDN_ERR_INPUT;
        ftdn_error_context(err, "a redirect");
        return FTDN_ERR_INPUT;
    }
    if (status != FTDN_OK) return status;
    if (to == FTDN_URL_FILE)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "a redirect to '%s', a file of this machine, is refused", target);
    if (to < from)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "a redirect from https to '%s', a weaker way, is refused", target);
    *ret_url = target;
    return FTDN_OK;
}

static bool ends_in(const char *text, size_t n_chars, const char *suffix)
{
    size_t n_suffix = strlen(suffix);
    return n_chars >= n_suffix && strcmp(text + n_chars - n_suffix, suffix) == 0;
}

bool ftdn_is_file_name(const char *name)
{
    size_t n_chars = strlen(name);
    if (n_chars == 0 || n_chars > LONGEST_NAME || name[0] == '.') return false;
    for (size_t i = 0; i < n_chars; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f || c == '/' || c == '\\') return false;
    }
    static const char *const own[] = {".part", ".part.json", ".fetch.json", ".unpacking", "fetch.lock"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (ends_in(name, n_chars, own[i])) return false;
    return true;
}

ftdn_status ftdn_url_file_name(const char *url, ftdn_arena *arena, const char **ret_name, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    CURLU *handle = curl_url();
    char *path = NULL;
    if (!handle) return fail_memory(err);
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, url, 0);
    if (code == CURLUE_OK) code = curl_url_get(handle, CURLUPART_PATH, &path, CURLU_URLDECODE);
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : "";
    if (code == CURLUE_OUT_OF_MEMORY) status = fail_memory(err);
    else if (!ftdn_is_file_name(name))
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' names no file that can be kept: '%s'", url, name);
    else if (!(*ret_name = ftdn_arena_copy_text(arena, name, strlen(name), err))) status = FTDN_ERR_MEMORY;
    curl_free(path);
    curl_url_cleanup(handle);
    return status;
}
