/* SPDX-License-Identifier: MIT */
/*
 * Name resolution behind a vtable: the system's resolver in a thread that a deadline can abandon, addresses that the
 * caller gives, or a test's.
 */
#ifndef SLU_NET_RESOLVE_H
#define SLU_NET_RESOLVE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <sluice/conn.h> /* enum slu_ip */

struct slu_address {
	struct sockaddr_storage addr;
	socklen_t len;
};

enum { SLU_MAX_ADDRESSES = 32 };

struct slu_lookup; /* one under way */

struct slu_resolver {
	/* Begins. NULL when out of memory. */
	struct slu_lookup *(*start)(const struct slu_resolver *r, const char *host, uint16_t port, enum slu_ip ip);
	/* Becomes readable when poll() has something new; -1: call poll() at once. */
	int (*fd)(const struct slu_lookup *l);
	/* The number of addresses in out (in the system's order of preference), 0 while under way, SLU_ERR_RESOLVE with
	 * the reason in error, or SLU_ERR_NOMEM. */
	int (*poll)(struct slu_lookup *l, struct slu_address out[SLU_MAX_ADDRESSES], char *error, size_t size);
	/* Ends it, finished or not, without waiting. */
	void (*cancel)(struct slu_lookup *l);
};

extern const struct slu_resolver slu_resolver_system;

/* A resolver that always answers with these addresses ("192.0.2.1", "::1"), whatever the name. The strings must
 * outlive it. */
struct slu_resolver_fixed {
	struct slu_resolver resolver;
	const char *const *addresses;
	size_t count;
};
void slu_resolver_fixed_init(struct slu_resolver_fixed *r, const char *const *addresses, size_t count);

#endif
