/* SPDX-License-Identifier: MIT */
#include "proto/message.h"

#include <sluice/error.h>

#include "base/bytes.h"
#include "base/cursor.h"

struct control_layout {
	uint8_t type;
	uint16_t event;
	uint8_t value; /* bytes of value */
	uint8_t extra; /* bytes of extra */
	const char *name;
};

static const struct control_layout layouts[] = {
	{SLU_MSG_SET_CHUNK_SIZE, 0, 4, 0, "Set Chunk Size"},
	{SLU_MSG_ABORT, 0, 4, 0, "Abort"},
	{SLU_MSG_ACK, 0, 4, 0, "Acknowledgement"},
	{SLU_MSG_WINDOW_ACK_SIZE, 0, 4, 0, "Window Acknowledgement Size"},
	{SLU_MSG_SET_PEER_BANDWIDTH, 0, 4, 1, "Set Peer Bandwidth"},
	{SLU_MSG_USER_CONTROL, SLU_USER_STREAM_BEGIN, 4, 0, "Stream Begin"},
	{SLU_MSG_USER_CONTROL, SLU_USER_STREAM_EOF, 4, 0, "Stream EOF"},
	{SLU_MSG_USER_CONTROL, SLU_USER_STREAM_DRY, 4, 0, "Stream Dry"},
	{SLU_MSG_USER_CONTROL, SLU_USER_SET_BUFFER_LENGTH, 4, 4, "Set Buffer Length"},
	{SLU_MSG_USER_CONTROL, SLU_USER_STREAM_IS_RECORDED, 4, 0, "Stream Is Recorded"},
	{SLU_MSG_USER_CONTROL, SLU_USER_PING_REQUEST, 4, 0, "Ping Request"},
	{SLU_MSG_USER_CONTROL, SLU_USER_PING_RESPONSE, 4, 0, "Ping Response"},
	{SLU_MSG_USER_CONTROL, SLU_USER_SWF_REQUEST, 0, 0, "SWF Verification Request"},
	{SLU_MSG_USER_CONTROL, SLU_USER_SWF_ANSWER, 0, 0, "SWF Verification Answer"},
	{SLU_MSG_USER_CONTROL, SLU_USER_BUFFER_EMPTY, 4, 0, "Buffer Empty"},
	{SLU_MSG_USER_CONTROL, SLU_USER_BUFFER_READY, 4, 0, "Buffer Ready"},
};

static const struct control_layout *layout_find(uint8_t type, uint16_t event)
{
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		if (layouts[i].type == type && layouts[i].event == event)
			return &layouts[i];
	}
	return NULL;
}

static size_t put(uint8_t *out, uint32_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(value >> 8 * (n - 1 - i));
	return n;
}

static uint32_t take(struct slu_cursor *in, size_t n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | slu_cursor_u8(in);
	return v;
}

size_t slu_control_encode(const struct slu_control *c, uint8_t out[SLU_CONTROL_MAX])
{
	uint16_t event = c->type == SLU_MSG_USER_CONTROL ? c->event : 0;
	const struct control_layout *l = layout_find(c->type, event);
	size_t n = 0;

	if (!l)
		return 0;
	if (c->type == SLU_MSG_USER_CONTROL)
		n = put(out, event, 2);
	n += put(out + n, c->value, l->value);
	return n + put(out + n, c->extra, l->extra);
}

static int is_control(uint8_t type)
{
	return type >= SLU_MSG_SET_CHUNK_SIZE && type <= SLU_MSG_SET_PEER_BANDWIDTH;
}

int slu_control_decode(struct slu_control *c, const struct slu_msg *msg)
{
	struct slu_cursor in = slu_cursor(msg->data, msg->size);
	const struct control_layout *l;

	*c = (struct slu_control){.type = msg->type};
	if (!is_control(msg->type))
		return SLU_ERR_INVALID;
	if (msg->type == SLU_MSG_USER_CONTROL)
		c->event = slu_cursor_u16(&in);
	l = layout_find(c->type, c->event);
	if (l && !in.bad) {
		c->value = take(&in, l->value);
		c->extra = take(&in, l->extra);
	}
	return in.bad ? SLU_ERR_MESSAGE : 0;
}

const char *slu_control_name(uint8_t type, uint16_t event)
{
	const struct control_layout *l = layout_find(type, type == SLU_MSG_USER_CONTROL ? event : 0);

	if (l)
		return l->name;
	return type == SLU_MSG_USER_CONTROL ? "an unknown user control event" : "an unknown message";
}
