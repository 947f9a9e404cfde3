/* SPDX-License-Identifier: MIT */
/* Callers of the worker that fork, end, are stopped, and are cancelled. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dc_fake.h"
#include "dc_job.h"
#include "in_child.h"
#include "provider/worker.h"

static int child_runs(void *unused)
{
	struct job *job = job_new(5);

	(void)unused;
	if (fake_threads() != 0 || slu_dc_worker_run(run_now, job, 10000) != 5)
		return 1;
	return fake_threads() == 1 && slu_dc_worker_run(run_now, job, 10000) == 5 ? 0 : 2;
}

static void test_fork_with_idle_threads(void **state)
{
	struct job *job = job_new(0);

	(void)state;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), 0);
	assert_int_equal(in_child(child_runs, NULL), 0);
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), 0);
	job_free(job);
}

static atomic_bool stop;
static atomic_int served; /* callers that had a run, and so the thread for it */

static void *run_all_the_time(void *arg)
{
	struct job job = {.result = 9};
	long runs = 0;

	(void)arg;
	while (!stop) {
		int result = slu_dc_worker_run(run_now, &job, LONG_MS);

		served += runs++ == 0;
		if (result != 9)
			return NULL;
	}
	return (void *)(intptr_t)runs;
}

static int child_runs_quietly(void *unused)
{
	struct job job = {.result = 5};

	(void)unused;
	return slu_dc_worker_run(run_now, &job, 10000) == 5 ? 0 : 1;
}

static void test_fork_while_others_run(void **state)
{
	pthread_t callers[3];

	(void)state;
	stop = false;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&callers[i], NULL, run_all_the_time, NULL), 0);
	/* From then on nobody allocates: AddressSanitizer's allocator may be left locked in a child. */
	while (served < 3)
		sleep_ms(1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(in_child(child_runs_quietly, NULL), 0);
	stop = true;
	for (int i = 0; i < 3; i++) {
		void *runs;

		pthread_join(callers[i], &runs);
		assert_true((intptr_t)runs > 0);
	}
}

static int child_exits_while_it_hangs(void *unused)
{
	struct job *job = job_new(0);

	(void)unused;
	if (slu_dc_worker_run(run_when_told, job, SHORT_MS) != -ETIMEDOUT)
		return 1;
	exit(42); /* with its handlers, unlike _exit() */
}

static void test_exit_while_it_hangs(void **state)
{
	(void)state;
	assert_int_equal(in_child(child_exits_while_it_hangs, NULL), 42);
}

static int run_two_sleeps(void *arg)
{
	struct job *job = arg;
	char byte = 'i';

	if (write(job->result, &byte, 1) != 1)
		return 1;
	sleep_ms(200);
	sleep_ms(200);
	return 0;
}

/* A deadline does not pass while the whole program is stopped. */
static void test_stopped_and_continued(void **state)
{
	int pipefd[2], status;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pipefd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct job job = {.result = pipefd[1]};

		alarm(30);
		_exit(slu_dc_worker_run(run_two_sleeps, &job, 1600) == 0 ? 0 : 1);
	}
	close(pipefd[1]);
	assert_int_equal(read(pipefd[0], &byte, 1), 1);
	kill(pid, SIGSTOP);
	sleep_ms(2000);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(pipefd[0]);
}

static void *call_and_be_cancelled(void *arg)
{
	struct job *job = arg;

	job->result = slu_dc_worker_run(run_when_told, job, LONG_MS);
	job->writes += 10;
	pthread_testcancel();
	return NULL;
}

/* A caller is not cancelled while it waits: it still has to take back what it lent. */
static void test_cancelled_caller(void **state)
{
	struct job *job = job_new(4);
	pthread_t caller;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&caller, NULL, call_and_be_cancelled, job), 0);
	sem_wait(&job->inside);
	sleep_ms(20); /* for it to wait; the test holds without */
	pthread_cancel(caller);
	sem_post(&job->go);
	pthread_join(caller, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(job->writes, 11);
	assert_int_equal(job->result, 4);
	job_free(job);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_with_idle_threads), cmocka_unit_test(test_fork_while_others_run),
		cmocka_unit_test(test_exit_while_it_hangs),    cmocka_unit_test(test_stopped_and_continued),
		cmocka_unit_test(test_cancelled_caller),
	};

	if (is_emulated()) {
		LEAVE_OUT(tests, test_fork_with_idle_threads, QEMU_FORKS);
		LEAVE_OUT(tests, test_fork_while_others_run, QEMU_FORKS);
		LEAVE_OUT(tests, test_exit_while_it_hangs, QEMU_FORKS);
		LEAVE_OUT(tests, test_stopped_and_continued, QEMU_FORKS);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
