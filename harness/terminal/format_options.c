#include "harness/terminal/format_options.h"

#include "base/file.h"

ftdn_status ftdn_format_choose(const ftdn_format_options *options, ftdn_format *ret_format, ftdn_error *err)
{
    const struct {
        bool is_wanted;
        const char *name;
        ftdn_format format;
    } choices[] = {
        {options->csv, "--csv", FTDN_FORMAT_CSV},
        {options->json, "--json", FTDN_FORMAT_JSON},
        {options->markdown, "--markdown", FTDN_FORMAT_MARKDOWN},
        {options->latex, "--latex", FTDN_FORMAT_LATEX},
    };
    const char *chosen = NULL;
    ftdn_format format = FTDN_FORMAT_TEXT;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (!choices[i].is_wanted) continue;
        if (chosen) return FTDN_FAIL(err, FTDN_ERR_ARG, "%s and %s exclude each other", chosen, choices[i].name);
        chosen = choices[i].name;
        format = choices[i].format;
    }
    *ret_format = format;
    return FTDN_OK;
}

ftdn_status ftdn_format_write_output(const ftdn_format_options *options, ftdn_text *text, ftdn_error *err)
{
    if (!options->output) return FTDN_OK;
    FTDN_TRY(ftdn_text_check(text, err));
    FTDN_TRY(ftdn_file_write_atomic(options->output, text->chars, text->n_chars, err));
    ftdn_text_drop(text, text->n_chars);
    return FTDN_OK;
}
