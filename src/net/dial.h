/* SPDX-License-Identifier: MIT */
/* From a host name to a connected socket: resolving and the race of its addresses, under one deadline. */
#ifndef SLU_NET_DIAL_H
#define SLU_NET_DIAL_H

#include "net/tcp.h"

struct slu_dial;

/* As slu_tcp_connect(). */
struct slu_dial *slu_dial_new(const struct slu_tcp_config *config, const char *host, uint16_t port, uint64_t now_ms,
			      char *error, size_t size);

/* 1: connected; 0: not yet; <0, for good. */
int slu_dial_step(struct slu_dial *d, uint64_t now_ms);

/* An epoll descriptor that becomes readable when slu_dial_step() can do something. */
int slu_dial_fd(const struct slu_dial *d);
uint64_t slu_dial_deadline(const struct slu_dial *d);
const char *slu_dial_error(const struct slu_dial *d);

/* How many addresses there are to try; 0: the host is not resolved. */
size_t slu_dial_addresses(const struct slu_dial *d);

/* The connected socket, the caller's from here on, and its address in *peer. */
int slu_dial_take(struct slu_dial *d, struct slu_address *peer);

/* After that: begins once more, to that address alone, within the time of the first try. 0 or <0, for good. */
int slu_dial_again(struct slu_dial *d, uint64_t now_ms);

/* Likewise after that: one more connection to that address, beside the first. A socket, the caller's, which becomes
 * writable when the connection stands, or when it has failed (SO_ERROR); or an errno, negative. */
int slu_dial_more(const struct slu_dial *d);

/* Abandons what is under way. NULL is fine. */
void slu_dial_free(struct slu_dial *d);

#endif
