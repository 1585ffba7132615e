#include "harness/dataset_words.h"

#include <string.h>

#include "base/suggest.h"
#include "harness/class_names.h"

static const struct {
    const char *name;
    ftdn_data_kind kind;
    bool of_files;
    int min_arguments, max_arguments;
    const char *arguments; /* in words */
} kinds[] = {
    {"voc", FTDN_DATA_VOC, true, 2, 2, "ROOT SPLIT"},
    {"coco", FTDN_DATA_COCO, true, 2, 2, "ROOT SPLIT"},
    {"road", FTDN_DATA_ROAD, false, 0, 1, "at most a SPLIT"},
    {"test_scenes", FTDN_DATA_TEST_SCENES, false, 0, 0, "none"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static ftdn_status find_kind(const char *name, int *ret_kind, ftdn_error *err)
{
    const char *names[N_KINDS];
    for (int i = 0; i < N_KINDS; i++) names[i] = kinds[i].name;
    for (int i = 0; i < N_KINDS; i++) {
        if (strcmp(names[i], name)) continue;
        *ret_kind = i;
        return FTDN_OK;
    }
    const char *nearest = ftdn_suggest(name, names, N_KINDS);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "--kind: '%s' is not allowed; allowed: voc, coco, road, test_scenes%s%s%s",
                     name, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

ftdn_status ftdn_dataset_words_read(const ftdn_dataset_words *words, const ftdn_arguments *arguments, ftdn_arena *arena,
                                    ftdn_data_settings *ret_settings, ftdn_error *err)
{
    int k = 0, n = arguments->n_arguments;
    if (words->kind) FTDN_TRY(find_kind(words->kind, &k, err));
    if (n < kinds[k].min_arguments || n > kinds[k].max_arguments)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "kind '%s' takes %s; %d argument%s given", kinds[k].name,
                         kinds[k].arguments, n, n == 1 ? " is" : "s are");
    if (words->annotations && kinds[k].kind != FTDN_DATA_COCO)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--annotations: not of kind '%s'", kinds[k].name);
    if (words->classes && !kinds[k].of_files)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--classes: not of kind '%s'", kinds[k].name);
    ftdn_data_settings settings = {
        .kind = kinds[k].kind,
        .root = kinds[k].of_files ? arguments->argument[0] : NULL,
        .split = n > 0 ? arguments->argument[n - 1] : "test",
        .annotations = words->annotations,
        .n_images = (int)words->n_images,
        .seed = (uint64_t)words->seed,
    };
    if (!kinds[k].of_files && settings.n_images == 0) settings.n_images = FTDN_ROAD_IMAGES;
    if (words->classes) {
        ftdn_class_names names;
        ftdn_status status = ftdn_class_names_parse(words->classes, "--classes", arena, &names, err);
        if (status != FTDN_OK) ftdn_error_context(err, "--classes");
        FTDN_TRY(status);
        settings.classes = (ftdn_class_choice){.name = names.name, .n_classes = names.n};
    }
    *ret_settings = settings;
    return FTDN_OK;
}
