#include "harness/training/training_batch.h"

#include "base/philox_hd.h"
#include "base/share.h"

#define ORDER_PURPOSE 0x6f726472u /* "ordr": no other random bits of the seed are these */

ftdn_status ftdn_training_order_init(ftdn_training_order *order, int n_images, uint64_t seed, ftdn_arena *arena,
                                     ftdn_error *err)
{
    *order = (ftdn_training_order){.seed = seed, .n_images = n_images, .epoch = {-1, -1}};
    for (int i = 0; i < 2; i++) {
        order->image[i] = FTDN_NEW(arena, (size_t)n_images, int, err);
        if (!order->image[i]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

/* Fisher and Yates: image i changes places with one of i ... n-1, chosen by 64 random bits of its own. */
static void shuffle(const ftdn_training_order *order, long long epoch, int *image)
{
    for (int i = 0; i < order->n_images; i++) image[i] = i;
    for (int i = 0; i < order->n_images; i++) {
        const ftdn_philox_block counter = {
            {(uint32_t)i, (uint32_t)epoch, (uint32_t)((uint64_t)epoch >> 32), ORDER_PURPOSE}};
        ftdn_philox_block random = ftdn_philox(counter, (uint32_t)order->seed, (uint32_t)(order->seed >> 32));
        uint64_t bits = (uint64_t)random.word[1] << 32 | random.word[0], n_left = (uint64_t)(order->n_images - i);
        int other = i + (int)(bits % n_left); /* n_left is far below 2^64: the bias is too */
        int kept = image[i];
        image[i] = image[other];
        image[other] = kept;
    }
}

int ftdn_training_order_get(ftdn_training_order *order, long long at)
{
    long long epoch = at / order->n_images;
    int slot = (int)(epoch % 2);
    if (order->epoch[slot] != epoch) {
        shuffle(order, epoch, order->image[slot]);
        order->epoch[slot] = epoch;
    }
    return order->image[slot][at % order->n_images];
}

static size_t most_objects(const ftdn_dataset *dataset)
{
    size_t n_most = 0;
    for (int i = 0; i < dataset->n_images; i++)
        if ((size_t)dataset->image[i].n_objects > n_most) n_most = (size_t)dataset->image[i].n_objects;
    return n_most;
}

ftdn_status ftdn_training_batch_init(ftdn_training_batch *batch, const ftdn_dataset *dataset,
                                     const ftdn_augment_desc *augmentation, int n_images, uint64_t seed, int n_threads,
                                     ftdn_arena *arena, ftdn_error *err)
{
    *batch = (ftdn_training_batch){.dataset = dataset, .augmentation = *augmentation, .n_images = n_images};
    size_t n = (size_t)n_images, n_bytes = (size_t)dataset->size * (size_t)dataset->size * 3;
    size_t n_objects = most_objects(dataset);
    batch->scratch = FTDN_NEW(arena, (size_t)n_threads, ftdn_arena, err);
    batch->source = FTDN_NEW(arena, n, int, err);
    batch->pixels = FTDN_NEW(arena, n, uint8_t *, err);
    batch->objects = FTDN_NEW(arena, n, ftdn_object *, err);
    batch->view = FTDN_NEW(arena, n, ftdn_image, err);
    if (!batch->scratch || !batch->source || !batch->pixels || !batch->objects || !batch->view) return FTDN_ERR_MEMORY;
    for (; batch->n_threads < n_threads; batch->n_threads++) ftdn_arena_init(&batch->scratch[batch->n_threads]);
    for (size_t i = 0; i < n; i++) {
        batch->pixels[i] = FTDN_NEW(arena, n_bytes, uint8_t, err);
        batch->objects[i] = FTDN_NEW(arena, n_objects, ftdn_object, err);
        if (!batch->pixels[i] || !batch->objects[i]) return FTDN_ERR_MEMORY;
    }
    return ftdn_training_order_init(&batch->order, dataset->n_images, seed, arena, err);
}

void ftdn_training_batch_done(ftdn_training_batch *batch)
{
    for (int i = 0; i < batch->n_threads; i++) ftdn_arena_done(&batch->scratch[i]);
    batch->n_threads = 0;
}

/* user: ftdn_training_batch * */
static ftdn_status make_view(void *user, int item, int thread, ftdn_error *err)
{
    ftdn_training_batch *batch = user;
    const ftdn_image *image = &batch->dataset->image[batch->source[item]];
    int size = batch->dataset->size, n_objects;
    uint64_t draw = (uint64_t)((batch->first + item) / batch->dataset->n_images);
    FTDN_TRY(ftdn_augment(&batch->augmentation, image, size, batch->order.seed, draw, &batch->scratch[thread],
                          batch->pixels[item], batch->objects[item], &n_objects, err));
    batch->view[item] = (ftdn_image){
        .name = image->name,
        .id = image->id,
        .width = size,
        .height = size,
        .n_objects = n_objects,
        .object = batch->objects[item],
        .pixels = batch->pixels[item],
    };
    return FTDN_OK;
}

ftdn_status ftdn_training_batch_make(ftdn_training_batch *batch, long long step, ftdn_error *err)
{
    batch->first = step * batch->n_images;
    for (int i = 0; i < batch->n_images; i++)
        batch->source[i] = ftdn_training_order_get(&batch->order, batch->first + i);
    const ftdn_shared_work work = {
        .n_items = batch->n_images, .n_threads = batch->n_threads, .run = make_view, .user = batch};
    return ftdn_share(&work, err);
}
