/* voc_annotation.h - one annotation file of PASCAL VOC: XML to objects.
 *
 * Read are, at these places and only there, so that the <part>s of an object do no harm:
 *     annotation/size/{width,height}     optional; where given (not 0) they are those of the image
 *     annotation/object/{name,difficult} difficult is optional, 0 or 1
 *     annotation/object/bndbox/{xmin,ymin,xmax,ymax}  corners in pixels, counted from 1, fractions allowed
 * A document type is refused, and with it every entity but XML's own five. */
#ifndef FTDN_DATASETS_VOC_ANNOTATION_H
#define FTDN_DATASETS_VOC_ANNOTATION_H

#include <stddef.h>

#include "base/arena.h"
#include "datasets/class_map.h"
#include "datasets/dataset.h"

/* Parse the text of the file `path` (for messages).
 * image: width and height are those of the picture; n_objects and object are set on success, and live
 * in the arena. Objects of classes that the map does not know are left out; the map counts them.
 * FTDN_ERR_INPUT names path:line:column: broken XML, a part that is missing or there twice, a bad number, a box that is
 * inverted, empty or outside the picture. */
FTDN_NODISCARD ftdn_status ftdn_voc_annotation_parse(const char *text, size_t n_bytes, const char *path,
                                                     ftdn_class_map *classes, ftdn_arena *arena, ftdn_image *image,
                                                     ftdn_error *err);

#endif
