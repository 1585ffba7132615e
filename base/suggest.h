/* suggest.h - "did you mean": the known word nearest to a wrong one. */
#ifndef FTDN_BASE_SUGGEST_H
#define FTDN_BASE_SUGGEST_H

/* The candidate with the smallest edit distance (a swap of neighbours counts once), the first of
 * equals; NULL where even that one differs in more than a third of its letters (at least one, at most three).
 * candidates: [n_candidates]. */
const char *ftdn_suggest(const char *word, const char *const *candidates, int n_candidates);

#endif
