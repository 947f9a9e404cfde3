/* SPDX-License-Identifier: MIT */
/*
 * What foreign servers answered: tests/vectors/hellos. `test_hello_golden record NAME PORT` asks the server on that
 * port of this machine with the hello of NAME, and keeps its answer there.
 */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hello_golden.h"

static const struct golden *find(const char *name)
{
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++)
		if (strcmp(goldens[i].name, name) == 0)
			return &goldens[i];
	return NULL;
}

/* ---- the hello ---- */

static uint16_t ids[SLU_REG_SUITES];

/* The newest suites first. */
static void ask(struct slu_hello *h, const struct golden *g)
{
	static const char *const alpn[] = {"h2", "http/1.1"};
	size_t n;
	const struct slu_reg_suite *all = slu_reg_suites(&n);

	*h = (struct slu_hello){.version = g->version, .suites = ids, .server_name = "live.example", .with = ALL};
	while (n--)
		if (slu_reg_suite_in(&all[n], g->version))
			ids[h->nsuites++] = all[n].id;
	h->groups = slu_reg_groups(&h->ngroups);
	h->schemes = slu_reg_schemes(&h->nschemes);
	h->alpn = alpn;
	h->nalpn = g->no_alpn ? 0 : 2;
	for (uint8_t i = 0; i < sizeof h->random; i++)
		h->random[i] = (uint8_t)(0x40 + i);
}

/* ---- recording ---- */

static void path_of(const char *name, char *path, size_t size)
{
	const char *folder = getenv("SLU_TEST_VECTORS");

	snprintf(path, size, "%s/hellos/%s", folder ? folder : "tests/vectors", name);
}

/* All that the server says within a second of silence. */
static size_t listen_to(int port, const struct slu_buf *hello, uint8_t *data, size_t size)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t got;

	if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
	    write(fd, hello->data, hello->len) != (ssize_t)hello->len) {
		perror("connect");
		close(fd);
		return 0;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	while (n < size && (got = read(fd, data + n, size - n)) > 0)
		n += (size_t)got;
	close(fd);
	return n;
}

static int record(const char *name, int port)
{
	static uint8_t data[SLU_HELLO_MOST];
	const struct golden *g = find(name);
	struct slu_buf out;
	struct slu_hello h;
	char path[512];
	size_t n;
	FILE *f;

	slu_buf_init(&out, 1 << 16);
	if (!g)
		return 1;
	ask(&h, g);
	n = slu_hello_encode(&h, &out) == 0 ? listen_to(port, &out, data, sizeof data) : 0;
	slu_buf_clear(&out);
	path_of(name, path, sizeof path);
	f = n ? fopen(path, "wb") : NULL;
	if (!f)
		return 1;
	n -= fwrite(data, 1, n, f);
	return fclose(f) == 0 && n == 0 ? 0 : 1;
}

/* ---- reading ---- */

static size_t load(const char *name, uint8_t *data, size_t size)
{
	char path[512];
	size_t n;
	FILE *f;

	path_of(name, path, sizeof path);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: not there", path);
	n = fread(data, 1, size, f);
	fclose(f);
	return n;
}

static void assert_answer(const struct golden *g, const struct slu_hello_answer *a)
{
	const struct slu_hello_answer *want = &g->answer;

	if (a->end != want->end)
		fail_msg("%s: %d and not %d: %s", g->name, a->end, want->end, a->wrong);
	assert_int_equal(a->version, want->version);
	assert_int_equal(a->suite, want->suite);
	assert_int_equal(a->group, want->group);
	assert_int_equal(a->scheme, want->scheme);
	assert_int_equal(a->dh_bits, want->dh_bits);
	assert_int_equal(a->compression, 0);
	assert_int_equal(a->with, want->with);
	assert_int_equal(a->max_fragment, want->with & FRAGMENT ? 4 : 0);
	assert_int_equal(a->server_name_taken, want->server_name_taken);
	assert_int_equal(a->cookie, want->cookie);
	assert_int_equal(a->client_certificate, want->client_certificate);
	assert_int_equal(a->stapled, want->stapled);
	assert_int_equal(a->downgrade, want->downgrade);
	assert_string_equal(a->alpn, want->alpn);
	assert_int_equal(a->alert_level, want->alert_level);
	assert_int_equal(a->alert, want->alert);
	assert_int_equal(a->warned, want->warned);
	assert_int_equal(a->warning, want->warning);
	assert_int_equal(a->ncertificates, want->ncertificates);
	for (size_t i = 0; i < a->ncertificates; i++) /* a SEQUENCE that fills it */
		assert_true(a->certificates[i].der[0] == 0x30 && a->certificates[i].der[1] == 0x82 &&
			    a->certificates[i].len == 4u + slu_be16(a->certificates[i].der + 2));
}

static void read_in(const struct golden *g, const uint8_t *data, size_t n, size_t step)
{
	struct slu_hello_reader *r;
	struct slu_hello h;
	int end = SLU_HELLO_MORE;

	ask(&h, g);
	r = slu_hello_reader_new(&h, true);
	assert_non_null(r);
	for (size_t at = 0; at < n && end == SLU_HELLO_MORE; at += step)
		end = slu_hello_read(r, data + at, n - at < step ? n - at : step);
	assert_answer(g, slu_hello_answer(r));
	assert_int_equal(end, g->answer.end);
	slu_hello_reader_free(r);
}

static void reads(void **state)
{
	static uint8_t data[SLU_HELLO_MOST];

	(void)state;
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
		const size_t n = load(goldens[i].name, data, sizeof data);

		for (size_t step = 1; step < 40; step++)
			read_in(&goldens[i], data, n, step);
		read_in(&goldens[i], data, n, n);
	}
}

/* Cut short, no answer is told that the server did not give. */
static void cut_short(void **state)
{
	static uint8_t data[SLU_HELLO_MOST];

	(void)state;
	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
		const size_t n = load(goldens[i].name, data, sizeof data);
		struct slu_hello_reader *r;
		struct slu_hello h;
		int end = SLU_HELLO_MORE;

		ask(&h, &goldens[i]);
		for (size_t k = 0; k < n && end == SLU_HELLO_MORE; k++) {
			r = slu_hello_reader_new(&h, true);
			assert_non_null(r);
			end = slu_hello_read(r, data, k);
			assert_true(end == SLU_HELLO_MORE || end == (int)goldens[i].answer.end);
			if (end == SLU_HELLO_MORE)
				assert_true(slu_hello_ended(r, SLU_HELLO_CLOSED) == SLU_HELLO_CLOSED ||
					    slu_hello_answer(r)->warned);
			slu_hello_reader_free(r);
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(cut_short),
	};

	if (argc == 4 && strcmp(argv[1], "record") == 0)
		return record(argv[2], atoi(argv[3]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
