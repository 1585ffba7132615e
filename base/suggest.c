#include "base/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LARGEST_DISTANCE 3
#define SHORTEST_BEGINNING 3 /* letters */
#define BAND (2 * LARGEST_DISTANCE + 1)
#define FAR (LARGEST_DISTANCE + 1) /* stands for every larger distance */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static bool equals(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance of two words (insert, remove, replace, swap of neighbours), whatever the case of letters, or FAR if
 * over LARGEST_DISTANCE.
 * row[d] is the distance of the first i letters of a and the first i + d - LARGEST_DISTANCE of b: a path
 * that leaves this band costs more than LARGEST_DISTANCE, so that three short rows hold all that counts. */
static int edit_distance(const char *a, const char *b)
{
    ptrdiff_t n_a = (ptrdiff_t)strlen(a), n_b = (ptrdiff_t)strlen(b);
    if (n_a - n_b > LARGEST_DISTANCE || n_b - n_a > LARGEST_DISTANCE) return FAR;
    int before[BAND], above[BAND], row[BAND]; /* of i - 2, i - 1 and i letters of a */
    for (int d = 0; d < BAND; d++) before[d] = above[d] = row[d] = FAR;
    for (ptrdiff_t i = 0; i <= n_a; i++) {
        for (int d = 0; d < BAND; d++) {
            ptrdiff_t j = i + d - LARGEST_DISTANCE;
            int best = i == 0 && j == 0 ? 0 : FAR;
            if (j >= 0 && j <= n_b) {
                if (j > 0 && d > 0) best = smaller(best, row[d - 1] + 1);
                if (i > 0 && d < BAND - 1) best = smaller(best, above[d + 1] + 1);
                if (i > 0 && j > 0) best = smaller(best, above[d] + !equals(a[i - 1], b[j - 1]));
                if (i > 1 && j > 1 && equals(a[i - 1], b[j - 2]) && equals(a[i - 2], b[j - 1]))
                    best = smaller(best, before[d] + 1);
            }
            row[d] = best;
        }
        memcpy(before, above, sizeof before);
        memcpy(above, row, sizeof above);
    }
    return row[n_b - n_a + LARGEST_DISTANCE];
}

/* Words that are near to another one than is meant. */
static const struct {
    const char *word, *meant;
} synonym[] = {{"gpu", "cuda"}, {"version", "--version"}};

static const char *find_synonym(const char *word, const char *const *candidates, int n_candidates)
{
    for (size_t s = 0; s < sizeof synonym / sizeof *synonym; s++) {
        if (strcmp(word, synonym[s].word) != 0) continue;
        for (int i = 0; i < n_candidates; i++)
            if (strcmp(candidates[i], synonym[s].meant) == 0) return candidates[i];
    }
    return NULL;
}

const char *ftdn_suggest(const char *word, const char *const *candidates, int n_candidates)
{
    const char *meant = find_synonym(word, candidates, n_candidates);
    if (meant) return meant;
    size_t third = strlen(word) / 3;
    int limit = third < 1 ? 1 : third > LARGEST_DISTANCE ? LARGEST_DISTANCE : (int)third;
    const char *nearest = NULL;
    for (int i = 0; i < n_candidates; i++) {
        int distance = edit_distance(word, candidates[i]);
        if (distance > limit) continue;
        nearest = candidates[i];
        limit = distance - 1;
    }
    /* Else one that the word is the beginning of. */
    size_t n_chars = strlen(word);
    for (int i = 0; !nearest && n_chars >= SHORTEST_BEGINNING && i < n_candidates; i++)
        if (strncasecmp(word, candidates[i], n_chars) == 0) nearest = candidates[i];
    return nearest;
}
