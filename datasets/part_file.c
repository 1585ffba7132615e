#include "datasets/part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define MAX_NOTE_BYTES ((size_t)16 << 10)

static ftdn_status fail_system(const char *path, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", path, strerror(errno));
}

/* Copy a text of the note; false where it is too long or could not stand in a line of a request. */
static bool copy_line(char *ret_text, size_t n_room, const char *text)
{
    size_t n_chars = strlen(text);
    if (n_chars >= n_room) return false;
    for (size_t i = 0; i < n_chars; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) return false;
    memcpy(ret_text, text, n_chars + 1);
    return true;
}

/* What the note says, into the part; false where it says nothing usable. */
static bool parse_note(ftdn_part_file *part, const ftdn_json *root)
{
    const ftdn_json *url = ftdn_json_find(root, "url"), *validator = ftdn_json_find(root, "validator"),
                    *all = ftdn_json_find(root, "bytes");
    long long n_all = -1;
    if (!url || url->kind != FTDN_JSON_STRING || !copy_line(part->url, sizeof part->url, url->string)) return false;
    if (validator && validator->kind == FTDN_JSON_STRING &&
        !copy_line(part->validator, sizeof part->validator, validator->string))
        return false;
    if (all && all->kind == FTDN_JSON_NUMBER && (!ftdn_json_get_integer(all, &n_all) || n_all < 0)) return false;
    part->n_all = n_all;
    return true;
}

/* A note that is missing or damaged is no failure: the part then starts over. */
static bool read_note(ftdn_part_file *part)
{
    ftdn_arena arena;
    char *text;
    size_t n_bytes;
    const ftdn_json *root;
    ftdn_arena_init(&arena);
    bool is_read = ftdn_file_load(part->note_path, MAX_NOTE_BYTES, &arena, &text, &n_bytes, NULL) == FTDN_OK &&
                   ftdn_json_parse(text, n_bytes, part->note_path, &arena, &root, NULL) == FTDN_OK &&
                   parse_note(part, root);
    ftdn_arena_done(&arena);
    return is_read;
}

static void forget_source(ftdn_part_file *part)
{
    part->n_bytes = 0;
    part->url[0] = 0;
    part->validator[0] = 0;
    part->n_all = -1;
}

ftdn_status ftdn_part_file_open(const char *path, ftdn_arena *arena, ftdn_part_file *part, ftdn_error *err)
{
    struct stat info;
    *part = (ftdn_part_file){.fd = -1, .n_all = -1};
    part->path = ftdn_arena_format(arena, err, "%s.part", path);
    part->note_path = ftdn_arena_format(arena, err, "%s.part.json", path);
    if (!part->path || !part->note_path) return FTDN_ERR_MEMORY;
    part->fd = open(part->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
    if (part->fd < 0 || fstat(part->fd, &info) != 0) {
        ftdn_status status = fail_system(part->path, err);
        ftdn_part_file_close(part);
        return status;
    }
    if (!S_ISREG(info.st_mode)) {
        ftdn_part_file_close(part);
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: no regular file", part->path);
    }
    part->n_bytes = (uint64_t)info.st_size;
    if (part->n_bytes > 0 && read_note(part)) return FTDN_OK;
    ftdn_status status = ftdn_part_file_clear(part, err);
    if (status != FTDN_OK) ftdn_part_file_close(part);
    return status;
}

ftdn_status ftdn_part_file_clear(ftdn_part_file *part, ftdn_error *err)
{
    if (ftruncate(part->fd, 0) != 0) return fail_system(part->path, err);
    forget_source(part);
    return FTDN_OK;
}

ftdn_status ftdn_part_file_begin(ftdn_part_file *part, const char *url, const char *validator, int64_t n_all,
                                 ftdn_error *err)
{
    FTDN_TRY(ftdn_part_file_clear(part, err));
    bool is_kept = copy_line(part->url, sizeof part->url, url);
    if (validator && is_kept) is_kept = copy_line(part->validator, sizeof part->validator, validator);
    if (!is_kept) forget_source(part);
    part->n_all = n_all;
    ftdn_text note;
    ftdn_text_init(&note);
    ftdn_text_append(&note, "{\"url\": ");
    ftdn_text_append_json_string(&note, part->url);
    ftdn_text_append(&note, ", \"validator\": ");
    if (part->validator[0]) ftdn_text_append_json_string(&note, part->validator);
    else ftdn_text_append(&note, "null");
    if (n_all >= 0) ftdn_text_append(&note, ", \"bytes\": %lld}\n", (long long)n_all);
    else ftdn_text_append(&note, ", \"bytes\": null}\n");
    ftdn_status status = ftdn_text_check(&note, err);
    if (status == FTDN_OK) status = ftdn_file_write_atomic(part->note_path, note.chars, note.n_chars, err);
    ftdn_text_done(&note);
    return status;
}

ftdn_status ftdn_part_file_append(ftdn_part_file *part, const char *bytes, size_t n_bytes, ftdn_error *err)
{
    while (n_bytes > 0) {
        ssize_t n_written = pwrite(part->fd, bytes, n_bytes, (off_t)part->n_bytes);
        if (n_written < 0 && errno == EINTR) continue;
        if (n_written < 0) return fail_system(part->path, err);
        bytes += n_written;
        n_bytes -= (size_t)n_written;
        part->n_bytes += (uint64_t)n_written;
    }
    return FTDN_OK;
}

void ftdn_part_file_close(ftdn_part_file *part)
{
    if (part->fd >= 0) close(part->fd);
    part->fd = -1;
}

void ftdn_part_file_remove(ftdn_part_file *part)
{
    ftdn_part_file_close(part);
    unlink(part->path);
    unlink(part->note_path);
}

uint64_t ftdn_part_file_size(const char *path, ftdn_arena *arena)
{
    struct stat info;
    const char *part_path = ftdn_arena_format(arena, NULL, "%s.part", path);
    return part_path && stat(part_path, &info) == 0 && S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
}
