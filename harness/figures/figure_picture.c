#include "harness/figures/figure_picture.h"

#include <stdio.h>
#include <string.h>

#include "analysis/gnuplot.h"
#include "base/file.h"
#include "harness/terminal/child_program.h"
#include "harness/terminal/options.h"

ftdn_status ftdn_picture_place_make(const char *path, ftdn_arena *arena, ftdn_picture_place *ret_place, ftdn_error *err)
{
    static const char *const formats[] = {"svg", "png", "pdf"};
    const char *dot = strrchr(path, '.');
    int format;
    if (!dot || strchr(dot, '/'))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--output: '%s' must end in .svg, .png or .pdf", path);
    FTDN_TRY(ftdn_word_choose("the suffix of --output", dot + 1, formats, 3, &format, err));
    ftdn_picture_place result = {
        .path = path,
        .folder = ftdn_path_folder(arena, path, err),
        .stem = ftdn_path_stem(arena, path, err),
        .format = formats[format],
    };
    if (!result.folder || !result.stem) return FTDN_ERR_MEMORY;
    *ret_place = result;
    return FTDN_OK;
}

static ftdn_status write_beside(const ftdn_picture_place *p, const char *suffix, const ftdn_text *text,
                                ftdn_arena *arena, ftdn_error *err)
{
    char *name = ftdn_arena_format(arena, err, "%s.%s", p->stem, suffix);
    char *path = name ? ftdn_path_join(arena, p->folder, name, err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_text_check(text, err));
    return ftdn_file_write_atomic(path, text->chars, text->n_chars, err);
}

static ftdn_status write_sources(const ftdn_drawable *drawable, const ftdn_picture_place *p, ftdn_arena *arena,
                                 ftdn_error *err)
{
    ftdn_text numbers, script;
    ftdn_text_init(&numbers);
    ftdn_text_init(&script);
    drawable->write_numbers(drawable->figure, &numbers);
    drawable->write_script(drawable->figure, p->stem, &script);
    ftdn_status status = ftdn_folder_create(p->folder, err);
    if (status == FTDN_OK) status = write_beside(p, "csv", &numbers, arena, err);
    if (status == FTDN_OK) status = write_beside(p, "gp", &script, arena, err);
    ftdn_text_done(&numbers);
    ftdn_text_done(&script);
    return status;
}

/* gnuplot works in the picture's folder, where the script's names are, and draws into `part`. */
static ftdn_status run_gnuplot(const ftdn_picture_place *p, const char *part, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text settings;
    ftdn_child_result result;
    ftdn_text_init(&settings);
    ftdn_text_append(&settings, "cd ");
    ftdn_text_append_gnuplot(&settings, p->folder);
    ftdn_text_append(&settings, "; format = '%s'; output = ", p->format);
    ftdn_text_append_gnuplot(&settings, part);
    const char *script = ftdn_arena_format(arena, err, "%s.gp", p->stem);
    ftdn_status status = script ? ftdn_text_check(&settings, err) : FTDN_ERR_MEMORY;
    if (status == FTDN_OK) {
        const char *const words[] = {"gnuplot", "-e", settings.chars, script, NULL};
        status = ftdn_child_run(words, arena, &result, err);
        if (status == FTDN_ERR_INPUT)
            ftdn_error_context(err,
                               "figures are drawn by gnuplot: install it (on Debian: apt-get install gnuplot-nox); "
                               "%s/%s.csv has the numbers",
                               p->folder, p->stem);
    }
    ftdn_text_done(&settings);
    if (status == FTDN_OK && result.exit_code != 0)
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "gnuplot could not draw %s: %s", p->path, result.err);
    return status;
}

ftdn_status ftdn_picture_draw(const ftdn_drawable *drawable, const ftdn_picture_place *p, ftdn_arena *arena,
                              ftdn_error *err)
{
    FTDN_TRY(write_sources(drawable, p, arena, err));
    char *part = ftdn_arena_format(arena, err, "%s.%s.part", p->stem, p->format);
    char *part_path = part ? ftdn_path_join(arena, p->folder, part, err) : NULL;
    if (!part_path) return FTDN_ERR_MEMORY;
    /* The former picture stays where the new one fails. */
    ftdn_status status = run_gnuplot(p, part, arena, err);
    if (status == FTDN_OK) status = ftdn_file_replace(part_path, p->path, err);
    if (status != FTDN_OK) remove(part_path);
    return status;
}
