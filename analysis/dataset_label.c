#include "analysis/dataset_label.h"

#include <string.h>

void ftdn_text_append_dataset(ftdn_text *text, const char *description)
{
    const char *open = strchr(description, '\''), *close = strrchr(description, '\'');
    const char *name = open ? open + 1 : description;
    for (const char *at = name; open && at < close; at++)
        if (*at == '/' && at + 1 < close) name = at + 1;
    if (open) ftdn_text_append_bytes(text, description, (size_t)(open + 1 - description));
    ftdn_text_append_bytes(text, name, strlen(name));
}
