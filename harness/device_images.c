#include "harness/device_images.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

void ftdn_device_images_init(ftdn_device_images *images, const ftdn_device_module *device)
{
    *images = (ftdn_device_images){.device = device};
}

void ftdn_device_images_done(ftdn_device_images *images)
{
    if (!images->device) return;
    images->device->device->free(images->pixels);
    images->device->device->free(images->image_id);
    ftdn_device_images_init(images, images->device);
}

static size_t image_bytes(int size)
{
    return (size_t)size * (size_t)size * 3;
}

static bool are_there(const ftdn_device_images *images, const ftdn_dataset *dataset, int first, int n_images)
{
    return !strcmp(images->digest, dataset->digest) && images->size == dataset->size && images->first <= first &&
           first + n_images <= images->first + images->resident.n_images;
}

static ftdn_status make_room(ftdn_device_images *images, int size, int n_images, ftdn_error *err)
{
    const ftdn_device_table *table = images->device->device;
    size_t n_bytes;
    void *memory;
    if (!ftdn_size_mul((size_t)n_images, image_bytes(size), &n_bytes))
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%d images of %d x %d pixels do not fit into memory", n_images, size,
                         size);
    FTDN_TRY(table->alloc(n_bytes, &memory, err));
    images->pixels = memory;
    FTDN_TRY(table->alloc((size_t)n_images * sizeof *images->image_id, &memory, err));
    images->image_id = memory;
    return FTDN_OK;
}

static ftdn_status copy_ids(const ftdn_device_images *images, const ftdn_image *image, int n_images, ftdn_error *err)
{
    size_t n_bytes = (size_t)n_images * sizeof(uint64_t);
    uint64_t *id = malloc(n_bytes);
    if (!id) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for the ids of %d images", n_images);
    for (int i = 0; i < n_images; i++) id[i] = image[i].id;
    ftdn_status status = images->device->device->copy(images->image_id, id, n_bytes, err);
    free(id);
    return status;
}

static ftdn_status copy_all(ftdn_device_images *images, const ftdn_dataset *dataset, int first, int n_images,
                            ftdn_error *err)
{
    const ftdn_image *image = &dataset->image[first];
    size_t n_bytes = image_bytes(dataset->size);
    FTDN_TRY(make_room(images, dataset->size, n_images, err));
    for (int i = 0; i < n_images; i++)
        FTDN_TRY(images->device->device->copy(images->pixels + (size_t)i * n_bytes, image[i].pixels, n_bytes, err));
    return copy_ids(images, image, n_images, err);
}

ftdn_status ftdn_device_images_load(ftdn_device_images *images, const ftdn_dataset *dataset, int first, int n_images,
                                    ftdn_error *err)
{
    assert(dataset->size > 0 && first >= 0 && n_images >= 1 && first + n_images <= dataset->n_images);
    if (are_there(images, dataset, first, n_images)) return FTDN_OK;
    ftdn_device_images_done(images);
    ftdn_status status = copy_all(images, dataset, first, n_images, err);
    if (status != FTDN_OK) {
        ftdn_device_images_done(images);
        return status;
    }
    images->resident =
        (ftdn_resident_images){.n_images = n_images, .pixels = images->pixels, .image_id = images->image_id};
    images->first = first;
    images->size = dataset->size;
    memcpy(images->digest, dataset->digest, sizeof images->digest);
    return FTDN_OK;
}

size_t ftdn_device_images_bytes(const ftdn_device_images *images)
{
    return (size_t)images->resident.n_images * (image_bytes(images->size) + sizeof *images->image_id);
}
