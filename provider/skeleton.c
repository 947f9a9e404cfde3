/* SPDX-License-Identifier: MIT */
/* Stands in for device.c and gate.c until they are there: no device, everything in software. */
#include <stdio.h>
#include <string.h>

#include "gate.h"

#define STAND_IN __attribute__((weak))

STAND_IN void slu_dc_settings_init(struct slu_dc_settings *s)
{
	memset(s, 0, sizeof *s);
	s->fallback = true;
}

STAND_IN int slu_dc_settings_set(struct slu_dc_settings *s, const char *name, const char *value, char *error,
				 size_t size)
{
	(void)s;
	snprintf(error, size, "%s=%s: settings are not read yet", name, value);
	return -1;
}

STAND_IN struct slu_dc_device *slu_dc_device_get(const struct slu_dc_kernel *kernel, const char *path)
{
	static char none;

	(void)kernel;
	(void)path;
	return (struct slu_dc_device *)(void *)&none;
}

STAND_IN void slu_dc_device_counters(const struct slu_dc_device *d, struct slu_dc_counters *out)
{
	(void)d;
	memset(out, 0, sizeof *out);
}

STAND_IN const char *slu_dc_device_driver(const struct slu_dc_device *d, enum slu_dc_algorithm a)
{
	(void)d;
	(void)a;
	return "?";
}

STAND_IN const char *slu_dc_algorithm_name(enum slu_dc_algorithm a)
{
	(void)a;
	return "?";
}

STAND_IN void slu_dc_gate_init(struct slu_dc_gate *g, struct slu_dc_device *d, const struct slu_dc_settings *s)
{
	memset(g, 0, sizeof *g);
	g->device = d;
	g->settings = s;
}

STAND_IN enum slu_dc_way slu_dc_gate_way(struct slu_dc_gate *g, enum slu_dc_algorithm a, bool encrypt, size_t size)
{
	(void)g;
	(void)a;
	(void)encrypt;
	(void)size;
	return SLU_DC_SOFTWARE;
}
