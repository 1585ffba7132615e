#include "harness/commands/inspect.h"

#include "datasets/image.h"
#include "harness/commands/dataset_words.h"
#include "harness/figures/truth_sheet.h"
#include "harness/plan/inputs.h"
#include "harness/terminal/command.h"
#include "harness/terminal/print.h"

typedef struct class_count {
    int n_images;  /* with at least one object of the class */
    int n_objects; /* difficult ones left out */
    int n_difficult;
    int last_image; /* that was counted; -1: none yet */
} class_count;

static ftdn_status count_classes(const ftdn_dataset *dataset, ftdn_arena *arena, class_count **ret_count,
                                 ftdn_error *err)
{
    class_count *count = FTDN_NEW(arena, (size_t)dataset->n_classes, class_count, err);
    if (!count) return FTDN_ERR_MEMORY;
    for (int c = 0; c < dataset->n_classes; c++) count[c].last_image = -1;
    for (int i = 0; i < dataset->n_images; i++) {
        const ftdn_image *image = &dataset->image[i];
        for (int o = 0; o < image->n_objects; o++) {
            class_count *seen = &count[image->object[o].class_index];
            seen->n_images += seen->last_image != i;
            seen->last_image = i;
            if (image->object[o].difficult) seen->n_difficult++;
            else seen->n_objects++;
        }
    }
    *ret_count = count;
    return FTDN_OK;
}

static void add_numbers(ftdn_table *table, int n_images, int n_objects, int n_difficult)
{
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", n_images);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", n_objects);
    ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", n_difficult);
}

static void write_table(const ftdn_dataset *dataset, const class_count *count, ftdn_text *text)
{
    ftdn_table table;
    ftdn_table_init(&table, 4);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "class");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "images");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "objects");
    ftdn_table_add(&table, FTDN_CELL_TEXT, "difficult");
    int n_objects = 0, n_difficult = 0;
    for (int c = 0; c < dataset->n_classes; c++) {
        ftdn_table_add_shown(&table, dataset->class_name[c]);
        add_numbers(&table, count[c].n_images, count[c].n_objects, count[c].n_difficult);
        n_objects += count[c].n_objects;
        n_difficult += count[c].n_difficult;
    }
    ftdn_table_add(&table, FTDN_CELL_TEXT, "total");
    add_numbers(&table, dataset->n_images, n_objects, n_difficult);
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
    ftdn_text_append(text, "\n");
    ftdn_append_shown(text, dataset->description);
    ftdn_text_append(text, "\nSHA-256 %s\n", dataset->digest);
}

static void write_json(const ftdn_dataset *dataset, const class_count *count, ftdn_text *text)
{
    ftdn_text_append(text, "{");
    ftdn_append_json_member(text, "dataset", dataset->description);
    ftdn_text_append(text, ",\"images\":%d,\"sha256\":\"%s\",\"classes\":[", dataset->n_images, dataset->digest);
    for (int c = 0; c < dataset->n_classes; c++) {
        ftdn_text_append(text, "%s\n{", c ? "," : "");
        ftdn_append_json_member(text, "name", dataset->class_name[c]);
        ftdn_text_append(text, ",\"images\":%d,\"objects\":%d,\"difficult\":%d}", count[c].n_images, count[c].n_objects,
                         count[c].n_difficult);
    }
    ftdn_text_append(text, "\n]}\n");
}

typedef struct inspect_options {
    ftdn_dataset_words words;
    bool wants_json;
    const char *sheet; /* NULL: none */
    bool without_boxes;
} inspect_options;

static ftdn_status inspect(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                           ftdn_error *err)
{
    const inspect_options *options = user;
    ftdn_data_settings settings;
    ftdn_dataset *dataset = NULL;
    class_count *count = NULL;
    if (options->sheet) FTDN_TRY(ftdn_jpeg_name_check(options->sheet, err));
    FTDN_TRY(ftdn_dataset_words_read(&options->words, arguments, arena, &settings, err));
    ftdn_inputs inputs;
    ftdn_inputs_init(&inputs);
    ftdn_status status = ftdn_inputs_get_dataset(&inputs, &settings, &dataset, err);
    if (status == FTDN_OK) status = count_classes(dataset, arena, &count, err);
    if (status == FTDN_OK && options->sheet) {
        status = ftdn_truth_sheet_write(options->sheet, dataset, !options->without_boxes, ftdn_default_threads(), arena,
                                        err);
    }
    if (status == FTDN_OK && options->wants_json) write_json(dataset, count, text);
    else if (status == FTDN_OK) write_table(dataset, count, text);
    ftdn_inputs_done(&inputs);
    return status;
}

ftdn_status ftdn_inspect_dataset(int argc, const char *const *argv, ftdn_error *err)
{
    inspect_options values = {0};
    const ftdn_option options[] = {
        FTDN_DATASET_OPTIONS(&values.words),
        FTDN_TEXT_OPTION("sheet", 0, "FILE", &values.sheet, "write the images with their boxes side by side, as JPEG"),
        FTDN_FLAG_OPTION("without-boxes", 0, &values.without_boxes, "leave the boxes out of the sheet"),
        FTDN_FLAG_OPTION("json", 0, &values.wants_json, "an object instead of a table"),
    };
    const ftdn_command command = {
        .name = "ftdn inspect dataset",
        .arguments = FTDN_DATASET_ARGUMENTS,
        .summary = "Count the images and objects of a dataset, class by class.",
        .example = "ftdn inspect dataset VOC2007 test",
        .details = "ROOT and SPLIT are those of a manifest's dataset: kinds voc and coco need both, road takes a\n"
                   "split (default: test), test_scenes neither. Objects marked as difficult, and crowds, are counted\n"
                   "apart. The digest is of class list, names, annotations and image files. A sheet shows all images\n"
                   "(choose some by --images); the class of a difficult object has a question mark.",
        .max_arguments = 2,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, argv, inspect, &values, err);
}
