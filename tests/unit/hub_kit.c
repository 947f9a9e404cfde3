/* SPDX-License-Identifier: MIT */
#include "hub_kit.h"

#include <stdlib.h>

#include "test.h"

static int fake_send(struct slu_player *p, const struct slu_msg *msg)
{
	struct fake *f = (struct fake *)p;

	if (f->answer)
		return f->answer;
	assert_true(f->n < MAX_SEEN);
	f->seen[f->n].type = msg->type;
	f->seen[f->n].timestamp = msg->timestamp;
	f->seen[f->n].size = msg->size;
	f->seen[f->n++].data = msg->data;
	if (f->fills)
		f->queued += msg->size;
	return 0;
}

static size_t fake_queued(const struct slu_player *p)
{
	return ((const struct fake *)p)->queued;
}

static void fake_begin(struct slu_player *p)
{
	((struct fake *)p)->begun++;
}

static void fake_end(struct slu_player *p)
{
	((struct fake *)p)->ended++;
}

static void fake_flush(struct slu_player *p)
{
	((struct fake *)p)->flushed++;
}

static void fake_slow(struct slu_player *p)
{
	((struct fake *)p)->slowed++;
}

static const struct slu_player_ops fake_ops = {fake_send, fake_flush, fake_queued, fake_slow, fake_begin, fake_end};

struct fake *hub_fake_new(void)
{
	struct fake *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->p.ops = &fake_ops;
	return f;
}

const uint8_t *hub_last_data;
struct slu_hub *hub_current;

struct slu_hub *hub_kit_new(const struct slu_hub_config *config)
{
	hub_current = slu_hub_new(config);
	assert_non_null(hub_current);
	return hub_current;
}

void hub_say(struct slu_hub_stream *s, uint8_t type, uint32_t timestamp, const char *body, size_t size)
{
	struct slu_buffer *b = slu_buffer_new(size);
	struct slu_msg m = {.type = type, .timestamp = timestamp, .size = size, .owner = b};

	assert_non_null(b);
	memcpy(slu_buffer_data(b), body, size);
	m.data = hub_last_data = slu_buffer_data(b);
	assert_int_equal(slu_hub_message(s, &m), 0);
	slu_buffer_put(b);
	if (hub_current)
		slu_hub_send(hub_current);
}

void hub_saw(const struct fake *f, size_t i, uint8_t type, uint32_t timestamp)
{
	assert_true(i < f->n);
	assert_int_equal(f->seen[i].type, type);
	assert_int_equal(f->seen[i].timestamp, timestamp);
}
