/* SPDX-License-Identifier: MIT */
#include "crypto/offload.h"

#include <stdio.h>
#include <string.h>

#include "crypto/offload_settings.h"

static int open_off(struct slu_offload *o, const char *settings, char *error, size_t size)
{
	(void)o;
	if (!*settings)
		return 0;
	snprintf(error, size, "the TLS offload off has no settings, and was given '%s'", settings);
	return SLU_ERR_INVALID;
}

static const struct slu_offload_door off = {.name = "off", .usage = "off", .open = open_off};

static const struct slu_offload_door *const doors[] = {
	&off,
	&slu_offload_devcrypto,
	&slu_offload_ktls,
	&slu_offload_engine,
};

enum { DOORS = sizeof doors / sizeof *doors };

/* "NAME" or "NAME:settings" */
static const struct slu_offload_door *find(const char *what)
{
	for (size_t i = 0; i < DOORS; i++) {
		size_t n = strlen(doors[i]->name);

		if (strncmp(what, doors[i]->name, n) == 0 && (!what[n] || what[n] == ':'))
			return doors[i];
	}
	return NULL;
}

static int unknown(const char *what, char *error, size_t size)
{
	int n = snprintf(error, size, "unknown TLS offload '%.100s': it is auto, ", what);

	for (size_t i = 0; i < DOORS && n > 0 && (size_t)n < size; i++)
		n += snprintf(error + n, size - (size_t)n, "%s%s",
			      i == 0          ? ""
			      : i < DOORS - 1 ? ", "
					      : " or ",
			      doors[i]->usage);
	return SLU_ERR_INVALID;
}

int slu_offload_check(const char *what, char *error, size_t size)
{
	return strcmp(what, "auto") == 0 || find(what) ? 0 : unknown(what, error, size);
}

int slu_offload_open(struct slu_offload *o, const char *what, const struct slu_log *log, char *error, size_t size)
{
	const struct slu_offload_door *door;
	const char *settings;
	int r;

	memset(o, 0, sizeof *o);
	if (!what || !*what)
		what = off.name;
	door = find(what);
	if (!door)
		return unknown(what, error, size);
	settings = what + strlen(door->name);
	o->log = log;
	r = door->open(o, settings + (*settings == ':'), error, size);
	if (r == 0)
		o->door = door;
	return r;
}

SSL_CTX *slu_offload_ssl_ctx(const struct slu_offload *o, const SSL_METHOD *method)
{
	return o->door && o->door->ssl_ctx ? o->door->ssl_ctx(o, method) : SSL_CTX_new(method);
}

void slu_offload_refused(const struct slu_offload *o)
{
	if (o->door && o->door->refused)
		o->door->refused(o);
}

void slu_offload_connected(struct slu_offload *o, const SSL *ssl)
{
	if (o->door && o->door->connected)
		o->door->connected(o, ssl);
}

bool slu_offload_lacks(const struct slu_offload *o, const SSL *ssl)
{
	return o->door && o->door->serves && !o->door->serves(o, ssl);
}

void slu_offload_stats(const struct slu_offload *o, struct slu_tls_offload_stats *out)
{
	memset(out, 0, sizeof *out);
	if (!o->door || !o->door->stats)
		return;
	out->on = true;
	out->door = o->door->name;
	o->door->stats(o, out);
}

void slu_offload_close(struct slu_offload *o)
{
	if (o->door && o->door->close)
		o->door->close(o);
	o->door = NULL;
}
