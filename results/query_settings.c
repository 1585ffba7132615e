#include "results/query_settings.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

#define MOST_PARAMETERS 32 /* of a user's SQL; more are not suggested */

/* The length of the name in "name=value"; -1 where there is none. */
static int name_length(const char *setting)
{
    const char *equals = strchr(setting, '=');
    return equals && equals > setting ? (int)(equals - setting) : -1;
}

static bool is_number(const char *text, double *ret_number)
{
    char *end;
    if (strspn(text, "+-0123456789.eE") != strlen(text) || !text[0]) return false;
    *ret_number = strtod(text, &end);
    return *end == 0 && isfinite(*ret_number);
}

/* The value that is set for a parameter; NULL where there is none. */
static const char *find_setting(const ftdn_question *question, const char *name)
{
    for (int i = 0; i < question->n_settings; i++) {
        int n_chars = name_length(question->setting[i]);
        if (n_chars == (int)strlen(name) && strncmp(question->setting[i], name, (size_t)n_chars) == 0)
            return question->setting[i] + n_chars + 1;
    }
    return NULL;
}

static const ftdn_query_parameter *find_parameter(const ftdn_named_query *query, const char *name)
{
    for (int i = 0; query && i < FTDN_QUERY_MAX_PARAMETERS; i++)
        if (query->parameter[i].name && strcmp(query->parameter[i].name, name) == 0) return &query->parameter[i];
    return NULL;
}

static ftdn_status fail_no_parameter(sqlite3_stmt *statement, const char *setting, int n_chars, ftdn_error *err)
{
    char name[64];
    const char *known[MOST_PARAMETERS];
    int n_known = 0;
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement) && n_known < MOST_PARAMETERS; i++) {
        const char *parameter = sqlite3_bind_parameter_name(statement, i);
        if (parameter) known[n_known++] = parameter + 1;
    }
    snprintf(name, sizeof name, "%.*s", n_chars, setting);
    if (n_known == 0) return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' cannot be set: the question has no parameters", name);
    const char *nearest = ftdn_suggest(name, known, n_known);
    if (nearest)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "the question has no parameter '%s'; did you mean '%s'?", name, nearest);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the question has no parameter '%s'; it has '%s'%s", name, known[0],
                     n_known > 1 ? " and others (ftdn query --explain NAME)" : "");
}

/* Is each setting a "name=value" of a parameter, and given once? */
static ftdn_status check_settings(sqlite3_stmt *statement, const ftdn_question *question, ftdn_error *err)
{
    for (int i = 0; i < question->n_settings; i++) {
        const char *setting = question->setting[i];
        int n_chars = name_length(setting);
        if (n_chars < 0) return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' sets nothing: a setting is NAME=VALUE", setting);
        bool is_known = false;
        for (int k = 1; k <= sqlite3_bind_parameter_count(statement) && !is_known; k++) {
            const char *name = sqlite3_bind_parameter_name(statement, k);
            is_known = name && strlen(name + 1) == (size_t)n_chars && strncmp(name + 1, setting, (size_t)n_chars) == 0;
        }
        if (!is_known) return fail_no_parameter(statement, setting, n_chars, err);
        for (int k = 0; k < i; k++)
            if (strncmp(question->setting[k], setting, (size_t)n_chars + 1) == 0)
                return FTDN_FAIL(err, FTDN_ERR_ARG, "'%.*s' is set twice", n_chars, setting);
    }
    return FTDN_OK;
}

static ftdn_status bind(sqlite3_stmt *statement, int index, const ftdn_query_parameter *parameter, const char *name,
                        const char *value, ftdn_error *err)
{
    double number = 0, initial;
    bool wants_number = parameter && is_number(parameter->initial, &initial),
         reads_as_number = is_number(value, &number);
    if (wants_number && !reads_as_number)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is set to '%s', which is no number", name, value);
    int code;
    char *end;
    errno = 0;
    long long integer = strtoll(value, &end, 10);
    if (!(parameter ? wants_number : reads_as_number))
        code = sqlite3_bind_text(statement, index, value, -1, SQLITE_STATIC);
    else if (*end == 0 && errno == 0) code = sqlite3_bind_int64(statement, index, integer);
    else code = sqlite3_bind_double(statement, index, number);
    if (code != SQLITE_OK) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory while setting '%s'", name);
    return FTDN_OK;
}

ftdn_status ftdn_query_bind(sqlite3_stmt *statement, const ftdn_named_query *query, const ftdn_question *question,
                            ftdn_error *err)
{
    FTDN_TRY(check_settings(statement, question, err));
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); i++) {
        const char *name = sqlite3_bind_parameter_name(statement, i);
        if (!name) return FTDN_FAIL(err, FTDN_ERR_ARG, "parameters need names: write :name instead of ?");
        const ftdn_query_parameter *parameter = find_parameter(query, name + 1);
        const char *value = find_setting(question, name + 1);
        if (!value && parameter) value = parameter->initial;
        if (!value) return FTDN_FAIL(err, FTDN_ERR_ARG, "parameter %s has no value: --set %s=VALUE", name, name + 1);
        FTDN_TRY(bind(statement, i, parameter, name + 1, value, err));
    }
    return FTDN_OK;
}
