/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <inttypes.h>

void lab_device_counters(struct lab_device *d, struct lab_counters *out)
{
	pthread_mutex_lock(&d->lock);
	*out = d->counters;
	pthread_mutex_unlock(&d->lock);
}

static const struct {
	const char *name;
	size_t offset;
} names[] = {
	{"opens", offsetof(struct lab_counters, opens)},
	{"open_now", offsetof(struct lab_counters, open_now)},
	{"ioctls", offsetof(struct lab_counters, ioctls)},
	{"errors", offsetof(struct lab_counters, errors)},
	{"sessions", offsetof(struct lab_counters, sessions)},
	{"sessions_now", offsetof(struct lab_counters, sessions_now)},
	{"crypt", offsetof(struct lab_counters, crypt)},
	{"authcrypt", offsetof(struct lab_counters, authcrypt)},
	{"bytes", offsetof(struct lab_counters, bytes)},
	{"largest", offsetof(struct lab_counters, largest)},
	{"hung", offsetof(struct lab_counters, hung)},
	{"hanging", offsetof(struct lab_counters, hanging)},
	{"late_writes", offsetof(struct lab_counters, late_writes)},
	{"faulty", offsetof(struct lab_counters, faulty)},
};

void lab_counters_print(const struct lab_counters *c, FILE *out)
{
	static const char *const algorithms[LAB_ALGORITHMS] = {"cbc", "ctr", "ecb", "gcm", "tls_sha1", "tls_sha256"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fprintf(out, "%s=%" PRIu64 "\n", names[i].name,
			*(const uint64_t *)(const void *)((const char *)c + names[i].offset));
	for (size_t i = 0; i < LAB_ALGORITHMS; i++)
		fprintf(out, "%s=%" PRIu64 "\n%s_bytes=%" PRIu64 "\n", algorithms[i], c->by[i].operations,
			algorithms[i], c->by[i].bytes);
}
