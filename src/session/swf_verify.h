/* SPDX-License-Identifier: MIT */
/*
 * SWF verification: a server asks a player for a proof that it is one of the files that the server knows. There is no
 * specification; this is what public clients do. The request is a user control event (26) with a type; type 1 is
 * answered (27) with 42 bytes: 1, 1, the size of the file twice, and the HMAC-SHA256 of the file's hash under the last
 * 32 bytes of the server's S1. It proves that somebody has seen the file, and nothing of who plays.
 */
#ifndef SLU_SESSION_SWF_VERIFY_H
#define SLU_SESSION_SWF_VERIFY_H

#include <stdint.h>

#include <sluice/session.h>

enum { SLU_SWF_ANSWER = 42 };

/* What a client's session answers with, once its handshake is done. 0; SLU_ERR_STATE before, or when it has no hash;
 * the crypto's error. */
int slu_swf_verify_answer(const struct slu_session *s, uint8_t out[SLU_SWF_ANSWER]);

#endif
