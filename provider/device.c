/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"
#include "cryptodev.h"

enum {
	KINDS = 64, /* of failures that are logged; what comes after so many different ones says nothing new */
	LINE = 400
};

struct slu_dc_device {
	struct slu_dc_device *next;
	struct slu_dc_kernel kernel;
	atomic_bool off, close_hangs;
	atomic_uint lacks; /* bits by algorithm */
	/* All that follows: under the books' lock. */
	unsigned served; /* bits by algorithm */
	char drivers[SLU_DC_ALGORITHMS][SLU_DC_NAME];
	struct slu_dc_limit limits[SLU_DC_ALGORITHMS];
	size_t failed_trials[SLU_DC_ALGORITHMS]; /* size of the last one */
	unsigned failures[SLU_DC_ALGORITHMS];    /* in a row */
	struct slu_dc_counters counters;
	struct {
		enum slu_dc_algorithm algorithm;
		int error;
	} logged[KINDS];
	unsigned kinds;
	char path[];
};

/* One lock for all devices: there is hardly ever more than one, and it is held for a few instructions. Sixty-four-bit
 * atomics would want libatomic on some 32-bit machines. */
static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	struct slu_dc_device *all;
} books = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void lock(void)
{
	pthread_mutex_lock(&books.lock);
}

static void unlock(void)
{
	pthread_mutex_unlock(&books.lock);
}

static void books_init(void)
{
	pthread_atfork(lock, unlock, unlock);
}

/* ---- finding one ---- */

static bool same_kernel(const struct slu_dc_kernel *a, const struct slu_dc_kernel *b)
{
	return a->open == b->open && a->ioctl == b->ioctl && a->close == b->close && a->user == b->user;
}

static struct slu_dc_device *find(const struct slu_dc_kernel *kernel, const char *path)
{
	struct slu_dc_device *d = books.all;

	while (d && !(same_kernel(&d->kernel, kernel) && strcmp(d->path, path) == 0))
		d = d->next;
	return d;
}

static struct slu_dc_device *add(const struct slu_dc_kernel *kernel, const char *path)
{
	const size_t length = strlen(path) + 1;
	struct slu_dc_device *d = calloc(1, sizeof *d + length);

	if (!d)
		return NULL;
	d->kernel = *kernel;
	memcpy(d->path, path, length);
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		d->limits[a].bad = SIZE_MAX;
	d->next = books.all;
	books.all = d;
	return d;
}

struct slu_dc_device *slu_dc_device_get(const struct slu_dc_kernel *kernel, const char *path)
{
	struct slu_dc_device *d;

	pthread_once(&books.once, books_init);
	lock();
	d = find(kernel, path);
	if (!d)
		d = add(kernel, path);
	unlock();
	return d;
}

const struct slu_dc_kernel *slu_dc_device_kernel(const struct slu_dc_device *d)
{
	return &d->kernel;
}

const char *slu_dc_device_path(const struct slu_dc_device *d)
{
	return d->path;
}

/* ---- what is said of it: never under the lock, for the application's function may do anything ---- */

static void say(const struct slu_dc_device *d, const struct slu_dc_settings *s, const char *format, va_list args)
{
	char line[LINE];
	int n = snprintf(line, sizeof line, "%s: ", d->path);

	if (!s->log)
		return;
	vsnprintf(line + n, sizeof line - (size_t)n, format, args);
	s->log(s->log_arg, line);
}

static bool first_of_kind(struct slu_dc_device *d, enum slu_dc_algorithm a, int error)
{
	for (unsigned i = 0; i < d->kinds; i++)
		if (d->logged[i].algorithm == a && d->logged[i].error == error)
			return false;
	if (d->kinds == KINDS)
		return false;
	d->logged[d->kinds].algorithm = a;
	d->logged[d->kinds++].error = error;
	return true;
}

void slu_dc_device_log_once(struct slu_dc_device *d, const struct slu_dc_settings *s, enum slu_dc_algorithm a,
			    int error, const char *format, ...)
{
	va_list args;
	bool first;

	lock();
	first = first_of_kind(d, a, error);
	unlock();
	if (!first)
		return;
	va_start(args, format);
	say(d, s, format, args);
	va_end(args);
}

bool slu_dc_device_off(const struct slu_dc_device *d)
{
	return atomic_load_explicit(&d->off, memory_order_relaxed);
}

void slu_dc_device_turn_off(struct slu_dc_device *d, const struct slu_dc_settings *s, const char *format, ...)
{
	va_list args;

	if (atomic_exchange(&d->off, true))
		return;
	va_start(args, format);
	say(d, s, format, args);
	va_end(args);
}

/* ---- what it has ---- */

bool slu_dc_device_may_have(const struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	return !(atomic_load_explicit(&d->lacks, memory_order_relaxed) & 1U << a);
}

void slu_dc_device_lacks(struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	atomic_fetch_or(&d->lacks, 1U << a);
}

/* Written once, before it is first given out: so it may be read without the lock. */
const char *slu_dc_device_driver(const struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	bool known;

	lock();
	known = d->drivers[a][0] != '\0';
	unlock();
	return known ? d->drivers[a] : "?";
}

struct slu_dc_limit slu_dc_device_limit(const struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	struct slu_dc_limit limit;

	lock();
	limit = d->limits[a];
	unlock();
	return limit;
}

/* Of two that contradict each other, the failure counts, whichever came first: good stays below bad. */
void slu_dc_device_learn(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size, bool good)
{
	struct slu_dc_limit *limit = &d->limits[a];

	if (!size)
		return;
	lock();
	if (good && size > limit->good)
		limit->good = size;
	if (!good && size < limit->bad)
		limit->bad = size;
	if (limit->good >= limit->bad)
		limit->good = limit->bad - 1;
	unlock();
}

void slu_dc_device_learn_from(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size, int error)
{
	if (!error || (error == -EINVAL && size > slu_dc_device_limit(d, a).good))
		slu_dc_device_learn(d, a, size, !error);
}

void slu_dc_device_trial_failed(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size, int error)
{
	bool again;

	lock();
	again = d->failed_trials[a] == size;
	d->failed_trials[a] = size;
	unlock();
	if (again || error == -EINVAL || error == -EMSGSIZE || error == -EBADMSG)
		slu_dc_device_learn(d, a, size, false);
}

/* ---- the books ---- */

void slu_dc_device_opened(struct slu_dc_device *d, enum slu_dc_algorithm a, const char *driver)
{
	lock();
	d->counters.sessions++;
	if (driver && d->drivers[a][0] == '\0')
		snprintf(d->drivers[a], sizeof d->drivers[a], "%s", driver);
	unlock();
}

void slu_dc_device_served(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size)
{
	lock();
	d->counters.operations++;
	d->counters.bytes += size;
	d->served |= 1U << a;
	d->failures[a] = 0;
	unlock();
}

unsigned slu_dc_device_failed(struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	unsigned failures;

	lock();
	failures = ++d->failures[a];
	unlock();
	return failures;
}

bool slu_dc_device_has_served(const struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	bool has;

	lock();
	has = d->served & 1U << a;
	unlock();
	return has;
}

void slu_dc_device_set_close_hangs(struct slu_dc_device *d)
{
	atomic_store_explicit(&d->close_hangs, true, memory_order_relaxed);
}

bool slu_dc_device_close_hangs(const struct slu_dc_device *d)
{
	return atomic_load_explicit(&d->close_hangs, memory_order_relaxed);
}

void slu_dc_device_count_abandoned(struct slu_dc_device *d)
{
	lock();
	d->counters.abandoned++;
	unlock();
}

void slu_dc_device_count_fallback(struct slu_dc_device *d)
{
	lock();
	d->counters.fallbacks++;
	unlock();
}

void slu_dc_device_count_check(struct slu_dc_device *d, bool equal)
{
	lock();
	d->counters.checks++;
	d->counters.mismatches += !equal;
	unlock();
}

void slu_dc_device_counters(const struct slu_dc_device *d, struct slu_dc_counters *out)
{
	lock();
	*out = d->counters;
	unlock();
}
