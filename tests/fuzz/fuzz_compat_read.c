/* SPDX-License-Identifier: MIT */
/*
 * RTMP_Read(): what messages of any kind give is an FLV, and the same whatever the size of the caller's buffer.
 *
 * The input says: flags; the buffer's size less one; the size of the frame to resume at, its timestamp (4), and the
 * frame itself; then messages, each its type (of four), timestamp (4), size (1) and body.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <sluice/flv.h>

#include "media.h"
#include "state.h"

#include "base/cursor.h"

enum { OUT = 1 << 20, WHOLE = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_RTMP_GetNextMediaPacket(RTMP *r, RTMPPacket *packet);

static struct slu_cursor messages;

static void must(int truth)
{
	if (!truth)
		abort();
}

int __wrap_RTMP_GetNextMediaPacket(RTMP *r, RTMPPacket *packet)
{
	static const uint8_t types[] = {8, 9, 18, 22};
	uint8_t type = slu_cursor_u8(&messages);
	uint32_t timestamp = slu_cursor_u32(&messages);
	size_t n = slu_cursor_u8(&messages);
	const uint8_t *body = slu_cursor_take(&messages, n);

	(void)r;
	if (messages.bad)
		return 0;
	if (type == 0xff)
		return 2;
	must(RTMPPacket_Alloc(packet, (uint32_t)n + 1));
	if (n)
		memcpy(packet->m_body, body, n);
	packet->m_nBodySize = (uint32_t)n + 1;
	packet->m_packetType = types[type & 3];
	packet->m_nTimeStamp = timestamp;
	return 1;
}

/* All that a session gives in pieces of this size. */
static size_t read_all(const uint8_t *data, size_t size, int piece, uint8_t *out)
{
	struct slu_cursor c = slu_cursor(data, size);
	RTMP r = {.m_read.flags = slu_cursor_u8(&c) & (RTMP_READ_RESUME | RTMP_READ_NO_IGNORE)};
	size_t frame, n = 0;
	char buf[WHOLE];
	int got, ends = 0;

	if (piece == 0)
		piece = slu_cursor_u8(&c) + 1;
	else
		slu_cursor_u8(&c);
	frame = slu_cursor_u8(&c);
	r.m_read.nResumeTS = slu_cursor_u32(&c);
	r.m_read.initialFrame = (char *)(uintptr_t)slu_cursor_take(&c, frame);
	r.m_read.nInitialFrameSize = c.bad ? 0 : (uint32_t)frame;
	r.m_read.initialFrameType = SLU_FLV_VIDEO;
	messages = c;
	while (ends < 2) {
		got = RTMP_Read(&r, buf, piece);
		must(got <= piece && got >= -1);
		ends += got <= 0;
		if (got > 0) {
			must(n + (size_t)got <= OUT && !ends);
			memcpy(out + n, buf, (size_t)got);
			n += (size_t)got;
		}
	}
	must(!r.m_read.buf);
	slu_compat_read_close(&r);
	slu_compat_free_state(&r);
	return n;
}

static void is_flv(const uint8_t *flv, size_t n, int has_header)
{
	static const uint8_t header[SLU_FLV_HEADER_SIZE] = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9};
	struct slu_flv_reader reader;
	struct slu_flv_tag tag;
	size_t at = 0, used;
	int got = 1;

	slu_flv_reader_init(&reader);
	if (!has_header)
		must(slu_flv_read(&reader, header, sizeof header, &used, &tag) == 0);
	while (at < n && got > 0) {
		got = slu_flv_read(&reader, flv + at, n - at, &used, &tag);
		at += used;
	}
	must(got >= 0 && at == n && reader.wrong_prev_size == 0);
	must(slu_flv_reader_end(&reader, 0) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t whole[OUT], pieces[OUT];
	size_t n, m;

	if (size < 7 || size > OUT / 64)
		return 0;
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	n = read_all(data, size, WHOLE, whole);
	m = read_all(data, size, 0, pieces);
	must(n == m && memcmp(whole, pieces, n) == 0);
	if (n)
		is_flv(whole, n, !(data[0] & RTMP_READ_RESUME));
	return 0;
}
