/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "dc_job.h"

#include <stdlib.h>
#include <time.h>

struct job *job_new(int result)
{
	struct job *job = malloc(sizeof *job);

	assert_non_null(job);
	sem_init(&job->inside, 0, 0);
	sem_init(&job->go, 0, 0);
	sem_init(&job->end, 0, 0);
	job->writes = 0;
	job->result = result;
	return job;
}

void job_free(struct job *job)
{
	sem_destroy(&job->inside);
	sem_destroy(&job->go);
	sem_destroy(&job->end);
	free(job);
}

int run_now(void *arg)
{
	struct job *job = arg;

	job->thread = pthread_self();
	job->writes++;
	return job->result;
}

int run_when_told(void *arg)
{
	struct job *job = arg;

	sem_post(&job->inside);
	while (sem_wait(&job->go))
		;
	run_now(arg);
	sem_post(&job->end);
	return job->result;
}

void sleep_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&t, &t))
		;
}
