#include "datasets/fetch_record.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define MAX_RECORD_BYTES ((size_t)1 << 20)

char *ftdn_fetch_record_path(const char *path, bool is_folder, ftdn_arena *arena, ftdn_error *err)
{
    return ftdn_arena_format(arena, err, is_folder ? "%s/fetch.json" : "%s.fetch.json", path);
}

static void append_member(ftdn_text *text, const char *key, const char *value)
{
    if (!value) return;
    ftdn_text_append(text, ", \"%s\": ", key);
    ftdn_text_append_json_string(text, value);
}

ftdn_status ftdn_fetch_record_write(const char *record_path, const ftdn_catalog_entry *entry,
                                    const ftdn_fetched_file *file, int n_files, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\"fetch_version\": 1");
    append_member(&text, "name", entry->name);
    append_member(&text, "licence", entry->licence);
    append_member(&text, "cite", entry->cite);
    ftdn_text_append(&text, ", \"files\": [");
    for (int i = 0; i < n_files; i++) {
        ftdn_text_append(&text, "%s\n  {\"bytes\": %llu", i ? "," : "", (unsigned long long)file[i].digest.n_bytes);
        append_member(&text, "name", file[i].name);
        append_member(&text, "url", file[i].url);
        append_member(&text, "sha256", file[i].digest.sha256);
        append_member(&text, "md5", file[i].digest.md5);
        ftdn_text_append(&text, "}");
    }
    ftdn_text_append(&text, "]}\n");
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = ftdn_file_write_atomic(record_path, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return status;
}

static const char *find_text(const ftdn_json *object, const char *key)
{
    const ftdn_json *member = ftdn_json_find(object, key);
    return member && member->kind == FTDN_JSON_STRING ? member->string : NULL;
}

static bool parse_file(const ftdn_json *node, ftdn_fetched_file *file)
{
    const char *sha256 = find_text(node, "sha256"), *md5 = find_text(node, "md5");
    const ftdn_json *bytes = ftdn_json_find(node, "bytes");
    long long n_bytes;
    file->name = find_text(node, "name");
    file->url = find_text(node, "url");
    if (!file->name || !sha256 || strlen(sha256) != FTDN_SHA256_HEX - 1) return false;
    if (!md5 || strlen(md5) != FTDN_MD5_HEX - 1) return false;
    if (!bytes || bytes->kind != FTDN_JSON_NUMBER || !ftdn_json_get_integer(bytes, &n_bytes) || n_bytes < 0)
        return false;
    memcpy(file->digest.sha256, sha256, FTDN_SHA256_HEX);
    memcpy(file->digest.md5, md5, FTDN_MD5_HEX);
    file->digest.n_bytes = (uint64_t)n_bytes;
    return true;
}

ftdn_status ftdn_fetch_record_read(const char *record_path, ftdn_arena *arena, ftdn_fetch_record *ret_record,
                                   ftdn_error *err)
{
    char *text;
    size_t n_bytes;
    const ftdn_json *root;
    ftdn_error why;
    *ret_record = (ftdn_fetch_record){0};
    ftdn_status status = ftdn_file_load(record_path, MAX_RECORD_BYTES, arena, &text, &n_bytes, &why);
    if (status == FTDN_OK) status = ftdn_json_parse(text, n_bytes, record_path, arena, &root, &why);
    if (status == FTDN_ERR_MEMORY) return FTDN_FAIL(err, status, "%s", why.message);
    if (status != FTDN_OK) return FTDN_OK;
    const ftdn_json *list = ftdn_json_find(root, "files");
    const char *name = find_text(root, "name");
    if (!name || !list || list->kind != FTDN_JSON_ARRAY) return FTDN_OK;
    ftdn_fetched_file *files = FTDN_NEW(arena, (size_t)list->n_children, ftdn_fetched_file, err);
    if (!files) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++)
        if (!parse_file(list->child[i], &files[i])) return FTDN_OK;
    *ret_record = (ftdn_fetch_record){name, list->n_children, files};
    return FTDN_OK;
}

ftdn_status ftdn_fetch_check_digest(const ftdn_catalog_file *file, const ftdn_file_digest *digest, ftdn_error *err)
{
    if (file->sha256 && strncmp(file->sha256, digest->sha256, strlen(file->sha256)) != 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "its SHA-256 is %s, not %s%s", digest->sha256, file->sha256,
                         strlen(file->sha256) < FTDN_SHA256_HEX - 1 ? "..." : "");
    if (file->md5 && strcmp(file->md5, digest->md5) != 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "its MD5 is %s, not %s", digest->md5, file->md5);
    return FTDN_OK;
}

bool ftdn_fetch_record_fits(const ftdn_fetch_record *record, const ftdn_catalog_entry *entry)
{
    if (record->n_files != entry->n_files) return false;
    for (int i = 0; i < entry->n_files; i++) {
        const ftdn_catalog_file *wanted = &entry->file[i];
        const ftdn_fetched_file *held = &record->file[i];
        bool is_of_this_place = held->url && strcmp(held->url, wanted->url[0]) == 0;
        if (strcmp(held->name, wanted->name) != 0) return false;
        if (!wanted->sha256 && !wanted->md5 && !is_of_this_place) return false;
        if (ftdn_fetch_check_digest(wanted, &held->digest, NULL) != FTDN_OK) return false;
    }
    return true;
}
