/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Descriptors of the device are no descriptors of the process: close(2) on one fails. */
enum { FIRST_FD = 1 << 20 };

int lab_file_open(struct lab_device *d, struct lab_file **out)
{
	struct lab_file *f = NULL;
	int error = 0;

	pthread_mutex_lock(&d->lock);
	if (d->gone)
		error = -ENODEV;
	else if (!(f = calloc(1, sizeof *f)))
		error = -ENOMEM;
	if (f) {
		f->device = d;
		f->users = 1;
		pthread_mutex_init(&f->lock, NULL);
		d->counters.opens++;
		d->counters.open_now++;
	}
	pthread_mutex_unlock(&d->lock);
	*out = f;
	return error;
}

/* The descriptor's use of it, or an operation's. */
static void file_put(struct lab_file *f)
{
	struct lab_device *d = f->device;
	bool last;

	pthread_mutex_lock(&d->lock);
	last = --f->users == 0;
	pthread_mutex_unlock(&d->lock);
	if (!last)
		return;
	lab_session_finish_all(f);
	pthread_mutex_destroy(&f->lock);
	free(f);
	pthread_mutex_lock(&d->lock);
	d->counters.open_now--;
	pthread_mutex_unlock(&d->lock);
}

void lab_file_close(struct lab_file *f)
{
	file_put(f);
}

static int create(struct lab_file *f, void *arg, const struct lab_late *late)
{
	(void)late;
	return lab_session_create(f, arg);
}

static int finish(struct lab_file *f, void *arg, const struct lab_late *late)
{
	uint32_t id;

	(void)late;
	memcpy(&id, arg, sizeof id);
	return lab_session_finish(f, id);
}

static int describe(struct lab_file *f, void *arg, const struct lab_late *late)
{
	(void)late;
	return lab_session_describe(f, arg);
}

static int crypt_op(struct lab_file *f, void *arg, const struct lab_late *late)
{
	return lab_request_crypt(f, arg, late);
}

static int auth_op(struct lab_file *f, void *arg, const struct lab_late *late)
{
	return lab_request_auth(f, arg, late);
}

static const struct request {
	unsigned long number;
	int (*run)(struct lab_file *f, void *arg, const struct lab_late *late);
	size_t counter; /* of those carried out; offset in struct lab_counters, 0: none */
} requests[] = {
	{SLU_DC_CIOCGSESSION, create, 0},
	{SLU_DC_CIOCFSESSION, finish, 0},
	{SLU_DC_CIOCGSESSINFO, describe, 0},
	{SLU_DC_CIOCCRYPT, crypt_op, offsetof(struct lab_counters, crypt)},
	{SLU_DC_CIOCAUTHCRYPT, auth_op, offsetof(struct lab_counters, authcrypt)},
};

static const struct request *request_find(struct lab_device *d, unsigned long number, int *error)
{
	const struct request *found = NULL;

	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
		if (requests[i].number == number)
			found = &requests[i];
	pthread_mutex_lock(&d->lock);
	if (found && found->run == auth_op && d->faults.at[LAB_NO_AUTHCRYPT].on)
		found = NULL;
	*error = d->gone ? -ENODEV : found ? 0 : -EINVAL;
	pthread_mutex_unlock(&d->lock);
	return found;
}

static void count(struct lab_device *d, const struct request *r, int error)
{
	pthread_mutex_lock(&d->lock);
	d->counters.ioctls++;
	d->counters.errors += error < 0;
	if (!error && r->counter > 0)
		(*(uint64_t *)(void *)((char *)&d->counters + r->counter))++;
	pthread_mutex_unlock(&d->lock);
}

int lab_file_ioctl(struct lab_file *f, unsigned long number, void *arg, const struct lab_late *late)
{
	int error;
	const struct request *r = request_find(f->device, number, &error);

	if (!error)
		error = r->run(f, arg, late);
	count(f->device, r, error);
	return error;
}

/* A free place among the descriptors, or -1. With the lock held. */
static int place_find(struct lab_device *d)
{
	size_t n = d->files_size;
	struct lab_file **grown;

	for (size_t i = 0; i < n; i++)
		if (!d->files[i])
			return (int)i;
	grown = realloc(d->files, (n + 64) * sizeof *grown);
	if (!grown)
		return -1;
	memset(grown + n, 0, 64 * sizeof *grown);
	d->files = grown;
	d->files_size = n + 64;
	return (int)n;
}

static int kernel_open(void *user, const char *path)
{
	struct lab_device *d = user;
	struct lab_file *f;
	int place, error = lab_file_open(d, &f);

	(void)path;
	if (error)
		return error;
	pthread_mutex_lock(&d->lock);
	place = place_find(d);
	if (place >= 0)
		d->files[place] = f;
	pthread_mutex_unlock(&d->lock);
	if (place >= 0)
		return FIRST_FD + place;
	file_put(f);
	return -ENOMEM;
}

/* The descriptor's file, with one more user, or with the descriptor's own use of it. NULL: it is none. */
static struct lab_file *file_take(struct lab_device *d, int fd, bool closing)
{
	size_t place = (size_t)fd - FIRST_FD;
	struct lab_file *f = NULL;

	pthread_mutex_lock(&d->lock);
	if (fd >= FIRST_FD && place < d->files_size)
		f = d->files[place];
	if (f && closing)
		d->files[place] = NULL;
	else if (f)
		f->users++;
	pthread_mutex_unlock(&d->lock);
	return f;
}

static int kernel_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	struct lab_file *f = file_take(user, fd, false);
	int error;

	if (!f)
		return -EBADF;
	error = lab_file_ioctl(f, request, arg, NULL);
	file_put(f);
	return error;
}

static void kernel_close(void *user, int fd)
{
	struct lab_file *f = file_take(user, fd, true);

	if (f)
		file_put(f);
}

/* All devices stay reachable for ever. */
static struct lab_device *devices;
static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;

struct lab_device *lab_device_new_over(const struct lab_engine *engine)
{
	struct lab_device *d = engine ? calloc(1, sizeof *d) : NULL;

	if (!d)
		return NULL;
	d->engine = engine;
	d->kernel = (struct slu_dc_kernel){kernel_open, kernel_ioctl, kernel_close, d};
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	pthread_mutex_lock(&devices_lock);
	d->next = devices;
	devices = d;
	pthread_mutex_unlock(&devices_lock);
	return d;
}

struct lab_device *lab_device_new(void)
{
	return lab_device_new_over(lab_engine_software());
}

const struct slu_dc_kernel *lab_device_kernel(struct lab_device *d)
{
	return &d->kernel;
}

int lab_device_fault(struct lab_device *d, const char *spec, char *error, size_t size)
{
	int result;

	pthread_mutex_lock(&d->lock);
	result = lab_faults_set(&d->faults, spec, d->begun, error, size);
	d->gone = d->gone && d->faults.at[LAB_VANISH].on;
	pthread_mutex_unlock(&d->lock);
	return result;
}

void lab_device_wait_hanging(struct lab_device *d, unsigned n)
{
	pthread_mutex_lock(&d->lock);
	while (d->counters.hanging < n)
		pthread_cond_wait(&d->changed, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

void lab_device_release(struct lab_device *d)
{
	pthread_mutex_lock(&d->lock);
	d->releases++;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}
