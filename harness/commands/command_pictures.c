#include <math.h>

#include "base/file.h"
#include "harness/campaign/campaign_files.h"
#include "harness/figures/pictures.h"
#include "harness/terminal/command.h"
#include "harness/terminal/options.h"
#include "harness/terminal/print.h"

typedef struct pictures_options {
    const char *db, *output;
    double weight_rate, feature_map_rate; /* NaN: to be chosen */
    double score;
    long long seed; /* below 0: the least */
    long long n_images;
    ftdn_option_words names;
} pictures_options;

static ftdn_status draw_sheet(const ftdn_campaign_files *files, const ftdn_pictures *pictures,
                              const ftdn_pictures_desc *desc, const char *path, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_store *store = NULL;
    ftdn_picture sheet;
    if (ftdn_file_exists(files->db_path)) FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_WRITE, &store, err));
    ftdn_status status = ftdn_pictures_draw(pictures, desc, store, arena, &sheet, err);
    ftdn_store_close(store);
    if (status != FTDN_OK) return status;
    char *folder = ftdn_path_folder(arena, path, err);
    if (!folder) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_folder_create(folder, err));
    return ftdn_picture_write_jpeg(path, &sheet, err);
}

static void append_summary(const ftdn_pictures *pictures, const char *path, ftdn_text *text)
{
    ftdn_append_shown(text, path);
    ftdn_text_append(text, ": %d images; columns:", pictures->n_images);
    for (int c = 0; c < pictures->n_columns; c++) {
        ftdn_text_append(text, "%s ", c ? ";" : "");
        ftdn_append_shown(text, pictures->column[c].name);
    }
    ftdn_text_append(text, "\n");
}

static ftdn_status make_pictures(const pictures_options *options, ftdn_campaign_files *files, ftdn_text *text,
                                 ftdn_error *err)
{
    ftdn_arena *arena = &files->arena;
    const ftdn_pictures_desc desc = {
        .weight_rate = options->weight_rate,
        .feature_map_rate = options->feature_map_rate,
        .seed = options->seed,
        .score = options->score,
        .n_images = (int)options->n_images,
        .n_names = options->names.n_words,
        .name = options->names.word,
        .n_threads = ftdn_default_threads(),
    };
    ftdn_pictures pictures;
    const char *path = options->output;
    if (!path) path = ftdn_arena_format(arena, err, "results/%s_scenes.jpg", files->manifest.name);
    if (!path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_pictures_choose(&files->plan, &desc, arena, &pictures, err));
    FTDN_TRY(draw_sheet(files, &pictures, &desc, path, arena, err));
    append_summary(&pictures, path, text);
    return FTDN_OK;
}

static ftdn_status answer(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                          ftdn_error *err)
{
    (void)arena;
    const pictures_options *options = user;
    ftdn_campaign_files files;
    ftdn_campaign_files_init(&files);
    ftdn_status status = ftdn_campaign_files_open(&files, arguments->argument[0], options->db, err);
    if (status == FTDN_OK) status = make_pictures(options, &files, text, err);
    ftdn_campaign_files_done(&files);
    return status;
}

ftdn_status ftdn_command_pictures(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    pictures_options values = {
        .weight_rate = (double)NAN,
        .feature_map_rate = (double)NAN,
        .score = 0.5,
        .seed = -1,
        .n_images = 4,
    };
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("output", 'o', "FILE.jpg", &values.output, "the sheet (default: results/NAME_scenes.jpg)"),
        FTDN_INTEGER_OPTION("images", 'n', "N", &values.n_images, 1, 32,
                            "so many images, those with the most classes (default: 4)"),
        FTDN_WORDS_OPTION("image", 0, "NAME", &values.names, "this image; any number of times"),
        FTDN_NUMBER_OPTION("weight-rate", 0, "R", &values.weight_rate, 0, 1, "at this fault rate of weights: 0.01"),
        FTDN_NUMBER_OPTION("feature-map-rate", 0, "R", &values.feature_map_rate, 0, 1, "and this one of feature maps"),
        FTDN_INTEGER_OPTION("seed", 0, "N", &values.seed, 0, 9e15, "of the faults (default: the least)"),
        FTDN_NUMBER_OPTION("score", 's', "S", &values.score, 0, 1, "only boxes that score above S (default: 0.5)"),
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "results file, for mAP and rankings (default: results/NAME.db)"),
    };
    const ftdn_command command = {
        .name = "ftdn pictures",
        .arguments = "MANIFEST",
        .summary = "A sheet of images with what is found without faults, with faults, and protected against them.",
        .example = "ftdn pictures experiments/quickstart.json -o scenes.jpg",
        .details = "A row is an image; a column is a trial of the manifest: without faults, then every protection\n"
                   "at the same fault rates and seed. Faults and boxes are those of the trials, bit for bit. Without\n"
                   "rates, the greatest are taken of those that the most protections are tried at.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, answer, &values, err);
}
