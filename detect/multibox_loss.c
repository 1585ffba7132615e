#include "detect/multibox_loss.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "detect/cross_entropy_hd.h"

ftdn_status ftdn_multibox_loss_init(ftdn_multibox_loss *loss, const ftdn_network *network, const float *priors,
                                    ftdn_arena *arena, ftdn_error *err)
{
    ftdn_multibox_loss fresh = {.network = network, .priors = priors};
    size_t n_priors = (size_t)network->n_priors;
    fresh.hardness = FTDN_NEW(arena, n_priors, float, err);
    fresh.candidate = FTDN_NEW(arena, n_priors, int, err);
    fresh.hardest = FTDN_NEW(arena, n_priors, ftdn_ranked, err);
    fresh.scratch = FTDN_NEW(arena, n_priors, ftdn_ranked, err);
    if (!fresh.hardness || !fresh.candidate || !fresh.hardest || !fresh.scratch) return FTDN_ERR_MEMORY;
    *loss = fresh;
    return FTDN_OK;
}

static float *row_of(float *matrix, int row, int n_columns)
{
    return matrix ? matrix + (size_t)row * (size_t)n_columns : NULL;
}

/* Of one prior. dlogits: the row's matrix, or NULL. */
static double cross_entropy(const ftdn_network *network, const float *logits, int prior, int label, double scale,
                            float *dlogits)
{
    int n_columns = network->n_classes + 1;
    const float *x = logits + (size_t)prior * (size_t)n_columns;
    float *dx = row_of(dlogits, prior, n_columns);
    return network->score_kind == FTDN_SCORE_SOFTMAX ? ftdn_softmax_cross_entropy(x, n_columns, label, scale, dx)
                                                     : ftdn_sigmoid_cross_entropy(x, n_columns, label, scale, dx);
}

int ftdn_multibox_n_negatives(int n_priors, int n_positives)
{
    int n_background = n_priors - n_positives;
    return n_positives > n_background / FTDN_LOSS_NEGATIVES_PER_POSITIVE
               ? n_background
               : n_positives * FTDN_LOSS_NEGATIVES_PER_POSITIVE;
}

/* Write the hardest negatives into loss->hardest; returns how many. */
static int mine_negatives(ftdn_multibox_loss *loss, const ftdn_loss_image *image, int n_positives)
{
    const ftdn_network *network = loss->network;
    int n_priors = network->n_priors;
    for (int p = 0; p < n_priors; p++) {
        loss->hardness[p] = NAN;
        if (image->object[p] != FTDN_MATCH_BACKGROUND) continue;
        loss->hardness[p] = ftdn_hardness(cross_entropy(network, image->logits, p, 0, 0, NULL));
    }
    int n_wanted = ftdn_multibox_n_negatives(n_priors, n_positives);
    if (n_wanted == 0) return 0;
    return ftdn_ranked_select(loss->hardness, n_priors, -1, n_wanted, loss->candidate, loss->hardest, loss->scratch);
}

ftdn_loss_value ftdn_multibox_loss_compute(ftdn_multibox_loss *loss, const ftdn_loss_image *image,
                                           long n_batch_positives, float *dlogits, float *dlocations)
{
    const ftdn_network *network = loss->network;
    int n_priors = network->n_priors;
    if (dlogits) memset(dlogits, 0, (size_t)n_priors * (size_t)(network->n_classes + 1) * sizeof *dlogits);
    if (dlocations) memset(dlocations, 0, (size_t)n_priors * 4 * sizeof *dlocations);
    int n_positives = 0;
    for (int p = 0; p < n_priors; p++) n_positives += image->object[p] != FTDN_MATCH_BACKGROUND;
    assert(n_batch_positives >= n_positives);
    if (n_positives == 0) return (ftdn_loss_value){0};

    double scale = 1 / (double)n_batch_positives;
    ftdn_loss_value sum = {0};
    for (int p = 0; p < n_priors; p++) {
        if (image->object[p] == FTDN_MATCH_BACKGROUND) continue;
        const ftdn_labelled_box *object = &image->objects[image->object[p]];
        sum.classification += cross_entropy(network, image->logits, p, object->class_index + 1, scale, dlogits);
        float target[4];
        ftdn_box_encode(network, object->box, loss->priors + 4 * (size_t)p, target);
        sum.regression += ftdn_smooth_l1(image->locations + 4 * (size_t)p, target, scale, row_of(dlocations, p, 4));
    }
    int n_negatives = mine_negatives(loss, image, n_positives);
    for (int i = 0; i < n_negatives; i++) {
        sum.classification += cross_entropy(network, image->logits, loss->hardest[i].index, 0, scale, dlogits);
    }
    return (ftdn_loss_value){sum.classification / (double)n_batch_positives,
                             sum.regression / (double)n_batch_positives};
}
