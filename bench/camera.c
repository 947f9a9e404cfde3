/* SPDX-License-Identifier: MIT */
/*
 * Publishes a stream of 4 Mb/s in real time: 30 pictures a second with a key frame every two seconds, and the sound of
 * 43 messages a second. Each message has a stamp (stamp.h).
 *
 *     camera URL [still]
 *
 * With still it is one small key frame a second. Prints "on" once it publishes, and ends with stdin.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/sluice.h>

#include "stamp.h"

enum {
	KEY_EVERY = 60,
	KEY_SIZE = 100000,
	PICTURE_SIZE = 14712, /* in the middle: half of it to one and a half */
	SOUND_SIZE = 372,
	LARGEST = 131072
};

static const uint64_t picture_ns = 1000000000 / 30, sound_ns = 1024 * 1000000000ull / 44100, second_ns = 1000000000;

struct camera {
	struct slu_conn *conn;
	uint64_t start;
	uint32_t number, pictures, sounds, seed;
	bool still;
};

static int send_bytes(struct camera *c, uint8_t type, uint64_t at, struct slu_buffer *b, size_t size)
{
	struct slu_msg msg = {.type = type,
			      .timestamp = (uint32_t)(at / 1000000),
			      .data = slu_buffer_data(b),
			      .size = size,
			      .owner = b};

	return slu_conn_send(c->conn, &msg);
}

static int send_stamped(struct camera *c, uint8_t type, uint64_t at, const void *head, size_t head_size, size_t size)
{
	struct slu_buffer *b = slu_buffer_new(size);
	int err;

	if (!b)
		return SLU_ERR_NOMEM;
	memset(slu_buffer_data(b), STAMP_FILL, size);
	memcpy(slu_buffer_data(b), head, head_size);
	stamp_put(slu_buffer_data(b), size, c->number++);
	err = send_bytes(c, type, at, b, size);
	slu_buffer_put(b);
	return err ? err : slu_conn_flush(c->conn);
}

/* AVC, Baseline, 320 by 240, and AAC of 44100 Hz: servers look into it. */
static int send_configs(struct camera *c)
{
	static const uint8_t avc[] = {0x17, 0, 0, 0,    0,    1,    0x42, 0xc0, 0x1e, 0xff,
				      0xe1, 0, 8, 0x67, 0x42, 0xc0, 0x1e, 0xda, 0x05, 0x07,
				      0xe4, 1, 0, 4,    0x68, 0xce, 0x3c, 0x80};
	static const uint8_t aac[] = {0xaf, 0, 0x12, 0x10};
	static const struct {
		uint8_t type;
		const uint8_t *data;
		size_t size;
	} configs[] = {{SLU_MSG_VIDEO, avc, sizeof avc}, {SLU_MSG_AUDIO, aac, sizeof aac}};
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		struct slu_msg msg = {.type = configs[i].type, .data = configs[i].data, .size = configs[i].size};

		err = slu_conn_send(c->conn, &msg);
	}
	return err;
}

static int send_picture(struct camera *c, uint64_t at)
{
	static const uint8_t key[] = {0x17, 1, 0, 0, 0}, other[] = {0x27, 1, 0, 0, 0};
	const bool is_key = c->still || c->pictures % KEY_EVERY == 0;
	size_t size;

	c->seed = c->seed * 1664525 + 1013904223;
	size = is_key ? KEY_SIZE : PICTURE_SIZE / 2 + c->seed % PICTURE_SIZE;
	c->pictures++;
	return send_stamped(c, SLU_MSG_VIDEO, at, is_key ? key : other, sizeof key, c->still ? STAMP_MIN * 8 : size);
}

static int send_sound(struct camera *c, uint64_t at)
{
	static const uint8_t head[] = {0xaf, 1};

	c->sounds++;
	return send_stamped(c, SLU_MSG_AUDIO, at, head, sizeof head, SOUND_SIZE);
}

/* Sends what is due, and returns when the next one is. */
static int send_due(struct camera *c, uint64_t *next)
{
	int err = 0;

	for (;;) {
		const uint64_t picture = c->pictures * (c->still ? second_ns : picture_ns);
		const uint64_t sound = c->still ? UINT64_MAX : c->sounds * sound_ns;

		*next = picture < sound ? picture : sound;
		if (err || *next > stamp_now() - c->start)
			return err;
		err = picture < sound ? send_picture(c, picture) : send_sound(c, sound);
	}
}

static int wait_until(struct camera *c, uint64_t next, bool *over)
{
	const unsigned want = slu_conn_want(c->conn);
	struct pollfd p[2] = {
		{.fd = slu_conn_fd(c->conn),
		 .events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0))},
		{.fd = 0, .events = POLLIN}};
	const uint64_t now = stamp_now() - c->start, left = next > now ? next - now : 0;
	const struct timespec wait = {(time_t)(left / second_ns), (long)(left % second_ns)};
	char line[16];
	struct slu_event ev;
	int err = 0;

	if (ppoll(p, 2, &wait, NULL) <= 0)
		return 0;
	if (p[1].revents)
		*over = fgets(line, sizeof line, stdin) == NULL;
	if (p[0].revents) {
		err = slu_conn_process(c->conn);
		while (slu_conn_event(c->conn, &ev))
			;
	}
	return err;
}

static int run(struct camera *c)
{
	struct slu_event ev = {0};
	uint64_t next;
	bool over = false;
	int n = slu_session_publish(slu_conn_session(c->conn), slu_conn_stream(c->conn), SLU_PUBLISH_LIVE);

	while (n >= 0 && ev.type != SLU_EVENT_PUBLISHING)
		n = slu_conn_wait(c->conn, &ev, -1);
	if (n < 0 || (n = send_configs(c)) < 0)
		return n;
	printf("on\n");
	fflush(stdout);
	c->start = stamp_now();
	for (n = 0; !n && !over;) {
		n = send_due(c, &next);
		if (!n)
			n = wait_until(c, next, &over);
	}
	return n ? n : slu_conn_finish(c->conn);
}

int main(int argc, char **argv)
{
	struct slu_conn_config config = {.close_timeout_ms = 100};
	struct camera c = {.still = argc == 3 && strcmp(argv[2], "still") == 0};
	char error[512];
	int err = SLU_ERR_NOMEM;

	if (argc != 2 && !c.still) {
		fprintf(stderr, "usage: camera URL [still]\n");
		return 2;
	}
	c.conn = slu_conn_open(&config, argv[1], NULL, error, sizeof error);
	if (c.conn)
		err = run(&c);
	if (err)
		fprintf(stderr, "camera: %s\n", c.conn && *slu_conn_error(c.conn) ? slu_conn_error(c.conn) : error);
	slu_conn_free(c.conn);
	return err ? 1 : 0;
}
