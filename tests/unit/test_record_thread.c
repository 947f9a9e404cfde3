/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include <sluice/error.h>

#include "record_kit.h"
#include "server/record_thread.h"

enum { PATIENCE_MS = 20000, KILLS = 40, PER_FILE = 64, BODY = 3000 };

/* ---- jobs ---- */

static uint8_t body_byte(uint32_t number)
{
	return (uint8_t)(number * 7 + 1);
}

static struct slu_record_job *new_job(enum slu_record_what what, struct slu_record_file *file)
{
	struct slu_record_job *job = calloc(1, sizeof *job + SLU_RECORD_BATCH * sizeof job->msgs[0]);

	assert_non_null(job);
	job->what = what;
	job->file = file;
	return job;
}

static struct slu_record_file *begin(struct slu_record_thread *t, const char *path)
{
	struct slu_record_file *file = calloc(1, sizeof *file);

	assert_non_null(file);
	strcpy(file->path, path);
	slu_record_thread_hand(t, new_job(SLU_RECORD_BEGIN, file));
	return file;
}

/* Of n messages; each says by its size and bytes which one it is. */
static void hand_tags(struct slu_record_thread *t, struct slu_record_file *file, uint32_t first, size_t n)
{
	struct slu_record_job *job = new_job(SLU_RECORD_TAGS, file);

	for (job->n = 0; job->n < n; job->n++) {
		uint32_t number = first + (uint32_t)job->n;
		size_t size = 2 + number * 37 % BODY;
		struct slu_buffer *b = slu_buffer_new(size);

		assert_non_null(b);
		memset(slu_buffer_data(b), body_byte(number), size);
		memcpy(slu_buffer_data(b), "\x17\x01", 2);
		job->msgs[job->n] = (struct slu_msg){
			.type = 9, .timestamp = number, .data = slu_buffer_data(b), .size = size, .owner = b};
	}
	slu_record_thread_hand(t, job);
}

static void finish(struct slu_record_thread *t, struct slu_record_file *file)
{
	slu_record_thread_hand(t, new_job(SLU_RECORD_FINISH, file));
}

/* Frees all that is done; how many, and the last answer. */
static size_t take(struct slu_record_thread *t, struct slu_record_job *last)
{
	struct slu_record_job *job = slu_record_thread_take(t), *next;
	size_t n = 0;

	for (; job; job = next, n++) {
		next = job->next;
		*last = *job;
		if (job->what == SLU_RECORD_FINISH)
			free(job->file);
		slu_record_job_free(job);
	}
	return n;
}

/* The file has tags from 0 on, as sent, at least so many; whole tells whether anything follows them. */
static size_t check_tags(const char *name, size_t at_least, bool whole)
{
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	size_t n, from = 0, used;
	uint32_t number = 0;
	uint8_t *data = kit_load(name, &n);

	slu_flv_reader_init(&r);
	while (slu_flv_read(&r, data + from, n - from, &used, &tag) == 1) {
		from += used;
		if (tag.type == SLU_FLV_SCRIPT)
			continue;
		assert_int_equal(tag.timestamp, number);
		assert_int_equal(tag.size, 2 + number * 37 % BODY);
		for (size_t i = 2; i < tag.size; i++)
			assert_int_equal(tag.body[i], body_byte(number));
		number++;
	}
	assert_string_equal(slu_flv_error(&r), "");
	assert_int_equal(r.wrong_prev_size, 0);
	if (whole)
		assert_int_equal(slu_flv_reader_end(&r, n - from - used), 0);
	assert_true(number >= at_least);
	free(data);
	return number;
}

/* ---- */

static void writes_what_it_is_handed(void **state)
{
	struct slu_record_thread *t = slu_record_thread_new(kit_dir, NULL, 0);
	struct pollfd fd = {.fd = slu_record_thread_fd(t), .events = POLLIN};
	struct slu_record_file *file = begin(t, "live/cam.flv");
	struct slu_record_job last;

	(void)state;
	hand_tags(t, file, 0, SLU_RECORD_BATCH);
	hand_tags(t, file, SLU_RECORD_BATCH, 3);
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	assert_true(slu_record_thread_drain(t, PATIENCE_MS));
	assert_int_equal(take(t, &last), 3);
	assert_int_equal(last.err, 0);
	assert_int_equal(poll(&fd, 1, 0), 0);
	finish(t, file);
	assert_true(slu_record_thread_drain(t, PATIENCE_MS));
	assert_int_equal(take(t, &last), 1);
	assert_int_equal(check_tags("live/cam.flv", 0, true), SLU_RECORD_BATCH + 3);
	slu_record_thread_free(t);
}

/* ---- a disk that takes its time ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool shut;
	unsigned waiting, closed, synced;
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_gate(bool shut)
{
	pthread_mutex_lock(&gate.lock);
	gate.shut = shut;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static void wait_until(const unsigned *count, unsigned n)
{
	pthread_mutex_lock(&gate.lock);
	while (*count < n)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void count(unsigned *what)
{
	pthread_mutex_lock(&gate.lock);
	++*what;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static ssize_t gated_writev(int fd, const struct iovec *iov, int n)
{
	pthread_mutex_lock(&gate.lock);
	gate.waiting++;
	pthread_cond_broadcast(&gate.changed);
	while (gate.shut)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	return writev(fd, iov, n);
}

static int counted_close(int fd)
{
	int err = close(fd);

	count(&gate.closed);
	return err;
}

static int counted_fdatasync(int fd)
{
	int err = fdatasync(fd);

	count(&gate.synced);
	return err;
}

static struct slu_record_ops gated(void)
{
	struct slu_record_ops ops = slu_record_ops_system;

	gate.waiting = gate.closed = gate.synced = 0;
	ops.writev = gated_writev;
	ops.close = counted_close;
	ops.fdatasync = counted_fdatasync;
	return ops;
}

static void lets_nobody_wait_for_a_disk_that_stalls(void **state)
{
	struct slu_record_ops ops = gated();
	struct slu_record_thread *t = slu_record_thread_new(kit_dir, &ops, 0);
	struct slu_record_file *file;
	struct slu_record_job last;

	(void)state;
	set_gate(true);
	file = begin(t, "live/cam.flv");
	for (uint32_t i = 0; i < 10; i++)
		hand_tags(t, file, i * 10, 10);
	finish(t, file);
	wait_until(&gate.waiting, 1);
	assert_false(slu_record_thread_drain(t, 1));
	assert_int_equal(take(t, &last), 1); /* it was made */
	set_gate(false);
	assert_true(slu_record_thread_drain(t, PATIENCE_MS));
	assert_int_equal(take(t, &last), 11);
	assert_int_equal(last.stored > 0, 1);
	assert_int_equal(check_tags("live/cam.flv", 0, true), 100);
	slu_record_thread_free(t);
}

/* Nobody waits any more; all the same nothing that was handed is lost, once the disk goes on. */
static void is_left_alone_with_a_disk_that_stalls(void **state)
{
	static struct slu_record_ops ops;
	struct slu_record_thread *t;
	struct slu_record_file *file;

	(void)state;
	ops = gated();
	t = slu_record_thread_new(kit_dir, &ops, 0);
	set_gate(true);
	file = begin(t, "live/cam.flv");
	hand_tags(t, file, 0, 10);
	hand_tags(t, file, 10, 10);
	finish(t, file);
	wait_until(&gate.waiting, 1);
	slu_record_thread_free(t);
	set_gate(false);
	wait_until(&gate.closed, 1);
	assert_int_equal(check_tags("live/cam.flv", 0, true), 20);
}

/* Also what is not written to any more. */
static void syncs_now_and_then(void **state)
{
	struct slu_record_ops ops = gated();
	struct slu_record_thread *t = slu_record_thread_new(kit_dir, &ops, 1);
	struct slu_record_file *a = begin(t, "a.flv"), *b = begin(t, "b.flv");
	struct slu_record_job last;

	(void)state;
	set_gate(false);
	hand_tags(t, a, 0, 10);
	hand_tags(t, b, 0, 10);
	wait_until(&gate.synced, 2);
	hand_tags(t, a, 10, 10);
	wait_until(&gate.synced, 3);
	finish(t, a);
	finish(t, b);
	assert_true(slu_record_thread_drain(t, PATIENCE_MS));
	/* Each twice in its end, and not again while there is nothing new. */
	assert_int_equal(gate.synced, 3 + 2 * 2);
	take(t, &last);
	slu_record_thread_free(t);
}

static void cannot_be_without_a_folder(void **state)
{
	(void)state;
	assert_null(slu_record_thread_new(-1, NULL, 0));
}

/* ---- processes that are killed ---- */

/* What the child says of what it was told. */
struct told {
	uint32_t file, tags;
	bool finished;
};

static void file_name(char out[64], uint32_t number)
{
	snprintf(out, 64, "%u.flv", number);
}

static void tell(int fd, struct slu_record_thread *t, uint32_t number, uint32_t tags, bool finished)
{
	struct told told = {number, tags, finished};
	struct slu_record_job last;

	if (!slu_record_thread_drain(t, PATIENCE_MS) || write(fd, &told, sizeof told) != sizeof told)
		_exit(1);
	take(t, &last);
}

/* Writes file after file, in a process of its own, until it is killed. */
static void write_for_ever(int fd, uint32_t seed)
{
	struct slu_record_thread *t = slu_record_thread_new(kit_dir, NULL, 1);
	struct slu_record_file *file;
	char name[64];

	for (uint32_t number = 0;; number++) {
		uint32_t tags = 0;

		file_name(name, number);
		file = begin(t, name);
		while (tags < PER_FILE) {
			uint32_t n = 1 + test_rand(&seed) % 9;

			hand_tags(t, file, tags, n);
			tags += n;
			/* Now and then it does not wait for the answer, so that some lies in the queue. */
			if (test_rand(&seed) % 2)
				tell(fd, t, number, tags, false);
		}
		finish(t, file);
		tell(fd, t, number, tags, true);
	}
}

/* All that is there of any file, and all that it said. */
static void check_all(int fd)
{
	struct told told;
	char name[64];
	uint32_t last = 0;

	while (read(fd, &told, sizeof told) == sizeof told) {
		file_name(name, told.file);
		check_tags(name, told.tags, told.finished);
		last = told.file;
	}
	/* Those of which it had not said anything yet. */
	for (uint32_t number = last; number <= last + 1; number++) {
		file_name(name, number);
		if (faccessat(kit_dir, name, F_OK, 0) == 0)
			check_tags(name, 0, false);
	}
}

static void survives_being_killed(void **state)
{
	uint32_t seed = 20251125;

	for (int i = 0; i < KILLS; i++) {
		int fds[2], status;
		pid_t child;

		assert_int_equal(kit_setup(state), 0);
		assert_int_equal(pipe(fds), 0);
		/* It must never wait for who reads. */
		fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(fds[0]);
			write_for_ever(fds[1], seed + (uint32_t)i);
		}
		close(fds[1]);
		usleep(test_rand(&seed) % 20000);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		check_all(fds[0]);
		close(fds[0]);
		assert_int_equal(kit_teardown(state), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(writes_what_it_is_handed),
		KIT_TEST(lets_nobody_wait_for_a_disk_that_stalls),
		KIT_TEST(is_left_alone_with_a_disk_that_stalls),
		KIT_TEST(syncs_now_and_then),
		KIT_TEST(cannot_be_without_a_folder),
		cmocka_unit_test(survives_being_killed),
	};

	return cmocka_run_group_tests_name("record_thread", tests, NULL, NULL);
}
