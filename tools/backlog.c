/* SPDX-License-Identifier: MIT */
#include "tools/backlog.h"

#include <stdlib.h>

#include <sluice/error.h>

enum { FIRST_CAPACITY = 64 };

void slu_backlog_init(struct slu_backlog *b)
{
	*b = (struct slu_backlog){.entries = NULL};
	slu_gop_init(&b->headers, 0, 0);
}

static struct slu_backlog_entry *at(const struct slu_backlog *b, size_t i)
{
	return &b->entries[i & (b->capacity - 1)];
}

void slu_backlog_clear(struct slu_backlog *b)
{
	for (size_t i = b->head; i != b->tail; i++)
		slu_buffer_put(at(b, i)->msg.owner);
	free(b->entries);
	slu_gop_clear(&b->headers);
	slu_backlog_init(b);
}

static int grow(struct slu_backlog *b)
{
	size_t capacity = b->capacity ? 2 * b->capacity : FIRST_CAPACITY;
	struct slu_backlog_entry *entries = malloc(capacity * sizeof *entries);

	if (!entries)
		return SLU_ERR_NOMEM;
	for (size_t i = b->head; i != b->tail; i++)
		entries[i & (capacity - 1)] = *at(b, i);
	free(b->entries);
	b->entries = entries;
	b->capacity = capacity;
	return 0;
}

int slu_backlog_add(struct slu_backlog *b, const struct slu_msg *msg)
{
	int err = b->tail - b->head == b->capacity ? grow(b) : 0;

	if (err < 0)
		return err;
	*at(b, b->tail) = (struct slu_backlog_entry){.msg = *msg, .number = ++b->queued};
	slu_buffer_get(msg->owner);
	b->tail++;
	return 0;
}

/* A header that has not been carried yet is none to repeat: what comes before it needs the one before. */
static int carried(struct slu_backlog *b, const struct slu_msg *msg)
{
	enum slu_gop_kind kind = slu_gop_kind(msg);

	return kind == SLU_GOP_METADATA || kind == SLU_GOP_CONFIG ? slu_gop_add(&b->headers, kind, msg) : 0;
}

int slu_backlog_sent(struct slu_backlog *b, uint64_t media_sent)
{
	int err = 0;

	while (b->head != b->tail && at(b, b->head)->number <= media_sent) {
		struct slu_msg *msg = &at(b, b->head)->msg;
		int kept = carried(b, msg);

		err = err < 0 ? err : kept;
		slu_buffer_put(msg->owner);
		b->head++;
		b->carried = true;
	}
	return err;
}

uint64_t slu_backlog_bytes(const struct slu_backlog *b)
{
	uint64_t bytes = 0;

	for (size_t i = b->head; i != b->tail; i++)
		bytes += at(b, i)->msg.size;
	return bytes;
}

bool slu_backlog_empty(const struct slu_backlog *b)
{
	return b->head == b->tail;
}

const struct slu_msg *slu_backlog_first(const struct slu_backlog *b)
{
	return slu_backlog_empty(b) ? NULL : &at(b, b->head)->msg;
}

static int send_headers(struct slu_backlog *b, uint32_t timestamp, int (*send)(void *arg, const struct slu_msg *msg),
			void *arg)
{
	int err = 0;

	for (size_t i = 0; i <= b->headers.nconfigs && err >= 0; i++) {
		struct slu_msg msg = i ? b->headers.configs[i - 1] : b->headers.metadata;

		if (!msg.owner) /* there was no metadata */
			continue;
		msg.timestamp = timestamp;
		err = send(arg, &msg);
		b->queued += err >= 0;
	}
	return err;
}

int slu_backlog_again(struct slu_backlog *b, uint32_t timestamp, int (*send)(void *arg, const struct slu_msg *msg),
		      void *arg)
{
	int err;

	for (size_t i = b->head; i != b->tail; i++)
		at(b, i)->number = UINT64_MAX;
	b->queued = 0;
	err = send_headers(b, timestamp, send, arg);
	for (size_t i = b->head; i != b->tail && err >= 0; i++) {
		err = send(arg, &at(b, i)->msg);
		if (err >= 0)
			at(b, i)->number = ++b->queued;
	}
	return err;
}
