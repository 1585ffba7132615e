#include "datasets/voc_annotation.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#define MAX_DEPTH 64
#define MAX_TEXT 255
#define BLANKS " \t\r\n"

/* What an element means, decided by its tag and by the element around it. */
typedef enum element {
    OUTSIDE,
    OTHER,
    ANNOTATION,
    SIZE,
    WIDTH,
    HEIGHT,
    OBJECT,
    NAME,
    DIFFICULT,
    BNDBOX,
    XMIN,
    YMIN,
    XMAX,
    YMAX,
    N_ELEMENTS,
} element;

static const struct meaning {
    element parent;
    const char *tag;
    bool has_text;
} meanings[N_ELEMENTS] = {
    [OTHER] = {OTHER, "", false},         [ANNOTATION] = {OUTSIDE, "annotation", false},
    [SIZE] = {ANNOTATION, "size", false}, [WIDTH] = {SIZE, "width", true},
    [HEIGHT] = {SIZE, "height", true},    [OBJECT] = {ANNOTATION, "object", false},
    [NAME] = {OBJECT, "name", true},      [DIFFICULT] = {OBJECT, "difficult", true},
    [BNDBOX] = {OBJECT, "bndbox", false}, [XMIN] = {BNDBOX, "xmin", true},
    [YMIN] = {BNDBOX, "ymin", true},      [XMAX] = {BNDBOX, "xmax", true},
    [YMAX] = {BNDBOX, "ymax", true},
};

typedef struct place {
    unsigned long line, column; /* from 1, in characters */
} place;

typedef struct annotation_reader {
    XML_Parser xml;
    const char *path;
    ftdn_class_map *classes;
    const ftdn_image *image;
    ftdn_arena *arena;
    ftdn_error *err;
    ftdn_status status; /* of the first failure; all handlers are idle from there on */

    element open[MAX_DEPTH];
    int depth;
    unsigned seen;           /* bit e: element e stands in the object, or outside of objects, already */
    place at[N_ELEMENTS];    /* of the newest element's tag; of its text where it has one */
    char text[MAX_TEXT + 1]; /* of the open element, from its first character that is not blank */
    size_t n_text;
    double number[N_ELEMENTS];
    ftdn_object current;

    ftdn_object *object; /* [capacity] */
    int n_objects, capacity;
} annotation_reader;

static place current_place(const annotation_reader *reader)
{
    return (place){XML_GetCurrentLineNumber(reader->xml), XML_GetCurrentColumnNumber(reader->xml) + 1};
}

/* Keep the failure and end the parse. */
static void stop(annotation_reader *reader, place at, const char *format, ...) FTDN_PRINTF(3, 4);

static void stop(annotation_reader *reader, place at, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    reader->status =
        FTDN_FAIL(reader->err, FTDN_ERR_INPUT, "%s:%lu:%lu: %s", reader->path, at.line, at.column, message);
    XML_StopParser(reader->xml, XML_FALSE);
}

static void stop_without_memory(annotation_reader *reader)
{
    reader->status = FTDN_ERR_MEMORY;
    XML_StopParser(reader->xml, XML_FALSE);
}

static bool is_seen(const annotation_reader *reader, element what)
{
    return reader->seen >> what & 1;
}

/* The open element's text, blanks cut off at both ends. */
static const char *trimmed_text(annotation_reader *reader)
{
    while (reader->n_text > 0 && strchr(BLANKS, reader->text[reader->n_text - 1])) reader->n_text--;
    reader->text[reader->n_text] = 0;
    return reader->text;
}

static void end_name(annotation_reader *reader)
{
    place at = reader->at[NAME];
    ftdn_status status = ftdn_class_map_find(reader->classes, trimmed_text(reader), reader->path, at.line, at.column,
                                             &reader->current.class_index, reader->err);
    if (status != FTDN_OK) stop_without_memory(reader);
}

static void end_difficult(annotation_reader *reader)
{
    const char *flag = trimmed_text(reader);
    if (strcmp(flag, "0") != 0 && strcmp(flag, "1") != 0) {
        stop(reader, reader->at[DIFFICULT], "<difficult> is '%s'; it must be 0 or 1", flag);
    }
    reader->current.difficult = flag[0] == '1';
}

static void end_number(annotation_reader *reader, element what)
{
    const char *digits = trimmed_text(reader);
    char *end;
    double number = strtod(digits, &end);
    if (!*digits || *end || digits[strspn(digits, "+-.0123456789eE")] || !(fabs(number) <= INT_MAX)) {
        stop(reader, reader->at[what], "<%s> is '%s', which is no number of pixels", meanings[what].tag, digits);
    }
    reader->number[what] = number;
}

static void end_size(annotation_reader *reader)
{
    const ftdn_image *image = reader->image;
    for (element what = WIDTH; what <= HEIGHT; what++) {
        if (!is_seen(reader, what) || reader->number[what] == 0) continue;
        if (reader->number[what] == (what == WIDTH ? image->width : image->height)) continue;
        stop(reader, reader->at[what], "<%s> is %g, but the image has %d x %d pixels", meanings[what].tag,
             reader->number[what], image->width, image->height);
        return;
    }
}

/* As it is kept: from 0, and in single precision, in which two numbers of the file may be one. */
static float corner(const annotation_reader *reader, element what)
{
    return (float)(reader->number[what] - 1);
}

static void end_bndbox(annotation_reader *reader)
{
    for (element what = XMIN; what <= YMAX; what++) {
        if (is_seen(reader, what)) continue;
        stop(reader, reader->at[BNDBOX], "<bndbox> without <%s>", meanings[what].tag);
        return;
    }
    for (element least = XMIN; least <= YMIN; least++) {
        element most = least == XMIN ? XMAX : YMAX;
        if (corner(reader, most) > corner(reader, least)) continue;
        stop(reader, reader->at[most], "<%s> %g is not greater than <%s> %g", meanings[most].tag, reader->number[most],
             meanings[least].tag, reader->number[least]);
        return;
    }
    ftdn_object *object = &reader->current;
    object->x0 = corner(reader, XMIN);
    object->y0 = corner(reader, YMIN);
    object->x1 = corner(reader, XMAX);
    object->y1 = corner(reader, YMAX);
    int width = reader->image->width, height = reader->image->height;
    if (object->x0 >= (float)width || object->y0 >= (float)height || object->x1 <= 0 || object->y1 <= 0) {
        stop(reader, reader->at[BNDBOX], "the box (%g, %g) to (%g, %g) lies outside the image of %d x %d pixels",
             reader->number[XMIN], reader->number[YMIN], reader->number[XMAX], reader->number[YMAX], width, height);
    }
}

static void end_object(annotation_reader *reader)
{
    if (!is_seen(reader, NAME) || !is_seen(reader, BNDBOX)) {
        stop(reader, reader->at[OBJECT], "<object> without <%s>", is_seen(reader, NAME) ? "bndbox" : "name");
        return;
    }
    if (reader->current.class_index < 0) return; /* left out */
    ftdn_object *object = ftdn_arena_grow(reader->arena, reader->object, reader->n_objects, &reader->capacity,
                                          sizeof *object, reader->err);
    if (!object) {
        stop_without_memory(reader);
        return;
    }
    object[reader->n_objects++] = reader->current;
    reader->object = object;
}

static void XMLCALL on_start(void *user, const XML_Char *tag, const XML_Char **attributes)
{
    annotation_reader *reader = user;
    (void)attributes;
    if (reader->status != FTDN_OK) return;
    element parent = reader->depth ? reader->open[reader->depth - 1] : OUTSIDE, what = OTHER;
    for (element e = ANNOTATION; e < N_ELEMENTS; e++) {
        if (meanings[e].parent == parent && strcmp(meanings[e].tag, tag) == 0) what = e;
    }
    place here = current_place(reader);
    if (reader->depth == MAX_DEPTH) {
        stop(reader, here, "elements are nested deeper than %d", MAX_DEPTH);
        return;
    }
    if (parent == OUTSIDE && what == OTHER) {
        stop(reader, here, "the outermost element is <%.100s>, not <annotation>", tag);
        return;
    }
    reader->open[reader->depth++] = what;
    if (what == OTHER) return;
    if (what == OBJECT) {
        reader->current = (ftdn_object){0};
        for (element e = NAME; e <= YMAX; e++) reader->seen &= ~(1u << e);
    } else if (is_seen(reader, what)) {
        stop(reader, here, "a second <%s> in one <%s>", tag, meanings[parent].tag);
        return;
    }
    reader->seen |= 1u << what;
    reader->at[what] = here;
    reader->n_text = 0;
}

static void XMLCALL on_text(void *user, const XML_Char *chars, int n_chars)
{
    annotation_reader *reader = user;
    if (reader->status != FTDN_OK || !reader->depth) return;
    element what = reader->open[reader->depth - 1];
    if (!meanings[what].has_text) return;
    if (reader->n_text == 0) {
        place at = current_place(reader);
        for (; n_chars > 0 && strchr(BLANKS, *chars); chars++, n_chars--) at.column++;
        if (n_chars > 0) reader->at[what] = at;
    }
    if ((size_t)n_chars > MAX_TEXT - reader->n_text) {
        stop(reader, reader->at[what], "the text of <%s> is longer than %d bytes", meanings[what].tag, MAX_TEXT);
        return;
    }
    memcpy(reader->text + reader->n_text, chars, (size_t)n_chars);
    reader->n_text += (size_t)n_chars;
}

static void XMLCALL on_end(void *user, const XML_Char *tag)
{
    annotation_reader *reader = user;
    (void)tag;
    if (reader->status != FTDN_OK) return;
    element what = reader->open[--reader->depth];
    switch (what) {
    case NAME: end_name(reader); break;
    case DIFFICULT: end_difficult(reader); break;
    case WIDTH:
    case HEIGHT:
    case XMIN:
    case YMIN:
    case XMAX:
    case YMAX: end_number(reader, what); break;
    case SIZE: end_size(reader); break;
    case BNDBOX: end_bndbox(reader); break;
    case OBJECT: end_object(reader); break;
    default: break;
    }
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                               int has_internal_subset)
{
    annotation_reader *reader = user;
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    if (reader->status != FTDN_OK) return;
    stop(reader, current_place(reader), "a document type is refused: no entity is expanded");
}

ftdn_status ftdn_voc_annotation_parse(const char *text, size_t n_bytes, const char *path, ftdn_class_map *classes,
                                      ftdn_arena *arena, ftdn_image *image, ftdn_error *err)
{
    assert(n_bytes <= INT_MAX && image->width > 0 && image->height > 0);
    annotation_reader reader = {.path = path, .classes = classes, .image = image, .arena = arena, .err = err};
    reader.xml = XML_ParserCreate(NULL);
    if (!reader.xml) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory for the XML parser", path);
    XML_SetUserData(reader.xml, &reader);
    XML_SetElementHandler(reader.xml, on_start, on_end);
    XML_SetCharacterDataHandler(reader.xml, on_text);
    XML_SetStartDoctypeDeclHandler(reader.xml, on_doctype);
    if (XML_Parse(reader.xml, text, (int)n_bytes, XML_TRUE) != XML_STATUS_OK && reader.status == FTDN_OK) {
        enum XML_Error code = XML_GetErrorCode(reader.xml);
        if (code == XML_ERROR_NO_MEMORY) reader.status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory", path);
        else stop(&reader, current_place(&reader), "broken XML: %s", XML_ErrorString(code));
    }
    XML_ParserFree(reader.xml);
    if (reader.status != FTDN_OK) return reader.status;
    image->object = reader.object;
    image->n_objects = reader.n_objects;
    return FTDN_OK;
}
