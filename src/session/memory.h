/* SPDX-License-Identifier: MIT */
/* What a session takes. */
#ifndef SLU_SESSION_MEMORY_H
#define SLU_SESSION_MEMORY_H

#include <stddef.h>

#include <sluice/session.h>

/* Bytes of the session and of what it has for its work, beside the storage of messages. */
size_t slu_session_overhead(const struct slu_session *s);

/* Bytes of unfinished messages of the peer, as allocated. */
size_t slu_session_unfinished(const struct slu_session *s);

#endif
