/* SPDX-License-Identifier: MIT */
#include "serve_bytes.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

enum { CHUNK = 65536, CSID = 3 };

static void put(struct serve_bytes *b, const void *data, size_t n)
{
	assert(n <= sizeof b->data - b->n);
	if (n)
		memcpy(b->data + b->n, data, n);
	b->n += n;
}

void serve_message(struct serve_bytes *b, enum slu_msg_type type, uint32_t timestamp, uint32_t stream_id,
		   const void *payload, size_t n)
{
	uint8_t head[12] = {CSID};

	slu_put_be24(head + 1, timestamp);
	slu_put_be24(head + 4, (uint32_t)n);
	head[7] = (uint8_t)type;
	head[8] = (uint8_t)stream_id; /* little-endian, and small */
	put(b, head, sizeof head);
	put(b, payload, n);
}

void serve_hello(struct serve_bytes *b)
{
	static const uint8_t zeros[2 * 1536];
	uint8_t size[4];

	slu_put_be32(size, CHUNK);
	put(b, "\x03", 1);
	put(b, zeros, sizeof zeros);
	serve_message(b, SLU_MSG_SET_CHUNK_SIZE, 0, 0, size, sizeof size);
}

/* ---- commands, in AMF0 ---- */

static size_t put_string(uint8_t *out, const char *text)
{
	size_t n = strlen(text);

	out[0] = 2;
	out[1] = (uint8_t)(n >> 8);
	out[2] = (uint8_t)n;
	memcpy(out + 3, text, n);
	return 3 + n;
}

static size_t begin(uint8_t *out, const char *name, double transaction)
{
	size_t n = put_string(out, name);

	out[n] = 0;
	slu_put_be_double(out + n + 1, transaction);
	return n + 9;
}

void serve_command(struct serve_bytes *b, const char *name, double transaction, uint32_t stream_id, const char *one,
		   const char *two)
{
	uint8_t out[512];
	size_t n = begin(out, name, transaction);

	out[n++] = 5;
	if (one)
		n += put_string(out + n, one);
	if (two)
		n += put_string(out + n, two);
	serve_message(b, SLU_MSG_COMMAND, 0, stream_id, out, n);
}

void serve_command_flag(struct serve_bytes *b, const char *name, uint32_t stream_id, int flag)
{
	uint8_t out[512];
	size_t n = begin(out, name, 0);

	out[n++] = 5;
	out[n++] = 1;
	out[n++] = flag != 0;
	serve_message(b, SLU_MSG_COMMAND, 0, stream_id, out, n);
}

void serve_connect(struct serve_bytes *b)
{
	static const uint8_t object[] = "\x03\0\3app\2\0\4live\0\0\x09";
	uint8_t out[512];
	size_t n = begin(out, "connect", 1);

	memcpy(out + n, object, sizeof object - 1);
	serve_message(b, SLU_MSG_COMMAND, 0, 0, out, n + sizeof object - 1);
	serve_command(b, "createStream", 2, 0, NULL, NULL);
}
