#include "harness/inspect.h"

#include "datasets/dataset.h"
#include "harness/options.h"
#include "harness/print.h"

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
    ftdn_text_append(text, "{\"dataset\":");
    ftdn_append_json(text, dataset->description);
    ftdn_text_append(text, ",\"images\":%d,\"sha256\":\"%s\",\"classes\":[", dataset->n_images, dataset->digest);
    for (int c = 0; c < dataset->n_classes; c++) {
        ftdn_text_append(text, c ? ",\n{\"name\":" : "\n{\"name\":");
        ftdn_append_json(text, dataset->class_name[c]);
        ftdn_text_append(text, ",\"images\":%d,\"objects\":%d,\"difficult\":%d}", count[c].n_images, count[c].n_objects,
                         count[c].n_difficult);
    }
    ftdn_text_append(text, "\n]}\n");
}

/* user: a bool, JSON is wanted. */
static ftdn_status inspect(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                           ftdn_error *err)
{
    const bool *wants_json = user;
    const ftdn_voc_desc desc = {.root = arguments->argument[0], .split = arguments->argument[1]};
    ftdn_dataset *dataset = NULL;
    class_count *count = NULL;
    FTDN_TRY(ftdn_dataset_open_voc(&desc, &dataset, err));
    ftdn_status status = count_classes(dataset, arena, &count, err);
    if (status == FTDN_OK && *wants_json) write_json(dataset, count, text);
    else if (status == FTDN_OK) write_table(dataset, count, text);
    ftdn_dataset_close(dataset);
    return status;
}

ftdn_status ftdn_inspect_dataset(int argc, const char *const *argv, ftdn_error *err)
{
    bool wants_json = false;
    const ftdn_option options[] = {
        FTDN_FLAG_OPTION("json", 0, &wants_json, "an object instead of a table"),
    };
    const ftdn_command command = {
        .name = "ftdn inspect dataset",
        .arguments = "ROOT SPLIT",
        .summary = "Count the images and objects of a PASCAL VOC folder, class by class.",
        .example = "ftdn inspect dataset VOC2007 test",
        .details =
            "Reads ROOT/ImageSets/Main/SPLIT.txt and the annotations and images that it names. Objects marked as\n"
            "difficult are counted apart. The digest is of class list, names, annotations and image files.",
        .min_arguments = 2,
        .max_arguments = 2,
        .n_options = 1,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, argv, inspect, &wants_json, err);
}
