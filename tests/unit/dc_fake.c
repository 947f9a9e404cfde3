/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dc_fake.h"

#ifdef __SANITIZE_THREAD__
/* Forked children start threads of their own here. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}
#endif

/* True: it was told to hang here, and has been released. */
static bool hangs(struct fake *f, enum fake_call call)
{
	int expected = (int)call;

	f->calls[call]++;
	if (!atomic_compare_exchange_strong(&f->hang, &expected, FAKE_CALLS))
		return false;
	sem_post(&f->inside);
	while (sem_wait(&f->go))
		;
	return true;
}

static int released(struct fake *f)
{
	sem_post(&f->end);
	return -EIO;
}

static int fake_open(void *user, const char *path)
{
	struct fake *f = user;

	if (hangs(f, FAKE_OPEN))
		return released(f);
	assert_string_equal(path, f->path);
	return f->errors[FAKE_OPEN] ? f->errors[FAKE_OPEN] : open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int get_session(struct fake *f, struct slu_dc_session_op *op)
{
	if (hangs(f, FAKE_SESSION))
		return released(f);
	pthread_mutex_lock(&f->lock);
	f->session = *op;
	memcpy(f->key, op->key, op->keylen);
	if (op->mac)
		memcpy(f->mac_key, op->mackey, op->mackeylen);
	pthread_mutex_unlock(&f->lock);
	op->ses = FAKE_SES;
	return f->errors[FAKE_SESSION];
}

static int get_info(struct fake *f, struct slu_dc_session_info *info)
{
	if (hangs(f, FAKE_INFO))
		return released(f);
	assert_int_equal(info->ses, FAKE_SES);
	memset(&info->cipher, 'x', sizeof info->cipher); /* without an end */
	memcpy(info->cipher.driver, "fake-aes", f->errors[FAKE_INFO] ? 4 : 9);
	return f->errors[FAKE_INFO];
}

static void transform(uint8_t *dst, const uint8_t *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = src[i] ^ FAKE_XOR;
}

static int crypt_op(struct fake *f, struct slu_dc_crypt_op *op)
{
	if (hangs(f, FAKE_CRYPT)) {
		memset(op->dst, FAKE_LATE, op->len);
		return released(f);
	}
	pthread_mutex_lock(&f->lock);
	pthread_sigmask(SIG_SETMASK, NULL, &f->mask);
	f->crypt = *op;
	if (op->iv)
		memcpy(f->iv, op->iv, 16);
	pthread_mutex_unlock(&f->lock);
	transform(op->dst, op->src, op->len);
	return f->errors[FAKE_CRYPT];
}

static int auth_op(struct fake *f, struct slu_dc_auth_op *op)
{
	if (hangs(f, FAKE_AUTH)) {
		memset(op->dst, FAKE_LATE, op->len);
		return released(f);
	}
	pthread_mutex_lock(&f->lock);
	f->auth = *op;
	memcpy(f->iv, op->iv, op->iv_len);
	if (op->auth_len)
		memcpy(f->aad, op->auth_src, op->auth_len);
	pthread_mutex_unlock(&f->lock);
	if (op->flags & SLU_DC_FLAG_AEAD_TLS) {
		size_t total = (op->len + op->tag_len + 16) / 16 * 16;

		transform(op->dst, op->src, op->len);
		memset(op->dst + op->len, FAKE_TAG, total - op->len);
	} else if (op->op == SLU_DC_ENCRYPT) {
		transform(op->dst, op->src, op->len);
		memset(op->dst + op->len, FAKE_TAG, 16);
	} else {
		for (int i = 0; i < 16; i++)
			if (op->src[op->len - 16 + (unsigned)i] != FAKE_TAG)
				return -EBADMSG;
		transform(op->dst, op->src, op->len - 16);
	}
	return f->errors[FAKE_AUTH];
}

static int fake_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	assert_true(fcntl(fd, F_GETFD) >= 0);
	switch (request) {
	case SLU_DC_CIOCGSESSION:
		return get_session(user, arg);
	case SLU_DC_CIOCGSESSINFO:
		return get_info(user, arg);
	case SLU_DC_CIOCCRYPT:
		return crypt_op(user, arg);
	case SLU_DC_CIOCAUTHCRYPT:
		return auth_op(user, arg);
	default:
		fail_msg("ioctl %lx", request);
		return -EINVAL;
	}
}

static void fake_close(void *user, int fd)
{
	struct fake *f = user;

	if (hangs(f, FAKE_CLOSE))
		released(f);
	assert_int_equal(close(fd), 0);
}

static void fake_log(void *arg, const char *line)
{
	struct fake *f = arg;

	f->lines++;
	snprintf(f->line, sizeof f->line, "%s", line);
}

struct fake *fake_new(struct slu_dc_settings *s)
{
	static struct fake *all[300]; /* a leak checker finds them here */
	static unsigned made;
	struct fake *f = calloc(1, sizeof *f);

	assert_non_null(f);
	assert_true(made < sizeof all / sizeof *all);
	all[made] = f;
	f->kernel = (struct slu_dc_kernel){fake_open, fake_ioctl, fake_close, f};
	snprintf(f->path, sizeof f->path, "/dev/fake%u", made++);
	f->hang = FAKE_CALLS;
	pthread_mutex_init(&f->lock, NULL);
	sem_init(&f->inside, 0, 0);
	sem_init(&f->go, 0, 0);
	sem_init(&f->end, 0, 0);
	slu_dc_settings_init(s);
	s->log = fake_log;
	s->log_arg = f;
	s->min_size = 0;
	s->deadline_ms = 60000;
	return f;
}

struct slu_dc_device *fake_device(struct fake *f)
{
	struct slu_dc_device *d = slu_dc_device_get(&f->kernel, f->path);

	assert_non_null(d);
	return d;
}

void fake_end_hang(struct fake *f)
{
	sem_post(&f->go);
	while (sem_wait(&f->end))
		;
}

static int count_entries(const char *path, bool (*wanted)(const char *name))
{
	DIR *dir = opendir(path);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] != '.' && (!wanted || wanted(e->d_name));
	closedir(dir);
	return n;
}

int fake_descriptors(void)
{
	return count_entries("/proc/self/fd", NULL) - 1; /* without the one that counts */
}

static bool is_worker(const char *task)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/self/task/%s/comm", task);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(name, sizeof name, file))
		name[0] = '\0';
	fclose(file);
	return strcmp(name, "slu-devcrypto\n") == 0;
}

int fake_threads(void)
{
	return count_entries("/proc/self/task", is_worker);
}
