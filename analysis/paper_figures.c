#include "analysis/paper_figures.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define ANY ((double)NAN)

static const ftdn_paper_figure figures[] = {
    {"fig2a", "Fig. 2(a): faults in weights against faults in feature maps", "SSD-VGG: weights against feature maps",
     FTDN_PAPER_CURVES, true, FTDN_AXIS_EACH_RATE, 0, true},
    {"fig2b", "Fig. 2(b): faults in weights against faults in feature maps",
     "SSD-MobileNet: weights against feature maps", FTDN_PAPER_CURVES, false, FTDN_AXIS_EACH_RATE, 0, true},
    {"fig6a", "Fig. 6(a): kernel recovery (KR), by ranking", "SSD-MobileNet, KR, 1 % weight faults: rankings",
     FTDN_PAPER_CURVES, false, FTDN_AXIS_FEATURE_MAP_RATE, 0.01, true},
    {"fig6b", "Fig. 6(b): feature-map recovery (FMR), by ranking", "SSD-MobileNet, FMR, 1 % weight faults: rankings",
     FTDN_PAPER_CURVES, false, FTDN_AXIS_FEATURE_MAP_RATE, 0.01, true},
    {"fig6c", "Fig. 6(c): kernel recovery (KR), by ranking", "SSD-VGG, KR, 1 % weight faults: rankings",
     FTDN_PAPER_CURVES, true, FTDN_AXIS_FEATURE_MAP_RATE, 0.01, true},
    {"fig6d", "Fig. 6(d): feature-map recovery (FMR), by ranking", "SSD-VGG, FMR, 10 % weight faults: rankings",
     FTDN_PAPER_CURVES, true, FTDN_AXIS_FEATURE_MAP_RATE, 0.1, true},
    {"fig7a", "Fig. 7(a): KR against FMR, by feature-map fault rate", "KR against FMR by feature-map fault rate",
     FTDN_PAPER_CURVES, false, FTDN_AXIS_FEATURE_MAP_RATE, 0.01, true},
    {"fig7b", "Fig. 7(b): KR against FMR, by weight fault rate", "SSD-MobileNet, KR against FMR by weight fault rate",
     FTDN_PAPER_CURVES, false, FTDN_AXIS_WEIGHT_RATE, 0, true},
    {"table1", "Table 1: time of one image", "time of one image: original, KR, FMR", FTDN_PAPER_TIMES, false,
     FTDN_AXIS_ANY, ANY, false},
    {"table2", "Table 2: memory beyond the original's", "memory of KR and FMR", FTDN_PAPER_MEMORY, false, FTDN_AXIS_ANY,
     ANY, false},
    {"table3", "Table 3: 1 % weight faults and 1 % feature-map faults", "classes under none, FMR, KR, D2NN",
     FTDN_PAPER_CLASSES, false, FTDN_AXIS_ANY, 0.01, false},
    {"merges", "What becomes of a value and its copy", "KR and FMR by mean, nonzero, median", FTDN_PAPER_CURVES, false,
     FTDN_AXIS_WEIGHT_RATE, 0, false},
    {"allocation", "Copies in every layer alike, or where scores are highest",
     "uniform against global allocation, at equal memory", FTDN_PAPER_CURVES, false, FTDN_AXIS_WEIGHT_RATE, 0, false},
    {"copies", "Stored copies with faults of their own, and without",
     "KR and FMR with copies that are hit, and with clean ones", FTDN_PAPER_CURVES, false, FTDN_AXIS_WEIGHT_RATE, 0,
     false},
    {"bits", "One flipped bit of a weight, by its class", "flipped bits: sign, exponent, mantissa, any",
     FTDN_PAPER_CURVES, false, FTDN_AXIS_WEIGHT_RATE, 0, false},
    {"layers", "Faults in one layer alone", "which layer is vulnerable, in weights and in feature maps",
     FTDN_PAPER_LAYERS, false, FTDN_AXIS_ANY, ANY, false},
    {"seeds", "How well a mean of n seeds is known, 1 % weight and map faults",
     "how many seeds a mean needs, at 1 % faults", FTDN_PAPER_SEEDS, false, FTDN_AXIS_ANY, ANY, false},
};
enum { N_FIGURES = sizeof figures / sizeof *figures };

bool ftdn_paper_kind_is_table(ftdn_paper_kind kind)
{
    return kind == FTDN_PAPER_CLASSES || kind == FTDN_PAPER_TIMES || kind == FTDN_PAPER_MEMORY;
}

const ftdn_paper_figure *ftdn_paper_figures(int *ret_n_figures)
{
    *ret_n_figures = N_FIGURES;
    return figures;
}

const ftdn_paper_figure *ftdn_paper_figure_find(const char *name)
{
    for (int i = 0; i < N_FIGURES; i++)
        if (strcmp(figures[i].name, name) == 0) return &figures[i];
    return NULL;
}

const char *const *ftdn_paper_sizes(void)
{
    static const char *const sizes[FTDN_N_PAPER_SIZES] = {"road", "real", "paper"};
    return sizes;
}

ftdn_status ftdn_paper_figure_make(const ftdn_paper_figure *known, const ftdn_lines *lines, ftdn_figure_measure measure,
                                   ftdn_figure_band band, ftdn_arena *arena, ftdn_accuracy_figure *ret_figure,
                                   ftdn_error *err)
{
    assert(known->kind == FTDN_PAPER_CURVES);
    const ftdn_accuracy_figure_desc desc = {
        .axis = known->axis,
        .other_rate = known->other_rate,
        .band = band,
        .measure = measure,
    };
    ftdn_accuracy_figure figure;
    FTDN_TRY(ftdn_accuracy_figure_make(lines, &desc, arena, &figure, err));
    if (measure == FTDN_MEASURE_MAP)
        FTDN_TRY(ftdn_paper_values_load(known->name, arena, &figure.paper_value, &figure.n_paper_values, err));
    figure.title = known->title;
    figure.is_logarithmic &= !known->is_linear;
    bool has_vgg = false;
    for (int c = 0; c < figure.n_curves; c++) has_vgg |= strcmp(figure.curve[c].line->params->model, "ssd_vgg16") == 0;
    bool is_stand_in = known->is_of_vgg && !has_vgg, has_points = false;
    for (int i = 0; i < figure.n_paper_values; i++) has_points |= ftdn_paper_value_is_point(&figure.paper_value[i]);
    if (is_stand_in && has_points) figure.note = "SSD-MobileNet stands in for the paper's SSD-VGG (open circles)";
    else if (is_stand_in) figure.note = "SSD-MobileNet stands in for the paper's SSD-VGG";
    else if (has_points) figure.note = "open circles: the paper's own network and images";
    *ret_figure = figure;
    return FTDN_OK;
}
