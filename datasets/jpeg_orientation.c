#include "datasets/jpeg_orientation.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum { START_OF_SCAN = 0xda, APP1 = 0xe1, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

/* The TIFF structure that EXIF data are. */
typedef struct exif {
    const uint8_t *bytes;
    size_t n_bytes;
    bool is_big_endian;
} exif;

/* 2 or 4 bytes at an offset; 0 where they do not lie in the data. */
static uint32_t get(const exif *data, size_t at, size_t size)
{
    uint32_t value = 0;
    if (at > data->n_bytes || size > data->n_bytes - at) return 0;
    for (size_t i = 0; i < size; i++) value = value << 8 | data->bytes[at + (data->is_big_endian ? i : size - 1 - i)];
    return value;
}

/* 0: none is given. */
static int find_orientation(const uint8_t *bytes, size_t n_bytes)
{
    exif data = {bytes, n_bytes, n_bytes > 0 && bytes[0] == 'M'};
    if (n_bytes < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0)) return 0;
    size_t list = get(&data, 4, 4), n_entries = get(&data, list, 2);
    for (size_t i = 0; i < n_entries; i++) {
        size_t entry = list + 2 + i * ENTRY_BYTES;
        if (get(&data, entry, 2) != TAG_ORIENTATION || get(&data, entry + 2, 2) != TYPE_SHORT) continue;
        uint32_t orientation = get(&data, entry + 8, 2);
        return orientation <= 8 ? (int)orientation : 0;
    }
    return 0;
}

int ftdn_jpeg_orientation(const void *bytes, size_t n_bytes)
{
    static const char mark[6] = "Exif\0";
    const uint8_t *jpeg = bytes;
    size_t at = 2;
    if (n_bytes < 2 || jpeg[0] != 0xff || jpeg[1] != 0xd8) return 1;
    /* Segments: 0xff, a marker, and a length of two bytes that counts itself. */
    while (n_bytes - at >= 4 && jpeg[at] == 0xff && jpeg[at + 1] != START_OF_SCAN) {
        size_t length = (size_t)jpeg[at + 2] << 8 | jpeg[at + 3];
        if (jpeg[at + 1] == 0xff) { /* filling */
            at++;
            continue;
        }
        if (length < 2 || length > n_bytes - at - 2) return 1;
        const uint8_t *content = jpeg + at + 4;
        size_t n_content = length - 2;
        if (jpeg[at + 1] == APP1 && n_content >= sizeof mark && memcmp(content, mark, sizeof mark) == 0) {
            int orientation = find_orientation(content + sizeof mark, n_content - sizeof mark);
            return orientation ? orientation : 1;
        }
        at += 2 + length;
    }
    return 1;
}

ftdn_status ftdn_picture_turn_upright(const ftdn_picture *picture, int orientation, ftdn_arena *arena,
                                      ftdn_picture *ret_upright, ftdn_error *err)
{
    /* Where the upper left corner lies in the file, and whether the file's rows are columns: of each orientation. */
    static const struct {
        bool from_right, from_below;
    } corners[9] = {[2] = {true, false}, [3] = {true, true},  [4] = {false, true},
                    [6] = {false, true}, [7] = {true, true}, [8] = {true, false}};
    assert(orientation >= 1 && orientation <= 8);
    int width = picture->width, height = picture->height;
    bool is_across = FTDN_ORIENTATION_IS_ACROSS(orientation);
    ftdn_picture upright = {is_across ? height : width, is_across ? width : height, NULL};
    upright.pixels = ftdn_arena_alloc(arena, (size_t)width * (size_t)height, 3, err);
    if (!upright.pixels) return FTDN_ERR_MEMORY;
    uint8_t *out = upright.pixels;
    for (int y = 0; y < upright.height; y++) {
        for (int x = 0; x < upright.width; x++, out += 3) {
            int column = is_across ? y : x, row = is_across ? x : y;
            if (corners[orientation].from_right) column = width - 1 - column;
            if (corners[orientation].from_below) row = height - 1 - row;
            memcpy(out, picture->pixels + ((size_t)row * (size_t)width + (size_t)column) * 3, 3);
        }
    }
    *ret_upright = upright;
    return FTDN_OK;
}
