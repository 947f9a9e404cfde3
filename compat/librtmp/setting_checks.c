/* SPDX-License-Identifier: MIT */
#include "setting_checks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sluice/tls.h>

#include "crypto/offload_settings.h"
#include "crypto/pins.h"
#include "settings.h"

int slu_compat_truth(const char *text)
{
	static const char *const words[][2] = {{"0", "1"}, {"off", "on"}, {"no", "yes"}, {"false", "true"}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		for (int truth = 0; truth < 2; truth++)
			if (strcasecmp(text, words[i][truth]) == 0)
				return truth;
	return -1;
}

bool slu_compat_check_truth(const char *value, char *error, size_t size)
{
	snprintf(error, size, "\"%.40s\" is neither 1 nor 0 (on or off, yes or no, true or false)", value);
	return slu_compat_truth(value) >= 0;
}

bool slu_compat_check_file(const char *value, char *error, size_t size)
{
	bool ok = access(value, R_OK) == 0;

	if (!ok)
		snprintf(error, size, "the file %.200s cannot be read: %s", value, strerror(errno));
	return ok;
}

bool slu_compat_check_pin(const char *value, char *error, size_t size)
{
	struct slu_pins pins;

	return slu_pins_parse(&pins, value, error, size) == 0;
}

bool slu_compat_check_version(const char *value, char *error, size_t size)
{
	enum slu_tls_version version;

	snprintf(error, size, "\"%.40s\" is no version of TLS: it is 1.0, 1.1, 1.2 or 1.3", value);
	return slu_tls_version_parse(value, &version);
}

/* A context of nothing but that, which loads no authorities. */
static bool openssl_takes(const struct slu_tls_config *config, char *error, size_t size)
{
	struct slu_tls_ctx *ctx = slu_tls_ctx_new(config, error, size);

	slu_tls_ctx_free(ctx);
	return ctx != NULL;
}

bool slu_compat_check_ciphers(const char *value, char *error, size_t size)
{
	const struct slu_tls_config config = {.insecure = true, .cipher_list = value};

	return strcmp(value, "auto") == 0 || openssl_takes(&config, error, size);
}

bool slu_compat_check_ciphersuites(const char *value, char *error, size_t size)
{
	const struct slu_tls_config config = {.insecure = true, .ciphersuites = value};

	return openssl_takes(&config, error, size);
}

bool slu_compat_check_groups(const char *value, char *error, size_t size)
{
	const struct slu_tls_config config = {.insecure = true, .groups = value};

	return openssl_takes(&config, error, size);
}

bool slu_compat_check_offload(const char *value, char *error, size_t size)
{
	return slu_offload_check(value, error, size) == 0;
}

static bool check_number(const char *value, long max, const char *what, char *error, size_t size)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (!*end && errno == 0 && n >= 1 && n <= max)
		return true;
	snprintf(error, size, "\"%.40s\" is no number of %s from 1 to %ld", value, what, max);
	return false;
}

/* RTMP 1.0, 5.4.1: a chunk is never larger than a message. */
bool slu_compat_check_chunk_size(const char *value, char *error, size_t size)
{
	return check_number(value, 16777215, "bytes", error, size);
}

bool slu_compat_check_seconds(const char *value, char *error, size_t size)
{
	return check_number(value, 86400, "seconds", error, size);
}
