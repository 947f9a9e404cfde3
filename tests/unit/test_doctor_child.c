/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/doctor_child.h"

enum { LONG_MS = 30000, SHORT_MS = 2000, FLOOD = 100000 };

/* What was heard, and what the child is to do. */
struct heard {
	unsigned messages, lanes[SLU_CHILD_LANES];
	uint64_t sum;
	size_t last_size;
};

static void hear(void *arg, unsigned lane, const uint8_t *data, size_t n)
{
	struct heard *h = arg;
	uint32_t value = 0;

	h->messages++;
	h->lanes[lane]++;
	h->last_size = n;
	memcpy(&value, data, n < sizeof value ? n : sizeof value);
	h->sum += value;
}

static void rest(void)
{
	for (;;)
		pause();
}

static void says_and_ends(const struct slu_child_line *line, void *arg)
{
	uint8_t most[SLU_CHILD_MESSAGE] = {0};

	((struct heard *)arg)->messages = 1000; /* which stays there */
	slu_child_say(line, 0, false, &(uint32_t){5}, sizeof(uint32_t));
	slu_child_say(line, 3, true, NULL, 0);
	slu_child_say(line, 0, false, most, sizeof most);
}

static void says_where_it_writes(const struct slu_child_line *line, void *arg)
{
	(void)arg;
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;
		uint32_t number = fstat(fd, &st) == 0 ? (uint32_t)st.st_rdev : 0;

		slu_child_say(line, 0, false, &number, sizeof number);
	}
}

static void floods(const struct slu_child_line *line, void *arg)
{
	(void)arg;
	for (uint32_t i = 1; i <= FLOOD; i++)
		slu_child_say(line, i % 4, false, &i, sizeof i);
}

static void floods_for_ever(const struct slu_child_line *line, void *arg)
{
	for (;;)
		floods(line, arg);
}

static void hangs(const struct slu_child_line *line, void *arg)
{
	(void)arg;
	slu_child_say(line, 0, false, &(uint32_t){1}, sizeof(uint32_t));
	rest();
}

/* Lane 0 has ended, 1 speaks on, 2 spoke once. */
static void hangs_in_one_lane(const struct slu_child_line *line, void *arg)
{
	(void)arg;
	slu_child_say(line, 2, false, NULL, 0);
	slu_child_say(line, 0, true, NULL, 0);
	for (;; usleep(1000))
		slu_child_say(line, 1, false, NULL, 0);
}

static void crashes(const struct slu_child_line *line, void *arg)
{
	slu_child_say(line, 0, false, arg, 4);
	signal(SIGSEGV, SIG_DFL); /* a sanitizer's */
	raise(SIGSEGV);
}

static void exits(const struct slu_child_line *line, void *arg)
{
	(void)line;
	(void)arg;
	_exit(3);
}

/* The line's only member is the descriptor. */
static void says_nonsense(const struct slu_child_line *line, void *arg)
{
	int fd;

	(void)arg;
	memcpy(&fd, line, sizeof fd);
	if (write(fd, "This is no message at all.", 26) > 0)
		rest();
}

/* What it has open stays open elsewhere: it is silent, but does not end. */
static void closes_and_hangs(const struct slu_child_line *line, void *arg)
{
	int fd;

	(void)arg;
	memcpy(&fd, line, sizeof fd);
	close(fd);
	rest();
}

static struct slu_child one(void (*run)(const struct slu_child_line *, void *), struct heard *h, unsigned silence,
			    unsigned limit)
{
	struct slu_child c = {.run = run, .heard = hear, .arg = h};

	memset(h, 0, sizeof *h);
	slu_children_run(&c, 1, silence, limit);
	return c;
}

static void hears_all_that_is_said(void **state)
{
	struct heard h;
	struct slu_child c = one(says_and_ends, &h, LONG_MS, 0);

	(void)state;
	assert_int_equal(c.end, SLU_CHILD_DONE);
	assert_int_equal(h.messages, 3);
	assert_int_equal(h.lanes[3], 1);
	assert_int_equal(h.sum, 5);
	assert_int_equal(h.last_size, SLU_CHILD_MESSAGE);
	assert_int_equal(kill(c.pid, 0), -1); /* it was waited for */
}

/* Else whoever reads the output waits for one that hangs. */
static void children_keep_no_output_open(void **state)
{
	struct heard h;
	struct slu_child c = one(says_where_it_writes, &h, LONG_MS, 0);
	struct stat null;

	(void)state;
	assert_int_equal(stat("/dev/null", &null), 0);
	assert_int_equal(c.end, SLU_CHILD_DONE);
	assert_int_equal(h.messages, 3);
	assert_int_equal(h.sum, 3 * (uint64_t)null.st_rdev);
}

static void a_flood_is_heard_whole(void **state)
{
	struct heard h;
	struct slu_child c = one(floods, &h, LONG_MS, 0);

	(void)state;
	assert_int_equal(c.end, SLU_CHILD_DONE);
	assert_int_equal(h.messages, FLOOD);
	assert_int_equal(h.lanes[2], FLOOD / 4);
	assert_int_equal(h.sum, (uint64_t)FLOOD * (FLOOD + 1) / 2);
}

static void a_flood_without_end_is_ended(void **state)
{
	struct heard h;
	struct slu_child c = one(floods_for_ever, &h, LONG_MS, SHORT_MS);

	(void)state;
	assert_int_equal(c.end, SLU_CHILD_LATE);
	assert_false(c.left);
	assert_true(h.messages > 0);
	assert_int_equal(kill(c.pid, 0), -1);
}

static void silence_is_a_hang(void **state)
{
	struct heard h;
	struct slu_child c = one(hangs, &h, SHORT_MS, 0);

	(void)state;
	assert_int_equal(c.end, SLU_CHILD_SILENT);
	assert_int_equal(c.lane, 0);
	assert_int_equal(h.messages, 1);
	assert_false(c.left);
	assert_int_equal(kill(c.pid, 0), -1);
}

static void silence_of_one_lane_is_a_hang(void **state)
{
	struct heard h;
	struct slu_child c = one(hangs_in_one_lane, &h, SHORT_MS, 0);

	(void)state;
	assert_int_equal(c.end, SLU_CHILD_SILENT);
	assert_int_equal(c.lane, 2);
	assert_true(h.lanes[1] > 1);
}

static void an_end_that_does_not_come_is_a_hang(void **state)
{
	struct heard h;
	struct slu_child c = one(closes_and_hangs, &h, LONG_MS, 0);

	(void)state;
	assert_int_equal(c.end, SLU_CHILD_SILENT);
	assert_false(c.left);
}

static void other_ends_are_told_apart(void **state)
{
	static const struct {
		void (*run)(const struct slu_child_line *line, void *arg);
		int error;
	} cases[] = {{crashes, SIGSEGV}, {exits, 0}, {says_nonsense, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct heard h;
		struct slu_child c = one(cases[i].run, &h, LONG_MS, 0);

		assert_int_equal(c.end, SLU_CHILD_DIED);
		assert_int_equal(c.error, cases[i].error);
		assert_false(c.left);
		assert_int_equal(kill(c.pid, 0), -1);
	}
}

static void some_side_by_side(void **state)
{
	struct heard h[3];
	struct slu_child c[3] = {{.run = hangs, .heard = hear, .arg = &h[0]},
				 {.run = floods, .heard = hear, .arg = &h[1]},
				 {.run = crashes, .heard = hear, .arg = &h[2]}};

	(void)state;
	memset(h, 0, sizeof h);
	slu_children_run(c, 3, SHORT_MS, 0);
	assert_int_equal(c[0].end, SLU_CHILD_SILENT);
	assert_int_equal(c[1].end, SLU_CHILD_DONE);
	assert_int_equal(c[2].end, SLU_CHILD_DIED);
	assert_int_equal(h[1].messages, FLOOD);
}

static void no_descriptor_is_no_child(void **state)
{
	struct rlimit old, none;
	struct slu_child c;
	struct heard h;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	c = one(says_and_ends, &h, LONG_MS, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(c.end, SLU_CHILD_NONE);
	assert_int_equal(c.error, EMFILE);
	assert_int_equal(h.messages, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hears_all_that_is_said),
		cmocka_unit_test(children_keep_no_output_open),
		cmocka_unit_test(a_flood_is_heard_whole),
		cmocka_unit_test(a_flood_without_end_is_ended),
		cmocka_unit_test(silence_is_a_hang),
		cmocka_unit_test(silence_of_one_lane_is_a_hang),
		cmocka_unit_test(an_end_that_does_not_come_is_a_hang),
		cmocka_unit_test(other_ends_are_told_apart),
		cmocka_unit_test(some_side_by_side),
		cmocka_unit_test(no_descriptor_is_no_child),
	};

	return cmocka_run_group_tests_name("doctor child", tests, NULL, NULL);
}
