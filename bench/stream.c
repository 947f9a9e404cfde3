/* SPDX-License-Identifier: MIT */
/*
 * Publishes messages whose flushes have the given sizes, one after the other and round again, as fast as it goes: each
 * is one write call and one TLS record, or of more than 16 KiB several. What a stream costs at one record size, and
 * what a live one does, whose frames do not wait for each other.
 *
 *     stream URL COUNT SIZE[,SIZE...] [CA-FILE VERSION SUITE OFFLOAD]
 *
 * SIZE: bytes of a flush, chunk headers included. COUNT: flushes to count, after some that warm up. OFFLOAD: as
 * --tls-offload takes it. Checks that the records are of these sizes, and prints, of what was counted, the records,
 * their plaintext, write calls and bytes on the wire, and whether the kernel made the records: "RECORDS BYTES WRITES
 * WIRE KERNEL SUITE".
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/sluice.h>

enum {
	RECORD = 16384,
	LARGEST = 65536, /* a chunk */
	SIZES = 16,
	ROUNDS = 4, /* until chunk headers have the length that they keep */
	WARM = 64,  /* flushes at least: an offload checks the first records */
	CLOSE_MS = 50
};

struct stream {
	struct slu_conn *conn;
	struct slu_buffer *payload;
	size_t sizes[SIZES], headers[SIZES];
	size_t nsizes;
	uint32_t sent;
};

static bool parse_sizes(struct stream *s, const char *text)
{
	for (char *end; s->nsizes < SIZES; text = end + 1) {
		s->sizes[s->nsizes] = strtoul(text, &end, 10);
		if (end == text || s->sizes[s->nsizes] < 64 || s->sizes[s->nsizes] > LARGEST)
			return false;
		s->nsizes++;
		if (*end != ',')
			return *end == '\0';
	}
	return false;
}

static int begin(struct stream *s)
{
	struct slu_event ev = {0};
	int n = slu_session_publish(slu_conn_session(s->conn), slu_conn_stream(s->conn), SLU_PUBLISH_LIVE);

	while (n >= 0 && ev.type != SLU_EVENT_PUBLISHING)
		n = slu_conn_wait(s->conn, &ev, -1);
	return n < 0 ? n : 0;
}

/* Until the kernel has taken all: what is flushed next is a record of its own. */
static int drain(struct slu_conn *c)
{
	int err = slu_conn_flush(c);

	while (!err && slu_conn_queued(c)) {
		const unsigned want = slu_conn_want(c);
		struct pollfd fd = {
			.fd = slu_conn_fd(c),
			.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0))};

		poll(&fd, 1, slu_conn_timeout(c));
		err = slu_conn_process(c);
	}
	return err;
}

/* A chunk header is shorter when the message before had the same length: so what it takes is looked at every other
 * round, when lengths were those of the round before. strict: it has to fit. */
static int send_one(struct stream *s, bool strict)
{
	const size_t place = s->sent % s->nsizes, round = s->sent / s->nsizes,
		     size = s->sizes[place] - s->headers[place];
	struct slu_msg msg = {.type = SLU_MSG_VIDEO,
			      .timestamp = s->sent,
			      .data = slu_buffer_data(s->payload),
			      .size = size,
			      .owner = s->payload};
	int err = slu_conn_send(s->conn, &msg);

	if (err)
		return err;
	if (round % 2)
		s->headers[place] = slu_conn_queued(s->conn) - size;
	s->sent++;
	if (strict && slu_conn_queued(s->conn) != s->sizes[place]) {
		fprintf(stderr, "stream: a flush of %zu bytes, not %zu; sizes that follow each other have to differ\n",
			slu_conn_queued(s->conn), s->sizes[place]);
		return SLU_ERR_STATE;
	}
	return drain(s->conn);
}

static int send_all(struct stream *s, unsigned long count, bool strict)
{
	int err = 0;

	for (unsigned long i = 0; i < count && !err; i++)
		err = send_one(s, strict);
	return err;
}

/* That the records are what they were to be is what the whole is about. */
static int report(const struct stream *s, unsigned long count, const struct slu_conn_stats *a,
		  const struct slu_conn_stats *b)
{
	const uint64_t records = b->records - a->records;
	uint64_t wanted = 0, bytes = 0;

	for (unsigned long i = 0; i < count; i++) {
		const size_t size = s->sizes[(s->sent - count + i) % s->nsizes];

		wanted += (size + RECORD - 1) / RECORD;
		bytes += size;
	}
	if ((b->tls ? records != wanted : records != 0) || b->session.bytes_out - a->session.bytes_out != bytes) {
		fprintf(stderr, "stream: %" PRIu64 " records where there were to be %" PRIu64 "\n", records, wanted);
		return SLU_ERR_STATE;
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %s\n", records, bytes, b->writes - a->writes,
	       b->wire_out - a->wire_out, b->tls_kernel, b->tls ? b->tls_suite : "-");
	return 0;
}

static int run(struct stream *s, unsigned long count)
{
	const unsigned long rounds = WARM / s->nsizes > ROUNDS ? WARM / s->nsizes : ROUNDS;
	struct slu_conn_stats before, after;
	int err = begin(s);

	if (!err)
		err = send_all(s, rounds * s->nsizes, false);
	slu_conn_stats(s->conn, &before);
	if (!err)
		err = send_all(s, count, true);
	slu_conn_stats(s->conn, &after);
	if (!err)
		err = report(s, count, &before, &after);
	return err ? err : slu_conn_finish(s->conn);
}

static struct slu_tls_ctx *make_tls(char **arg, char *error, size_t size)
{
	struct slu_tls_config config = {.ca_file = arg[0], .offload = arg[3]};
	const bool ok = slu_tls_version_parse(arg[1], &config.min_version);

	config.max_version = config.min_version;
	*(config.min_version == SLU_TLS_1_3 ? &config.ciphersuites : &config.cipher_list) = arg[2];
	if (ok)
		return slu_tls_ctx_new(&config, error, size);
	snprintf(error, size, "%s is no version of TLS", arg[1]);
	return NULL;
}

int main(int argc, char **argv)
{
	struct slu_conn_config config = {.close_timeout_ms = CLOSE_MS};
	struct stream s = {.payload = slu_buffer_new(LARGEST)};
	char error[512] = "out of memory";
	int err = SLU_ERR_NOMEM;

	if ((argc != 4 && argc != 8) || !parse_sizes(&s, argv[3])) {
		fprintf(stderr, "usage: stream URL COUNT SIZE[,SIZE...] [CA-FILE VERSION SUITE OFFLOAD]\n");
		slu_buffer_put(s.payload);
		return 2;
	}
	if (argc == 8)
		config.tls = make_tls(argv + 4, error, sizeof error);
	if (s.payload && (argc == 4 || config.tls)) {
		memset(slu_buffer_data(s.payload), 0x5a, LARGEST);
		s.conn = slu_conn_open(&config, argv[1], NULL, error, sizeof error);
	}
	if (s.conn)
		err = run(&s, strtoul(argv[2], NULL, 10));
	if (err)
		fprintf(stderr, "stream: %s\n", s.conn && *slu_conn_error(s.conn) ? slu_conn_error(s.conn) : error);
	slu_conn_free(s.conn);
	slu_tls_ctx_free(config.tls);
	slu_buffer_put(s.payload);
	return err ? 1 : 0;
}
