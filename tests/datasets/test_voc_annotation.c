#include "tests/support/support.h"

#include <stdio.h>
#include <string.h>

#include "datasets/voc_annotation.h"

/* Objects of classes that are not of PASCAL VOC are an error here. The pictures of these tests have 100 x 80 pixels. */
static ftdn_status parse(ftdn_arena *arena, const char *text, size_t n_bytes, ftdn_image *image, ftdn_error *err)
{
    static const ftdn_class_choice choice = {0};
    ftdn_class_list classes;
    ftdn_class_map map;
    FTDN_TRY(ftdn_class_list_create(ftdn_voc_class_name, FTDN_VOC_CLASSES, arena, &classes, err));
    FTDN_TRY(ftdn_class_map_init(&map, &classes, &choice, arena, err));
    image->width = 100;
    image->height = 80;
    ftdn_image parsed = *image;
    FTDN_TRY(ftdn_voc_annotation_parse(text, n_bytes, "dir/a.xml", &map, arena, &parsed, err));
    FTDN_TRY(ftdn_class_map_check(&map, err));
    *image = parsed;
    return FTDN_OK;
}

static const char two_objects[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<annotation>\n"
    "  <folder>VOC2007</folder><!-- 100 x 80 -->\n"
    "  <size><width>100</width><height>80</height><depth>3</depth></size>\n"
    "  <object>\n"
    "    <name> dog\n </name><pose>Left</pose>\n"
    "    <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>100</xmax><ymax>80</ymax></bndbox>\n"
    "  </object>\n"
    "  <object>\n"
    "    <bndbox><ymax>70.25</ymax><xmax>30</xmax><ymin>20.5</ymin><xmin>10</xmin></bndbox>\n"
    "    <difficult>1</difficult><name>pe<!-- x -->rs&#111;n</name>\n"
    "    <part><name>head</name><bndbox><xmin>no</xmin></bndbox></part>\n"
    "    <part><name>hand</name></part>\n"
    "  </object>\n"
    "</annotation>\n";

static void objects_are_read_with_corners_from_zero(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_image image = {0};
    FTDN_ASSERT_OK(parse(&arena, two_objects, strlen(two_objects), &image, &err), err);
    assert_int_equal(image.n_objects, 2);
    const ftdn_object *dog = &image.object[0], *person = &image.object[1];
    assert_int_equal(dog->class_index, 11);
    assert_false(dog->difficult);
    assert_true(dog->x0 == 0 && dog->y0 == 0 && dog->x1 == 99 && dog->y1 == 79);
    assert_int_equal(person->class_index, 14);
    assert_true(person->difficult);
    assert_true(person->x0 == 9 && person->y0 == 19.5f && person->x1 == 29 && person->y1 == 69.25f);
    ftdn_arena_done(&arena);
}

static void an_image_may_hold_no_object_or_many(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_image image = {0};
    FTDN_ASSERT_OK(parse(&arena, "<annotation/>", 13, &image, &err), err);
    assert_int_equal(image.n_objects, 0);
    FTDN_ASSERT_OK(parse(&arena, "<annotation><size><width>0</width></size></annotation>", 54, &image, &err), err);

    static const char object[] = "<object><name>car</name><bndbox><xmin>%d</xmin><ymin>2</ymin><xmax>90</xmax>"
                                 "<ymax>9</ymax></bndbox></object>";
    char text[8192] = "<annotation>";
    for (int i = 0; i < 40; i++) snprintf(text + strlen(text), sizeof text - strlen(text), object, i + 1);
    strcat(text, "</annotation>");
    FTDN_ASSERT_OK(parse(&arena, text, strlen(text), &image, &err), err);
    assert_int_equal(image.n_objects, 40);
    for (int i = 0; i < 40; i++) assert_true(image.object[i].x0 == (float)i);
    ftdn_arena_done(&arena);
}

#define BOX(xmin, ymin, xmax, ymax)                                                                                    \
    "<bndbox><xmin>" xmin "</xmin><ymin>" ymin "</ymin><xmax>" xmax "</xmax><ymax>" ymax "</ymax></bndbox>"
#define GOOD_BOX BOX("1", "1", "9", "9")
#define OBJECT(content) "<annotation>\n <object>" content "</object></annotation>"

static void every_mistake_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {OBJECT("<name>dgo</name>" GOOD_BOX), "'dgo' of 1 object, the first at dir/a.xml:2:16; did you mean 'dog'?"},
        {OBJECT("<name>\n  spaceship</name>" GOOD_BOX), "'spaceship' of 1 object, the first at dir/a.xml:3:3"},
        {OBJECT("<name>d\xc3\xb6g</name>" GOOD_BOX), "'d\xc3\xb6g' of 1 object, the first at dir/a.xml:2:16"},
        {OBJECT("<name/>" GOOD_BOX), "'' of 1 object, the first at dir/a.xml:2:10"},
        {OBJECT(GOOD_BOX), "dir/a.xml:2:2: <object> without <name>"},
        {OBJECT("<name>dog</name>"), "dir/a.xml:2:2: <object> without <bndbox>"},
        {OBJECT("<name>dog</name><name>cat</name>"), "dir/a.xml:2:26: a second <name> in one <object>"},
        {OBJECT("<name>dog</name>" GOOD_BOX "\n" GOOD_BOX), "dir/a.xml:3:1: a second <bndbox> in one <object>"},
        {OBJECT("<bndbox><xmin>1</xmin><xmin>"), "dir/a.xml:2:32: a second <xmin> in one <bndbox>"},
        {OBJECT("<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax></bndbox>"),
         "dir/a.xml:2:10: <bndbox> without <ymax>"},
        {OBJECT("<bndbox/>"), "dir/a.xml:2:10: <bndbox> without <xmin>"},
        {OBJECT(BOX("9", "1", "9", "5")), "dir/a.xml:2:52: <xmax> 9 is not greater than <xmin> 9"},
        {OBJECT(BOX("1", "8.5", "9", "5")), "<ymax> 5 is not greater than <ymin> 8.5"},
        {OBJECT(BOX("50", "1", "50.0000001", "5")), "<xmax> 50 is not greater than <xmin> 50"}, /* one float */
        {OBJECT(BOX("1", "1", "five", "5")), "dir/a.xml:2:52: <xmax> is 'five', which is no number of pixels"},
        {OBJECT(BOX("", "1", "9", "5")), "<xmin> is '', which"},
        {OBJECT(BOX("1 2", "1", "9", "5")), "<xmin> is '1 2', which"},
        {OBJECT(BOX("nan", "1", "9", "5")), "<xmin> is 'nan', which"},
        {OBJECT(BOX("0x1", "1", "9", "5")), "<xmin> is '0x1', which"},
        {OBJECT(BOX("1", "1", "1e999", "5")), "<xmax> is '1e999', which"},
        {OBJECT(BOX("-1e10", "1", "9", "5")), "<xmin> is '-1e10', which"},
        {OBJECT(BOX("101", "1", "110", "5")),
         "dir/a.xml:2:10: the box (101, 1) to (110, 5) lies outside the image of 100 x 80 pixels"},
        {OBJECT(BOX("1", "81", "9", "90")), "lies outside"},
        {OBJECT(BOX("-8", "1", "1", "9")), "lies outside"},
        {OBJECT(BOX("1", "-8", "9", "1")), "lies outside"},
        {OBJECT("<difficult>2</difficult>"), "dir/a.xml:2:21: <difficult> is '2'; it must be 0 or 1"},
        {OBJECT("<difficult></difficult>"), "<difficult> is ''; it must be 0 or 1"},
        {"<annotation><size><width>101</width></size></annotation>",
         "dir/a.xml:1:26: <width> is 101, but the image has 100 x 80 pixels"},
        {"<annotation><size><width>100</width><height>100</height></size></annotation>",
         "dir/a.xml:1:45: <height> is 100, but the image has 100 x 80 pixels"},
        {"<annotation><size/><size/></annotation>", "dir/a.xml:1:20: a second <size> in one <annotation>"},
        {"<annotations/>", "dir/a.xml:1:1: the outermost element is <annotations>, not <annotation>"},
        {"", "dir/a.xml:1:1: broken XML: no element found"},
        {"<annotation>\n <object>", "dir/a.xml:2:10: broken XML: no element found"},
        {"<annotation>\n</annotatoin>", "dir/a.xml:2:3: broken XML: mismatched tag"},
        {"<annotation/>\nx", "dir/a.xml:2:1: broken XML: junk after document element"},
        {"<annotation>&nbsp;</annotation>", "dir/a.xml:1:13: broken XML: undefined entity"},
        {"<!DOCTYPE annotation [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<annotation>&b;</annotation>",
         "dir/a.xml:1:22: a document type is refused: no entity is expanded"},
        {"<!DOCTYPE annotation SYSTEM \"file:///etc/passwd\"><annotation/>", "a document type is refused"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ftdn_error err = {0};
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_image image = {.n_objects = 7};
        ftdn_status status = parse(&arena, cases[i].text, strlen(cases[i].text), &image, &err);
        if (status != FTDN_ERR_INPUT || !strstr(err.message, cases[i].message)) {
            fail_msg("%s\n  wanted: %s\n  status %d, message: %s", cases[i].text, cases[i].message, status,
                     err.message);
        }
        assert_int_equal(image.n_objects, 7);
        assert_null(image.object);
        ftdn_arena_done(&arena);
    }
}

static void sizes_of_text_and_nesting_are_bounded(void **state)
{
    (void)state;
    ftdn_error err = {0};
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_image image = {0};
    char text[4096] = "<annotation><object><name>";
    memset(text + strlen(text), 'x', 300);
    FTDN_ASSERT_FAILS(parse(&arena, text, strlen(text), &image, &err), FTDN_ERR_INPUT,
                      "dir/a.xml:1:27: the text of <name> is longer than 255 bytes", err);
    strcpy(text, "<annotation>");
    for (int i = 1; i < 64; i++) strcat(text, "<x>");
    size_t n_open = strlen(text);
    for (int i = 1; i < 64; i++) strcat(text, "</x>");
    strcat(text, "</annotation>");
    FTDN_ASSERT_OK(parse(&arena, text, strlen(text), &image, &err), err);
    strcpy(text + n_open, "<y>");
    FTDN_ASSERT_FAILS(parse(&arena, text, strlen(text), &image, &err), FTDN_ERR_INPUT,
                      "dir/a.xml:1:202: elements are nested deeper than 64", err);
    ftdn_arena_done(&arena);
}

/* Whatever is cut off or overwritten, there is an answer; the sanitizers watch. */
static void damaged_annotations_never_do_harm(void **state)
{
    (void)state;
    size_t n_bytes = strlen(two_objects);
    char damaged[sizeof two_objects];
    static const char bytes[] = {'<', '>', '&', '/', '"', 0, ' ', '9', (char)0xFF, '!'};
    ftdn_error err;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
    for (size_t i = 0; i < n_bytes; i++) {
        ftdn_image image = {0};
        assert_int_equal(parse(&arena, two_objects, i, &image, &err), i < n_bytes - 1 ? FTDN_ERR_INPUT : FTDN_OK);
        for (size_t k = 0; k < sizeof bytes; k++) {
            memcpy(damaged, two_objects, sizeof damaged);
            damaged[i] = bytes[k];
            ftdn_status status = parse(&arena, damaged, n_bytes, &image, &err);
            assert_true(status == FTDN_OK || status == FTDN_ERR_INPUT);
            ftdn_arena_reset(&arena, mark);
        }
    }
    ftdn_arena_done(&arena);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_status status = FTDN_ERR_MEMORY;
    for (long k = 0; status != FTDN_OK; k++) {
        ftdn_error err = {0};
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, k);
        ftdn_image image = {0};
        status = parse(&arena, two_objects, strlen(two_objects), &image, &err);
        assert_int_equal(status, k < 24 ? FTDN_ERR_MEMORY : FTDN_OK); /* 23 for the class list, 1 for the objects */
        ftdn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_read_with_corners_from_zero),
        cmocka_unit_test(an_image_may_hold_no_object_or_many),
        cmocka_unit_test(every_mistake_is_named_with_its_place),
        cmocka_unit_test(sizes_of_text_and_nesting_are_bounded),
        cmocka_unit_test(damaged_annotations_never_do_harm),
        cmocka_unit_test(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
