/* SPDX-License-Identifier: MIT */
/*
 * The payloads of protocol control messages (RTMP 1.0, 5.4) and of user control messages (6.2, 7.1.7). They travel on
 * message stream 0 and chunk stream 2.
 */
#ifndef SLU_PROTO_MESSAGE_H
#define SLU_PROTO_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* enum slu_msg_type, struct slu_msg */

enum slu_user_event {
	SLU_USER_STREAM_BEGIN = 0,
	SLU_USER_STREAM_EOF = 1,
	SLU_USER_STREAM_DRY = 2,
	SLU_USER_SET_BUFFER_LENGTH = 3,
	SLU_USER_STREAM_IS_RECORDED = 4,
	SLU_USER_PING_REQUEST = 6,
	SLU_USER_PING_RESPONSE = 7,
	/* Of Adobe's servers, in no specification. */
	SLU_USER_SWF_REQUEST = 26,
	SLU_USER_SWF_ANSWER = 27,
	SLU_USER_BUFFER_EMPTY = 31,
	SLU_USER_BUFFER_READY = 32
};

/* RTMP 1.0, 5.4.5 */
enum slu_bandwidth_limit { SLU_LIMIT_HARD = 0, SLU_LIMIT_SOFT = 1, SLU_LIMIT_DYNAMIC = 2 };

struct slu_control {
	uint8_t type;   /* enum slu_msg_type: 1, 2, 3, 4, 5 or 6 */
	uint16_t event; /* type 4: enum slu_user_event, or a number that is none of them */
	uint32_t value; /* chunk size, chunk stream id, byte counter, window; of an event: stream id or timestamp */
	uint32_t extra; /* limit (enum slu_bandwidth_limit) of set peer bandwidth; ms of set buffer length */
};

enum { SLU_CONTROL_MAX = 10 };

/* Writes the payload into out; returns its size, 0 when type is none of the above. */
size_t slu_control_encode(const struct slu_control *c, uint8_t out[SLU_CONTROL_MAX]);

/* 0; SLU_ERR_INVALID when msg is no control message; SLU_ERR_MESSAGE when it is too short for what it is. Of events
 * that nobody here knows only the number is read. Bytes that follow are ignored, as every peer does. */
int slu_control_decode(struct slu_control *c, const struct slu_msg *msg);

/* "Set Chunk Size", "Stream Begin", as the specification writes it; a static string. */
const char *slu_control_name(uint8_t type, uint16_t event);

#endif
