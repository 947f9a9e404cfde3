/* SPDX-License-Identifier: MIT */
#include "session/swf_verify.h"

#include <string.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "base/cryptops.h"
#include "base/log.h"
#include "session/session_int.h"

enum { EVENT = 2, TYPE = 1, SIZES = 2, PROOF = 10 }; /* bytes of the event; where parts of the answer are */
_Static_assert((int)SLU_SWF_ANSWER == (int)PROOF + (int)SLU_SHA256_SIZE, "the proof is its end");

static int prove(const struct slu_session *s, const uint8_t hash[SLU_SHA256_SIZE], uint8_t out[SLU_SHA256_SIZE])
{
	return s->cfg.crypto->hmac_sha256(s->swf_key, sizeof s->swf_key, hash, SLU_SHA256_SIZE, NULL, 0, out);
}

static int send_event(struct slu_session *s, uint16_t event, const uint8_t *data, size_t n)
{
	uint8_t body[EVENT + SLU_SWF_ANSWER];
	struct slu_msg msg = {.type = SLU_MSG_USER_CONTROL, .data = body, .size = EVENT + n};
	int err;

	body[0] = (uint8_t)(event >> 8);
	body[1] = (uint8_t)event;
	memcpy(body + EVENT, data, n);
	err = slu_chunk_out_send(s->out, SLU_CSID_CONTROL, &msg, false);
	if (err)
		return slu_session_fail(s, err, "%s could not be queued: %s", slu_control_name(msg.type, event),
					slu_err_text(err));
	s->stats.messages_out++;
	s->owed += n;
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "-> %s", slu_control_name(msg.type, event));
	return 0;
}

/* ---- the client ---- */

int slu_swf_verify_answer(const struct slu_session *s, uint8_t out[SLU_SWF_ANSWER])
{
	if (!s->cfg.swf_size || s->hs)
		return SLU_ERR_STATE;
	out[0] = out[1] = TYPE;
	slu_put_be32(out + SIZES, s->cfg.swf_size);
	slu_put_be32(out + SIZES + 4, s->cfg.swf_size);
	return prove(s, s->cfg.swf_hash, out + PROOF);
}

/* A request without a type is one of the first. */
static int on_request(struct slu_session *s, const struct slu_msg *msg)
{
	unsigned type = msg->size > EVENT ? msg->data[EVENT] : TYPE;
	uint8_t answer[SLU_SWF_ANSWER];
	int err;

	if (type > TYPE || !s->cfg.swf_size) {
		slu_log(&s->cfg.log, SLU_LOG_WARN,
			type > TYPE
				? "the server asks for SWF verification of type %u, and only type 1 is known here: "
				  "it may refuse what comes next"
				: "the server asks for SWF verification (type %u), and there is no hash and size of "
				  "a player to answer with: it may refuse what comes next",
			type);
		return 0;
	}
	err = slu_swf_verify_answer(s, answer);
	if (err)
		return slu_session_fail(s, err, "the answer to SWF verification could not be computed: %s",
					slu_err_text(err));
	return send_event(s, SLU_USER_SWF_ANSWER, answer, sizeof answer);
}

/* ---- the server ---- */

int slu_swf_verify_ask(struct slu_session *s)
{
	const uint8_t type = TYPE;

	return s->cfg.swf_player_count ? send_event(s, SLU_USER_SWF_REQUEST, &type, 1) : 0;
}

static bool is_player(const struct slu_session *s, const uint8_t answer[SLU_SWF_ANSWER])
{
	uint8_t proof[SLU_SHA256_SIZE];

	for (size_t i = 0; i < s->cfg.swf_player_count; i++) {
		const struct slu_swf_player *p = &s->cfg.swf_players[i];

		if (slu_be32(answer + SIZES) != p->size || slu_be32(answer + SIZES + 4) != p->size)
			continue;
		if (prove(s, p->hash, proof) == 0 && memcmp(proof, answer + PROOF, sizeof proof) == 0)
			return true;
	}
	return false;
}

static int on_answer(struct slu_session *s, const struct slu_msg *msg)
{
	const uint8_t *answer = msg->data + EVENT;

	if (!s->cfg.swf_player_count)
		return 0;
	s->swf_verified =
		msg->size >= EVENT + SLU_SWF_ANSWER && answer[0] == TYPE && answer[1] == TYPE && is_player(s, answer);
	if (!s->swf_verified)
		slu_log(&s->cfg.log, SLU_LOG_WARN, "the client's SWF verification fits no player that is known");
	return 0;
}

bool slu_swf_verify_lacks(const struct slu_session *s)
{
	return s->cfg.swf_player_count && !s->swf_verified;
}

int slu_swf_verify_on(struct slu_session *s, const struct slu_control *c, const struct slu_msg *msg)
{
	if (c->event == SLU_USER_SWF_REQUEST)
		return s->cfg.role == SLU_CLIENT ? on_request(s, msg) : 0;
	return s->cfg.role == SLU_SERVER ? on_answer(s, msg) : 0;
}
