#include "harness/figures/paper_list.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/table.h"
#include "harness/figures/experiments_folder.h"
#include "harness/manifest/fetch_hint.h"
#include "harness/manifest/manifest.h"
#include "harness/terminal/print.h"

static void write_names(bool tables, ftdn_text *text)
{
    int n_figures;
    const ftdn_paper_figure *known = ftdn_paper_figures(&n_figures);
    ftdn_table table;
    ftdn_table_init(&table, 2);
    ftdn_table_add(&table, FTDN_CELL_TEXT, tables ? "table" : "figure");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "what it shows");
    for (int i = 0; i < n_figures; i++) {
        if (ftdn_paper_kind_is_table(known[i].kind) != tables) continue;
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", known[i].name);
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", known[i].what);
    }
    ftdn_table_add(&table, FTDN_CELL_TEXT, tables ? "classes" : "accuracy");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "of any results file: %s",
                   tables ? "average precision of each class" : "mAP against the fault rate");
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

/* What is missing, each once. */
typedef struct missing_list {
    ftdn_text text;
    int n;
} missing_list;

static void note(missing_list *missing, const char *what)
{
    if (missing->text.chars && strstr(missing->text.chars, what)) return;
    ftdn_text_append(&missing->text, "%s%s", missing->n ? ", " : "", what);
    missing->n++;
}

/* A path of a manifest that nothing lies at, with the command that gets it where there is one. */
static void note_path(missing_list *missing, const char *path)
{
    ftdn_error hint = {0};
    if (!path || ftdn_file_exists(path)) return;
    const char *slash = strrchr(path, '/');
    snprintf(hint.message, sizeof hint.message, "%s", slash ? slash + 1 : path);
    ftdn_fetch_hint_add(path, &hint);
    note(missing, hint.message);
}

static ftdn_status note_missing(const char *size, const char *name, ftdn_arena *arena, missing_list *missing,
                                ftdn_error *err)
{
    const char *path;
    ftdn_manifest manifest;
    ftdn_mistakes mistakes;
    FTDN_TRY(ftdn_experiment_find(size, name, arena, &path, err));
    ftdn_mistakes_init(&mistakes, arena);
    ftdn_error cause = {0};
    ftdn_status status = ftdn_manifest_load(path, arena, &mistakes, &manifest, &cause);
    if (status == FTDN_ERR_MANIFEST) { /* a variable that is not set: its place depends on the machine */
        note(missing, mistakes.n_mistakes > 0 ? mistakes.mistake[0].text : cause.message);
        return FTDN_OK;
    }
    if (status != FTDN_OK) return FTDN_FAIL(err, status, "%s", cause.message);
    for (size_t i = 0; i < manifest.n_trials; i++) {
        ftdn_trial_settings settings;
        ftdn_manifest_get_settings(&manifest, i, &settings);
        note_path(missing, settings.model.weights_path);
        note_path(missing, settings.dataset.root);
        note_path(missing, settings.calibration.root);
    }
    return FTDN_OK;
}

static ftdn_status write_sizes(bool tables, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    static const char *const what[] = {"generated road scenes, minutes", "the images at hand", "VOC 2007, hours"};
    int n_figures;
    const ftdn_paper_figure *known = ftdn_paper_figures(&n_figures);
    ftdn_text_append(text, "\n");
    for (int s = 0; s < FTDN_N_PAPER_SIZES; s++) {
        const char *size = ftdn_paper_sizes()[s];
        missing_list missing = {.n = 0};
        ftdn_text_init(&missing.text);
        ftdn_status status = FTDN_OK;
        for (int i = 0; status == FTDN_OK && i < n_figures; i++)
            if (ftdn_paper_kind_is_table(known[i].kind) == tables)
                status = note_missing(size, known[i].name, arena, &missing, err);
        ftdn_text_append(text, "--size %-5s  %s", size, what[s]);
        if (missing.n > 0) ftdn_text_append(text, "; missing: ");
        if (missing.n > 0) ftdn_append_shown(text, missing.text.chars);
        ftdn_text_append(text, "\n");
        if (missing.text.failed) text->failed = true;
        ftdn_text_done(&missing.text);
        FTDN_TRY(status);
    }
    return FTDN_OK;
}

int ftdn_paper_list_names(bool tables, const char **name)
{
    int n_figures, n_names = 0;
    const ftdn_paper_figure *figure = ftdn_paper_figures(&n_figures);
    assert(n_figures <= FTDN_MOST_PAPER_NAMES);
    for (int i = 0; i < n_figures; i++)
        if (ftdn_paper_kind_is_table(figure[i].kind) == tables) name[n_names++] = figure[i].name;
    return n_names;
}

ftdn_status ftdn_paper_list_write(bool tables, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    write_names(tables, text);
    return write_sizes(tables, arena, text, err);
}

/* The unit in which a value is said. */
static const char *unit_of(const ftdn_paper_figure *known)
{
    switch (known->kind) {
    case FTDN_PAPER_TIMES: return " ms";
    case FTDN_PAPER_MEMORY: return " MB";
    case FTDN_PAPER_CLASSES: return "";
    default: return " %";
    }
}

ftdn_status ftdn_paper_list_write_values(const ftdn_paper_figure *known, ftdn_arena *arena, ftdn_text *text,
                                         ftdn_error *err)
{
    const ftdn_paper_value *value;
    int n_values;
    FTDN_TRY(ftdn_paper_values_load(known->name, arena, &value, &n_values, err));
    if (n_values == 0) ftdn_text_append(text, "the paper's text gives no number for %s\n", known->name);
    for (int i = 0; i < n_values; i++) {
        bool is_curve = !ftdn_paper_kind_is_table(known->kind);
        const char *sentence = value[i].sentence;
        ftdn_text_append(text, "%s%s%s", value[i].row ? value[i].row : "", value[i].row ? ", " : "",
                         value[i].series ? value[i].series : "the curve is not named");
        if (is_curve && !isnan(value[i].x)) ftdn_text_append(text, " at %.6g %%", 100 * value[i].x);
        ftdn_text_append(text, ": %.6g%s\n", is_curve ? 100 * value[i].y : value[i].y, unit_of(known));
        if (i + 1 < n_values && strcmp(value[i + 1].sentence, sentence) == 0) continue;
        ftdn_text_append(text, "  \"%s\"\n", sentence);
    }
    return FTDN_OK;
}
