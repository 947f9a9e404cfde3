/* SPDX-License-Identifier: MIT */
#ifndef SLU_SESSION_SECRET_H
#define SLU_SESSION_SECRET_H

#include <stdbool.h>

struct slu_session;

/* Whether a client's command was among what slu_session_in() has taken since this was last asked: stream keys and
 * tokens are in those, and the bytes are to be overwritten. */
bool slu_session_took_secret(struct slu_session *s);

#endif
