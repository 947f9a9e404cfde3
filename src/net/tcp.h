/* SPDX-License-Identifier: MIT */
/* TCP as a transport: happy eyeballs (RFC 8305) for clients, an accepted socket for servers. */
#ifndef SLU_NET_TCP_H
#define SLU_NET_TCP_H

#include "net/resolve.h"
#include "net/transport.h"

struct slu_tcp_config {
	const struct slu_resolver *resolver; /* NULL: slu_resolver_system */
	enum slu_ip ip;
	const char *bind_address;
	const char *bind_interface;
	int send_buffer;
	unsigned connect_timeout_ms; /* resolve and connect */
	unsigned user_timeout_ms;    /* TCP_USER_TIMEOUT; 0: the kernel's */
	struct slu_log log;
};

/* Begins to connect to host (a name or a numeric address) at now_ms. Strings are copied. NULL when out of memory or
 * when the configuration is wrong (then error says why). */
struct slu_transport *slu_tcp_connect(const struct slu_tcp_config *config, const char *host, uint16_t port,
				      uint64_t now_ms, char *error, size_t size);

/* An accepted socket; owned from here on, also on failure. NULL when out of memory. */
struct slu_transport *slu_tcp_accept(const struct slu_tcp_config *config, int fd);

/* What is small waits in the kernel until all before it is acknowledged, to go out with more (Nagle's algorithm, RFC
 * 1122, 4.2.3.4). At first it does not. */
void slu_tcp_gather(int fd, bool on);

/* Readable is what has n bytes at least, or has ended: SO_RCVLOWAT. False: it cannot be told so. */
bool slu_tcp_patience(int fd, int n);

/* What the kernel says of the connection; false when it says nothing (not TCP, not connected). */
struct slu_tcp_info {
	uint64_t unacked; /* bytes written and not acknowledged: SIOCOUTQ */
	uint32_t rtt_us;
	uint32_t retransmits;
	bool closed; /* gone, and unacked with it: by a reset, or given up (an end of stream then counts as a byte) */
};
bool slu_tcp_info(int fd, struct slu_tcp_info *out);

#endif
