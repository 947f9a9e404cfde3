/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/lines.h"

enum { LINE = 100, WAITING = 10000, PATIENCE_MS = 5000 };

static size_t lost(void *arg, char *out, size_t size, uint64_t count)
{
	(void)arg;
	return (size_t)snprintf(out, size, "lost %llu\n", (unsigned long long)count);
}

static struct slu_lines *start(int fd)
{
	struct slu_lines_config config = {.fd = fd, .max = WAITING, .lost = lost};
	struct slu_lines *l = slu_lines_new(&config);

	assert_non_null(l);
	return l;
}

static void put(struct slu_lines *l, unsigned number)
{
	char line[LINE + 1];

	snprintf(line, sizeof line, "%-99u\n", number);
	slu_lines_put(l, line, LINE);
}

/* A pipe that holds one page. */
static void small_pipe(int ends[2])
{
	assert_int_equal(pipe(ends), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 0);
}

static size_t read_all(int fd, char *out, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;
	ssize_t got;

	while (poll(&p, 1, 0) > 0 && (got = read(fd, out + n, size - n)) > 0)
		n += (size_t)got;
	return n;
}

/* All lines of a reader that reads, in their order, to the last. */
static void writes_all(void **state)
{
	char path[] = "/tmp/slu_lines_XXXXXX", line[LINE + 1], want[LINE + 1];
	int fd = mkstemp(path);
	struct slu_lines *l = start(fd);

	(void)state;
	for (unsigned i = 0; i < WAITING / LINE; i++)
		put(l, i);
	slu_lines_end(l, PATIENCE_MS);
	for (unsigned i = 0; i < WAITING / LINE; i++) {
		assert_int_equal(pread(fd, line, LINE, (off_t)i * LINE), LINE);
		line[LINE] = '\0';
		snprintf(want, sizeof want, "%-99u\n", i);
		assert_string_equal(line, want);
	}
	assert_int_equal(pread(fd, line, LINE, WAITING), 0);
	unlink(path);
	close(fd);
}

/* Nobody reads: no call waits, what does not fit is counted, and said where it is missing. */
static void loses_whole_lines_and_says_so(void **state)
{
	static char out[4 * WAITING];
	struct slu_lines *l;
	unsigned n = 0, missing, all = 0, number;
	int ends[2];
	size_t size;
	char *at;

	(void)state;
	small_pipe(ends);
	l = start(ends[1]);
	for (unsigned i = 0; i < 1000; i++)
		put(l, i);
	/* The pipe, what is being written, and what waits: less than all. */
	for (size = 0; !strstr(out, "lost ");) {
		struct pollfd p = {.fd = ends[0], .events = POLLIN};

		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		size += read_all(ends[0], out + size, sizeof out - 1 - size);
	}
	put(l, 1000);
	slu_lines_end(l, PATIENCE_MS);
	size += read_all(ends[0], out + size, sizeof out - 1 - size);
	for (at = out; at < out + size; at = strchr(at, '\n') + 1) {
		if (sscanf(at, "lost %u", &missing) == 1) {
			n += missing;
			all += missing;
			continue;
		}
		assert_int_equal(sscanf(at, "%u", &number), 1);
		assert_int_equal(number, n);
		n++;
	}
	assert_int_equal(n, 1001);
	assert_true(all > 500);
	close(ends[0]);
	close(ends[1]);
}

/* A line longer than all that may wait is lost alone. */
static void loses_what_is_too_long(void **state)
{
	static char line[WAITING + 1], out[WAITING];
	struct slu_lines *l;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	l = start(ends[1]);
	memset(line, 'x', sizeof line);
	slu_lines_put(l, line, sizeof line);
	slu_lines_end(l, PATIENCE_MS);
	out[read_all(ends[0], out, sizeof out - 1)] = '\0';
	assert_string_equal(out, "lost 1\n");
	close(ends[0]);
	close(ends[1]);
}

/* The end waits for nobody who takes nothing. What the thread holds then is its own; the pipe stays, for it. */
static void ends_without_a_reader(void **state)
{
	static struct slu_lines *l;
	int ends[2];

	(void)state;
	small_pipe(ends);
	l = start(ends[1]);
	for (unsigned i = 0; i < 100; i++)
		put(l, i);
	slu_lines_end(l, 50);
	assert_true(fcntl(ends[1], F_GETFD) >= 0);
}

/* Nor is it the end of anything that the reader has gone. */
static void outlives_its_reader(void **state)
{
	struct slu_lines *l;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	l = start(ends[1]);
	put(l, 1);
	put(l, 2);
	slu_lines_end(l, PATIENCE_MS);
	close(ends[1]);
}

/* Somebody else's flag on the same file, of a shell or a program that shares the terminal. */
static void waits_where_the_descriptor_does_not(void **state)
{
	static char out[WAITING + 1];
	struct slu_lines *l;
	size_t size = 0;
	int ends[2];

	(void)state;
	small_pipe(ends);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	l = start(ends[1]);
	for (unsigned i = 0; i < WAITING / LINE; i++)
		put(l, i);
	while (size < WAITING) {
		struct pollfd p = {.fd = ends[0], .events = POLLIN};

		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		size += read_all(ends[0], out + size, sizeof out - size);
	}
	slu_lines_end(l, PATIENCE_MS);
	assert_int_equal(size, WAITING);
	assert_null(strstr(out, "lost"));
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_all),
		cmocka_unit_test(loses_whole_lines_and_says_so),
		cmocka_unit_test(loses_what_is_too_long),
		cmocka_unit_test(outlives_its_reader),
		cmocka_unit_test(waits_where_the_descriptor_does_not),
		cmocka_unit_test(ends_without_a_reader),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
