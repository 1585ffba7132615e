#include "datasets/tiff_picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "datasets/grey.h"
#include "datasets/picture_reader.h"

#define LARGEST_ALLOCATION ((tmsize_t)256 << 20) /* of libtiff, at a time */
#define BEST_RATIO 2000                          /* no compression that is read makes more of a byte */

/* A file that is being read. */
typedef struct tiff_reader {
    ftdn_picture_reader base;
    uint64_t at;
    TIFF *tiff;
    char message[160]; /* libtiff's first one; "" while all is well */
    int bits, channels; /* 8 or 16; 1 or 3 */
} tiff_reader;

static tmsize_t on_read(thandle_t user, void *target, tmsize_t n_wanted)
{
    tiff_reader *reader = user;
    if (reader->at >= reader->base.n_bytes) return 0;
    size_t n_left = reader->base.n_bytes - (size_t)reader->at,
           n_bytes = (size_t)n_wanted < n_left ? (size_t)n_wanted : n_left;
    memcpy(target, reader->base.bytes + reader->at, n_bytes);
    reader->at += n_bytes;
    return (tmsize_t)n_bytes;
}

static tmsize_t on_write(thandle_t user, void *source, tmsize_t n_bytes)
{
    (void)user, (void)source, (void)n_bytes;
    return 0;
}

static toff_t on_seek(thandle_t user, toff_t offset, int whence)
{
    tiff_reader *reader = user;
    if (whence == SEEK_SET) reader->at = offset;
    else if (whence == SEEK_CUR) reader->at += offset;
    else reader->at = reader->base.n_bytes + offset;
    return reader->at;
}

static int on_close(thandle_t user)
{
    (void)user;
    return 0;
}

static toff_t on_size(thandle_t user)
{
    const tiff_reader *reader = user;
    return reader->base.n_bytes;
}

FTDN_PRINTF(4, 0) static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments)
{
    tiff_reader *reader = user;
    (void)tiff, (void)module;
    if (!reader->message[0]) vsnprintf(reader->message, sizeof reader->message, format, arguments);
    return 1;
}

/* Of what stands beside the image: cameras write tags of their own. */
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments)
{
    (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
    return 1;
}

static ftdn_status fail_tiff(const tiff_reader *reader, const char *otherwise, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable TIFF: %s", reader->base.path,
                     reader->message[0] ? reader->message : otherwise);
}

static ftdn_status create(tiff_reader *reader, ftdn_error *err)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory for libtiff", reader->base.path);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, LARGEST_ALLOCATION);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, reader);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    reader->tiff = TIFFClientOpenExt(reader->base.path, "rm", reader, on_read, on_write, on_seek, on_close, on_size,
                                     NULL, NULL, options);
    TIFFOpenOptionsFree(options);
    return reader->tiff ? FTDN_OK : fail_tiff(reader, "it holds no image", err);
}

static uint16_t get_tag(const tiff_reader *reader, uint32_t tag, uint16_t otherwise)
{
    uint16_t value = otherwise;
    TIFFGetFieldDefaulted(reader->tiff, tag, &value);
    return value;
}

static bool is_read(uint16_t compression)
{
    static const uint16_t known[] = {COMPRESSION_NONE, COMPRESSION_PACKBITS, COMPRESSION_LZW, COMPRESSION_DEFLATE,
                                     COMPRESSION_ADOBE_DEFLATE};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i] == compression) return true;
    }
    return false;
}

/* The kind of samples and rows. */
static ftdn_status read_kind(tiff_reader *reader, ftdn_error *err)
{
    uint16_t colours = get_tag(reader, TIFFTAG_PHOTOMETRIC, UINT16_MAX);
    uint16_t compression = get_tag(reader, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    reader->bits = get_tag(reader, TIFFTAG_BITSPERSAMPLE, 1);
    reader->channels = get_tag(reader, TIFFTAG_SAMPLESPERPIXEL, 1);
    bool is_grey = colours == PHOTOMETRIC_MINISBLACK && reader->channels == 1;
    bool is_rgb = colours == PHOTOMETRIC_RGB && reader->channels == 3;
    bool is_known = (is_grey || is_rgb) && (reader->bits == 8 || reader->bits == 16) &&
                    get_tag(reader, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT) == SAMPLEFORMAT_UINT &&
                    (is_grey || get_tag(reader, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_CONTIG) &&
                    !TIFFIsTiled(reader->tiff) && is_read(compression);
    if (is_known) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT,
                     "%s: a TIFF of %d channels of %d bits, colours %u, compression %u%s; grey and RGB of 8 or 16 bits "
                     "are read, in strips, uncompressed, PackBits, LZW or deflate",
                     reader->base.path, reader->channels, reader->bits, (unsigned)colours, (unsigned)compression,
                     TIFFIsTiled(reader->tiff) ? ", in tiles" : "");
}

static ftdn_status read_header(tiff_reader *reader, ftdn_error *err)
{
    uint32_t width = 0, height = 0;
    TIFFGetField(reader->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(reader->tiff, TIFFTAG_IMAGELENGTH, &height);
    if (reader->message[0] || width < 1 || height < 1) return fail_tiff(reader, "it holds no image", err);
    FTDN_TRY(ftdn_picture_reader_set_size(&reader->base, width, height, err));
    FTDN_TRY(read_kind(reader, err));
    size_t row_bytes = (size_t)width * (size_t)reader->channels * (size_t)reader->bits / 8;
    if (TIFFScanlineSize(reader->tiff) != (tmsize_t)row_bytes) return fail_tiff(reader, "rows of another size", err);
    if (row_bytes * height / BEST_RATIO > reader->base.n_bytes)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable TIFF: %zu bytes cannot hold %d x %d pixels",
                         reader->base.path, reader->base.n_bytes, reader->base.width, reader->base.height);
    return FTDN_OK;
}

/* rows: [height], of row_bytes each. */
static ftdn_status read_rows(tiff_reader *reader, uint8_t *rows, size_t row_bytes, ftdn_error *err)
{
    for (int y = 0; y < reader->base.height; y++) {
        int answer = TIFFReadScanline(reader->tiff, rows + row_bytes * (size_t)y, (uint32_t)y, 0);
        if (answer != 1 || reader->message[0]) return fail_tiff(reader, "its rows cannot be read", err);
    }
    return FTDN_OK;
}

static ftdn_status read_pixels(ftdn_picture_reader *base, ftdn_arena *arena, uint8_t *pixels, ftdn_error *err)
{
    tiff_reader *reader = (tiff_reader *)base;
    size_t n_pixels = (size_t)reader->base.width * (size_t)reader->base.height;
    size_t row_samples = (size_t)reader->base.width * (size_t)reader->channels;
    if (reader->bits == 8 && reader->channels == 3) return read_rows(reader, pixels, row_samples, err);
    if (reader->bits == 8) {
        uint8_t *grey = FTDN_NEW(arena, n_pixels, uint8_t, err);
        if (!grey) return FTDN_ERR_MEMORY;
        FTDN_TRY(read_rows(reader, grey, row_samples, err));
        ftdn_grey_spread_8(grey, n_pixels, pixels);
        return FTDN_OK;
    }
    size_t n_samples = n_pixels * (size_t)reader->channels;
    uint16_t *samples = FTDN_NEW(arena, n_samples, uint16_t, err);
    if (!samples) return FTDN_ERR_MEMORY;
    FTDN_TRY(read_rows(reader, (uint8_t *)samples, 2 * row_samples, err));
    if (reader->channels == 1) return ftdn_grey_stretch_16(samples, n_pixels, arena, pixels, err);
    for (size_t i = 0; i < n_samples; i++) pixels[i] = (uint8_t)((samples[i] * 255u + 32767) / 65535);
    return FTDN_OK;
}

static ftdn_status open_tiff(ftdn_picture_reader *base, ftdn_error *err)
{
    tiff_reader *reader = (tiff_reader *)base;
    FTDN_TRY(create(reader, err));
    return read_header(reader, err);
}

static void close_tiff(ftdn_picture_reader *base)
{
    const tiff_reader *reader = (const tiff_reader *)base;
    if (reader->tiff) TIFFClose(reader->tiff);
}

static const ftdn_picture_format tiff_format = {open_tiff, read_pixels, close_tiff};

bool ftdn_is_tiff(const void *bytes, size_t n_bytes)
{
    return n_bytes >= 4 && (memcmp(bytes, "II*\0", 4) == 0 || memcmp(bytes, "MM\0*", 4) == 0);
}

ftdn_status ftdn_tiff_read_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width, int *ret_height,
                                ftdn_error *err)
{
    tiff_reader reader = {.base = {.path = path, .bytes = bytes, .n_bytes = n_bytes}};
    return ftdn_picture_reader_size(&reader.base, &tiff_format, ret_width, ret_height, err);
}

ftdn_status ftdn_tiff_decode(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                             ftdn_picture *ret_picture, ftdn_error *err)
{
    tiff_reader reader = {.base = {.path = path, .bytes = bytes, .n_bytes = n_bytes}};
    return ftdn_picture_reader_decode(&reader.base, &tiff_format, arena, ret_picture, err);
}
