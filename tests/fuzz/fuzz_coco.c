/* fuzz_coco.c - annotation files of COCO: objects lie inside their images and have classes of the list. */
#include "datasets/coco_annotation.h"
#include "tests/fuzz/fuzz.h"

enum { WIDTH = 40, HEIGHT = 30 };

static void check_objects(const ftdn_image *images, int n_images, int n_classes)
{
    for (int i = 0; i < n_images; i++) {
        for (int j = 0; j < images[i].n_objects; j++) {
            const ftdn_object *object = &images[i].object[j];
            FTDN_FUZZ_CHECK(object->class_index >= 0 && object->class_index < n_classes);
            FTDN_FUZZ_CHECK(object->x0 >= 0 && object->x0 < object->x1 && object->x1 <= WIDTH);
            FTDN_FUZZ_CHECK(object->y0 >= 0 && object->y0 < object->y1 && object->y1 <= HEIGHT);
        }
    }
}

static ftdn_status read_objects(const ftdn_coco_file *file, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_arena scratch;
    ftdn_class_list classes;
    ftdn_class_map map;
    const ftdn_class_choice choice = {0};
    int n_empty;
    FTDN_TRY(ftdn_class_list_create(file->category_name, file->n_categories, arena, &classes, err));
    FTDN_TRY(ftdn_class_map_init(&map, &classes, &choice, arena, err));
    ftdn_image *images = FTDN_NEW(arena, (size_t)file->n_images, ftdn_image, err);
    if (!images) return FTDN_ERR_MEMORY;
    for (int i = 0; i < file->n_images; i++) images[i] = (ftdn_image){.width = WIDTH, .height = HEIGHT};
    ftdn_arena_init(&scratch);
    ftdn_status status = ftdn_coco_read_objects(file, file->n_images, &map, &scratch, arena, images, &n_empty, err);
    ftdn_arena_done(&scratch);
    if (status == FTDN_OK) status = ftdn_class_map_check(&map, err);
    if (status == FTDN_OK) check_objects(images, file->n_images, classes.n_classes);
    return status;
}

static void read_coco(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_coco_file file;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_coco_parse(bytes, n_bytes, "a.json", &arena, &file, &err);
    if (status == FTDN_OK) status = read_objects(&file, &arena, &err);
    (void)ftdn_fuzz_is_read(status, &err, status == FTDN_ERR_ARG ? NULL : "a.json:");
    ftdn_fuzz_check_memory(&arena, n_bytes, 1 << 17, 1024);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_quoted(
        corpus, "{'info': {'year': 2026}, 'images': [{'id': 900, 'file_name': 'a.png', 'width': 40, 'height': 30},\n"
                " {'id': 17, 'file_name': 'sub/b.png', 'width': 40, 'height': 30}, {'id': 3, 'file_name': 'c.png'}],\n"
                "'categories': [{'id': 90, 'name': 'toothbrush'}, {'id': 3, 'name': 'car'}],\n"
                "'annotations': [{'id': 7, 'image_id': 17, 'category_id': 3, 'bbox': [1.5, 2, 20.25, 10],\n"
                " 'iscrowd': 0, 'segmentation': [[1.5, 2, 21.75, 2, 21.75, 12]]},\n"
                " {'id': 6, 'image_id': 900, 'category_id': 90, 'bbox': [0, 0, 40, 30], 'iscrowd': 1,\n"
                " 'segmentation': {'counts': [2, 3], 'size': [30, 40]}}]}");
    ftdn_fuzz_add_quoted(corpus, "{'images':[{'id':1,'file_name':'a'}],'categories':[{'id':1,'name':'x'}],"
                                 "'annotations':[{'image_id':1,'category_id':1,'bbox':[-5,-5,100,100]}]}");
}

static const char *const words[] = {"\"images\":[",
                                    "\"categories\":[",
                                    "\"annotations\":[",
                                    "\"segmentation\":[[",
                                    "\"segmentation\":{\"a\":\"]\"",
                                    "\"file_name\":\"../",
                                    "\"name\":\"\\u001b]0;x\\u0007",
                                    "\"bbox\":[",
                                    "\"iscrowd\":true",
                                    "\"id\":1",
                                    "1e308",
                                    "1e-30",
                                    "39.9999999999",
                                    "-1e308",
                                    "\"\\\"",
                                    "\\u009b",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    ",",
                                    ":",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "coco", .max_bytes = 4096, .read = read_coco, .add_seeds = add_seeds, .word = words};
