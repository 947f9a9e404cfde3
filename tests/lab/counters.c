/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void lab_device_counters(struct lab_device *d, struct lab_counters *out)
{
	pthread_mutex_lock(&d->lock);
	*out = d->counters;
	pthread_mutex_unlock(&d->lock);
}

#define TOTAL(name)                                                                                                    \
	{                                                                                                              \
#name, offsetof(struct lab_counters, name)                                                             \
	}
#define TALLY(name, algorithm)                                                                                         \
	{name, offsetof(struct lab_counters, by[algorithm].operations)},                                               \
	{                                                                                                              \
		name "_bytes", offsetof(struct lab_counters, by[algorithm].bytes)                                      \
	}

static const struct {
	const char *name;
	size_t offset;
} names[] = {
	TOTAL(opens),
	TOTAL(open_now),
	TOTAL(ioctls),
	TOTAL(errors),
	TOTAL(sessions),
	TOTAL(sessions_now),
	TOTAL(crypt),
	TOTAL(authcrypt),
	TOTAL(bytes),
	TOTAL(largest),
	TOTAL(hung),
	TOTAL(hanging),
	TOTAL(late_writes),
	TOTAL(faulty),
	TALLY("cbc", LAB_CBC),
	TALLY("ctr", LAB_CTR),
	TALLY("ecb", LAB_ECB),
	TALLY("gcm", LAB_GCM),
	TALLY("tls_sha1", LAB_TLS_SHA1),
	TALLY("tls_sha256", LAB_TLS_SHA256),
};

void lab_counters_print(const struct lab_counters *c, FILE *out)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fprintf(out, "%s=%" PRIu64 "\n", names[i].name,
			*(const uint64_t *)(const void *)((const char *)c + names[i].offset));
}

void lab_counters_scan(struct lab_counters *c, const char *line)
{
	size_t length = strcspn(line, "=");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (line[length] == '=' && strlen(names[i].name) == length && memcmp(names[i].name, line, length) == 0)
			*(uint64_t *)(void *)((char *)c + names[i].offset) = strtoull(line + length + 1, NULL, 10);
}
