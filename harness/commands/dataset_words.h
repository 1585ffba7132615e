/* dataset_words.h - a dataset that is named on the command line, in the words of a manifest's `dataset`. */
#ifndef FTDN_HARNESS_COMMANDS_DATASET_WORDS_H
#define FTDN_HARNESS_COMMANDS_DATASET_WORDS_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/manifest/settings.h"
#include "harness/terminal/options.h"

/* What options give; the arguments beside them are ROOT SPLIT for files, and [SPLIT] for road scenes. */
typedef struct ftdn_dataset_words {
    int kind;                          /* a place in ftdn_dataset_kind_name */
    const char *annotations, *classes; /* NULL: not given */
    long long n_images, seed;
} ftdn_dataset_words;

#define FTDN_DATASET_KINDS 4
extern const char *const ftdn_dataset_kind_name[FTDN_DATASET_KINDS];

#define FTDN_DATASET_ARGUMENTS "[ROOT] [SPLIT]"

/* Rows of a table of options, in five lines of help. */
#define FTDN_DATASET_OPTIONS(words)                                                                                    \
    FTDN_CHOICE_OPTION("kind", 'k', "K", &(words)->kind, FTDN_DATASET_KINDS, ftdn_dataset_kind_name,                   \
                       "voc, coco, road or test_scenes (default: voc)"),                                               \
        FTDN_TEXT_OPTION("annotations", 0, "FILE", &(words)->annotations,                                              \
                         "coco: the annotation file in ROOT (default: found by SPLIT)"),                               \
        FTDN_TEXT_OPTION("classes", 'c', "A,B,...", &(words)->classes,                                                 \
                         "voc, coco: the classes (default: VOC's 20; all of the file)"),                               \
        FTDN_INTEGER_OPTION("images", 'n', "N", &(words)->n_images, 1, 1000000, "only the first N"),                   \
        FTDN_INTEGER_OPTION("seed", 0, "N", &(words)->seed, 0, FTDN_LARGEST_INTEGER,                                   \
                            "of generated scenes (default: 0)")

/* The settings for ftdn_inputs_get_dataset; texts live in the arena or are borrowed. Without a number of images, files
 * give all and generated scenes FTDN_ROAD_IMAGES. FTDN_ERR_ARG: an unknown kind, words that it does not take. */
FTDN_NODISCARD ftdn_status ftdn_dataset_words_read(const ftdn_dataset_words *words, const ftdn_arguments *arguments,
                                                   ftdn_arena *arena, ftdn_data_settings *ret_settings,
                                                   ftdn_error *err);

#endif
