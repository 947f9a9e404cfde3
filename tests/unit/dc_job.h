/* SPDX-License-Identifier: MIT */
/* For the tests of the worker: functions for it to run, and what came of them. */
#ifndef SLU_TESTS_UNIT_DC_JOB_H
#define SLU_TESTS_UNIT_DC_JOB_H

#include <pthread.h>
#include <semaphore.h>

/* Deadlines; the short one lets a thread begin on a busy machine. */
enum { LONG_MS = 60000, SHORT_MS = 400 };

struct job {
	sem_t inside, go, end; /* of run_when_told() */
	pthread_t thread;      /* that ran it */
	int writes;            /* how often it was run */
	int result;            /* to be returned */
};

struct job *job_new(int result);
void job_free(struct job *job);

/* For slu_dc_worker_run(). */
int run_now(void *job);
int run_when_told(void *job); /* it says that it is inside, goes on when told to, and says that it is at its end */

void sleep_ms(long ms);

#endif
