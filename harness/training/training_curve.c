#include "harness/training/training_curve.h"

#include "analysis/gnuplot.h"
#include "base/file.h"
#include "base/text.h"
#include "harness/terminal/child_program.h"

#define SCRIPT "curve.gp"
#define PROGRAM "gnuplot"

static void write_script(const ftdn_training_curve *curve, ftdn_text *text)
{
    ftdn_text_append(text, "# " PROGRAM " " SCRIPT " draws curve.svg and curve.png anew\n"
                           "set encoding utf8\n"
                           "set datafile separator ','\n"
                           "set title ");
    ftdn_text_append_gnuplot(text, curve->title);
    ftdn_text_append(text, " noenhanced\n"
                           "set xlabel 'step'\n"
                           "set ylabel 'loss of a batch'\n"
                           "set yrange [0:*]\n"
                           "set xtics nomirror\n"
                           "set ytics nomirror\n"
                           "set grid ytics lt 1 lc rgb '#dddddd'\n"
                           "set border 11\n"
                           "set key top center horizontal\n");
    if (curve->has_validation)
        ftdn_text_append(text, "set y2label 'mAP of validation'\n"
                               "set y2range [0:1]\n"
                               "set y2tics 0.2\n");
    ftdn_text_append(text, "part(i) = i < 20 ? 1.0 / (i + 1) : 0.05\n"
                           "mean(i, x) = (m = i == 0 ? x : m + part(i) * (x - m))\n"
                           "set terminal svg size 800,480 font 'DejaVu Sans,13' background rgb 'white'\n"
                           "set output 'curve.svg'\n"
                           "plot 'log.csv' skip 1 using 1:4 with lines lw 0.5 lc rgb '#9ecae1' title 'loss', \\\n"
                           "     '' skip 1 using 1:(mean($0, $4)) with lines lw 2 lc rgb '#08519c' title '"
                           "its running mean'");
    if (curve->has_validation)
        ftdn_text_append(text,
                         ", \\\n     'validation.csv' skip 1 using 1:2 axes x1y2 with linespoints lw 2 pt 7 ps 0.6 "
                         "lc rgb '#d94801' title 'mAP'");
    ftdn_text_append(text, "\nset terminal pngcairo size 1200,720 font 'DejaVu Sans,16'\n"
                           "set output 'curve.png'\n"
                           "replot\n");
}

static ftdn_status save_script(const ftdn_training_curve *curve, ftdn_arena *arena, ftdn_error *err)
{
    const char *path = ftdn_path_join(arena, curve->folder, SCRIPT, err);
    if (!path) return FTDN_ERR_MEMORY;
    ftdn_text text;
    ftdn_text_init(&text);
    write_script(curve, &text);
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = ftdn_file_write_atomic(path, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return status;
}

/* "cd 'FOLDER'", which gnuplot does before it reads the script. */
static const char *change_folder(const char *folder, ftdn_arena *arena, ftdn_error *err)
{
    const char *words = NULL;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "cd ");
    ftdn_text_append_gnuplot(&text, folder);
    if (ftdn_text_check(&text, err) == FTDN_OK) words = ftdn_arena_copy_text(arena, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return words;
}

ftdn_status ftdn_training_curve_draw(const ftdn_training_curve *curve, ftdn_arena *arena, const char **ret_hint,
                                     ftdn_error *err)
{
    FTDN_TRY(save_script(curve, arena, err));
    const char *const words[] = {PROGRAM, "-e", change_folder(curve->folder, arena, err), SCRIPT, NULL};
    if (!words[2]) return FTDN_ERR_MEMORY;
    ftdn_child_result result;
    ftdn_error cause = {0};
    ftdn_status status = ftdn_child_run(words, arena, &result, &cause);
    if (status == FTDN_ERR_MEMORY) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s", cause.message);
    *ret_hint = "";
    if (status == FTDN_OK && result.exit_code == 0) return FTDN_OK;
    if (status == FTDN_OK) *ret_hint = ftdn_arena_format(arena, err, "no curve: " PROGRAM " says: %s", result.err);
    else
        *ret_hint = ftdn_arena_format(arena, err, "no curve: %s; install it and run 'gnuplot " SCRIPT "' in %s",
                                      cause.message, curve->folder);
    return *ret_hint ? FTDN_OK : FTDN_ERR_MEMORY;
}
