/* SPDX-License-Identifier: MIT */
/*
 * What is said to a proxy, and what it answers, until there is a tunnel: SOCKS4 (Ying-Da Lee, "SOCKS: A protocol for
 * TCP proxy across firewalls") and its extension 4a for names, SOCKS5 (RFC 1928 and 1929), and CONNECT of HTTP (RFC
 * 9110, 9.3.6). Bytes in, bytes out.
 */
#ifndef SLU_NET_PROXY_TALK_H
#define SLU_NET_PROXY_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/http1.h"
#include "net/origin.h"

enum slu_proxy_kind { SLU_PROXY_SOCKS4, SLU_PROXY_SOCKS4A, SLU_PROXY_SOCKS5, SLU_PROXY_HTTP };

struct slu_proxy {
	enum slu_proxy_kind kind;
	struct slu_origin at;
};

/* "socks4://[user@]host[:port]", socks4a likewise, "socks5://[user[:password]@]host[:port]" (socks5h is the same), and
 * "http://" with as much. Ports are 1080, and 80 for http. NULL, or a static sentence that says what is wrong and has
 * nothing of url in it. */
const char *slu_proxy_parse(struct slu_proxy *out, const char *url);

/* "SOCKS5", static. */
const char *slu_proxy_name(enum slu_proxy_kind kind);

enum {
	SLU_PROXY_OUT = 1600, /* the longest request: CONNECT with a name, a user and a password of 255 bytes each */
	SLU_PROXY_IN = 512    /* the longest answer of SOCKS */
};

struct slu_proxy_talk {
	const struct slu_proxy *proxy;
	const char *host; /* where the tunnel is to end */
	uint16_t port;
	uint8_t ip[16]; /* host, where it is an address or was resolved to one */
	size_t ip_size; /* 4, 16, or 0: the proxy is told the name */

	uint8_t out[SLU_PROXY_OUT]; /* to be sent before anything else is taken in */
	size_t out_size;

	int (*step)(struct slu_proxy_talk *t); /* SOCKS: for what is awaited, once in has `need` bytes of it */
	uint8_t in[SLU_PROXY_IN];
	size_t in_size, need;
	struct slu_http1 http; /* HTTP's answer */
	char error[640];
};

/* To the end of host:port, over this proxy; both stay where they are. An address goes as such. False, and why in
 * t->error: this kind of proxy cannot be asked for that. */
bool slu_proxy_talk_init(struct slu_proxy_talk *t, const struct slu_proxy *proxy, const char *host, uint16_t port);

void slu_proxy_talk_clear(struct slu_proxy_talk *t);

/* The name was resolved to this IPv4 address, which SOCKS4 is told in its stead. */
void slu_proxy_talk_resolved(struct slu_proxy_talk *t, const uint8_t ip[4]);

/* Makes the first request, or makes it anew on another connection. */
void slu_proxy_talk_begin(struct slu_proxy_talk *t);

/* All of out is sent. */
void slu_proxy_talk_sent(struct slu_proxy_talk *t);

/* Takes from the n bytes that came what belongs to the answer: *used. 1: there is a tunnel, and what is left is its
 * first; 0: out has something, or more has to come; SLU_ERR_CONNECT or SLU_ERR_NOMEM, and the sentence in t->error. */
int slu_proxy_talk_in(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used);

/* ---- for the dialects ---- */

void slu_proxy_put(struct slu_proxy_talk *t, const void *data, size_t n);
void slu_proxy_put_byte(struct slu_proxy_talk *t, unsigned byte);

/* SLU_ERR_CONNECT, after "the proxy HOST:PORT " and what is said. */
__attribute__((format(printf, 2, 3))) int slu_proxy_fail(struct slu_proxy_talk *t, const char *format, ...);

/* A refusal of the tunnel: the reply's number, its name, and what to do about it. */
struct slu_proxy_reply {
	unsigned code;
	const char *name, *advice;
};
int slu_proxy_refused(struct slu_proxy_talk *t, const struct slu_proxy_reply *replies, size_t n, unsigned code);

void slu_proxy_begin_socks4(struct slu_proxy_talk *t);
void slu_proxy_begin_socks5(struct slu_proxy_talk *t);
int slu_proxy_in_socks(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used);
void slu_proxy_begin_http(struct slu_proxy_talk *t);
int slu_proxy_in_http(struct slu_proxy_talk *t, const uint8_t *data, size_t n, size_t *used);

#endif
