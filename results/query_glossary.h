/* query_glossary.h - what the columns of views and named queries mean, and what a reader of a report calls them. */
#ifndef FTDN_RESULTS_QUERY_GLOSSARY_H
#define FTDN_RESULTS_QUERY_GLOSSARY_H

typedef struct ftdn_glossary_entry {
    const char *query; /* where a name means something of its own; NULL: everywhere else */
    const char *name;
    const char *title; /* "mean mAP", "time (s)"; NULL: the name itself */
    const char *help;
} ftdn_glossary_entry;

/* The entry of a column; query: NULL for a user's SQL. NULL: not known. */
const ftdn_glossary_entry *ftdn_glossary_find(const char *query, const char *name);

#endif
