#include "harness/terminal/completion.h"

static void write_value(const ftdn_option *option, ftdn_text *text)
{
    if (option->value_name) ftdn_text_append(text, " %s", option->value_name);
    for (int i = 0; i < option->n_words; i++) ftdn_text_append(text, " %s", option->word[i]);
    ftdn_text_append(text, "\n");
}

static void write_option(const ftdn_option *option, ftdn_text *text)
{
    ftdn_text_append(text, "option --%s", option->name);
    write_value(option, text);
    if (!option->letter) return;
    ftdn_text_append(text, "option -%c", option->letter);
    write_value(option, text);
}

void ftdn_completion_write_command(const ftdn_command *command, ftdn_text *text)
{
    ftdn_text_append(text, "command %s\narguments %s\n", command->name, command->arguments);
    for (int i = 0; i < command->n_words; i++) ftdn_text_append(text, "word %s\n", command->word[i]);
    for (int i = 0; i < command->n_options; i++) write_option(&command->option[i], text);
    write_option(&ftdn_help_option, text);
}
