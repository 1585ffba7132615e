#include "datasets/picture_reader.h"

ftdn_status ftdn_picture_reader_set_size(ftdn_picture_reader *reader, uint32_t width, uint32_t height, ftdn_error *err)
{
    if (width > FTDN_PICTURE_MAX_SIDE || height > FTDN_PICTURE_MAX_SIDE)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %u x %u pixels: more than %d on a side", reader->path,
                         (unsigned)width, (unsigned)height, FTDN_PICTURE_MAX_SIDE);
    reader->width = (int)width;
    reader->height = (int)height;
    return FTDN_OK;
}

ftdn_status ftdn_picture_reader_size(ftdn_picture_reader *reader, const ftdn_picture_format *format, int *ret_width,
                                     int *ret_height, ftdn_error *err)
{
    ftdn_status status = format->open(reader, err);
    format->close(reader);
    if (status != FTDN_OK) return status;
    *ret_width = reader->width;
    *ret_height = reader->height;
    return FTDN_OK;
}

ftdn_status ftdn_picture_reader_decode(ftdn_picture_reader *reader, const ftdn_picture_format *format,
                                       ftdn_arena *arena, ftdn_picture *ret_picture, ftdn_error *err)
{
    ftdn_picture picture = {0};
    ftdn_status status = format->open(reader, err);
    if (status == FTDN_OK) {
        size_t n_pixels = (size_t)reader->width * (size_t)reader->height;
        picture = (ftdn_picture){reader->width, reader->height, ftdn_arena_alloc(arena, n_pixels, 3, err)};
        status = picture.pixels ? FTDN_OK : FTDN_ERR_MEMORY;
    }
    if (status == FTDN_OK) {
        /* What reading takes beside the pixels is given back, whether it succeeds or not. */
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        status = format->read_pixels(reader, arena, picture.pixels, err);
        ftdn_arena_reset(arena, mark);
    }
    format->close(reader);
    if (status == FTDN_OK) *ret_picture = picture;
    return status;
}
