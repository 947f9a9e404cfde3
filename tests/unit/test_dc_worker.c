/* SPDX-License-Identifier: MIT */
/* Functions run with a deadline, on threads that are kept, and left when they hang. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "dc_fake.h"
#include "dc_job.h"
#include "provider/worker.h"

enum { IDLE_MOST = 4 };

/* Stood in for, see meson.build. */
static atomic_bool no_threads, no_memory;
static atomic_size_t least_stack;

/* A thread that the machine does not get round to. */
static atomic_bool slow_start;
static struct {
	void *(*start)(void *arg);
	void *arg;
} slow;
static sem_t slow_go, slow_end;

static void *start_slowly(void *arg)
{
	(void)arg;
	while (sem_wait(&slow_go))
		;
	slow.start(slow.arg);
	sem_post(&slow_end);
	return NULL;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
	int detached;
	size_t stack;

	/* The pool's: nobody joins them, and there may be one for each connection. */
	if (attr) {
		pthread_attr_getdetachstate(attr, &detached);
		assert_int_equal(detached, PTHREAD_CREATE_DETACHED);
		pthread_attr_getstacksize(attr, &stack);
		if (stack <= least_stack)
			return EINVAL;
		assert_true(least_stack || stack <= 1 << 18);
	}
	if (no_threads)
		return EAGAIN;
	if (!slow_start)
		return __real_pthread_create(thread, attr, start, arg);
	slow.start = start;
	slow.arg = arg;
	return __real_pthread_create(thread, attr, start_slowly, NULL);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

/* Threads end, and get their names, a little later. */
static void assert_threads_become(int least, int most)
{
	for (int i = 0; i < 1000; i++) {
		int n = fake_threads();

		if (n >= least && n <= most)
			return;
		sleep_ms(10);
	}
	fail_msg("%d threads, not %d to %d", fake_threads(), least, most);
}

static void test_result(void **state)
{
	struct job *job = job_new(-EIO);

	(void)state;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), -EIO);
	assert_false(pthread_equal(job->thread, pthread_self()));
	job->result = 7;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), 7);
	assert_int_equal(job->writes, 2);
	/* Without a deadline: here. */
	assert_int_equal(slu_dc_worker_run(run_now, job, 0), 7);
	assert_true(pthread_equal(job->thread, pthread_self()));
	job_free(job);
}

static int run_sees_signals(void *arg)
{
	sigset_t *set = arg;

	return pthread_sigmask(SIG_SETMASK, NULL, set);
}

static void test_signals_are_blocked_there(void **state)
{
	sigset_t before, all, most, there, after;

	(void)state;
	/* The most that can be blocked: not SIGKILL, nor what the C library and an emulator keep for themselves. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_sigmask(SIG_SETMASK, &before, &most);
	assert_int_equal(sigismember(&most, SIGUSR1), 1);
	assert_int_equal(slu_dc_worker_run(run_sees_signals, &there, LONG_MS), 0);
	for (int s = 1; s < NSIG; s++)
		assert_int_equal(sigismember(&there, s), sigismember(&most, s));
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int s = 1; s < NSIG; s++)
		assert_int_equal(sigismember(&before, s), sigismember(&after, s));
	assert_int_equal(sigismember(&after, SIGUSR1), 0);
}

static void test_one_thread_serves_many_runs(void **state)
{
	struct job *job = job_new(0);

	(void)state;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), 0);
	int threads = fake_threads();

	for (int i = 1; i < 10000; i++)
		assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), 0);
	assert_int_equal(job->writes, 10000);
	assert_int_equal(fake_threads(), threads);
	job_free(job);
}

static void *call_when_told(void *arg)
{
	struct job *job = arg;

	return (void *)(intptr_t)slu_dc_worker_run(run_when_told, job, LONG_MS);
}

/* Makes all idle threads busy. */
static void hold_all(struct job *held[IDLE_MOST], pthread_t callers[IDLE_MOST])
{
	for (int i = 0; i < IDLE_MOST; i++) {
		held[i] = job_new(0);
		assert_int_equal(pthread_create(&callers[i], NULL, call_when_told, held[i]), 0);
		sem_wait(&held[i]->inside);
	}
}

static void release_all(struct job *held[IDLE_MOST], pthread_t callers[IDLE_MOST])
{
	for (int i = 0; i < IDLE_MOST; i++) {
		sem_post(&held[i]->go);
		pthread_join(callers[i], NULL);
		job_free(held[i]);
	}
}

static void test_threads_at_once(void **state)
{
	enum { N = 3 * IDLE_MOST };
	struct job *jobs[N];
	pthread_t callers[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		jobs[i] = job_new(100 + i);
		assert_int_equal(pthread_create(&callers[i], NULL, call_when_told, jobs[i]), 0);
	}
	for (int i = 0; i < N; i++)
		sem_wait(&jobs[i]->inside);
	assert_threads_become(N, N);
	for (int i = N; i-- > 0;) {
		void *result;

		sem_post(&jobs[i]->go);
		pthread_join(callers[i], &result);
		assert_int_equal((intptr_t)result, 100 + i);
		job_free(jobs[i]);
	}
	/* Not all are kept. */
	assert_threads_become(IDLE_MOST, IDLE_MOST);
}

static void test_a_hang_is_abandoned(void **state)
{
	struct job *hung = job_new(-EIO), *next = job_new(3);
	pthread_t other;

	(void)state;
	assert_threads_become(1, IDLE_MOST);
	int threads = fake_threads();

	assert_int_equal(slu_dc_worker_run(run_when_told, hung, SHORT_MS), -ETIMEDOUT);
	sem_wait(&hung->inside);
	/* Others go on, on other threads. */
	for (int i = 0; i < 20; i++) {
		assert_int_equal(slu_dc_worker_run(run_now, next, LONG_MS), 3);
		other = next->thread;
	}
	/* It returns at last: into its own memory, to nobody, and its thread is not used again. */
	sem_post(&hung->go);
	sem_wait(&hung->end);
	assert_threads_become(threads - 1, threads - 1);
	assert_int_equal(hung->writes, 1);
	assert_false(pthread_equal(hung->thread, other));
	assert_int_equal(slu_dc_worker_run(run_now, next, LONG_MS), 3);
	assert_int_equal(next->writes, 21);
	job_free(next);
	/* hung is the thread's for ever; a leak checker finds it there. */
}

/* No thread began the run before its caller was gone: none does later. */
static void test_abandoned_before_it_began(void **state)
{
	struct job *held[IDLE_MOST], *job = job_new(0);
	pthread_t callers[IDLE_MOST];

	(void)state;
	hold_all(held, callers);
	sem_init(&slow_go, 0, 0);
	sem_init(&slow_end, 0, 0);
	slow_start = true;
	assert_int_equal(slu_dc_worker_run(run_now, job, SHORT_MS), -ETIMEDOUT);
	slow_start = false;
	sem_post(&slow_go);
	sem_wait(&slow_end);
	release_all(held, callers);
	assert_threads_become(IDLE_MOST, IDLE_MOST);
	assert_int_equal(job->writes, 0);
}

static void test_no_thread(void **state)
{
	struct job *held[IDLE_MOST], *job = job_new(0);
	pthread_t callers[IDLE_MOST];
	pthread_attr_t usual;

	(void)state;
	hold_all(held, callers);
	no_threads = true;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), -EAGAIN);
	no_threads = false;
	no_memory = true;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), -EAGAIN);
	no_memory = false;
	assert_int_equal(job->writes, 0);
	/* A small stack will not do: one of the usual size, which musl's is not. */
	pthread_attr_init(&usual);
	pthread_attr_setstacksize(&usual, 1 << 20);
	assert_int_equal(pthread_setattr_default_np(&usual), 0);
	pthread_attr_destroy(&usual);
	least_stack = 1 << 18;
	assert_int_equal(slu_dc_worker_run(run_now, job, LONG_MS), 0);
	least_stack = 0;
	assert_int_equal(job->writes, 1);
	release_all(held, callers);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_signals_are_blocked_there),
		cmocka_unit_test(test_one_thread_serves_many_runs),
		cmocka_unit_test(test_threads_at_once),
		cmocka_unit_test(test_a_hang_is_abandoned),
		cmocka_unit_test(test_abandoned_before_it_began),
		cmocka_unit_test(test_no_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
