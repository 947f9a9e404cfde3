/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "read_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>

#include "media.h"
#include "state.h"

#include "base/bytes.h"

enum { MESSAGES = 256, OUT = 1 << 20 };

int __wrap_RTMP_GetNextMediaPacket(RTMP *r, RTMPPacket *packet);

RTMP read_kit;
int read_kit_closes;

static struct message {
	uint8_t type;
	uint32_t timestamp;
	char *body;
	size_t n;
} messages[MESSAGES];
static size_t count, next;
static uint8_t out[OUT];
static char said[2048];

static void hear(int level, const char *format, va_list args)
{
	if (level <= RTMP_LOGERROR)
		vsnprintf(said, sizeof said, format, args);
}

int read_kit_begin(void **state)
{
	(void)state;
	memset(&read_kit, 0, sizeof read_kit);
	said[0] = '\0';
	count = next = 0;
	read_kit_closes = 0;
	RTMP_LogSetCallback(hear);
	return 0;
}

int read_kit_end(void **state)
{
	(void)state;
	slu_compat_read_close(&read_kit);
	slu_compat_free_state(&read_kit);
	for (size_t i = 0; i < count; i++)
		free(messages[i].body);
	count = next = 0;
	return 0;
}

void read_kit_add(uint8_t type, uint32_t timestamp, const void *body, size_t n)
{
	char *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	assert_true(count < MESSAGES);
	if (n)
		memcpy(copy, body, n);
	messages[count++] = (struct message){type, timestamp, copy, n};
}

void read_kit_part(struct read_kit_parts *p, uint8_t type, uint32_t timestamp, const void *body, size_t n)
{
	uint8_t *at = p->data + p->n;

	assert_true(p->n + n + 11 <= sizeof p->data);
	at[0] = type;
	slu_put_be24(at + 1, (uint32_t)n);
	slu_put_be24(at + 4, timestamp & 0xffffff);
	at[7] = (uint8_t)(timestamp >> 24);
	slu_put_be24(at + 8, 1); /* the message stream: RTMP 1.0, 7.1.6 */
	memcpy(at + 11, body, n);
	p->n += 11 + n;
}

void read_kit_trailer(struct read_kit_parts *p, uint32_t says)
{
	slu_put_be32(p->data + p->n, says);
	p->n += 4;
}

size_t read_kit_left(void)
{
	return count - next;
}

int __wrap_RTMP_GetNextMediaPacket(RTMP *r, RTMPPacket *packet)
{
	const struct message *m = &messages[next];

	assert_ptr_equal(r, &read_kit);
	assert_null(packet->m_body);
	if (next == count && read_kit_closes)
		slu_compat_read_close(r);
	if (next == count)
		return 0;
	next++;
	assert_true(RTMPPacket_Alloc(packet, (uint32_t)m->n));
	if (m->n)
		memcpy(packet->m_body, m->body, m->n);
	packet->m_nBodySize = packet->m_nBytesRead = (uint32_t)m->n;
	packet->m_packetType = m->type;
	packet->m_nTimeStamp = m->timestamp;
	return m->type == READ_KIT_OVER ? 2 : 1;
}

const uint8_t *read_kit_all(int piece, size_t *n, int *last)
{
	char *buf = malloc((size_t)piece);
	int ends = 0;

	assert_non_null(buf);
	for (*n = 0; ends < 2;) {
		*last = RTMP_Read(&read_kit, buf, piece);
		assert_true(*last <= piece && *last >= -1);
		ends += *last <= 0;
		if (*last <= 0)
			continue;
		assert_int_equal(ends, 0);
		assert_true(*n + (size_t)*last <= OUT);
		memcpy(out + *n, buf, (size_t)*last);
		*n += (size_t)*last;
	}
	free(buf);
	return out;
}

const char *read_kit_said(void)
{
	return said;
}

void read_kit_expect(uint8_t *flv, size_t *n, uint8_t type, uint32_t timestamp, const void *body, size_t size)
{
	uint8_t *at = flv + *n;

	at[0] = type;
	slu_put_be24(at + 1, (uint32_t)size);
	slu_put_be24(at + 4, timestamp & 0xffffff);
	at[7] = (uint8_t)(timestamp >> 24);
	slu_put_be24(at + 8, 0);
	if (size)
		memcpy(at + 11, body, size);
	slu_put_be32(at + 11 + size, (uint32_t)(11 + size));
	*n += 15 + size;
}
