#include "tests/datasets/made_tiff.h"

#include <tiffio.h>

#include "base/file.h"
#include "tests/support/support.h"

enum { WIDTH = FTDN_MADE_TIFF_WIDTH, HEIGHT = FTDN_MADE_TIFF_HEIGHT };

const ftdn_made_tiff ftdn_made_tiff_kind[FTDN_MADE_TIFF_KINDS] = {
    {16, 1, COMPRESSION_NONE, PHOTOMETRIC_MINISBLACK, false, HEIGHT},
    {16, 1, COMPRESSION_LZW, PHOTOMETRIC_MINISBLACK, true, 4},
    {16, 3, COMPRESSION_ADOBE_DEFLATE, PHOTOMETRIC_RGB, false, 2},
    {8, 1, COMPRESSION_PACKBITS, PHOTOMETRIC_MINISBLACK, true, 1},
    {8, 3, COMPRESSION_NONE, PHOTOMETRIC_RGB, false, 5},
};

char *ftdn_made_tiff_encode(const ftdn_made_tiff *made, const uint16_t *samples, ftdn_arena *arena, size_t *ret_n_bytes)
{
    ftdn_error err = {0};
    char *folder = ftdn_test_create_folder(arena), *path = ftdn_path_join(arena, folder, "a.tif", &err), *bytes;
    TIFF *tiff = TIFFOpen(path, made->is_big_endian ? "wb" : "wl");
    assert_non_null(tiff);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, HEIGHT);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, made->bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, made->channels);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, made->colours);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, made->compression);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, made->rows_per_strip);
    for (int y = 0; y < HEIGHT; y++) {
        uint16_t wide[WIDTH * 3];
        uint8_t narrow[WIDTH * 3];
        for (int i = 0; i < WIDTH * made->channels; i++) {
            wide[i] = samples[y * WIDTH * made->channels + i];
            narrow[i] = (uint8_t)wide[i];
        }
        assert_int_equal(TIFFWriteScanline(tiff, made->bits == 16 ? (void *)wide : narrow, (uint32_t)y, 0), 1);
    }
    TIFFClose(tiff);
    FTDN_ASSERT_OK(ftdn_file_load(path, 1 << 20, arena, &bytes, ret_n_bytes, &err), err);
    ftdn_test_remove_folder(folder);
    return bytes;
}
