/* SPDX-License-Identifier: MIT */
/* RTMP_Read(): what the server sends, as the bytes of an FLV. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>
#include <sluice/flv.h>

#include "media.h"
#include "metadata.h"
#include "read_flv.h"
#include "read_resume.h"
#include "state.h"

enum { BOTH_KINDS = 5, FLAGS_AT = 4 }; /* FLV's TypeFlags */
enum { LEAST_VIDEO = 6, LEAST_AUDIO = 2 };
enum { HEADER_WAITS_FOR = 128 * 1024 }; /* bytes, at the most, before the header says what there is */

/* The caller's buffer. */
struct room {
	char *at;
	size_t left;
};

/* ---- what did not fit ---- */

/* n bytes more behind what is kept, for the caller to fill; NULL, which is logged, where memory runs out. */
static char *keep(RTMP_READ *m, size_t n)
{
	size_t done = m->buf ? (size_t)(m->bufpos - m->buf) : 0, end = done + m->buflen;
	char *buf = realloc(m->buf, end + n);

	if (!buf) {
		RTMP_Log(RTMP_LOGERROR, "There is no memory for a message of %zu bytes", n);
		return NULL;
	}
	m->buf = buf;
	m->bufpos = buf + done;
	m->buflen += (unsigned)n;
	return buf + end;
}

static void drop(RTMP_READ *m)
{
	free(m->buf);
	m->buf = m->bufpos = NULL;
	m->buflen = 0;
}

static void give(RTMP_READ *m, struct room *to)
{
	size_t n = m->buflen < to->left ? m->buflen : to->left;

	if (!m->buf)
		return;
	memcpy(to->at, m->bufpos, n);
	to->at += n;
	to->left -= n;
	m->bufpos += n;
	m->buflen -= (unsigned)n;
	if (!m->buflen)
		drop(m);
}

/* Where a message of n bytes goes: to the caller at once, if there is room for all of it. */
static char *place(RTMP_READ *m, struct room *to, size_t n)
{
	char *at = to->at;

	if (m->buf || to->left < n)
		return keep(m, n);
	to->at += n;
	to->left -= n;
	return at;
}

/* ---- messages ---- */

/* Such as AVC's end of sequence. The library that this one replaces left these out, and rtmpdump holds the timestamp
 * that it sees last against the duration: so they are given, and do not tell the time. */
static int holds_no_frame(const RTMPPacket *packet)
{
	if (packet->m_packetType == RTMP_PACKET_TYPE_VIDEO)
		return packet->m_nBodySize < LEAST_VIDEO;
	return packet->m_packetType == RTMP_PACKET_TYPE_AUDIO && packet->m_nBodySize < LEAST_AUDIO;
}

/* Parts of an aggregate that are metadata say as much as a message of their own. */
static void look_for_metadata(RTMP *r, const RTMPPacket *packet)
{
	struct slu_flv_tag tag;
	size_t at = 0;

	if (packet->m_packetType != RTMP_PACKET_TYPE_FLASH_VIDEO)
		return;
	while (slu_compat_part(packet, &at, &tag))
		if (tag.type == SLU_FLV_SCRIPT)
			slu_compat_metadata(r, (const char *)tag.body, (unsigned)tag.size);
}

/* How many bytes it was, or a status of RTMP_READ_*. */
static int put(RTMP *r, const RTMPPacket *packet, struct room *to)
{
	struct slu_compat_flv flv = slu_compat_flv(packet, r->m_read.nResumeTS);
	size_t size;
	uint32_t last;
	char *at;
	int step;

	r->m_read.dataType |= slu_compat_flv_flag(packet->m_packetType);
	look_for_metadata(r, packet);
	if (!packet->m_nBodySize || (r->m_read.flags & RTMP_READ_SEEKING))
		return RTMP_READ_IGNORE;
	step = r->m_read.flags & RTMP_READ_RESUME ? slu_compat_resume(r, &flv) : 1;
	size = step > 0 ? slu_compat_flv_size(&flv) : 0;
	if (!size)
		return step > 0 ? RTMP_READ_IGNORE : step;
	at = place(&r->m_read, to, size);
	if (!at)
		return RTMP_READ_ERROR;
	last = slu_compat_flv_write(&flv, at, &r->m_read.dataType);
	if (!holds_no_frame(packet))
		r->m_read.timestamp = r->Link.lFlags & RTMP_LF_LIVE ? packet->m_nTimeStamp : last;
	return (int)size;
}

static int take_message(RTMP *r, struct room *to)
{
	RTMPPacket packet = {.m_body = NULL};
	int got = RTMP_GetNextMediaPacket(r, &packet), status;

	if (!got)
		return RTMP_READ_EOF;
	status = got == 2 ? RTMP_READ_COMPLETE : put(r, &packet, to);
	RTMPPacket_Free(&packet);
	return status;
}

/* ---- the stream ---- */

/* The beginning of a stream, as it comes together. */
struct beginning {
	char *flv;
	size_t size;
	uint8_t types;
};

/* Adds what was kept of the last message. FALSE: no memory. */
static int add(struct beginning *b, RTMP_READ *m)
{
	char *flv = realloc(b->flv, b->size + m->buflen);

	if (!flv)
		return FALSE;
	memcpy(flv + b->size, m->buf, m->buflen);
	b->flv = flv;
	b->size += m->buflen;
	drop(m);
	return TRUE;
}

/* The header says which kinds of track there are, so it waits until both are known, or until time has begun to pass.
 * All is kept apart until then, for at the end of a stream the session is closed, which drops what is in m_read. */
static int collect(RTMP *r, struct beginning *b)
{
	struct room none = {NULL, 0};
	RTMP_READ *m = &r->m_read;
	int status = 0;

	while (status >= 0 && !m->timestamp && b->types != BOTH_KINDS && b->size < HEADER_WAITS_FOR) {
		status = take_message(r, &none);
		if (status > 0 && !add(b, m))
			status = RTMP_READ_ERROR;
		b->types |= m->dataType;
	}
	return status;
}

/* Keeps the header and what it waited for, or nothing where nothing came. */
static int begin(RTMP *r)
{
	struct beginning b = {.flv = malloc(SLU_FLV_HEADER_SIZE), .size = SLU_FLV_HEADER_SIZE};
	RTMP_READ *m = &r->m_read;
	uint32_t before = m->timestamp;
	int status;

	if (!b.flv)
		return RTMP_READ_ERROR;
	m->timestamp = 0;
	b.types = m->dataType;
	status = collect(r, &b);
	if (status < 0 && b.size == SLU_FLV_HEADER_SIZE) {
		free(b.flv);
		m->timestamp = before;
		return status;
	}
	slu_flv_write_header((uint8_t *)b.flv, false, false);
	b.flv[FLAGS_AT] = (char)b.types;
	m->buf = m->bufpos = b.flv;
	m->buflen = (unsigned)b.size;
	m->flags |= RTMP_READ_HEADER;
	return status;
}

/* The end was told by the call before. */
static void close_if_over(RTMP *r)
{
	const struct slu_compat *c = slu_compat_has_state(r);
	const int8_t status = r->m_read.status;

	if (!c || !c->over)
		return;
	RTMP_Close(r);
	r->m_read.status = status;
}

/* What a call is told when there is no more. */
static int ended(const RTMP_READ *m)
{
	if (m->status != RTMP_READ_ERROR)
		return 0;
	errno = EINVAL;
	return -1;
}

static int read_stream(RTMP *r, char *buf, int size)
{
	RTMP_READ *m = &r->m_read;
	struct room to = {buf, size > 0 ? (size_t)size : 0};
	int status = 0;

	if (!(m->flags & (RTMP_READ_HEADER | RTMP_READ_RESUME))) {
		status = begin(r);
		if (status < 0)
			m->status = (int8_t)status;
		if (!m->buf)
			return ended(m);
	}
	m->flags |= RTMP_READ_HEADER;
	if (m->flags & RTMP_READ_SEEKING)
		drop(m);
	give(m, &to);
	for (status = 0; to.left && !status && m->status >= 0;) {
		status = take_message(r, &to);
		if (status < 0)
			m->status = (int8_t)status;
	}
	give(m, &to);
	return (int)(to.at - buf);
}

int RTMP_Read(RTMP *r, char *buf, int size)
{
	struct slu_compat *c = slu_compat_has_state(r);
	int n;

	if (r->m_read.status < 0 && !r->m_read.buf) {
		close_if_over(r);
		return ended(&r->m_read);
	}
	slu_compat_enter(r);
	if (c)
		c->reads = true;
	n = read_stream(r, buf, size);
	if (c)
		c->reads = false;
	if (slu_compat_connected(r))
		slu_compat_mirror(r);
	slu_compat_leave(r);
	return n;
}

void slu_compat_read_close(RTMP *r)
{
	RTMP_READ *m = &r->m_read;

	drop(m);
	m->dataType = m->flags = 0;
	m->status = 0;
	m->nResumeTS = m->nIgnoredFrameCounter = m->nIgnoredFlvFrameCounter = 0;
}
