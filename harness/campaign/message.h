/* message.h - what the scheduler and its worker processes say to each other, and how it crosses a socket.
 *
 * A message is a kind, the trial it is about (an index into the plan, which both sides have), and a body: values one
 * behind the other in the machine's own form, for both ends are one program on one machine. */
#ifndef FTDN_HARNESS_CAMPAIGN_MESSAGE_H
#define FTDN_HARNESS_CAMPAIGN_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "results/store.h"
#include "results/stored_scores.h"

typedef enum ftdn_message_kind {
    /* To a worker. */
    FTDN_MESSAGE_RUN,    /* run a trial; body: the channel scores it needs (none: n_layers 0) */
    FTDN_MESSAGE_RANK,   /* compute the channel scores of a trial */
    FTDN_MESSAGE_CANARY, /* evaluate the clean network of a trial */
    /* From a worker. */
    FTDN_MESSAGE_RESULT, /* a trial finished; body: its record */
    FTDN_MESSAGE_SCORES, /* body: seconds, channel scores */
    FTDN_MESSAGE_DIGEST, /* of a canary; body: text */
    FTDN_MESSAGE_FAILED, /* body: status, text */
    FTDN_MESSAGE_PROGRESS, /* body: what is done, how many are done, of how many */
} ftdn_message_kind;

typedef struct ftdn_message_header {
    uint32_t kind;
    int32_t trial;
    uint64_t n_bytes; /* of the body */
} ftdn_message_header;

/* A message under way into `text`: begin, put the body's values, end. */
void ftdn_message_begin(ftdn_text *text, ftdn_message_kind kind, int trial);
void ftdn_message_put_integer(ftdn_text *text, int64_t value);
void ftdn_message_put_real(ftdn_text *text, double value); /* bit for bit */
void ftdn_message_put_text(ftdn_text *text, const char *chars); /* NULL stays NULL */
void ftdn_message_end(ftdn_text *text);

/* A body that is read from its beginning. A value that is not there any more leaves `failed` and gives 0 or NULL. */
typedef struct ftdn_message_reader {
    const char *at, *end;
    bool failed;
} ftdn_message_reader;

int64_t ftdn_message_get_integer(ftdn_message_reader *reader);
double ftdn_message_get_real(ftdn_message_reader *reader);
const char *ftdn_message_get_text(ftdn_message_reader *reader); /* points into the body */

/* Channel scores of layers. */
void ftdn_message_put_scores(ftdn_text *text, const ftdn_layer_scores *layer, int n_layers);
FTDN_NODISCARD ftdn_status ftdn_message_get_scores(ftdn_message_reader *reader, ftdn_arena *arena,
                                                   ftdn_layer_scores **ret_layer, int *ret_n_layers, ftdn_error *err);

/* The part of a record that running a trial gives: all but id, spec and parameters, which the plan has. */
void ftdn_message_put_record(ftdn_text *text, const ftdn_trial_record *record);
FTDN_NODISCARD ftdn_status ftdn_message_get_record(ftdn_message_reader *reader, ftdn_arena *arena,
                                                   ftdn_trial_record *ret_record, ftdn_error *err);

/* Write a whole message. False where the other side is gone. */
bool ftdn_message_send(int fd, const ftdn_text *text);

/* Wait for a whole message; the body replaces what is in `body`. False where the other side is gone, or memory is. */
bool ftdn_message_receive(int fd, ftdn_message_header *ret_header, ftdn_text *body);

#endif
