/* SPDX-License-Identifier: MIT */
/*
 * Publishes what lies in memory, in real time and without copying it:
 *
 *     publish_memory clip.flv rtmps://live.example/app/stream-key
 */
#include <stdio.h>
#include <stdlib.h>

#include <sluice/sluice.h>

/* The whole file, in one buffer that all messages will refer to. */
static struct slu_buffer *load(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct slu_buffer *b = NULL;
	long size = -1;

	if (f && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size >= 0)
		b = slu_buffer_new((size_t)size);
	if (b && (fseek(f, 0, SEEK_SET) || fread(slu_buffer_data(b), 1, (size_t)size, f) != (size_t)size)) {
		slu_buffer_put(b);
		b = NULL;
	}
	if (f)
		fclose(f);
	return b;
}

/* Lets the connection work until the clock says at. What the server says is handled by the library; its refusal ends
 * the connection, and comes back as the error. */
static int work_until(struct slu_conn *c, uint64_t at)
{
	struct slu_event ev;
	uint64_t now;
	int n;

	do {
		now = slu_now_ms();
		n = slu_conn_wait(c, &ev, at > now ? (int)(at - now) : 0);
	} while (n > 0 || (n == 0 && slu_now_ms() < at));
	return n;
}

static int wait_for_publishing(struct slu_conn *c)
{
	struct slu_event ev = {0};
	int n = 0;

	while (n >= 0 && ev.type != SLU_EVENT_PUBLISHING)
		n = slu_conn_wait(c, &ev, -1);
	return n < 0 ? n : 0;
}

static int publish(struct slu_conn *c, struct slu_buffer *flv)
{
	const uint8_t *p = slu_buffer_data(flv);
	size_t left = slu_buffer_size(flv), used;
	uint64_t start = slu_now_ms();
	struct slu_flv_reader reader;
	struct slu_flv_tag tag;
	int n, err;

	slu_flv_reader_init(&reader);
	while ((n = slu_flv_read(&reader, p, left, &used, &tag)) > 0 || used > 0) {
		p += used;
		left -= used;
		if (n == 0)
			continue;
		struct slu_msg msg = {
			.type = tag.type, .timestamp = tag.timestamp, .data = tag.body, .size = tag.size, .owner = flv};

		err = work_until(c, start + tag.timestamp);
		if (!err)
			err = slu_conn_send(c, &msg);
		if (!err)
			err = slu_conn_flush(c);
		if (err)
			return err;
	}
	if (n < 0)
		fprintf(stderr, "%s\n", slu_flv_error(&reader));
	return n;
}

int main(int argc, char **argv)
{
	struct slu_conn_config config = {0};
	struct slu_buffer *flv = argc == 3 ? load(argv[1]) : NULL;
	struct slu_conn *c;
	char error[512];
	int err;

	if (!flv) {
		fprintf(stderr, "usage: publish_memory FLV URL (and FLV must be readable)\n");
		return 2;
	}
	c = slu_conn_open(&config, argv[2], NULL, error, sizeof error);
	if (!c) {
		fprintf(stderr, "%s\n", error);
		slu_buffer_put(flv);
		return 2;
	}
	err = slu_session_publish(slu_conn_session(c), slu_conn_stream(c), SLU_PUBLISH_LIVE);
	if (!err)
		err = wait_for_publishing(c);
	if (!err)
		err = publish(c, flv);
	if (!err)
		err = slu_conn_finish(c);
	if (err)
		fprintf(stderr, "%s\n", *slu_conn_error(c) ? slu_conn_error(c) : slu_err_text(err));
	slu_conn_free(c);
	slu_buffer_put(flv);
	return err ? 1 : 0;
}
