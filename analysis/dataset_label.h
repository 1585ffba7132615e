/* dataset_label.h - the images of a trial in the words of a picture: the folder's own name without the way to it. */
#ifndef FTDN_ANALYSIS_DATASET_LABEL_H
#define FTDN_ANALYSIS_DATASET_LABEL_H

#include "base/text.h"

/* Append a dataset's description, "VOC '/data/VOC2007' test, 300 images", as "VOC 'VOC2007' test, 300 images": in
 * single quotes only what stands behind the last slash. Text without quotes is appended as it is. */
void ftdn_text_append_dataset(ftdn_text *text, const char *description);

#endif
