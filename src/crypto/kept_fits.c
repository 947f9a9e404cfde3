/* SPDX-License-Identifier: MIT */
/* What a kept result belongs to. */
#include "crypto/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "crypto/cpu.h"
#include "crypto/proc_crypto.h"
#include "crypto/proc_text.h"
#include "provider/algorithm.h"
#include "provider/cryptodev.h"
#include "provider/kernel.h"
#include "provider/worker.h"

/* A driver that hangs in the kernel is not waited for. */
enum { DEADLINE_MS = 2000 };

/* ---- this device ---- */

static void take_cpu(char *out, size_t size)
{
	static const char *const none = "";
	char *text = slu_proc_text("/proc/cpuinfo");
	struct slu_cpu cpu;

	slu_cpu_read(&cpu, text ? text : "");
	free(text);
	/* Those that are there, not those that are awake. */
	snprintf(out, size, "%s, %ld processors,%s%s%s%s%s", *cpu.model ? cpu.model : "unnamed",
		 sysconf(_SC_NPROCESSORS_CONF), cpu.aes ? " aes" : none, cpu.clmul ? " clmul" : none,
		 cpu.sha1 ? " sha1" : none, cpu.sha256 ? " sha256" : none, cpu.vector ? " vector" : " plain");
}

static void take_kernel(char *out, size_t size)
{
	struct utsname u;

	if (uname(&u) == 0)
		snprintf(out, size, "%s %s %s", u.release, u.version, u.machine);
}

/* What OpenSSL is told about the processor's instructions: OPENSSL_ia32cap(3), and its like for others. */
static void take_openssl(char *out, size_t size)
{
	static const char *const told[] = {"OPENSSL_ia32cap", "OPENSSL_armcap", "OPENSSL_ppccap", "OPENSSL_s390xcap",
					   "OPENSSL_riscvcap"};
	int n = snprintf(out, size, "%s, %s", OpenSSL_version(OPENSSL_VERSION), OpenSSL_version(OPENSSL_BUILT_ON));

	for (size_t i = 0; i < sizeof told / sizeof *told && n > 0 && (size_t)n < size; i++) {
		const char *value = secure_getenv(told[i]);

		if (value)
			n += snprintf(out + n, size - (size_t)n, ", %s=%s", told[i], value);
	}
}

/* A line of text, whatever its source put in. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

void slu_kept_device(struct slu_kept_device *out)
{
	memset(out, 0, sizeof *out);
	take_cpu(out->cpu, sizeof out->cpu);
	take_kernel(out->kernel, sizeof out->kernel);
	take_openssl(out->openssl, sizeof out->openssl);
	make_plain(out->cpu);
	make_plain(out->kernel);
	make_plain(out->openssl);
}

/* ---- drivers of a crypto device ---- */

/* A question that may never be answered: then it stays with its thread (provider/worker.h). */
struct question {
	char path[sizeof((struct slu_kept *)0)->path];
	enum slu_dc_algorithm algorithm;
	uint8_t key[16], mac_key[32];
	char driver[SLU_DC_NAME]; /* the answer */
};

static int ask_session(struct question *q, int fd)
{
	const struct slu_dc_kernel *kernel = &slu_dc_kernel_linux;
	const struct slu_dc_algorithm_ids ids = slu_dc_algorithm_ids(q->algorithm);
	struct slu_dc_session_op op = {.cipher = ids.cipher, .mac = ids.mac, .keylen = sizeof q->key, .key = q->key};
	struct slu_dc_session_info info = {0};
	int error;

	if (ids.mac) {
		op.mackeylen = ids.mac == SLU_DC_SHA1_HMAC ? 20 : 32;
		op.mackey = q->mac_key;
	}
	error = kernel->ioctl(kernel->user, fd, SLU_DC_CIOCGSESSION, &op);
	if (error)
		return error;
	info.ses = op.ses;
	memcpy(q->driver, "?", 2);
	if (kernel->ioctl(kernel->user, fd, SLU_DC_CIOCGSESSINFO, &info) == 0 && info.cipher.driver[0]) {
		memcpy(q->driver, info.cipher.driver, sizeof q->driver);
		q->driver[sizeof q->driver - 1] = '\0';
	}
	return 0;
}

/* The session ends with its descriptor. */
static int ask(void *arg)
{
	const struct slu_dc_kernel *kernel = &slu_dc_kernel_linux;
	struct question *q = arg;
	int fd = kernel->open(kernel->user, q->path), error;

	if (fd < 0)
		return fd;
	error = ask_session(q, fd);
	kernel->close(kernel->user, fd);
	return error;
}

/* 0, or -errno. */
static int ask_driver(const char *path, enum slu_dc_algorithm a, char *out, size_t size)
{
	struct question *q = calloc(1, sizeof *q);
	int error;

	if (!q)
		return -ENOMEM;
	snprintf(q->path, sizeof q->path, "%s", path);
	q->algorithm = a;
	error = slu_dc_worker_run(ask, q, DEADLINE_MS);
	if (error == -ETIMEDOUT)
		return error;
	snprintf(out, size, "%s", q->driver);
	free(q);
	return error;
}

static enum slu_dc_algorithm algorithm_of(const char *name)
{
	int a = 0;

	while (a < SLU_DC_ALGORITHMS && strcmp(slu_dc_algorithm_name((enum slu_dc_algorithm)a), name) != 0)
		a++;
	return (enum slu_dc_algorithm)a;
}

static bool device_driver_fits(const struct slu_kept *k, const struct slu_kept_driver *d, char *why, size_t size)
{
	const enum slu_dc_algorithm a = algorithm_of(d->algorithm);
	char driver[sizeof d->driver];
	int error;

	if (a == SLU_DC_ALGORITHMS) {
		snprintf(why, size, "it is of an algorithm of %s that this program does not know, %s", k->path,
			 d->algorithm);
		return false;
	}
	error = ask_driver(k->path, a, driver, sizeof driver);
	if (error == 0 && strcmp(driver, d->driver) == 0)
		return true;
	if (error)
		snprintf(why, size, "%s of %s cannot be had now: %s", d->algorithm, k->path, strerror(-error));
	else
		snprintf(why, size, "it was made with the driver %s for %s of %s, and now that is %s", d->driver,
			 d->algorithm, k->path, driver);
	return false;
}

/* ---- drivers of the kernel's TLS ---- */

/* What is not loaded is loaded when it is needed: by its name, so that it is the same. */
static bool kernel_driver_fits(const struct slu_kept_driver *d, const char *proc_crypto, char *why, size_t size)
{
	struct slu_proc_cipher now;

	if (!slu_proc_crypto_find(proc_crypto, d->algorithm, &now) || strcmp(now.driver, d->driver) == 0)
		return true;
	snprintf(why, size, "it was made with the kernel's driver %s for %s, and now that is %s", d->driver,
		 d->algorithm, now.driver);
	return false;
}

/* ---- all of it ---- */

static bool same(const char *what, const char *then, const char *now, char *why, size_t size)
{
	if (strcmp(then, now) == 0)
		return true;
	snprintf(why, size, "it was made with %s%s, and this is %s", what, then, now);
	return false;
}

static bool has_door(const struct slu_kept *k, const char *door)
{
	for (size_t i = 0; i < k->nways; i++)
		if (strcmp(k->ways[i].door, door) == 0)
			return true;
	return false;
}

bool slu_kept_is_device_engine(const char *door)
{
	static const char engine[] = "engine:", id[] = "devcrypto";
	const char *name = door + sizeof engine - 1, *end;

	if (strncmp(door, engine, sizeof engine - 1) != 0)
		return false;
	end = name + strcspn(name, ",");
	for (const char *p = name; p < end; p++)
		if (*p == '/')
			name = p + 1;
	if (strncmp(name, id, sizeof id - 1) != 0)
		return false;
	name += sizeof id - 1;
	return name == end || (end - name == 3 && memcmp(name, ".so", 3) == 0);
}

static bool uses_device(const struct slu_kept *k)
{
	for (size_t i = 0; i < k->nways; i++)
		if (slu_kept_is_device_engine(k->ways[i].door))
			return true;
	return has_door(k, "devcrypto");
}

static bool has_driver(const struct slu_kept *k, const char *door)
{
	for (size_t i = 0; i < k->ndrivers; i++)
		if (strcmp(k->drivers[i].door, door) == 0)
			return true;
	return false;
}

static bool drivers_fit(const struct slu_kept *k, const char *proc_crypto, char *why, size_t size)
{
	const bool device = uses_device(k), ktls = has_door(k, "ktls");
	bool fits = !device || has_driver(k, "devcrypto");

	if (!fits)
		snprintf(why, size, "it does not say whose work %s was", k->path);
	for (size_t i = 0; i < k->ndrivers && fits; i++) {
		const struct slu_kept_driver *d = &k->drivers[i];

		if (device && strcmp(d->door, "devcrypto") == 0)
			fits = device_driver_fits(k, d, why, size);
		else if (ktls && strcmp(d->door, "ktls") == 0)
			fits = kernel_driver_fits(d, proc_crypto, why, size);
	}
	return fits;
}

bool slu_kept_fits(const struct slu_kept *k, char *why, size_t size)
{
	struct slu_kept_device now;
	char *proc_crypto;
	bool fits;

	slu_kept_device(&now);
	if (!same("the processor ", k->device.cpu, now.cpu, why, size) ||
	    !same("the kernel ", k->device.kernel, now.kernel, why, size) ||
	    !same("", k->device.openssl, now.openssl, why, size))
		return false;
	proc_crypto = slu_proc_text("/proc/crypto");
	fits = drivers_fit(k, proc_crypto ? proc_crypto : "", why, size);
	free(proc_crypto);
	return fits;
}
