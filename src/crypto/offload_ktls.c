/* SPDX-License-Identifier: MIT */
/* The door to the kernel's TLS: what was asked for, and how often it came about. A connection tries it
 * (net/tls_ktls.c), since it takes a socket. */
#include "crypto/offload.h"

#include <stdio.h>
#include <string.h>

static int open_ktls(struct slu_offload *o, const char *settings, char *error, size_t size)
{
	if (*settings && strcmp(settings, "tls13") != 0) {
		snprintf(error, size, "'%.100s' is no setting of the TLS offload ktls: tls13 is the only one",
			 settings);
		return SLU_ERR_INVALID;
	}
	o->ktls.on = true;
	o->ktls.any_tls13 = *settings != '\0';
	return 0;
}

static void stats(const struct slu_offload *o, struct slu_tls_offload_stats *out)
{
	out->counted = true;
	out->connections = o->ktls.taken;
	out->fallbacks = o->ktls.not_taken;
}

void slu_offload_ktls_count(struct slu_offload *o, bool taken)
{
	atomic_fetch_add(taken ? &o->ktls.taken : &o->ktls.not_taken, 1);
}

void slu_offload_ktls_only(struct slu_offload *o, const int ciphers[4])
{
	memcpy(o->ktls.only, ciphers, sizeof o->ktls.only);
}

bool slu_offload_ktls_serves(const struct slu_offload *o, int cipher)
{
	const int *only = o->ktls.only;

	return !only[0] || cipher == only[0] || cipher == only[1] || cipher == only[2] || cipher == only[3];
}

bool slu_offload_ktls_first(struct slu_offload *o, unsigned reason)
{
	return !(atomic_fetch_or(&o->ktls.told, 1u << reason) & 1u << reason);
}

const struct slu_offload_door slu_offload_ktls = {
	.name = "ktls",
	.usage = "ktls[:tls13]",
	.open = open_ktls,
	.stats = stats,
};
