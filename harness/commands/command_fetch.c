#include "harness/terminal/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/real_path.h"
#include "base/suggest.h"
#include "datasets/url.h"
#include "harness/commands/fetch_progress.h"
#include "harness/manifest/data_cache.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"
#include "harness/terminal/stop_signal.h"

#define DEFAULT_MAX_BYTES 16e9 /* of an address that the user gives */
#define DEFAULT_TIMEOUT_S 30

typedef struct fetch_options {
    const char *cache, *catalog, *sha256;
    double max_bytes, timeout_s;
    bool unpack, json, quiet;
} fetch_options;

/* What one call works on. */
typedef struct fetch_call {
    const fetch_options *options;
    const char *cache;
    ftdn_catalog catalog;
    ftdn_arena *arena;
    ftdn_error *err;
} fetch_call;

static ftdn_status find_cache(fetch_call *call)
{
    call->cache = call->options->cache;
    if (call->cache) return FTDN_OK;
    FTDN_TRY(ftdn_data_cache_folder(call->arena, &call->cache, call->err));
    if (call->cache) return FTDN_OK;
    return FTDN_FAIL(call->err, FTDN_ERR_ARG,
                     "neither XDG_CACHE_HOME nor HOME names a folder for the cache; give one: "
                     "--cache DIR");
}

static ftdn_status load_catalog(fetch_call *call)
{
    const char *path = call->options->catalog;
    if (path) return ftdn_catalog_load(path, call->arena, &call->catalog, call->err);
    return ftdn_catalog_load_built_in(call->arena, &call->catalog, call->err);
}

static int64_t total_bytes(const ftdn_catalog_entry *entry)
{
    int64_t n_bytes = 0;
    for (int i = 0; i < entry->n_files; i++) n_bytes += entry->file[i].about_bytes;
    return n_bytes;
}

static const char *state_text(ftdn_cached cached, uint64_t n_bytes, char text[64])
{
    char amount[32];
    switch (cached) {
    case FTDN_CACHED_NOT: return "no";
    case FTDN_CACHED_WHOLE: return "yes";
    case FTDN_CACHED_FOREIGN: return "another one of that name";
    case FTDN_CACHED_PARTLY: snprintf(text, 64, "%s of it", ftdn_bytes_text(n_bytes, amount)); return text;
    }
    return "";
}

static ftdn_status write_list_text(const fetch_call *call, ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 4);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "name");
    ftdn_table_add(&table, FTDN_CELL_NUMBER, "size");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "here");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "what");
    ftdn_status status = FTDN_OK;
    for (int i = 0; i < call->catalog.n_entries && status == FTDN_OK; i++) {
        const ftdn_catalog_entry *entry = &call->catalog.entry[i];
        ftdn_cached cached;
        uint64_t n_bytes;
        char amount[32], state[64];
        status = ftdn_fetch_look(call->cache, entry, &cached, &n_bytes, call->err);
        if (status != FTDN_OK) break;
        ftdn_table_add_shown(&table, entry->name);
        ftdn_table_add(&table, FTDN_CELL_NUMBER, "%s", ftdn_bytes_text((uint64_t)total_bytes(entry), amount));
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", state_text(cached, n_bytes, state));
        ftdn_table_add_shown(&table, entry->title);
    }
    if (status == FTDN_OK) ftdn_table_write(&table, text);
    ftdn_table_done(&table);
    if (status != FTDN_OK) return status;
    ftdn_text_append(text, "\nlicences:\n");
    for (int i = 0; i < call->catalog.n_entries; i++) {
        ftdn_text_append(text, "  ");
        ftdn_append_shown(text, call->catalog.entry[i].name);
        ftdn_text_append(text, ": ");
        ftdn_append_shown(text, call->catalog.entry[i].licence);
        ftdn_text_append(text, "\n");
    }
    ftdn_text_append(text, "\ncache: ");
    ftdn_append_shown(text, call->cache);
    ftdn_text_append(text, "\nfetch one: ftdn fetch NAME\n");
    return FTDN_OK;
}

static ftdn_status write_list_json(const fetch_call *call, ftdn_text *text)
{
    static const char *const words[] = {[FTDN_CACHED_NOT] = "no",
                                        [FTDN_CACHED_PARTLY] = "partly",
                                        [FTDN_CACHED_WHOLE] = "yes",
                                        [FTDN_CACHED_FOREIGN] = "foreign"};
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "cache", call->cache);
    ftdn_text_append(text, ",\"entries\":[");
    for (int i = 0; i < call->catalog.n_entries; i++) {
        const ftdn_catalog_entry *entry = &call->catalog.entry[i];
        ftdn_cached cached;
        uint64_t n_bytes;
        FTDN_TRY(ftdn_fetch_look(call->cache, entry, &cached, &n_bytes, call->err));
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "name", entry->name);
        ftdn_append_json_member(text, "title", entry->title);
        ftdn_append_json_member(text, "licence", entry->licence);
        ftdn_append_json_member(text, "cite", entry->cite);
        ftdn_append_json_member(text, "place", entry->place);
        ftdn_append_json_member(text, "here", words[cached]);
        ftdn_text_append(text, ",\"bytes\":%" PRId64 ",\"bytes_here\":%" PRIu64 "}", total_bytes(entry), n_bytes);
    }
    ftdn_text_append(text, "]}\n");
    return FTDN_OK;
}

static ftdn_status list(const fetch_call *call, ftdn_text *text)
{
    return call->options->json ? write_list_json(call, text) : write_list_text(call, text);
}

static bool has_split(const fetch_call *call, const char *folder, const char *split)
{
    const char *path = ftdn_arena_format(call->arena, NULL, "%s/ImageSets/Main/%s.txt", folder, split);
    return path && ftdn_file_exists(path);
}

static bool ends_in(const char *text, const char *suffix)
{
    size_t n_text = strlen(text), n_suffix = strlen(suffix);
    return n_text > n_suffix && strcmp(text + n_text - n_suffix, suffix) == 0;
}

/* A command that looks at what lies at `path`. */
static void write_look(const fetch_call *call, const char *path, ftdn_text *text)
{
    const char *split = has_split(call, path, "test") ? "test" : has_split(call, path, "trainval") ? "trainval" : NULL;
    bool is_weights = ends_in(path, ".pth") || ends_in(path, ".safetensors");
    ftdn_text_append(text, is_weights ? "ftdn inspect weights " : split ? "ftdn inspect dataset " : "ls -l ");
    ftdn_text_append_shell_word(text, path);
    if (split) ftdn_text_append(text, " %s", split);
}

/* The command that makes use of what is there now: the manifest that reads it, where it can be run from here and what
 * it needs besides can be had; else a look at it. */
static ftdn_status write_next(const fetch_call *call, const ftdn_catalog_entry *entry, const char *path,
                              ftdn_text *text)
{
    const ftdn_catalog_entry *beside =
        entry->needed_beside ? ftdn_catalog_find(&call->catalog, entry->needed_beside) : NULL;
    bool can_run = entry->manifest && ftdn_file_exists(entry->manifest) && (!entry->needed_beside || beside);
    if (!can_run || call->options->cache) {
        write_look(call, path, text);
        return FTDN_OK;
    }
    ftdn_cached cached = FTDN_CACHED_WHOLE;
    uint64_t n_bytes;
    if (beside) FTDN_TRY(ftdn_fetch_look(call->cache, beside, &cached, &n_bytes, call->err));
    if (cached != FTDN_CACHED_WHOLE) ftdn_text_append(text, "ftdn fetch %s && ", beside->name);
    ftdn_text_append(text, "ftdn run ");
    ftdn_text_append_shell_word(text, entry->manifest);
    return FTDN_OK;
}

static void write_files_json(const ftdn_fetched *fetched, ftdn_text *text)
{
    ftdn_text_append(text, ",\"files\":[");
    for (int i = 0; i < fetched->n_files; i++) {
        const ftdn_fetched_file *file = &fetched->file[i];
        ftdn_text_append(text, "%s\n{", i ? "," : "");
        ftdn_append_json_member(text, "name", file->name);
        ftdn_append_json_member(text, "url", file->url);
        ftdn_append_json_member(text, "sha256", file->digest.sha256);
        ftdn_append_json_member(text, "md5", file->digest.md5);
        ftdn_text_append(text, ",\"bytes\":%" PRIu64 "}", file->digest.n_bytes);
    }
    ftdn_text_append(text, "]");
}

static void write_files_text(const ftdn_catalog_entry *entry, const ftdn_fetched *fetched, ftdn_text *text)
{
    for (int i = 0; i < fetched->n_files; i++) {
        const ftdn_fetched_file *file = &fetched->file[i];
        char amount[32];
        bool is_checked = entry->file[i].sha256 || entry->file[i].md5;
        ftdn_text_append(text, "  ");
        ftdn_append_shown(text, file->name);
        ftdn_text_append(text, ": %s, SHA-256 %s%s\n", ftdn_bytes_text(file->digest.n_bytes, amount),
                         file->digest.sha256, is_checked ? "" : " (compared with nothing: no digest was given)");
    }
    if (entry->licence) {
        ftdn_text_append(text, "licence: ");
        ftdn_append_shown(text, entry->licence);
        ftdn_text_append(text, "\ncite: ");
        ftdn_append_shown(text, entry->cite);
        ftdn_text_append(text, "\n");
    }
}

static ftdn_status write_fetched(const fetch_call *call, const ftdn_catalog_entry *entry, const ftdn_fetched *fetched,
                                 ftdn_text *text)
{
    ftdn_text next;
    ftdn_text_init(&next);
    ftdn_status status = write_next(call, entry, fetched->path, &next);
    if (status == FTDN_OK) status = ftdn_text_check(&next, call->err);
    if (status == FTDN_OK && call->options->json) {
        ftdn_text_append(text, "{");
        ftdn_append_json_member(text, "name", entry->name);
        ftdn_append_json_member(text, "path", fetched->path);
        ftdn_text_append(text, ",\"was_here\":%s", fetched->was_here ? "true" : "false");
        write_files_json(fetched, text);
        ftdn_append_json_member(text, "licence", entry->licence);
        ftdn_append_json_member(text, "cite", entry->cite);
        ftdn_append_json_member(text, "next", next.chars);
        ftdn_text_append(text, "}\n");
    } else if (status == FTDN_OK) {
        ftdn_append_shown(text, entry->name);
        ftdn_text_append(text, fetched->was_here ? " is here already: " : ": ");
        ftdn_append_shown(text, fetched->path);
        ftdn_text_append(text, "\n");
        write_files_text(entry, fetched, text);
        ftdn_text_append(text, "next: %s\n", next.chars);
    }
    ftdn_text_done(&next);
    return status;
}

static const char *const *list_names(const ftdn_catalog *catalog, ftdn_arena *arena, ftdn_error *err)
{
    const char **names = FTDN_NEW(arena, (size_t)catalog->n_entries, const char *, err);
    for (int i = 0; names && i < catalog->n_entries; i++) names[i] = catalog->entry[i].name;
    return names;
}

static ftdn_status fail_unknown(const fetch_call *call, const char *name)
{
    const char *const *names = list_names(&call->catalog, call->arena, call->err);
    if (!names) return FTDN_ERR_MEMORY;
    const char *nearest = ftdn_suggest(name, names, call->catalog.n_entries);
    if (nearest)
        return FTDN_FAIL(call->err, FTDN_ERR_ARG, "the catalog has no '%s'; did you mean '%s'?", name, nearest);
    return FTDN_FAIL(call->err, FTDN_ERR_ARG, "the catalog has no '%s'; 'ftdn fetch' lists it", name);
}

static ftdn_status find_entry(const fetch_call *call, const char *word, ftdn_catalog_entry *ret_entry)
{
    const fetch_options *options = call->options;
    if (ftdn_url_is(word)) {
        double max_bytes = options->max_bytes > 0 ? options->max_bytes : DEFAULT_MAX_BYTES;
        return ftdn_catalog_entry_of_url(word, options->sha256, options->unpack, (uint64_t)max_bytes, call->arena,
                                         ret_entry, call->err);
    }
    const ftdn_catalog_entry *found = ftdn_catalog_find(&call->catalog, word);
    if (!found) return fail_unknown(call, word);
    if (options->sha256 || options->unpack || options->max_bytes > 0)
        return FTDN_FAIL(call->err, FTDN_ERR_ARG,
                         "--sha256, --unpack and --max-bytes are for addresses: the catalog "
                         "says them for '%s'",
                         word);
    *ret_entry = *found;
    return FTDN_OK;
}

static ftdn_status fetch(fetch_call *call, const char *word, ftdn_text *text)
{
    ftdn_catalog_entry entry;
    ftdn_fetch_progress progress;
    ftdn_fetched fetched;
    const char *real;
    FTDN_TRY(find_entry(call, word, &entry));
    FTDN_TRY(ftdn_folder_create(call->cache, call->err));
    FTDN_TRY(ftdn_path_make_real(call->cache, call->arena, &real, call->err));
    if (real) call->cache = real;
    const volatile sig_atomic_t *stop =
        ftdn_stop_signal_watch("\nstopping: what is there is kept; once more: at once\n");
    ftdn_fetch_progress_init(&progress, call->options->quiet ? NULL : stderr, call->arena);
    const ftdn_fetch_desc desc = {
        .cache = call->cache,
        .entry = &entry,
        .timeout_s = call->options->timeout_s,
        .watch = ftdn_fetch_progress_watch(&progress, stop),
    };
    ftdn_status status = ftdn_fetch(&desc, call->arena, &fetched, call->err);
    ftdn_progress_clear(&progress.line);
    if (status != FTDN_OK) return status;
    return write_fetched(call, &entry, &fetched, text);
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    fetch_call call = {.options = user, .arena = arena, .err = err};
    FTDN_TRY(find_cache(&call));
    FTDN_TRY(load_catalog(&call));
    return arguments->n_arguments == 0 ? list(&call, text) : fetch(&call, arguments->argument[0], text);
}

static ftdn_status run_fetch(int argc, const char *const *argv, const ftdn_catalog *built_in, const char *const *names,
                             ftdn_error *err)
{
    fetch_options options = {.timeout_s = DEFAULT_TIMEOUT_S};
    const ftdn_option option[] = {
        FTDN_TEXT_OPTION("cache", 0, "DIR", &options.cache,
                         "where to (default: $XDG_CACHE_HOME/ftdn, else ~/.cache/ftdn, where manifests look)"),
        FTDN_TEXT_OPTION("sha256", 0, "HEX", &options.sha256,
                         "of an address: its SHA-256, or the first 16 digits of it or more"),
        FTDN_FLAG_OPTION("unpack", 0, &options.unpack, "of an address with a digest: make a folder of the tar archive"),
        FTDN_NUMBER_OPTION("max-bytes", 0, "N", &options.max_bytes, 1, 1e12,
                           "of an address: refuse more, packed or unpacked (default: 16e9)"),
        FTDN_NUMBER_OPTION(
            "timeout", 0, "SECONDS", &options.timeout_s, 1, 3600,
            "give a source up that does not answer, or sends next to nothing, for so long (default: 30)"),
        FTDN_TEXT_OPTION("catalog", 0, "FILE", &options.catalog, "another catalog than the built-in one"),
        FTDN_FLAG_OPTION("json", 0, &options.json, "print the list, or what was fetched, as one JSON object"),
        FTDN_FLAG_OPTION("quiet", 'q', &options.quiet, "say nothing on stderr but errors"),
    };
    const ftdn_command command = {
        .name = "ftdn fetch",
        .arguments = "[NAME | URL]",
        .summary = "Fetch a dataset or weights into the cache, where manifests find them; without a name: list.",
        .example = "ftdn fetch voc2007",
        .details = "Nothing appears in the cache before its digest is right. What was interrupted, in whatever way,\n"
                   "is continued by the same command. Two fetches into one cache wait for each other.\n"
                   "Without a digest an address is fetched and its digest printed, but nothing is unpacked.",
        .max_arguments = 1,
        .n_options = sizeof option / sizeof *option,
        .option = option,
        .n_words = built_in->n_entries,
        .word = names,
    };
    return ftdn_print_answer(&command, argc, argv, answer, &options, err);
}

ftdn_status ftdn_command_fetch(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    ftdn_arena arena;
    ftdn_catalog built_in;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_catalog_load_built_in(&arena, &built_in, err);
    const char *const *names = status == FTDN_OK ? list_names(&built_in, &arena, err) : NULL;
    if (status == FTDN_OK)
        status = names ? run_fetch(argc, (const char *const *)argv, &built_in, names, err) : FTDN_ERR_MEMORY;
    ftdn_arena_done(&arena);
    return status;
}
