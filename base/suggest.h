/* suggest.h - "did you mean": the known word nearest to a wrong one. */
#ifndef FTDN_BASE_SUGGEST_H
#define FTDN_BASE_SUGGEST_H

/* The candidate with the smallest edit distance (a swap of neighbours counts once, the case of letters does not), the
 * first of equals, where that differs in no more than a third of its letters (at least one, at most three); else the
 * first that begins with the word; else NULL. A word that means another candidate than it looks like ("gpu") gives that
 * one. candidates: [n_candidates]. */
const char *ftdn_suggest(const char *word, const char *const *candidates, int n_candidates);

#endif
