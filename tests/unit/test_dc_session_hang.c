/* SPDX-License-Identifier: MIT */
/* Sessions that hang, those of other processes and threads, and very many. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "dc_session_kit.h"
#include "in_child.h"

/* Long enough for a busy machine to let the thread begin, which is waited for. */
enum { SHORT_MS = 400 };

/* ---- hanging ---- */

static void test_hang(void **state)
{
	for (int call = FAKE_OPEN; call <= FAKE_AUTH; call++) {
		struct slu_dc_session *session;
		int descriptors;

		setup(state);
		descriptors = fake_descriptors();
		session = new_session(call == FAKE_AUTH ? SLU_DC_GCM : SLU_DC_CBC);
		fake->hang = call;
		settings.deadline_ms = SHORT_MS;
		assert_int_equal(call == FAKE_AUTH ? do_gcm(session, 1, in) : do_crypt(session), -ETIMEDOUT);
		sem_wait(&fake->inside);
		assert_true(slu_dc_session_lost(session));
		assert_true(slu_dc_device_off(fake_device(fake)));
		assert_int_equal(counters().abandoned, 1);
		assert_int_equal(fake->lines, 1);
		assert_non_null(strstr(fake->line, "within 400 ms"));
		assert_int_equal(do_crypt(session), -ENODEV);
		assert_null(slu_dc_session_area(session, 16, &(bool){false}));
		slu_dc_session_wipe(session, 0, 16);
		slu_dc_session_free(session);
		assert_untouched();

		/* It comes back, and writes into what is its own for ever. */
		fake_end_hang(fake);
		assert_untouched();
		/* Its descriptor is not closed: the kernel may still work on it. */
		if (call >= FAKE_CRYPT) {
			assert_int_equal(fake->calls[FAKE_CLOSE], 0);
			assert_int_equal(fake_descriptors(), descriptors + 1);
		}
		assert_int_equal(fake->calls[FAKE_CRYPT] + fake->calls[FAKE_AUTH], call >= FAKE_CRYPT);
	}
}

static void test_hang_at_close(void **state)
{
	struct slu_dc_session *first = new_session(SLU_DC_CBC), *second = new_session(SLU_DC_CBC);

	(void)state;
	assert_int_equal(do_crypt(first), 0);
	assert_int_equal(do_crypt(second), 0);
	fake->hang = FAKE_CLOSE;
	settings.deadline_ms = SHORT_MS;
	slu_dc_session_free(first);
	sem_wait(&fake->inside);
	assert_true(slu_dc_device_off(fake_device(fake)));
	assert_int_equal(fake->lines, 1);
	assert_non_null(strstr(fake->line, "closing a session"));
	/* No other waits for a deadline again. */
	slu_dc_session_free(second);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
	fake_end_hang(fake);
}

/* The area of the hung operation is not given to the next. */
static void test_late_write_harms_nobody(void **state)
{
	struct slu_dc_session *hung = new_session(SLU_DC_CBC), *next;
	bool locked;
	uint8_t *area, *other_area;

	area = slu_dc_session_area(hung, N, &locked);
	fake->hang = FAKE_CRYPT;
	settings.deadline_ms = SHORT_MS;
	assert_int_equal(do_crypt(hung), -ETIMEDOUT);
	slu_dc_session_free(hung);

	struct fake *late = fake;

	setup(state); /* another device: that one is off */
	next = new_session(SLU_DC_CBC);
	other_area = slu_dc_session_area(next, N, &locked);
	assert_non_null(other_area);
	assert_true(other_area + N <= area || area + N <= other_area);
	memcpy(other_area, in, N);
	sem_wait(&late->inside);
	fake_end_hang(late);
	assert_memory_equal(other_area, in, N);
	assert_int_equal(area[0], FAKE_LATE); /* it is still there, and was written */
	assert_int_equal(do_crypt(next), 0);
	assert_transformed(out);
	slu_dc_session_free(next);
}

static void test_signals_are_blocked(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(sigismember(&fake->mask, SIGUSR1), 1);
	assert_int_equal(sigismember(&fake->mask, SIGCHLD), 1);
	/* Without a deadline there is no other thread. */
	settings.deadline_ms = 0;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(sigismember(&fake->mask, SIGUSR1), 0);
	slu_dc_session_free(session);
}

/* ---- processes, threads, many ---- */

static int child_uses(void *inherited)
{
	struct slu_dc_session *own;
	int descriptors = fake_descriptors(), calls = fake->calls[FAKE_CRYPT];

	if (!slu_dc_session_lost(inherited) || do_crypt(inherited) != -ECHILD ||
	    slu_dc_session_area(inherited, 16, &(bool){false}) || fake->calls[FAKE_CRYPT] != calls)
		return 1;
	slu_dc_session_free(inherited); /* whose descriptor's number may be another file's by now */
	if (fake_descriptors() != descriptors || fake_threads() != 0)
		return 2;
	own = new_session(SLU_DC_CBC);
	if (do_crypt(own) != 0 || out[0] != (in[0] ^ FAKE_XOR))
		return 3;
	slu_dc_session_free(own);
	return fake_descriptors() == descriptors ? 0 : 4;
}

static void test_fork(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(in_child(child_uses, session), 0);
	/* The parent's is as it was. */
	memset(out, 0xaa, sizeof out);
	assert_int_equal(do_crypt(session), 0);
	assert_transformed(out);
	slu_dc_session_free(session);
}

static void *many_operations(void *arg)
{
	struct slu_dc_key key = {.algorithm = SLU_DC_CBC, .length = 16};
	uint8_t mine[256], there[256];

	memset(mine, *(uint8_t *)arg, sizeof mine);
	for (int i = 0; i < 20; i++) {
		struct slu_dc_session *session = slu_dc_session_new(fake_device(fake), &settings, &key);

		for (int j = 0; j < 20; j++)
			if (slu_dc_session_crypt(session, 1, NULL, mine, there, sizeof mine) ||
			    there[255] != (mine[255] ^ FAKE_XOR))
				return arg;
		slu_dc_session_free(session);
	}
	return NULL;
}

static void test_threads(void **state)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	uint8_t marks[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		marks[i] = (uint8_t)i;
		assert_int_equal(pthread_create(&threads[i], NULL, many_operations, &marks[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(counters().operations, THREADS * 400);
	assert_int_equal(counters().bytes, THREADS * 400 * 256);
	assert_int_equal(counters().sessions, THREADS * 20);
	assert_int_equal(fake->calls[FAKE_CLOSE], THREADS * 20);
}

static long resident_pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
	fclose(f);
	return resident;
}

static void test_ten_thousand_sessions(void **state)
{
	int descriptors = fake_descriptors(), threads = 0;
	long pages = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct slu_dc_session *session = new_session(SLU_DC_CBC);

		assert_int_equal(do_crypt(session), 0);
		slu_dc_session_free(session);
		if (i == 99) {
			pages = resident_pages();
			threads = fake_threads();
		}
	}
	assert_int_equal(fake_descriptors(), descriptors);
	assert_int_equal(fake_threads(), threads);
	/* One page a session would be 9,900. */
	assert_true(SANITIZED || resident_pages() < pages + 500);
	assert_int_equal(counters().sessions, 10000);
	assert_int_equal(fake->calls[FAKE_CLOSE], 10000);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hang),
		cmocka_unit_test_setup(test_hang_at_close, setup),
		cmocka_unit_test_setup(test_late_write_harms_nobody, setup),
		cmocka_unit_test_setup(test_signals_are_blocked, setup),
		cmocka_unit_test_setup(test_fork, setup),
		cmocka_unit_test_setup(test_threads, setup),
		cmocka_unit_test_setup(test_ten_thousand_sessions, setup),
	};

	if (is_emulated())
		LEAVE_OUT(tests, test_fork, QEMU_FORKS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
