/* SPDX-License-Identifier: MIT */
/* RTMP_Write(): bytes of any kind give the same messages in any pieces, up to where they are refused. The first two say
 * how they are cut: sizes less one, in turn. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "media.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
struct slu_compat *__wrap_slu_compat_connected(const RTMP *r);
int __wrap_slu_compat_send(RTMP *r, const struct slu_msg *msg);
int __wrap_slu_compat_flush(RTMP *r);

struct result {
	uint64_t messages, bytes, sum;
	int64_t ok;
};

static struct result got;

struct slu_compat *__wrap_slu_compat_connected(const RTMP *r)
{
	return slu_compat_has_state(r);
}

int __wrap_slu_compat_send(RTMP *r, const struct slu_msg *msg)
{
	(void)r;
	got.messages++;
	got.bytes += msg->size;
	got.sum = got.sum * 31 + msg->type + msg->timestamp;
	for (size_t i = 0; i < msg->size; i++)
		got.sum = got.sum * 31 + msg->data[i];
	return 1;
}

int __wrap_slu_compat_flush(RTMP *r)
{
	(void)r;
	return 1;
}

static struct result write_in(const uint8_t *data, size_t n, size_t first, size_t second)
{
	RTMP r = {.m_stream_id = 1};
	int turn = 0;

	got = (struct result){.ok = 1};
	if (!slu_compat_state(&r))
		abort();
	for (size_t at = 0, piece; at < n && got.ok; at += piece, turn = !turn) {
		piece = turn ? second : first;
		piece = piece < n - at ? piece : n - at;
		got.ok = RTMP_Write(&r, (const char *)data + at, (int)piece) == (int)piece;
	}
	slu_compat_write_close(&r);
	slu_compat_free_state(&r);
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, pieces;

	if (size < 2)
		return 0;
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	whole = write_in(data + 2, size - 2, size, size);
	pieces = write_in(data + 2, size - 2, data[0] + (size_t)1, data[1] + (size_t)1);
	if (memcmp(&whole, &pieces, sizeof whole) != 0)
		abort();
	return 0;
}
