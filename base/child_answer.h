/* child_answer.h - ask in a child process, so that a crash, a hang or what a library keeps is not this one's. */
#ifndef FTDN_BASE_CHILD_ANSWER_H
#define FTDN_BASE_CHILD_ANSWER_H

#include <stddef.h>

#include "base/status.h"

/* Runs in the child, a fork: it has all that its parent has, but none of its threads, and ends without any clean-up.
 * ret_answer: memory of the child. */
typedef ftdn_status ftdn_child_question(void *user, void *ret_answer, ftdn_error *err);

/* Ask, and wait for the answer of n_bytes. A failure of the question is this call's, in its words; FTDN_ERR_BACKEND
 * where the child ends without an answer (how) or takes longer than timeout_ms (it is killed). */
FTDN_NODISCARD ftdn_status ftdn_child_ask(ftdn_child_question *question, void *user, int timeout_ms, void *ret_answer,
                                          size_t n_bytes, ftdn_error *err);

#endif
