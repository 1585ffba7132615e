#include "analysis/line_style.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define BLACK "#000000"
#define ORANGE "#e69f00"
#define SKY "#56b4e9"
#define GREEN "#009e73"
#define BLUE "#0072b2"
#define VERMILION "#d55e00"
#define PURPLE "#cc79a7"
#define GREY "#777777"

static const struct {
    const char *method, *colour[2];
} methods[] = {
    {"none", {BLACK, GREY}},
    {"kr", {BLUE, SKY}},
    {"fmr", {VERMILION, ORANGE}},
    {"d2nn", {GREEN, PURPLE}},
    {"clip", {PURPLE, GREY}},
};

/* Without Okabe and Ito's yellow, which paper does not show. */
static const char *const colours[] = {BLACK, BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, GREY};
static const char *const dashes[] = {"solid", "(12,5)", "(3,4)", "(12,4,3,4)"};
static const int markers[] = {7, 5, 9, 13, 11, 6, 4, 8}; /* filled circle, square, triangle, diamond, ...; then empty */

enum { N_COLOURS = sizeof colours / sizeof *colours, N_MARKERS = sizeof markers / sizeof *markers, N_DASHES = 4 };

static const char *colour_of_method(const char *method, int place)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (strcmp(methods[i].method, method) == 0 && place < 2) return methods[i].colour[place];
    return NULL;
}

/* Lines before this one that have the same method. */
static int count_before(const ftdn_line *const *line, int n_lines)
{
    int n = 0;
    for (int i = 0; i < n_lines; i++) n += strcmp(line[i]->params->method, line[n_lines]->params->method) == 0;
    return n;
}

/* Has every line a colour of its method, and no two the same? A line that is there twice, for two curves, has not. */
static bool methods_have_colours(const ftdn_line *const *line, int n_lines)
{
    for (int i = 0; i < n_lines; i++) {
        const char *colour = colour_of_method(line[i]->params->method, count_before(line, i));
        if (!colour) return false;
        for (int k = 0; k < i; k++)
            if (line[k] == line[i] ||
                strcmp(colour, colour_of_method(line[k]->params->method, count_before(line, k))) == 0)
                return false;
    }
    return true;
}

/* Other methods that lines before this one have. Lines of a method stand together. */
static int count_methods_before(const ftdn_line *const *line, int n_lines)
{
    int n = 0;
    for (int i = 0; i < n_lines; i++)
        n += count_before(line, i) == 0 && strcmp(line[i]->params->method, line[n_lines]->params->method) != 0;
    return n;
}

void ftdn_line_styles_choose(const ftdn_line *const *line, int n_lines, ftdn_line_style *ret_style)
{
    assert(n_lines <= FTDN_MOST_STYLES);
    bool by_method = methods_have_colours(line, n_lines);
    /* The first style is that of the unprotected line, so that a line looks the same where that one is not drawn. */
    int first = n_lines > 0 && strcmp(line[0]->params->method, "none") != 0 && n_lines < FTDN_MOST_STYLES;
    bool has_dash_by_method = by_method && n_lines < N_MARKERS; /* so that no marker comes twice */
    for (int i = 0; i < n_lines; i++) {
        int place = first + i;
        int dash = has_dash_by_method ? first + count_methods_before(line, i) : place + place / N_COLOURS;
        ret_style[i] = (ftdn_line_style){
            .colour = by_method ? colour_of_method(line[i]->params->method, count_before(line, i))
                                : colours[place % N_COLOURS],
            .dash = dashes[dash % N_DASHES],
            .marker = markers[place % N_MARKERS],
        };
    }
}
