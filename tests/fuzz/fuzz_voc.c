/* fuzz_voc.c - a PASCAL VOC folder of one picture: the bytes up to the first 0 are the split's list, those behind it
 * the annotation. */
#include <string.h>

#include "base/file.h"
#include "datasets/dataset.h"
#include "datasets/image.h"
#include "tests/fuzz/fuzz.h"

enum { SIDE = 8 };

/* A folder with a picture in it, and neither list nor annotation. */
static void make_folder(const char *root)
{
    static const char *const parts[] = {"ImageSets/Main", "Annotations", "JPEGImages"};
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_arena_init(&arena);
    for (int i = 0; i < 3; i++) {
        const char *path = ftdn_path_join(&arena, root, parts[i], &err);
        if (!path || ftdn_folder_create(path, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    }
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    const ftdn_picture black = {.width = SIDE, .height = SIDE, .pixels = pixels};
    const char *path = ftdn_path_join(&arena, root, "JPEGImages/000001.jpg", &err);
    if (!path || ftdn_picture_write_jpeg(path, &black, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    ftdn_arena_done(&arena);
}

static void check_objects(const ftdn_dataset *dataset)
{
    for (int i = 0; i < dataset->n_images; i++) {
        const ftdn_image *image = &dataset->image[i];
        FTDN_FUZZ_CHECK(image->width == SIDE && image->height == SIDE);
        for (int j = 0; j < image->n_objects; j++) {
            const ftdn_object *object = &image->object[j];
            FTDN_FUZZ_CHECK(object->class_index >= 0 && object->class_index < dataset->n_classes);
            /* A box has an inside, of which some lies in the picture. */
            FTDN_FUZZ_CHECK(object->x0 < object->x1 && object->x0 < SIDE && object->x1 > 0);
            FTDN_FUZZ_CHECK(object->y0 < object->y1 && object->y0 < SIDE && object->y1 > 0);
        }
    }
}

static void read_voc(char *bytes, size_t n_bytes)
{
    static bool has_folder;
    ftdn_error err = {0};
    ftdn_dataset *dataset = NULL;
    const ftdn_voc_desc desc = {.root = ftdn_fuzz_folder(), .split = "test"};
    if (!has_folder) make_folder(desc.root);
    has_folder = true;
    const char *zero = memchr(bytes, 0, n_bytes);
    size_t n_list = zero ? (size_t)(zero - bytes) : n_bytes, at = zero ? n_list + 1 : n_bytes;
    ftdn_fuzz_write("ImageSets/Main/test.txt", bytes, n_list);
    ftdn_fuzz_write("Annotations/000001.xml", bytes + at, n_bytes - at);
    if (ftdn_fuzz_is_read(ftdn_dataset_open_voc(&desc, &dataset, &err), &err, desc.root)) check_objects(dataset);
    ftdn_dataset_close(dataset);
}

#define OBJECT                                                                                                         \
    "<object><name>dog</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>1.5</ymin><xmax>8</xmax>"             \
    "<ymax>7</ymax></bndbox><part><name>head</name></part></object>"

static void add_two(ftdn_fuzz_corpus *corpus, const char *list, const char *annotation)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append_bytes(&text, list, strlen(list) + 1);
    ftdn_text_append_bytes(&text, annotation, strlen(annotation));
    ftdn_fuzz_add_seed(corpus, text.chars, text.n_chars);
    ftdn_text_done(&text);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    add_two(corpus, "000001\n",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<annotation><size><width>8</width><height>8</height></size>"
            "<!-- a --> " OBJECT OBJECT "</annotation>\n");
    add_two(corpus, " 000001 \r\n\n", "<annotation>" OBJECT "<owner><name>x</name></owner></annotation>");
    add_two(corpus, "000001", "<annotation><object><name>d&#111;g</name></object></annotation>");
    add_two(corpus, "000001 1\n", "<!DOCTYPE a [<!ENTITY b \"c\">]><annotation>&b;</annotation>");
}

static const char *const words[] = {"<annotation>",
                                    "</annotation>",
                                    "<object>",
                                    "</object>",
                                    "<bndbox>",
                                    "</bndbox>",
                                    "<name>",
                                    "</name>",
                                    "<xmin>",
                                    "</xmin>",
                                    "<![CDATA[",
                                    "]]>",
                                    "<!--",
                                    "-->",
                                    "<?x ?>",
                                    "&#27;",
                                    "&amp;",
                                    "&lt;",
                                    "encoding=\"UTF-16\"",
                                    "\x1b[2J",
                                    "000001\n",
                                    "../000001",
                                    "1.00000000001",
                                    "8.00000000001",
                                    "1e9",
                                    "nan",
                                    "inf",
                                    "-0",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "voc", .max_bytes = 4096, .read = read_voc, .add_seeds = add_seeds, .word = words};
