#include "harness/training/training_keys.h"

#include "detect/network.h"
#include "harness/manifest/manifest_keys.h"

#define MAX_STEPS 1e7

static const char *const *optimizers(int *ret_n)
{
    static const char *const words[] = {"sgd", "adam"};
    *ret_n = 2;
    return words;
}

static const char *const *backends(int *ret_n)
{
    static const char *const words[] = {"cpu", "cuda"};
    *ret_n = 2;
    return words;
}

static const char *const *convolutions(int *ret_n)
{
    static const char *const words[] = {"direct", "tf32"};
    *ret_n = 2;
    return words;
}

static const char *const *precisions(int *ret_n)
{
    static const char *const words[] = {"f16", "f32"};
    *ret_n = 2;
    return words;
}

/* clang-format off */
static const ftdn_key training_keys[FTDN_TRAINING_N_KEYS] = {
    [FTDN_TRAINING_ROOT] = {.path = "", .type = FTDN_VALUE_OBJECT, .required = true, .help = "the manifest"},
    [FTDN_TRAINING_SCHEMA] = {.path = "$schema", .type = FTDN_VALUE_TEXT,
                              .help = "where an editor finds a schema; not read"},
    [FTDN_TRAINING_VERSION] = {.path = "manifest_version", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1,
                               .required = true, .help = "the version of this grammar"},
    [FTDN_TRAINING_NAME] = {.path = "name", .type = FTDN_VALUE_NAME, .required = true,
                            .help = "the training's name, also of its folder and of the weight file"},
    [FTDN_TRAINING_DESCRIPTION] = {.path = "description", .type = FTDN_VALUE_TEXT,
                                   .help = "what the training is for"},
    [FTDN_TRAINING_MODEL] = {.path = "model", .type = FTDN_VALUE_OBJECT, .required = true,
                             .help = "the network that learns"},
    [FTDN_TRAINING_MODEL_NAME] = {.path = "model.name", .type = FTDN_VALUE_CHOICE, .choices = ftdn_network_names,
                                  .required = true, .help = "its architecture"},
    [FTDN_TRAINING_MODEL_WIDTH] = {.path = "model.width", .type = FTDN_VALUE_NUMBER, .min = 0, .min_excluded = true,
                                   .max = 4, .help = "channel multiplier; the published one where not given"},
    [FTDN_TRAINING_MODEL_CLASSES] = {.path = "model.classes", .type = FTDN_VALUE_INTEGER, .min = 1,
                                     .max = FTDN_MAX_CLASSES,
                                     .help = "object classes, without the background; the dataset's if not given"},
    [FTDN_TRAINING_INITIAL_WEIGHTS] = {.path = "initial_weights", .type = FTDN_VALUE_PATH,
                                       .help = "a weight file: parameters of the same name and shape start from it"},
    [FTDN_TRAINING_DATASET] = {.path = "dataset", .type = FTDN_VALUE_OBJECT, .required = true,
                               .like = &ftdn_manifest_key_table, .like_key = FTDN_KEY_DATASET,
                               .help = "the images that are learnt from; keys as in an experiment's dataset"},
    [FTDN_TRAINING_VALIDATION] = {.path = "validation", .type = FTDN_VALUE_OBJECT, .required = true,
                                  .help = "how progress is measured"},
    [FTDN_TRAINING_VALIDATION_DATASET] = {.path = "validation.dataset", .type = FTDN_VALUE_OBJECT, .required = true,
                                          .like = &ftdn_manifest_key_table, .like_key = FTDN_KEY_DATASET,
                                          .help = "other images; keys as in an experiment's dataset"},
    [FTDN_TRAINING_VALIDATION_EVERY] = {.path = "validation.every", .type = FTDN_VALUE_INTEGER, .min = 1,
                                        .max = MAX_STEPS, .default_json = "500",
                                        .help = "steps between two measurements"},
    [FTDN_TRAINING_TRAINING] = {.path = "training", .type = FTDN_VALUE_OBJECT, .required = true,
                                .help = "how it learns"},
    [FTDN_TRAINING_SEED] = {.path = "training.seed", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                            .default_json = "0", .help = "of initial weights, the order of images and their views"},
    [FTDN_TRAINING_BATCH] = {.path = "training.batch", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 4096,
                             .default_json = "32", .help = "images of a step"},
    [FTDN_TRAINING_BATCH_NORMS] = {.path = "training.batch_norms", .type = FTDN_VALUE_FLAG, .default_json = "false",
                                   .help = "true: ssd_vgg16 learns with batch norms, which are shipped folded"},
    [FTDN_TRAINING_STEPS] = {.path = "training.steps", .type = FTDN_VALUE_INTEGER, .min = 1, .max = MAX_STEPS,
                             .required = true, .help = "steps of the whole training"},
    [FTDN_TRAINING_OPTIMIZER] = {.path = "training.optimizer", .type = FTDN_VALUE_CHOICE, .choices = optimizers,
                                 .default_json = "\"sgd\"", .help = "SGD with momentum, or AdamW"},
    [FTDN_TRAINING_LEARNING_RATE] = {.path = "training.learning_rate", .type = FTDN_VALUE_NUMBER, .min = 0,
                                     .min_excluded = true, .max = 10, .required = true,
                                     .help = "the largest rate, behind the warm-up"},
    [FTDN_TRAINING_MOMENTUM] = {.path = "training.momentum", .type = FTDN_VALUE_NUMBER, .max = 1, .max_excluded = true,
                                .default_json = "0.9", .help = "optimizer sgd"},
    [FTDN_TRAINING_WEIGHT_DECAY] = {.path = "training.weight_decay", .type = FTDN_VALUE_NUMBER, .max = 1,
                                    .default_json = "0.0005", .help = "of the weights of convolutions"},
    [FTDN_TRAINING_WARMUP_STEPS] = {.path = "training.warmup_steps", .type = FTDN_VALUE_INTEGER, .max = MAX_STEPS,
                                    .default_json = "0", .help = "steps in which the rate grows to its largest"},
    [FTDN_TRAINING_FINAL_LEARNING_RATE] = {.path = "training.final_learning_rate", .type = FTDN_VALUE_NUMBER,
                                           .max = 10, .default_json = "0",
                                           .help = "the rate of the last step, at the end of half a cosine"},
    [FTDN_TRAINING_MAX_GRADIENT_NORM] = {.path = "training.max_gradient_norm", .type = FTDN_VALUE_NUMBER, .max = 1e6,
                                         .default_json = "0",
                                         .help = "longer gradients are shortened to it; 0: none are"},
    [FTDN_TRAINING_AVERAGE] = {.path = "training.average", .type = FTDN_VALUE_NUMBER, .max = 1, .max_excluded = true,
                               .default_json = "0",
                               .help = "decay of the moving average of the weights, which is shipped; 0: none"},
    [FTDN_TRAINING_CHECKPOINT_EVERY] = {.path = "training.checkpoint_every", .type = FTDN_VALUE_INTEGER, .min = 1,
                                        .max = MAX_STEPS, .default_json = "200",
                                        .help = "steps after which a lost training is lost no further"},
    [FTDN_TRAINING_BACKEND] = {.path = "training.backend", .type = FTDN_VALUE_CHOICE, .choices = backends,
                               .default_json = "\"cpu\"", .help = "the processor or a GPU; validation too"},
    [FTDN_TRAINING_CONVOLUTION] = {.path = "training.convolution", .type = FTDN_VALUE_CHOICE, .choices = convolutions,
                                   .default_json = "\"direct\"",
                                   .help = "in f32, or on cuda with products of TF32; gradients and validation too"},
    [FTDN_TRAINING_AUGMENTATION] = {.path = "augmentation", .type = FTDN_VALUE_OBJECT,
                                    .help = "how the views differ from the images; not at all where not given"},
    [FTDN_TRAINING_MIRROR] = {.path = "augmentation.mirror", .type = FTDN_VALUE_FLAG, .default_json = "false",
                              .help = "true: half of the views are mirrored"},
    [FTDN_TRAINING_PHOTOMETRIC] = {.path = "augmentation.photometric", .type = FTDN_VALUE_NUMBER, .max = 1,
                                   .default_json = "0", .help = "strength of other light and colour; 1 as published"},
    [FTDN_TRAINING_EXPAND] = {.path = "augmentation.expand", .type = FTDN_VALUE_NUMBER, .max = 1,
                              .default_json = "0", .help = "chance of zooming out; 0.5 as published"},
    [FTDN_TRAINING_MAX_EXPAND] = {.path = "augmentation.max_expand", .type = FTDN_VALUE_NUMBER, .min = 1, .max = 16,
                                  .default_json = "4", .help = "how far, as a multiple of the side"},
    [FTDN_TRAINING_CROP] = {.path = "augmentation.crop", .type = FTDN_VALUE_FLAG, .default_json = "false",
                            .help = "true: most views are a patch of the image"},
    [FTDN_TRAINING_OUTPUT] = {.path = "output", .type = FTDN_VALUE_OBJECT, .help = "the weight file"},
    [FTDN_TRAINING_PRECISION] = {.path = "output.precision", .type = FTDN_VALUE_CHOICE, .choices = precisions,
                                 .default_json = "\"f32\"", .help = "of the weights of convolutions; all else is f32"},
};
/* clang-format on */

const ftdn_key_table ftdn_training_key_table = {.key = training_keys, .n_keys = FTDN_TRAINING_N_KEYS};
