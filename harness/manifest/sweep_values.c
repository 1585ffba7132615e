#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "harness/manifest/decimal.h"
#include "harness/manifest/sweep_reader.h"

#define A_DECIMAL "a number of at most 15 significant digits"

void ftdn_sweep_mistake(const ftdn_sweep_reader *r, ftdn_position position, const char *pointer, const char *suffix,
                        const char *format, ...)
{
    char what[600]; /* mistakes.c cuts longer ones */
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "%s%s", pointer, suffix);
    if (text.failed) r->mistakes->failed = true;
    else ftdn_mistakes_add(r->mistakes, position, text.chars, "%s", what);
    ftdn_text_done(&text);
}

ftdn_status ftdn_number_make(const ftdn_sweep_reader *r, const ftdn_json *place, const char *literal, ftdn_json *node)
{
    *node = (ftdn_json){
        .kind = FTDN_JSON_NUMBER,
        .file = place->file,
        .line = place->line,
        .column = place->column,
        .number = strtod(literal, NULL),
        .literal = ftdn_arena_copy_text(r->arena, literal, strlen(literal), r->err),
    };
    return node->literal ? FTDN_OK : FTDN_ERR_MEMORY;
}

/* A range as it stands in the file: its members, NULL where they are not given. */
typedef struct value_range {
    const ftdn_json *from, *to, *step, *log;
} value_range;

static const ftdn_json **find_slot(value_range *seen, const char *key, bool has_steps)
{
    if (!strcmp(key, "from")) return &seen->from;
    if (!strcmp(key, "to")) return &seen->to;
    if (!strcmp(key, "step") && has_steps) return &seen->step;
    return strcmp(key, "log") ? NULL : &seen->log;
}

static bool has_number(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *object, const char *key,
                       const ftdn_json *member)
{
    char suffix[16];
    snprintf(suffix, sizeof suffix, ".%s", key);
    if (!member) ftdn_sweep_mistake(r, ftdn_position_of_value(object), pointer, suffix, "missing; allowed: a number");
    else if (member->kind != FTDN_JSON_NUMBER)
        ftdn_sweep_mistake(r, ftdn_position_of_value(member), pointer, suffix, "%s is not allowed; allowed: a number",
                           ftdn_json_kind_name(member->kind));
    return member && member->kind == FTDN_JSON_NUMBER;
}

/* Answers false after a mistake. has_steps: a step, and a number of values behind the bounds of a logarithm. */
static bool read_range(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer, const ftdn_json *object,
                       bool has_steps, value_range *ret_range)
{
    static const char *const words[] = {"from", "to", "log", "step"};
    value_range seen = {0};
    bool is_good = true;
    ftdn_value_type type = ftdn_manifest_keys[key].type;
    if (type != FTDN_VALUE_NUMBER && type != FTDN_VALUE_INTEGER) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(object), pointer, "",
                           "an object is not allowed; allowed: a list of values");
        return false;
    }
    for (int i = 0; i < object->n_children; i++) {
        const ftdn_json *member = object->child[i], **slot = find_slot(&seen, member->key, has_steps);
        const char *nearest = slot ? NULL : ftdn_suggest(member->key, words, has_steps ? 4 : 3);
        if (!slot)
            ftdn_sweep_mistake(r, ftdn_position_of_key(member), pointer, "",
                               "unknown key '%s'; allowed: from, to%s, or log%s%s%s", member->key,
                               has_steps ? ", step" : "", nearest ? "; did you mean '" : "", nearest ? nearest : "",
                               nearest ? "'?" : "");
        else if (member->repeated_key)
            ftdn_sweep_mistake(r, ftdn_position_of_key(member), pointer, "", "'%s' given twice; allowed: once",
                               member->key);
        else *slot = member;
        is_good = is_good && slot && !member->repeated_key;
    }
    if (!is_good) return false;
    if (seen.log && (seen.from || seen.to || seen.step)) {
        ftdn_sweep_mistake(r, ftdn_position_of_key(seen.log), pointer, ".log",
                           "given beside from, to or step; allowed: one of the two");
        return false;
    }
    *ret_range = seen;
    if (seen.log) return true;
    is_good = has_number(r, pointer, object, "from", seen.from);
    is_good = has_number(r, pointer, object, "to", seen.to) && is_good;
    if (has_steps) is_good = has_number(r, pointer, object, "step", seen.step) && is_good;
    return is_good;
}

/* [first, last], and their number where it is wanted; the bounds are above 0. */
static bool check_log(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *log, bool has_steps)
{
    bool is_good = log->kind == FTDN_JSON_ARRAY && log->n_children == (has_steps ? 3 : 2);
    for (int i = 0; is_good && i < log->n_children; i++)
        is_good = log->child[i]->kind == FTDN_JSON_NUMBER && log->child[i]->number > 0;
    if (is_good && has_steps) {
        double n = log->child[2]->number;
        is_good = n >= 2 && n <= FTDN_MAX_RANGE_VALUES && n == floor(n);
    }
    if (is_good) return true;
    ftdn_sweep_mistake(r, ftdn_position_of_value(log), pointer, ".log",
                       has_steps
                           ? "not allowed; allowed: a list [first, last, n] of two numbers above 0 and the number "
                             "of values, 2 ... %d"
                           : "not allowed; allowed: a list [first, last] of two numbers above 0",
                       FTDN_MAX_RANGE_VALUES);
    return false;
}

static bool parse_decimal(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *member,
                          ftdn_decimal *ret_decimal)
{
    if (ftdn_decimal_parse(member->literal, ret_decimal)) return true;
    char suffix[16];
    snprintf(suffix, sizeof suffix, ".%s", member->key);
    ftdn_sweep_mistake(r, ftdn_position_of_value(member), pointer, suffix, "%s is not allowed; allowed: " A_DECIMAL,
                       member->literal);
    return false;
}

/* Answers false after a mistake. */
static bool count_steps(const ftdn_sweep_reader *r, const char *pointer, const value_range *range,
                        ftdn_steps *ret_steps)
{
    ftdn_decimal from, to, step;
    bool is_good = parse_decimal(r, pointer, range->from, &from);
    is_good = parse_decimal(r, pointer, range->to, &to) && is_good;
    is_good = parse_decimal(r, pointer, range->step, &step) && is_good;
    if (!is_good) return false;
    if (!ftdn_steps_count(from, to, step, ret_steps)) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(range->step), pointer, ".step",
                           "no steps of %s lead from %s to %s; allowed: a step towards 'to', all values with at most "
                           "%d digits",
                           range->step->literal, range->from->literal, range->to->literal, FTDN_DECIMAL_DIGITS);
        return false;
    }
    if (!ret_steps->is_whole) {
        char below[FTDN_DECIMAL_CHARS], above[FTDN_DECIMAL_CHARS];
        ftdn_decimal_write(ftdn_steps_get(ret_steps, ret_steps->n), below);
        ftdn_decimal_write(ftdn_steps_get(ret_steps, ret_steps->n + 1), above);
        ftdn_sweep_mistake(r, ftdn_position_of_value(range->to), pointer, ".to",
                           "%s is no whole number of steps from %s; allowed: %s, %s", range->to->literal,
                           range->from->literal, below, above);
        return false;
    }
    if (ret_steps->n < FTDN_MAX_RANGE_VALUES) return true;
    ftdn_sweep_mistake(r, ftdn_position_of_value(range->step), pointer, "", "%lld values; allowed: at most %d",
                       ret_steps->n + 1, FTDN_MAX_RANGE_VALUES);
    return false;
}

/* Value i of n from first to last, evenly in the logarithm, with 12 significant digits. */
static void write_log_value(const ftdn_json *log, int i, int n, char *text, size_t size)
{
    double first = log->child[0]->number, last = log->child[1]->number, share = (double)i / (n - 1);
    double value = exp2(log2(first) * (1 - share) + log2(last) * share);
    snprintf(text, size, "%.12g", value);
}

/* n numbers at the place of `object`: steps, or, where they are NULL, a logarithm. */
static ftdn_status make_numbers(const ftdn_sweep_reader *r, const ftdn_json *object, const ftdn_steps *steps,
                                const ftdn_json *log, int n, ftdn_values *ret_values)
{
    ftdn_json *numbers = FTDN_NEW(r->arena, (size_t)n, ftdn_json, r->err);
    const ftdn_json **nodes = FTDN_NEW(r->arena, (size_t)n, const ftdn_json *, r->err);
    if (!numbers || !nodes) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n; i++) {
        char text[FTDN_DECIMAL_CHARS];
        if (steps) ftdn_decimal_write(ftdn_steps_get(steps, i), text);
        else write_log_value(log, i, n, text, sizeof text);
        bool as_written = log && (i == 0 || i == n - 1);
        FTDN_TRY(ftdn_number_make(r, object, as_written ? log->child[i > 0]->literal : text, &numbers[i]));
        nodes[i] = &numbers[i];
    }
    *ret_values = (ftdn_values){.n = n, .node = nodes, .of_range = true};
    return FTDN_OK;
}

ftdn_status ftdn_values_expand(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer, const ftdn_json *node,
                               ftdn_values *ret_values)
{
    *ret_values = (ftdn_values){0};
    if (node->kind == FTDN_JSON_ARRAY && node->n_children > 0) {
        *ret_values = (ftdn_values){.n = node->n_children, .node = node->child};
        return FTDN_OK;
    }
    if (node->kind != FTDN_JSON_OBJECT) {
        bool is_list = node->kind == FTDN_JSON_ARRAY;
        ftdn_sweep_mistake(r, ftdn_position_of_value(node), pointer, "",
                           "%s is not allowed; allowed: a list of values, or a range of numbers",
                           is_list ? "an empty list" : ftdn_json_kind_name(node->kind));
        return FTDN_OK;
    }
    value_range range;
    ftdn_steps steps;
    if (!read_range(r, key, pointer, node, true, &range)) return FTDN_OK;
    if (range.log) {
        if (!check_log(r, pointer, range.log, true)) return FTDN_OK;
        return make_numbers(r, node, NULL, range.log, (int)range.log->child[2]->number, ret_values);
    }
    if (!count_steps(r, pointer, &range, &steps)) return FTDN_OK;
    return make_numbers(r, node, &steps, NULL, (int)steps.n + 1, ret_values);
}

bool ftdn_bounds_read(const ftdn_sweep_reader *r, ftdn_key_id key, const char *pointer, const ftdn_json *node,
                      ftdn_bounds *ret_bounds)
{
    value_range range;
    if (!read_range(r, key, pointer, node, false, &range)) return false;
    if (range.log && !check_log(r, pointer, range.log, false)) return false;
    ftdn_bounds bounds = {.from = range.from, .to = range.to};
    if (range.log) bounds = (ftdn_bounds){range.log->child[0], range.log->child[1], true};
    if (bounds.from->number >= bounds.to->number) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(bounds.to), pointer, range.log ? ".log" : ".to",
                           "%s is not above %s; allowed: a range that grows", bounds.to->literal, bounds.from->literal);
        return false;
    }
    *ret_bounds = bounds;
    return true;
}
