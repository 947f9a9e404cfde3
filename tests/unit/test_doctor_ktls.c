/* SPDX-License-Identifier: MIT */
/* Tests of the kernel's TLS over one that is made up here, which makes its records by OpenSSL and can be told to make
 * mistakes. It is copied into the processes that test it: what it counts stays there. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/doctor_ktls.h"
#include "tools/ktls_trial.h"

enum { ENDS = 64 };

enum fault {
	NONE,
	LENGTH,      /* payloads of 240 to 255 bytes */
	CARRY,       /* the third last byte of the sequence number does not count */
	AFTER,       /* from the 100th record of a connection on */
	OFFSET,      /* memory that begins at an odd address */
	PIECES,      /* the second piece of memory is taken for the first */
	CLOSES,      /* MSG_MORE is passed over */
	FILES,       /* a file is read from its beginning */
	OLD_KEY,     /* other keys are not taken */
	SEVERAL,     /* calls of more than a record are refused */
	HANG,        /* for ever, at a full record */
	SILENT,      /* a record never comes */
	MORE_BYTES,  /* a byte behind a full record */
	CROWD,       /* another connection's key, while that one's record has not been read */
	SELDOM,      /* the 40th call of all */
	KILLED,      /* by a signal, at a full record */
	LACKS_TLS13, /* keys are refused */
};

static enum fault fault;
static unsigned calls;

/* A connection, by its sending end. */
static struct end {
	struct slu_record_keys keys;
	int other; /* end */
	uint32_t records;
	size_t filled; /* of a record that is open */
	uint8_t payload[SLU_RECORD_MOST];
} * ends[ENDS];
static struct slu_record *software[SLU_RECORD_CIPHERS];

static void take_keys(struct end *e, const struct slu_ktls_keys *k)
{
	e->keys = (struct slu_record_keys){.cipher = (enum slu_record_cipher)k->cipher, .tls13 = k->tls13};
	memcpy(e->keys.key, k->key, sizeof e->keys.key);
	memcpy(e->keys.iv, k->iv, sizeof e->keys.iv);
	memcpy(e->keys.sequence, k->sequence, sizeof e->keys.sequence);
}

static int fake_open(void *user, const struct slu_ktls_keys *keys, int fds[2])
{
	const int buffer = 1 << 20;

	(void)user;
	if (fault == LACKS_TLS13 && keys->tls13)
		return -EINVAL;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) || fds[0] >= ENDS)
		return -EMFILE;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	ends[fds[0]] = calloc(1, sizeof *ends[0]);
	ends[fds[0]]->other = fds[1];
	take_keys(ends[fds[0]], keys);
	if (!software[keys->cipher])
		software[keys->cipher] = slu_record_new((enum slu_record_cipher)keys->cipher);
	return 0;
}

static int fake_rekey(void *user, int fd, const struct slu_ktls_keys *keys)
{
	(void)user;
	if (fault != OLD_KEY)
		take_keys(ends[fd], keys);
	return 0;
}

static void fake_close(void *user, const int fds[2])
{
	(void)user;
	free(ends[fds[0]]);
	ends[fds[0]] = NULL;
	close(fds[0]);
	close(fds[1]);
}

static bool wrong(const struct end *e)
{
	return (fault == LENGTH && e->filled >= 240 && e->filled < 256) || (fault == AFTER && e->records >= 100) ||
	       (fault == SELDOM && calls == 40);
}

/* Something of another connection lies unread. */
static bool crowded(int fd)
{
	int waiting = 0;

	for (int i = 0; i < ENDS; i++) {
		char byte;

		if (i != fd && ends[i] && recv(ends[i]->other, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
			waiting++;
	}
	return waiting > 0;
}

static void write_record(int fd)
{
	static uint8_t out[SLU_RECORD_MOST + SLU_RECORD_EXTRA + 1];
	struct end *e = ends[fd];
	uint8_t third = e->keys.sequence[5];
	size_t n;

	if (fault == KILLED && e->filled == SLU_RECORD_MOST)
		raise(SIGKILL);
	while (fault == HANG && e->filled == SLU_RECORD_MOST)
		pause();
	if (fault == CROWD && crowded(fd))
		e->keys.key[0] ^= 1;
	n = slu_record_seal(software[e->keys.cipher], &e->keys, e->payload, e->filled, out);
	if (fault == CARRY)
		e->keys.sequence[5] = third;
	out[n - 1] ^= wrong(e);
	e->records++;
	if (fault == MORE_BYTES && e->filled == SLU_RECORD_MOST)
		out[n++] = 0;
	if (fault != SILENT || e->filled < 100)
		assert_int_equal(write(fd, out, n), n);
	e->filled = 0;
}

static void put(int fd, const uint8_t *data, size_t n)
{
	struct end *e = ends[fd];

	for (size_t i = 0; i < n; i++) {
		e->payload[e->filled++] = data[i];
		if (e->filled == SLU_RECORD_MOST)
			write_record(fd);
	}
}

static ssize_t fake_send(void *user, int fd, const struct iovec *iov, size_t n, bool more)
{
	size_t sum = 0;

	(void)user;
	calls++;
	for (size_t i = 0; i < n; i++) {
		const struct iovec *from = &iov[fault == PIECES ? 0 : i];
		const uint8_t *data = from->iov_base;

		sum += iov[i].iov_len;
		if (fault == OFFSET && (uintptr_t)data % 2)
			data++;
		for (size_t at = 0, now; at < iov[i].iov_len; at += now) {
			now = iov[i].iov_len - at < from->iov_len ? iov[i].iov_len - at : from->iov_len;
			put(fd, data, now);
			data = fault == PIECES ? data : data + now;
		}
	}
	if (fault == SEVERAL && sum > SLU_RECORD_MOST)
		return -EIO;
	if ((!more || fault == CLOSES) && ends[fd]->filled)
		write_record(fd);
	return (ssize_t)sum;
}

static ssize_t fake_send_file(void *user, int fd, int file, off_t at, size_t n)
{
	uint8_t *data = malloc(n);
	const ssize_t got = pread(file, data, n, fault == FILES ? 0 : at);
	const struct iovec iov = {.iov_base = data, .iov_len = n};

	assert_int_equal(got, n);
	fake_send(user, fd, &iov, 1, false);
	free(data);
	return got;
}

static const struct slu_ktls_layer fake = {fake_open, fake_rekey, fake_send, fake_send_file, fake_close, NULL};

static struct slu_ktls_verdict test_with(enum fault f, bool quick, enum slu_ktls_cipher cipher, bool tls13)
{
	const struct slu_doctor_ktls doctor = {.layer = &fake, .rekeys = true, .quick = quick, .deadline_ms = 1500};
	struct slu_ktls_verdict v;

	fault = f;
	calls = 0;
	slu_doctor_ktls_test(&doctor, cipher, tls13, &v);
	return v;
}

static void what_is_right_passes(void **state)
{
	(void)state;
	for (int c = 0; c <= SLU_KTLS_CHACHA20_POLY1305; c++)
		for (int tls13 = 0; tls13 < 2; tls13++) {
			struct slu_ktls_verdict v = test_with(NONE, c != 0, (enum slu_ktls_cipher)c, tls13);
			uint64_t least = 0;
			char text[600];

			for (unsigned s = 0; s < slu_ktls_sweeps_count; s++)
				if (tls13 || !slu_ktls_sweep_rekeys(s))
					least += slu_ktls_sweep_total(s, c != 0);
			print_message("# %s\n", slu_ktls_sentence(&v, "", text, sizeof text));
			assert_int_equal(v.kind, SLU_PASSED);
			assert_int_equal(v.largest, SLU_KTLS_LONGEST);
			/* Each shape, small records before some, and the crowd's. */
			assert_true(v.operations >= least + (c ? 512U : 2048U));
		}
}

static void every_length_is_asked_for(void **state)
{
	bool seen[SLU_KTLS_LONGEST + 1] = {false};

	(void)state;
	for (unsigned s = 0; s < slu_ktls_sweeps_count; s++)
		for (uint32_t k = 0; k < slu_ktls_sweep_total(s, false); k++)
			seen[slu_ktls_sweep_shape(s, false, k).at[SLU_KTLS_LENGTH]] = true;
	for (uint32_t n = 1; n <= 600; n++)
		assert_true(seen[n]);
	for (uint32_t n = 16383; n <= 16385; n++)
		assert_true(seen[n]);
}

static void faults_are_found_and_made_small(void **state)
{
	static char refused[128];
	static const struct {
		enum fault fault;
		enum slu_verdict_kind kind;
		const char *text;
	} cases[] = {
		{LENGTH, SLU_WRONG,
		 "makes wrong records; the smallest call that shows it: sending 240 bytes. Do not use"},
		{CARRY, SLU_WRONG,
		 "sending 1 byte, after 1 record, on a connection whose first sequence number ends in 2 bytes ff"},
		{AFTER, SLU_WRONG, "sending 1 byte, after 100 records."},
		{OFFSET, SLU_WRONG, "sending 1 byte, from offset 1 of a page."},
		{PIECES, SLU_WRONG, "sending 3 bytes in 2 pieces of memory."},
		{CLOSES, SLU_WRONG, "sending 3 bytes in 2 calls (MSG_MORE)."},
		{FILES, SLU_WRONG, "sending 1 byte of a file, from offset 1 of a page."},
		{OLD_KEY, SLU_WRONG, "sending 1 byte, with the connection's second key."},
		{SEVERAL, SLU_ERROR, refused},
		{MORE_BYTES, SLU_WRONG, "sending 16384 bytes."},
		{HANG, SLU_HANGS, "hangs; what did not end in time: sending 16384 bytes. Do not use it"},
		{SILENT, SLU_HANGS, "hangs; what did not end in time: sending 105 bytes. Do not use it"},
		{CROWD, SLU_WRONG, "seen with many connections at once."},
		{SELDOM, SLU_WRONG, "once, and not when it was repeated."},
		{KILLED, SLU_CRASHED,
		 "its tests ended with the signal Killed while sending 16384 bytes. Do not use it."},
		{LACKS_TLS13, SLU_LACKING, "is not there: the kernel refused the keys (Invalid argument)"},
	};

	(void)state;
	snprintf(refused, sizeof refused, "fails: %s; the smallest call that shows it: sending 16385 bytes.",
		 strerror(EIO));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_ktls_verdict v = test_with(cases[i].fault, true, SLU_KTLS_AES_128_GCM, true);
		char text[600];

		slu_ktls_sentence(&v, "gcm-fake", text, sizeof text);
		print_message("# %s\n", text);
		assert_int_equal(v.kind, cases[i].kind);
		assert_memory_equal(text, "TLS 1.3 with AES-128-GCM by driver gcm-fake ", 44);
		if (!strstr(text, cases[i].text))
			fail_msg("\"%s\" lacks \"%s\"", text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_right_passes),
		cmocka_unit_test(every_length_is_asked_for),
		cmocka_unit_test(faults_are_found_and_made_small),
	};

	return cmocka_run_group_tests_name("doctor ktls", tests, NULL, NULL);
}
