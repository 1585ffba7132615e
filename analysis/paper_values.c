#include "analysis/paper_values.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/json.h"

extern const unsigned char ftdn_paper_values_text[]; /* paper_values.json */

static const char *find_text(const ftdn_json *object, const char *key)
{
    const ftdn_json *node = ftdn_json_find(object, key);
    return node && node->kind == FTDN_JSON_STRING ? node->string : NULL;
}

static double find_number(const ftdn_json *object, const char *key)
{
    const ftdn_json *node = ftdn_json_find(object, key);
    return node && node->kind == FTDN_JSON_NUMBER ? node->number : (double)NAN;
}

/* Objects with `values` give a row of a table, a value for each column; others give one. */
static int count_values(const ftdn_json *object)
{
    const ftdn_json *row = ftdn_json_find(object, "values");
    return row ? row->n_children : 1;
}

static void read_values(const ftdn_json *object, ftdn_paper_value *value)
{
    const ftdn_json *row = ftdn_json_find(object, "values");
    const ftdn_paper_value common = {
        .name = find_text(object, "name"),
        .series = find_text(object, "series"),
        .row = find_text(object, "row"),
        .x = find_number(object, "x"),
        .y = find_number(object, "y"),
        .sentence = find_text(object, "sentence"),
    };
    assert(common.name && common.sentence);
    for (int i = 0; i < count_values(object); i++) {
        value[i] = common;
        if (!row) continue;
        value[i].series = row->child[i]->key;
        value[i].y = row->child[i]->number;
    }
}

ftdn_status ftdn_paper_values_load(const char *name, ftdn_arena *arena, const ftdn_paper_value **ret_value,
                                   int *ret_n_values, ftdn_error *err)
{
    const ftdn_json *list;
    const char *text = (const char *)ftdn_paper_values_text;
    FTDN_TRY(ftdn_json_parse(text, strlen(text), "paper_values.json", arena, &list, err));
    int n_all = 0, n_values = 0;
    for (int i = 0; i < list->n_children; i++) n_all += count_values(list->child[i]);
    ftdn_paper_value *value = FTDN_NEW(arena, (size_t)n_all, ftdn_paper_value, err);
    if (!value) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *object = list->child[i];
        if (name && strcmp(name, find_text(object, "name")) != 0) continue;
        read_values(object, value + n_values);
        n_values += count_values(object);
    }
    *ret_value = value;
    *ret_n_values = n_values;
    return FTDN_OK;
}

bool ftdn_paper_value_is_point(const ftdn_paper_value *value)
{
    return !isnan(value->x) && !isnan(value->y);
}

double ftdn_paper_values_find(const ftdn_paper_value *value, int n_values, const char *row, const char *series)
{
    for (int i = 0; i < n_values; i++) {
        if (!value[i].row || !value[i].series) continue;
        if (strcmp(value[i].row, row) == 0 && strcmp(value[i].series, series) == 0) return value[i].y;
    }
    return (double)NAN;
}
