#include "harness/manifest/manifest_rules.h"

#include <string.h>

#include "protectors/protector.h"

static bool is_voc(const char *kind)
{
    return strcmp(kind, "voc") == 0;
}

static bool is_coco(const char *kind)
{
    return strcmp(kind, "coco") == 0;
}

static bool has_files(const char *kind)
{
    return is_voc(kind) || is_coco(kind);
}

static bool is_test_scenes(const char *kind)
{
    return strcmp(kind, "test_scenes") == 0;
}

static bool is_generated(const char *kind)
{
    return !has_files(kind);
}

static bool has_splits(const char *kind)
{
    return !is_test_scenes(kind);
}

static bool is_any(const char *choice)
{
    (void)choice;
    return true;
}

static bool hits_bits(const char *type)
{
    return !strcmp(type, "bit_flip") || !strcmp(type, "stuck_at_0") || !strcmp(type, "stuck_at_1");
}

static bool is_random(const char *type)
{
    return strcmp(type, "random") == 0;
}

static bool duplicates(const char *method)
{
    return ftdn_protector_find(method)->duplicates;
}

static bool merges(const char *method)
{
    return ftdn_protector_find(method)->merges;
}

static bool merges_maps(const char *method)
{
    return ftdn_protector_find(method)->merges_maps;
}

static bool has_two_networks(const char *method)
{
    return ftdn_protector_find(method)->has_two_networks;
}

static bool is_weight_sum(const char *ranking)
{
    return strcmp(ranking, "weight_sum") == 0;
}

static bool computes(const char *backend, const char *convolution)
{
    bool is_cuda = !strcmp(backend, "cuda");
    if (!strcmp(convolution, "tf32")) return is_cuda;
    return !is_cuda || strcmp(convolution, "winograd") != 0;
}

static const ftdn_detail_rule detail_rules[] = {
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_ROOT, has_files, has_files},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_SPLIT, has_splits, NULL},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_ANNOTATIONS, is_coco, NULL},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_IMAGES, is_any, is_test_scenes},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_SEED, is_generated, NULL},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_CLASSES, has_files, is_coco},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_RENAME, has_files, NULL},
    {FTDN_KEY_DATASET_KIND, FTDN_KEY_DATASET_OTHER_CLASSES, has_files, NULL},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_ROOT, has_files, has_files},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_SPLIT, has_splits, NULL},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_ANNOTATIONS, is_coco, NULL},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_IMAGES, is_any, is_test_scenes},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_SEED, is_generated, NULL},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_CLASSES, has_files, NULL},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_RENAME, has_files, NULL},
    {FTDN_KEY_CALIBRATION_KIND, FTDN_KEY_CALIBRATION_OTHER_CLASSES, has_files, NULL},
    {FTDN_KEY_FAULTS_TYPE, FTDN_KEY_FAULTS_BIT, hits_bits, NULL},
    {FTDN_KEY_FAULTS_TYPE, FTDN_KEY_FAULTS_BITS, hits_bits, NULL},
    {FTDN_KEY_FAULTS_TYPE, FTDN_KEY_FAULTS_RANGE, is_random, NULL},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_RANKING, duplicates, NULL},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_DIRECTION, duplicates, NULL},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_RATIO, duplicates, duplicates},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_ALLOCATION, duplicates, NULL},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_MERGE, merges, NULL},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_MERGE_POINT, merges_maps, NULL},
    {FTDN_KEY_PROTECTION_METHOD, FTDN_KEY_PROTECTION_COMBINE, has_two_networks, NULL},
    {FTDN_KEY_PROTECTION_RANKING, FTDN_KEY_PROTECTION_DIRECTION, is_weight_sum, NULL},
};

static const ftdn_pair_rule pair_rules[] = {
    {FTDN_KEY_FAULTS_BITS, FTDN_KEY_FAULTS_BIT, false},
    {FTDN_KEY_FAULTS_WEIGHT_COUNT, FTDN_KEY_FAULTS_WEIGHT_RATE, true},
    {FTDN_KEY_FAULTS_FEATURE_MAP_COUNT, FTDN_KEY_FAULTS_FEATURE_MAP_RATE, true},
};

static const ftdn_word_rule word_rules[] = {
    {FTDN_KEY_ENGINE_BACKEND, FTDN_KEY_ENGINE_CONVOLUTION, computes},
};

const ftdn_detail_rule *ftdn_detail_rules(int *ret_n)
{
    *ret_n = (int)(sizeof detail_rules / sizeof *detail_rules);
    return detail_rules;
}

const ftdn_pair_rule *ftdn_pair_rules(int *ret_n)
{
    *ret_n = (int)(sizeof pair_rules / sizeof *pair_rules);
    return pair_rules;
}

const ftdn_word_rule *ftdn_word_rules(int *ret_n)
{
    *ret_n = (int)(sizeof word_rules / sizeof *word_rules);
    return word_rules;
}
