/* ranking_report.h - a ranking as tables for people, as JSON, and as CSV with a row per score. */
#ifndef FTDN_HARNESS_COMMANDS_RANKING_REPORT_H
#define FTDN_HARNESS_COMMANDS_RANKING_REPORT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "harness/rankings/ranking.h"

/* A table per ranker (of each layer the best channel, its score, the median, the lowest), then the agreement where
 * there are two or more. The arena is scratch. */
FTDN_NODISCARD ftdn_status ftdn_ranking_write_tables(const ftdn_ranking *ranking, ftdn_arena *arena, ftdn_text *text,
                                                     ftdn_error *err);

/* {"scores":{RANKER:{LAYER:[...]}},"agreement":{"spearman":{A:{B:r}},"best_half":{...}}} */
FTDN_NODISCARD ftdn_status ftdn_ranking_write_json(const ftdn_ranking *ranking, ftdn_arena *arena, ftdn_text *text,
                                                   ftdn_error *err);

/* ranker,layer,channel,score,rank: channels from 0, ranks from 1, the best first, equal scores by channel. */
FTDN_NODISCARD ftdn_status ftdn_ranking_write_csv(const ftdn_ranking *ranking, ftdn_arena *arena, ftdn_text *text,
                                                  ftdn_error *err);

#endif
