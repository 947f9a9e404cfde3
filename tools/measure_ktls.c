/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "tools/measure.h"

enum { RECORD_MOST = 16384, MORE_MOST = 64, TURNS = 4, DRAUGHT = 1 << 20, SETTLE_TRIES = 20000, SETTLE_US = 50 };

/* A connection, whose other end is read by a thread of its own and dropped. */
struct line {
	const struct slu_ktls_layer *layer;
	int ends[2];
	size_t more; /* bytes to send besides the payload: what a record has around it */
	bool open, started;
	pthread_t reader;
	const uint8_t *payload;
};

/* MSG_TRUNC: TCP drops the bytes instead of copying them (tcp(7)). */
static void *drain(void *arg)
{
	const struct line *l = arg;
	ssize_t n;

	do {
		n = recv(l->ends[1], NULL, DRAUGHT, MSG_TRUNC);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return NULL;
}

static int line_open(struct line *l, const struct slu_ktls_keys *keys)
{
	int error = l->layer->open(l->layer->user, keys, l->ends);

	l->open = error == 0;
	if (l->open)
		error = -pthread_create(&l->reader, NULL, drain, l);
	l->started = error == 0;
	return error;
}

static void line_close(struct line *l)
{
	if (l->started) {
		shutdown(l->ends[0], SHUT_RDWR);
		pthread_join(l->reader, NULL);
	}
	if (l->open)
		l->layer->close(l->layer->user, l->ends);
}

/* ---- the work ---- */

static int send_record(void *arg, size_t n)
{
	const struct line *l = arg;
	const struct iovec iov = {.iov_base = (void *)l->payload, .iov_len = n + l->more};

	return l->layer->send(l->layer->user, l->ends[0], &iov, 1, false) == (ssize_t)iov.iov_len ? 0 : SLU_ERR_IO;
}

/* What was sent has gone, and was read: its costs are all there. A second at most, which it never takes. */
static void settle(void *arg)
{
	const struct line *l = arg;
	const struct timespec pause = {.tv_nsec = SETTLE_US * 1000L};
	int unsent = 1, unread = 1;

	for (int i = 0; i < SETTLE_TRIES && (unsent || unread); i++) {
		if (ioctl(l->ends[0], SIOCOUTQ, &unsent) || ioctl(l->ends[1], SIOCINQ, &unread))
			return;
		if (unsent || unread)
			nanosleep(&pause, NULL);
	}
}

/* One kind's turns. */
struct turns {
	struct slu_cost sum; /* and means */
	double cpu[TURNS];   /* ms per MB */
};

static void add(struct turns *t, int turn, const struct slu_cost *one)
{
	struct slu_cost *sum = &t->sum;

	t->cpu[turn] = one->cpu_ms_per_mb;
	sum->records += one->records;
	sum->mb_per_s += one->mb_per_s / TURNS;
	sum->median_us += one->median_us / TURNS;
	sum->p99_us += one->p99_us / TURNS;
	if (sum->stat_ms_per_mb >= 0)
		sum->stat_ms_per_mb = one->stat_ms_per_mb < 0 ? -1 : sum->stat_ms_per_mb + one->stat_ms_per_mb / TURNS;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The mean of those in the middle: a turn may have had company, or a calibration that had. (/proc/stat is too coarse
 * for single turns.) */
static double middle(struct turns *t)
{
	qsort(t->cpu, TURNS, sizeof *t->cpu, by_size);
	return (t->cpu[TURNS / 2 - 1] + t->cpu[TURNS / 2]) / 2;
}

static double less(double all, double tcp)
{
	return all - tcp > tcp * SLU_TCP_TOLD ? all - tcp : tcp * SLU_TCP_TOLD;
}

/* By turns, so that what the machine does beside goes to both. */
static int measure_lines(struct slu_spinner *spinner, struct line *plain, struct line *keyed, size_t record,
			 double seconds, struct slu_cost *out)
{
	const struct slu_work with = {send_record, settle, keyed}, without = {send_record, settle, plain};
	struct turns all = {0}, tcp = {0};
	struct slu_cost one;
	int err = 0;

	for (int i = 0; i < TURNS && !err; i++) {
		err = slu_measure_work(spinner, &without, record, seconds / TURNS, &one);
		add(&tcp, i, &one);
		if (!err)
			err = slu_measure_work(spinner, &with, record, seconds / TURNS, &one);
		add(&all, i, &one);
	}
	if (err)
		return err;
	*out = all.sum;
	out->tcp_ms_per_mb = middle(&tcp);
	out->cpu_ms_per_mb = less(middle(&all), out->tcp_ms_per_mb);
	if (out->stat_ms_per_mb >= 0)
		out->stat_ms_per_mb = less(out->stat_ms_per_mb, tcp.sum.stat_ms_per_mb);
	out->device_operations = out->records;
	return 0;
}

/* A record's header, nonce, type and tag (RFC 5288, RFC 7905, RFC 8446): these go over TCP, whoever encrypts. */
static size_t around(enum slu_ktls_cipher cipher, bool tls13)
{
	if (tls13)
		return 5 + 1 + 16;
	return cipher == SLU_KTLS_CHACHA20_POLY1305 ? 5 + 16 : 5 + 8 + 16;
}

int slu_measure_ktls(struct slu_spinner *spinner, const struct slu_ktls_layer *layer, enum slu_ktls_cipher cipher,
		     bool tls13, size_t record, double seconds, struct slu_cost *out, char *error, size_t size)
{
	const struct slu_ktls_keys keys = {.cipher = cipher, .tls13 = tls13}; /* zeros do */
	uint8_t *payload = calloc(1, RECORD_MOST + MORE_MOST);
	struct line plain = {.layer = layer ? layer : &slu_ktls_linux, .more = around(cipher, tls13)};
	struct line keyed = {.layer = plain.layer};
	int err = payload ? 0 : -ENOMEM;

	memset(out, 0, sizeof *out);
	plain.payload = keyed.payload = payload;
	if (!err)
		err = line_open(&plain, NULL);
	if (!err)
		err = line_open(&keyed, &keys);
	if (err)
		snprintf(error, size, "a connection to measure with cannot be had: %s", strerror(-err));
	else
		err = measure_lines(spinner, &plain, &keyed, record, seconds, out);
	line_close(&keyed);
	line_close(&plain);
	free(payload);
	return err;
}
