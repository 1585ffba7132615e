#include "harness/commands/dataset_words.h"

#include "harness/plan/class_names.h"

const char *const ftdn_dataset_kind_name[FTDN_DATASET_KINDS] = {"voc", "coco", "road", "test_scenes"};

static const struct {
    ftdn_data_kind kind;
    bool of_files;
    int min_arguments, max_arguments;
    const char *arguments; /* in words */
} kinds[FTDN_DATASET_KINDS] = {
    {FTDN_DATA_VOC, true, 2, 2, "ROOT SPLIT"},
    {FTDN_DATA_COCO, true, 2, 2, "ROOT SPLIT"},
    {FTDN_DATA_ROAD, false, 0, 1, "at most a SPLIT"},
    {FTDN_DATA_TEST_SCENES, false, 0, 0, "none"},
};

ftdn_status ftdn_dataset_words_read(const ftdn_dataset_words *words, const ftdn_arguments *arguments, ftdn_arena *arena,
                                    ftdn_data_settings *ret_settings, ftdn_error *err)
{
    int k = words->kind, n = arguments->n_arguments;
    if (n < kinds[k].min_arguments || n > kinds[k].max_arguments)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "kind '%s' takes %s; %d argument%s given", ftdn_dataset_kind_name[k],
                         kinds[k].arguments, n, n == 1 ? " is" : "s are");
    if (words->annotations && kinds[k].kind != FTDN_DATA_COCO)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--annotations: not of kind '%s'", ftdn_dataset_kind_name[k]);
    if (words->classes && !kinds[k].of_files)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--classes: not of kind '%s'", ftdn_dataset_kind_name[k]);
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
