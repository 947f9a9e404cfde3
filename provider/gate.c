/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "books.h"

/* In a row: of one context; and of all, for connections may be too short for eight. That takes more, since a queue that
 * is full for a moment fails many connections at once. */
enum { FAILURES_MOST = 8, FAILURES_MOST_ALL = 64 };

void slu_dc_gate_init(struct slu_dc_gate *g, struct slu_dc_device *d, const struct slu_dc_settings *s)
{
	*g = (struct slu_dc_gate){.device = d, .settings = s, .owner = (long)getpid()};
}

void slu_dc_gate_rekey(struct slu_dc_gate *g)
{
	g->operations = 0;
	g->failures = 0;
}

static bool wants_check(const struct slu_dc_settings *s, uint64_t operation)
{
	if (operation < s->check_first)
		return true;
	return s->check_every && (operation - s->check_first + 1) % s->check_every == 0;
}

static bool is_cbc(enum slu_dc_algorithm a)
{
	return a == SLU_DC_CBC || a == SLU_DC_CBC_SHA1 || a == SLU_DC_CBC_SHA256;
}

/* What stays in software without anything being amiss comes first; the rest is amiss, and must show when software is
 * not to stand in. */
enum slu_dc_way slu_dc_gate_way(struct slu_dc_gate *g, enum slu_dc_algorithm a, bool encrypt, size_t size)
{
	const struct slu_dc_settings *s = g->settings;

	if (size < s->min_size || (!encrypt && !s->decrypt) || (is_cbc(a) && !s->cbc))
		return SLU_DC_SOFTWARE;
	if (s->fallback &&
	    (slu_dc_device_off(g->device) || !slu_dc_device_may_have(g->device, a) || g->owner != (long)getpid()))
		return SLU_DC_SOFTWARE;
	return wants_check(s, g->operations++) ? SLU_DC_DEVICE_CHECKED : SLU_DC_DEVICE;
}

static const char *advice(int error)
{
	static const struct {
		int error;
		const char *text;
	} all[] = {
		{EAGAIN,
		 "no thread could be started for it: raise the limit of processes (ulimit -u), or set deadline_ms=0"},
		{EINVAL, "the driver refuses such a request: if only long ones fail, set largest"},
		{ENOSPC, "the driver's queue is full: fewer connections at once may help"},
		{EBUSY, "the driver's queue is full: fewer connections at once may help"},
		{EMFILE, "each connection takes a descriptor: raise the limit of open files (ulimit -n)"},
		{ENFILE, "each connection takes a descriptor: raise the system's limit of open files"},
		{ENOMEM, "memory is short"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].error == error)
			return all[i].text;
	return "the kernel's log (dmesg) may say why";
}

static void note_failure(struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t size, int error)
{
	const char *name = slu_dc_algorithm_name(a), *driver = slu_dc_device_driver(g->device, a);
	unsigned all;

	slu_dc_device_log_once(g->device, g->settings, a, error,
			       "%s by driver %s failed on %zu bytes: %s; they are done in software; %s", name, driver,
			       size, strerror(error), advice(error));
	/* A lack of threads or memory is not the device's. */
	if (error == EAGAIN || error == ENOMEM)
		return;
	all = slu_dc_device_failed(g->device, a);
	if (++g->failures < FAILURES_MOST && all < FAILURES_MOST_ALL)
		return;
	slu_dc_device_turn_off(g->device, g->settings,
			       "turned off for this process, all goes on in software: %s by driver %s failed %u times "
			       "in a row, the last on %zu bytes: %s; %s",
			       name, driver, g->failures < FAILURES_MOST ? all : g->failures, size, strerror(error),
			       advice(error));
}

bool slu_dc_gate_failed(struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t size, int error)
{
	if (error < 0)
		error = -error;
	if (g->settings->fallback)
		slu_dc_device_count_fallback(g->device);
	if (error == EOPNOTSUPP)
		slu_dc_device_log_once(
			g->device, g->settings, a, error,
			"it has no %s: load the module of the hardware's driver, or leave it to software",
			slu_dc_algorithm_name(a));
	else if (error != ECHILD && !slu_dc_device_off(g->device)) /* turned off, it has been told why */
		note_failure(g, a, size, error);
	return g->settings->fallback;
}

void slu_dc_gate_done(struct slu_dc_gate *g)
{
	g->failures = 0;
}

void slu_dc_gate_wrong(struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t n, size_t at)
{
	slu_dc_device_count_check(g->device, false);
	slu_dc_device_turn_off(
		g->device, g->settings,
		"turned off for this process, all goes on in software: driver %s gave wrong bytes for %s of "
		"%zu bytes, from byte %zu on; do not use this driver for it, and report it to its authors",
		slu_dc_device_driver(g->device, a), slu_dc_algorithm_name(a), n, at);
}

bool slu_dc_gate_check(struct slu_dc_gate *g, enum slu_dc_algorithm a, const uint8_t *device, const uint8_t *software,
		       size_t n)
{
	size_t at = 0;

	if (CRYPTO_memcmp(device, software, n) == 0) {
		slu_dc_device_count_check(g->device, true);
		return true;
	}
	while (device[at] == software[at])
		at++;
	slu_dc_gate_wrong(g, a, n, at);
	return false;
}
