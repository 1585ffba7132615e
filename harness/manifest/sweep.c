#include "harness/manifest/sweep.h"

#include <assert.h>
#include <string.h>

/* Lay value `item` of every column over the document. */
static void lay(const ftdn_axis *axis, size_t item, ftdn_document *document)
{
    for (int i = 0; i < axis->n_columns; i++) {
        const ftdn_column *column = &axis->column[i];
        size_t n_rows = (size_t)column->n_rows;
        memcpy(&document->value[column->key], column->value + item * n_rows, n_rows * sizeof *column->value);
    }
}

static size_t product_index(const ftdn_sweep *sweep, size_t c)
{
    return sweep->kept ? sweep->kept[c] : c;
}

void ftdn_sweep_get(const ftdn_sweep *sweep, size_t c, ftdn_document *ret_document)
{
    assert(c < sweep->n_combinations);
    *ret_document = *sweep->base;
    if (c >= sweep->n_kept) {
        lay(&sweep->included[c - sweep->n_kept], 0, ret_document);
        return;
    }
    size_t index = product_index(sweep, c);
    for (int i = sweep->n_axes - 1; i >= 0; i--) {
        size_t n_values = (size_t)sweep->axis[i].n_values;
        lay(&sweep->axis[i], index % n_values, ret_document);
        index /= n_values;
    }
}

uint64_t ftdn_seeds_get(const ftdn_seeds *seeds, int i)
{
    assert(i >= 0 && i < seeds->n);
    return seeds->list ? (uint64_t)(seeds->list[i]->number + 0.0) : seeds->from + (uint64_t)i * seeds->step;
}

size_t ftdn_sweep_n_seeds(const ftdn_sweep *sweep)
{
    return sweep->seeds.n ? (size_t)sweep->seeds.n : 1;
}

static bool is_seed(const ftdn_axis *axis)
{
    return axis->n_columns == 1 && axis->column[0].key == FTDN_KEY_SEED;
}

/* Combinations of the product with one value of the axis over seeds; *ret_n_behind: of those of the axes behind it. */
static size_t count_families(const ftdn_sweep *sweep, size_t *ret_n_values, size_t *ret_n_behind)
{
    size_t n_behind = 1;
    *ret_n_values = 1;
    *ret_n_behind = 1;
    for (int i = sweep->n_axes - 1; i >= 0; i--) {
        if (is_seed(&sweep->axis[i])) {
            *ret_n_values = (size_t)sweep->axis[i].n_values;
            *ret_n_behind = n_behind;
        }
        n_behind *= (size_t)sweep->axis[i].n_values;
    }
    return sweep->n_product / *ret_n_values;
}

size_t ftdn_sweep_n_families(const ftdn_sweep *sweep)
{
    size_t n_values, n_behind;
    return count_families(sweep, &n_values, &n_behind) + sweep->n_included;
}

size_t ftdn_sweep_get_family(const ftdn_sweep *sweep, size_t c)
{
    size_t n_values, n_behind, n_families = count_families(sweep, &n_values, &n_behind);
    if (c >= sweep->n_kept) return n_families + (c - sweep->n_kept);
    size_t index = product_index(sweep, c);
    return index / (n_behind * n_values) * n_behind + index % n_behind;
}
