/* query.h - questions to a store, named or a user's own SELECT, answered as a table, CSV, JSON, Markdown, LaTeX. */
#ifndef FTDN_RESULTS_QUERY_H
#define FTDN_RESULTS_QUERY_H

#include "base/status.h"
#include "base/table.h"
#include "base/text.h"
#include "results/store.h"

/* SQL over a row of v_trials: what of its protection is not as usual and stands in no column of a short table, as
 * "filter", "global", "at conv", "boxes", "copies clean"; NULL where all is as usual. */
#define FTDN_QUERY_VARIANT                                                                                             \
    "nullif(ltrim(iif(direction <> 'outgoing', ' ' || direction, '') || "                                              \
    "iif(allocation <> 'uniform', ' ' || allocation, '') || "                                                          \
    "iif(merge_point <> feature_map_point, ' at ' || merge_point, '') || "                                             \
    "iif(combine <> 'scores', ' ' || combine, '') || "                                                                 \
    "iif(ratio IS NOT NULL AND copies <> 'independent', ' copies ' || copies, '')), '')"

/* A value that a query can be given; its SQL calls it :name. */
typedef struct ftdn_query_parameter {
    const char *name;
    const char *initial; /* where none is given; where this is a number, a number is wanted */
    const char *help;
} ftdn_query_parameter;

#define FTDN_QUERY_MAX_PARAMETERS 3

typedef struct ftdn_named_query {
    const char *name, *help, *sql;
    ftdn_query_parameter parameter[FTDN_QUERY_MAX_PARAMETERS]; /* those that have a name */
} ftdn_named_query;

/* The named queries: [*ret_n]. The views of schema.sql are among them by their own names. */
const ftdn_named_query *ftdn_named_queries(int *ret_n);

/* The query of this name. FTDN_ERR_ARG: there is none; the message has the nearest. */
FTDN_NODISCARD ftdn_status ftdn_named_query_find(const char *name, const ftdn_named_query **ret_query, ftdn_error *err);

/* Append what a named query tells: its help, parameters, and the meaning of each of its columns. */
FTDN_NODISCARD ftdn_status ftdn_query_explain(const char *name, ftdn_text *text, ftdn_error *err);

typedef struct ftdn_question {
    const char *text;           /* a named query, or one SQL statement that only reads; it may have parameters :name */
    int n_settings;             /* of parameters */
    const char *const *setting; /* [n_settings] "name=value"; all of them are parameters of the question */
    const char *columns;        /* "weight_rate,mean_map_voc07": these only, in this order; NULL: all */
    int most_width;             /* of a line of FTDN_FORMAT_TEXT (base/table.h), not made in pieces then; 0: any */
} ftdn_question;

/* Who wants to see an answer while it is made. */
typedef struct ftdn_query_listener {
    /* Called now and then with what there is so far: all that was there before, and more. A failure ends the answer. */
    ftdn_status (*hear)(void *user, const ftdn_text *text, ftdn_error *err);
    void *user;
} ftdn_query_listener;

/* Append the answer. NULL is "-" in a table, nothing in CSV (an empty text is ""), null in JSON, which is an array with
 * an object on each line; Markdown and LaTeX have readable names of columns and their units. Reals are printed as the
 * shortest decimal that reads back the same in CSV and JSON; elsewhere as %.4f, or %.4g where that would hide a small
 * number. listener: NULL: none. With one, a table of text is made in pieces: its columns are as wide as the rows so far
 * need, so that a long list begins at once.
 * FTDN_ERR_ARG holds SQLite's message, or a hint at the named queries, parameters or columns; a statement that would
 * write or reach outside the store is refused. Nothing of use is in the text then. */
FTDN_NODISCARD ftdn_status ftdn_query_answer(ftdn_store *store, const ftdn_question *question, ftdn_format format,
                                             const ftdn_query_listener *listener, ftdn_text *text, ftdn_error *err);

/* May this stand behind WHERE over the columns of v_trials? FTDN_ERR_ARG: no; the message is SQLite's, and where it
 * knows no such column has the nearest, or all that there are. */
FTDN_NODISCARD ftdn_status ftdn_query_check_condition(ftdn_store *store, const char *condition, ftdn_error *err);

#endif
