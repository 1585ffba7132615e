#include "datasets/catalog.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "datasets/url.h"

#define MAX_CATALOG_BYTES ((size_t)1 << 20)
#define MOST_BYTES ((int64_t)1 << 40)
#define MD5_DIGITS 32
#define SHA256_DIGITS 64

extern const unsigned char ftdn_catalog_text[]; /* made from catalog.json */

FTDN_PRINTF(3, 4)
static ftdn_status fail_at(const ftdn_json *node, ftdn_error *err, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s:%d:%d: %s", node->file, node->line, node->column, what);
}

/* An object that holds no other keys than these, and none twice. */
static ftdn_status check_keys(const ftdn_json *node, const char *what, const char *const *keys, ftdn_error *err)
{
    if (node->kind != FTDN_JSON_OBJECT)
        return fail_at(node, err, "%s is %s; allowed: an object", what, ftdn_json_kind_name(node->kind));
    for (int i = 0; i < node->n_children; i++) {
        const ftdn_json *member = node->child[i];
        const char *const *key = keys;
        while (*key && strcmp(*key, member->key) != 0) key++;
        if (*key && !member->repeated_key) continue;
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s:%d:%d: %s %s '%s'%s", member->file, member->key_line,
                         member->key_column, what, *key ? "gives" : "has no key", member->key, *key ? " twice" : "");
    }
    return FTDN_OK;
}

/* A member that is a text with something in it; NULL where it is missing and may be. */
static ftdn_status read_text(const ftdn_json *object, const char *key, bool is_needed, const char **ret_text,
                             ftdn_error *err)
{
    const ftdn_json *member = ftdn_json_find(object, key);
    *ret_text = NULL;
    if (!member) return is_needed ? fail_at(object, err, "'%s' is missing", key) : FTDN_OK;
    if (member->kind != FTDN_JSON_STRING || !member->string[0])
        return fail_at(member, err, "'%s': allowed: a text with something in it", key);
    *ret_text = member->string;
    return FTDN_OK;
}

/* A member that counts bytes; -1 where it is missing. */
static ftdn_status read_bytes(const ftdn_json *object, const char *key, int64_t *ret_n_bytes, ftdn_error *err)
{
    const ftdn_json *member = ftdn_json_find(object, key);
    long long n_bytes = -1;
    bool is_good = !member || (member->kind == FTDN_JSON_NUMBER && ftdn_json_get_integer(member, &n_bytes) &&
                               n_bytes > 0 && n_bytes <= MOST_BYTES);
    if (!is_good) return fail_at(member, err, "'%s': allowed: an integer from 1 to %" PRId64, key, MOST_BYTES);
    *ret_n_bytes = n_bytes;
    return FTDN_OK;
}

static ftdn_status read_name(const ftdn_json *object, const char *key, const char **ret_name, ftdn_error *err)
{
    FTDN_TRY(read_text(object, key, true, ret_name, err));
    if (ftdn_is_file_name(*ret_name)) return FTDN_OK;
    return fail_at(ftdn_json_find(object, key), err, "'%s' is no plain file name", *ret_name);
}

static bool is_hex(const char *text, size_t least, size_t most)
{
    size_t n_chars = strlen(text);
    return n_chars >= least && n_chars <= most && strspn(text, "0123456789abcdef") == n_chars;
}

static ftdn_status read_digests(const ftdn_json *object, ftdn_catalog_file *file, ftdn_error *err)
{
    FTDN_TRY(read_text(object, "sha256", false, &file->sha256, err));
    FTDN_TRY(read_text(object, "md5", false, &file->md5, err));
    if (!file->sha256 && !file->md5)
        return fail_at(object, err, "a file without a digest; allowed: sha256, md5 or both");
    if (file->sha256 && !is_hex(file->sha256, FTDN_LEAST_SHA256_DIGITS, SHA256_DIGITS))
        return fail_at(ftdn_json_find(object, "sha256"), err,
                       "'sha256': allowed: %d to %d lower-case hexadecimal digits", FTDN_LEAST_SHA256_DIGITS,
                       SHA256_DIGITS);
    if (file->md5 && !is_hex(file->md5, MD5_DIGITS, MD5_DIGITS))
        return fail_at(ftdn_json_find(object, "md5"), err, "'md5': allowed: %d lower-case hexadecimal digits",
                       MD5_DIGITS);
    return FTDN_OK;
}

static ftdn_status read_urls(const ftdn_json *object, ftdn_arena *arena, ftdn_catalog_file *file, ftdn_error *err)
{
    const ftdn_json *list = ftdn_json_find(object, "urls");
    if (!list || list->kind != FTDN_JSON_ARRAY || list->n_children == 0)
        return fail_at(list ? list : object, err, "'urls': allowed: a list of addresses, one at least");
    const char **urls = FTDN_NEW(arena, (size_t)list->n_children, const char *, err);
    if (!urls) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *item = list->child[i];
        ftdn_url_scheme scheme;
        ftdn_error why = {0};
        if (item->kind != FTDN_JSON_STRING) return fail_at(item, err, "'urls': allowed: addresses");
        ftdn_status status = ftdn_url_check(item->string, &scheme, &why);
        if (status == FTDN_ERR_ARG) return fail_at(item, err, "%.400s", why.message);
        if (status != FTDN_OK) return FTDN_FAIL(err, status, "%s", why.message);
        urls[i] = item->string;
    }
    file->n_urls = list->n_children;
    file->url = urls;
    return FTDN_OK;
}

static ftdn_status read_file(const ftdn_json *node, ftdn_arena *arena, ftdn_catalog_file *file, ftdn_error *err)
{
    static const char *const keys[] = {"name", "bytes", "about_bytes", "sha256", "md5", "urls", NULL};
    FTDN_TRY(check_keys(node, "a file", keys, err));
    FTDN_TRY(read_name(node, "name", &file->name, err));
    FTDN_TRY(read_bytes(node, "bytes", &file->n_bytes, err));
    FTDN_TRY(read_bytes(node, "about_bytes", &file->about_bytes, err));
    if ((file->n_bytes < 0) == (file->about_bytes < 0))
        return fail_at(node, err, "a file says its size either in 'bytes' or in 'about_bytes'");
    if (file->n_bytes >= 0) file->about_bytes = file->n_bytes;
    file->max_bytes = (uint64_t)(file->n_bytes >= 0 ? file->n_bytes : 2 * file->about_bytes);
    FTDN_TRY(read_digests(node, file, err));
    return read_urls(node, arena, file, err);
}

static ftdn_status read_files(const ftdn_json *node, ftdn_arena *arena, ftdn_catalog_entry *entry, ftdn_error *err)
{
    const ftdn_json *list = ftdn_json_find(node, "files");
    if (!list || list->kind != FTDN_JSON_ARRAY || list->n_children == 0)
        return fail_at(list ? list : node, err, "'files': allowed: a list of files, one at least");
    ftdn_catalog_file *files = FTDN_NEW(arena, (size_t)list->n_children, ftdn_catalog_file, err);
    if (!files) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) FTDN_TRY(read_file(list->child[i], arena, &files[i], err));
    entry->n_files = list->n_children;
    entry->file = files;
    if (entry->is_archive || (entry->n_files == 1 && strcmp(files[0].name, entry->place) == 0)) return FTDN_OK;
    return fail_at(list, err, "what is not unpacked is one file, called as 'place' says");
}

static ftdn_status read_unpack(const ftdn_json *node, ftdn_catalog_entry *entry, ftdn_error *err)
{
    static const char *const keys[] = {"top", "max_bytes", NULL};
    const ftdn_json *unpack = ftdn_json_find(node, "unpack");
    int64_t max_bytes = -1;
    if (!unpack) return FTDN_OK;
    FTDN_TRY(check_keys(unpack, "'unpack'", keys, err));
    FTDN_TRY(read_text(unpack, "top", false, &entry->top, err));
    FTDN_TRY(read_bytes(unpack, "max_bytes", &max_bytes, err));
    if (max_bytes < 0) return fail_at(unpack, err, "'max_bytes' is missing");
    entry->is_archive = true;
    entry->max_unpacked_bytes = (uint64_t)max_bytes;
    return FTDN_OK;
}

static ftdn_status read_run(const ftdn_json *node, ftdn_catalog_entry *entry, ftdn_error *err)
{
    static const char *const keys[] = {"manifest", "with", NULL};
    const ftdn_json *run = ftdn_json_find(node, "run");
    if (!run) return FTDN_OK;
    FTDN_TRY(check_keys(run, "'run'", keys, err));
    FTDN_TRY(read_text(run, "manifest", true, &entry->manifest, err));
    return read_text(run, "with", false, &entry->needed_beside, err);
}

static ftdn_status read_entry(const ftdn_json *node, ftdn_arena *arena, ftdn_catalog_entry *entry, ftdn_error *err)
{
    static const char *const keys[] = {"name", "title", "licence", "cite", "place", "unpack", "run", "files", NULL};
    FTDN_TRY(check_keys(node, "an entry", keys, err));
    FTDN_TRY(read_name(node, "name", &entry->name, err));
    FTDN_TRY(read_text(node, "title", true, &entry->title, err));
    FTDN_TRY(read_text(node, "licence", true, &entry->licence, err));
    FTDN_TRY(read_text(node, "cite", true, &entry->cite, err));
    FTDN_TRY(read_name(node, "place", &entry->place, err));
    FTDN_TRY(read_unpack(node, entry, err));
    FTDN_TRY(read_run(node, entry, err));
    return read_files(node, arena, entry, err);
}

ftdn_status ftdn_catalog_parse(const char *text, size_t n_bytes, const char *file_name, ftdn_arena *arena,
                               ftdn_catalog *ret_catalog, ftdn_error *err)
{
    static const char *const keys[] = {"catalog_version", "entries", NULL};
    const ftdn_json *root;
    long long version = 0;
    FTDN_TRY(ftdn_json_parse(text, n_bytes, file_name, arena, &root, err));
    FTDN_TRY(check_keys(root, "a catalog", keys, err));
    const ftdn_json *number = ftdn_json_find(root, "catalog_version"), *list = ftdn_json_find(root, "entries");
    bool has_version = number && number->kind == FTDN_JSON_NUMBER && ftdn_json_get_integer(number, &version);
    if (!has_version || version != 1) return fail_at(number ? number : root, err, "'catalog_version': allowed: 1");
    if (!list || list->kind != FTDN_JSON_ARRAY) return fail_at(list ? list : root, err, "'entries': allowed: a list");
    ftdn_catalog_entry *entries = FTDN_NEW(arena, (size_t)list->n_children, ftdn_catalog_entry, err);
    if (!entries) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        FTDN_TRY(read_entry(list->child[i], arena, &entries[i], err));
        for (int k = 0; k < i; k++)
            if (strcmp(entries[k].name, entries[i].name) == 0 || strcmp(entries[k].place, entries[i].place) == 0)
                return fail_at(list->child[i], err, "its name or place is that of an earlier entry");
    }
    *ret_catalog = (ftdn_catalog){list->n_children, entries};
    return FTDN_OK;
}

ftdn_status ftdn_catalog_load(const char *path, ftdn_arena *arena, ftdn_catalog *ret_catalog, ftdn_error *err)
{
    char *text;
    size_t n_bytes;
    FTDN_TRY(ftdn_file_load(path, MAX_CATALOG_BYTES, arena, &text, &n_bytes, err));
    return ftdn_catalog_parse(text, n_bytes, path, arena, ret_catalog, err);
}

ftdn_status ftdn_catalog_load_built_in(ftdn_arena *arena, ftdn_catalog *ret_catalog, ftdn_error *err)
{
    const char *text = (const char *)ftdn_catalog_text;
    return ftdn_catalog_parse(text, strlen(text), "datasets/catalog.json", arena, ret_catalog, err);
}

const ftdn_catalog_entry *ftdn_catalog_find(const ftdn_catalog *catalog, const char *name)
{
    for (int i = 0; i < catalog->n_entries; i++)
        if (strcmp(catalog->entry[i].name, name) == 0) return &catalog->entry[i];
    return NULL;
}

/* The digest in lower case. */
static ftdn_status read_sha256(const char *given, ftdn_arena *arena, const char **ret_sha256, ftdn_error *err)
{
    char *digits = ftdn_arena_copy_text(arena, given, strlen(given), err);
    if (!digits) return FTDN_ERR_MEMORY;
    for (char *c = digits; *c; c++)
        if (*c >= 'A' && *c <= 'F') *c = (char)(*c - 'A' + 'a');
    if (!is_hex(digits, FTDN_LEAST_SHA256_DIGITS, SHA256_DIGITS))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no SHA-256; allowed: its first %d to %d hexadecimal digits", given,
                         FTDN_LEAST_SHA256_DIGITS, SHA256_DIGITS);
    *ret_sha256 = digits;
    return FTDN_OK;
}

/* "road.tar.gz" becomes "road". */
static ftdn_status find_folder_name(const char *name, ftdn_arena *arena, const char **ret_name, ftdn_error *err)
{
    static const char *const suffixes[] = {".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"};
    size_t n_name = strlen(name);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n_suffix = strlen(suffixes[i]);
        if (n_name <= n_suffix || strcmp(name + n_name - n_suffix, suffixes[i]) != 0) continue;
        *ret_name = ftdn_arena_copy_text(arena, name, n_name - n_suffix, err);
        if (!*ret_name) return FTDN_ERR_MEMORY;
        if (ftdn_is_file_name(*ret_name)) return FTDN_OK;
    }
    return FTDN_FAIL(err, FTDN_ERR_ARG,
                     "'%s' is not called as a tar archive is; unpacked are .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz, "
                     ".tar.zst",
                     name);
}

ftdn_status ftdn_catalog_entry_of_url(const char *url, const char *sha256, bool is_archive, uint64_t max_bytes,
                                      ftdn_arena *arena, ftdn_catalog_entry *ret_entry, ftdn_error *err)
{
    ftdn_url_scheme scheme;
    FTDN_TRY(ftdn_url_check(url, &scheme, err));
    ftdn_catalog_file *file = FTDN_NEW(arena, 1, ftdn_catalog_file, err);
    const char **urls = FTDN_NEW(arena, 1, const char *, err);
    if (!file || !urls) return FTDN_ERR_MEMORY;
    urls[0] = url;
    *file = (ftdn_catalog_file){.n_urls = 1, .url = urls, .n_bytes = -1, .about_bytes = -1, .max_bytes = max_bytes};
    FTDN_TRY(ftdn_url_file_name(url, arena, &file->name, err));
    if (is_archive && !sha256)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "without a digest nothing is unpacked; give its SHA-256 (--sha256 HEX)");
    if (sha256) FTDN_TRY(read_sha256(sha256, arena, &file->sha256, err));
    ftdn_catalog_entry entry = {.name = url, .place = file->name, .is_archive = is_archive, .n_files = 1, .file = file,
                                .max_unpacked_bytes = max_bytes};
    if (is_archive) FTDN_TRY(find_folder_name(file->name, arena, &entry.place, err));
    *ret_entry = entry;
    return FTDN_OK;
}
