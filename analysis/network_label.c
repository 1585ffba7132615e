#include "analysis/network_label.h"

#include <string.h>

static const struct {
    const char *model, *label;
} models[] = {
    {"ssd_vgg16", "SSD-VGG"},
    {"ssd_mobilenet_v1", "SSD-MobileNet"},
    {"ssd_mobilenet_v1_tf", "SSD-MobileNet (TF)"},
};

const char *ftdn_model_label(const char *model)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (strcmp(models[i].model, model) == 0) return models[i].label;
    return model;
}

/* "VOC '/data/VOC2007' test, 300 images" as "VOC 'VOC2007' test, 300 images": in single quotes only what stands behind
 * the last slash. */
static void append_dataset(ftdn_text *text, const char *description)
{
    const char *open = strchr(description, '\''), *close = strrchr(description, '\'');
    const char *name = open ? open + 1 : description;
    for (const char *at = name; open && at < close; at++)
        if (*at == '/' && at + 1 < close) name = at + 1;
    if (open) ftdn_text_append_bytes(text, description, (size_t)(open + 1 - description));
    ftdn_text_append_bytes(text, name, strlen(name));
}

void ftdn_text_append_network(ftdn_text *text, const ftdn_trial_params *params)
{
    ftdn_text line;
    ftdn_text_init(&line);
    ftdn_text_append(&line, "%s", ftdn_model_label(params->model));
    if (params->width != 1) ftdn_text_append(&line, ", width %.6g", params->width);
    ftdn_text_append(&line, ": ");
    append_dataset(&line, params->dataset);
    ftdn_text_append(&line, "\n");
    if (line.failed) text->failed = true;
    else if (!text->chars || !strstr(text->chars, line.chars)) ftdn_text_append_bytes(text, line.chars, line.n_chars);
    ftdn_text_done(&line);
}
