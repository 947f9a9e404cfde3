/* SPDX-License-Identifier: MIT */
/* What comes before and after an operation's computation: counting, and the faults. */
#include "model.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { LATE_BYTE = 0xa5 };

static void sleep_ms(uint64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* What makes a hang dangerous: the buffer is written to after everybody has turned away from it. */
static void late_write(struct lab_device *d, const struct lab_shape *shape, const struct lab_late *late)
{
	if (shape->room == 0)
		return;
	memset(shape->dst, LATE_BYTE, shape->room);
	if (late)
		late->write(late->arg, shape->dst, shape->room);
	pthread_mutex_lock(&d->lock);
	d->counters.late_writes++;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

/* Until the next release, or for ms: true when it was released. With the device's lock held. */
static bool wait_released(struct lab_device *d, uint64_t releases, const uint64_t *ms)
{
	struct timespec until;
	int timed_out = 0;

	if (ms) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += (time_t)(*ms / 1000);
		until.tv_nsec += (long)(*ms % 1000) * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	}
	while (d->releases == releases && !timed_out)
		timed_out = ms ? pthread_cond_timedwait(&d->changed, &d->lock, &until)
			       : pthread_cond_wait(&d->changed, &d->lock);
	return d->releases != releases;
}

static int hang(struct lab_device *d, const struct lab_fault *late_fault, const struct lab_shape *shape,
		const struct lab_late *late)
{
	bool timed = late_fault->on && late_fault->n > 0, released;
	uint64_t releases;

	pthread_mutex_lock(&d->lock);
	d->counters.hung++;
	d->counters.hanging++;
	pthread_cond_broadcast(&d->changed);
	releases = d->releases;
	released = wait_released(d, releases, timed ? &late_fault->n : NULL);
	pthread_mutex_unlock(&d->lock);
	if (late_fault->on)
		late_write(d, shape, late);
	pthread_mutex_lock(&d->lock);
	if (!released)
		wait_released(d, releases, NULL);
	d->counters.hanging--;
	pthread_mutex_unlock(&d->lock);
	return -EIO;
}

int lab_plan_begin(struct lab_plan *p, struct lab_file *f, const struct lab_session *s, const struct lab_shape *shape,
		   const struct lab_late *late)
{
	struct lab_device *d = f->device;
	bool gone;
	int error;

	pthread_mutex_lock(&d->lock);
	p->faults = d->faults;
	p->trace.op = ++d->begun;
	p->trace.src = shape->src;
	p->trace.n = shape->n;
	p->trace.other_session = d->last && d->last != s;
	d->last = s;
	p->trace.after_no_aad = d->after_no_aad;
	d->after_no_aad = shape->gcm && shape->aad_length == 0;
	if (shape->n > d->counters.largest)
		d->counters.largest = shape->n;
	gone = d->gone = d->gone || lab_fault_strikes(&p->faults, LAB_VANISH, p->trace.op);
	pthread_mutex_unlock(&d->lock);
	if (gone)
		return -ENODEV;
	error = lab_faults_refuse(&p->faults, p->trace.op, shape->n);
	if (error)
		return error;
	if (p->faults.at[LAB_SLOW].on)
		sleep_ms(p->faults.at[LAB_SLOW].n);
	if (lab_fault_strikes(&p->faults, LAB_HANG, p->trace.op))
		return hang(d, &p->faults.at[LAB_LATE_WRITE], shape, late);
	return 0;
}

void lab_plan_end(const struct lab_plan *p, struct lab_file *f, const struct lab_session *s, uint8_t *out, size_t total,
		  size_t tag_length)
{
	struct lab_device *d = f->device;
	struct lab_tally *tally = &d->counters.by[s->algorithm];
	bool spoilt = lab_faults_spoil(&p->faults, &p->trace, out, total, tag_length);

	pthread_mutex_lock(&d->lock);
	d->counters.faulty += spoilt;
	d->counters.bytes += p->trace.n;
	tally->operations++;
	tally->bytes += p->trace.n;
	pthread_mutex_unlock(&d->lock);
}
