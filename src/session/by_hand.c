/* SPDX-License-Identifier: MIT */
/* Messages that the caller handles and makes itself. */
#include <sluice/error.h>

#include "base/cursor.h"
#include "proto/amf_writer.h"
#include "session/session_int.h"

int slu_by_hand_on(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_event *ev = slu_event_add(s, SLU_EVENT_MESSAGE);

	ev->stream_id = msg->stream_id;
	ev->chunk_stream = slu_chunk_in_csid(s->in);
	ev->msg = *msg;
	return 0;
}

int slu_session_handle(struct slu_session *s, const struct slu_msg *msg)
{
	if (s->err)
		return s->err;
	if (!s->cfg.by_hand || s->hs)
		return slu_session_usage(s, SLU_ERR_STATE, "messages are handled by the session itself here");
	s->handled = s->handled || msg->type == SLU_MSG_COMMAND || msg->type == SLU_MSG_COMMAND_AMF3;
	s->answering = true;
	slu_message_on(s, msg);
	s->answering = false;
	return s->err;
}

/* Name and transaction number, as every command begins (RTMP 1.0, 7.1.1). */
static bool command_head(const struct slu_msg *msg, struct slu_amf_str *name, double *transaction)
{
	struct slu_cursor in;
	size_t used;

	if (msg->type != SLU_MSG_COMMAND || !slu_data_name(msg->data, msg->size, name, &used))
		return false;
	in = slu_cursor(msg->data + used, msg->size - used);
	if (slu_cursor_u8(&in) != SLU_AMF0_NUMBER)
		return false;
	*transaction = slu_cursor_double(&in);
	return !in.bad;
}

/* The answers to what the caller sends are to be told from those to the session's own commands. */
static void note_command(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_amf_str name;
	double transaction;

	if (s->cfg.role != SLU_CLIENT || !command_head(msg, &name, &transaction))
		return;
	if (slu_amf_str_is(name, "connect") && s->state == SLU_S_CONNECTING && !slu_call_find(s, SLU_CALL_CONNECT)) {
		s->last_transaction = transaction - 1;
		slu_call_new(s, SLU_CALL_CONNECT);
	}
	if (transaction > s->last_transaction)
		s->last_transaction = transaction;
}

static int sent(struct slu_session *s, int err)
{
	if (err == SLU_ERR_NOMEM)
		return slu_session_nomem(s);
	if (err)
		return slu_session_usage(s, err, "a message could not be queued: %s", slu_err_text(err));
	return 0;
}

int slu_session_send_message(struct slu_session *s, uint32_t chunk_stream, const struct slu_msg *msg)
{
	int err;

	if (s->err)
		return s->err;
	if (s->hs)
		return slu_session_usage(s, SLU_ERR_STATE, "a message has to wait until the handshake is done");
	if (msg->size && !msg->data)
		return slu_session_usage(s, SLU_ERR_INVALID, "a message without its payload");
	err = sent(s, slu_chunk_out_send(s->out, chunk_stream, msg, false));
	if (err)
		return err;
	s->stats.messages_out++;
	note_command(s, msg);
	return 0;
}

int slu_session_send_chunk(struct slu_session *s, const void *data, size_t n)
{
	if (s->err)
		return s->err;
	if (s->hs)
		return slu_session_usage(s, SLU_ERR_STATE, "a chunk has to wait until the handshake is done");
	return sent(s, slu_chunk_out_raw(s->out, data, n));
}

void slu_session_acknowledge(struct slu_session *s, bool on)
{
	s->silent = !on;
}

double slu_session_transaction(const struct slu_session *s)
{
	return s->last_transaction;
}
