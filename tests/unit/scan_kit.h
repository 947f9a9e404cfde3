/* SPDX-License-Identifier: MIT */
/* For the tests of scans: a server on loopback, OpenSSL's or a bad one, in the same loop, and a clock that jumps to the
 * next deadline when nothing is on its way any more. */
#ifndef SLU_TESTS_UNIT_SCAN_KIT_H
#define SLU_TESTS_UNIT_SCAN_KIT_H

#include <openssl/ssl.h>

#include "probe/report.h"
#include "probe/scan.h"

/* What it does on a connection that has said something. */
enum scan_vice {
	SCAN_ANSWERS,
	SCAN_STALLS,
	SCAN_CLOSES,
	SCAN_RESETS,
	SCAN_HALF,     /* half an answer, and nothing more */
	SCAN_HTTP,     /* not TLS */
	SCAN_OVERSIZE, /* a message that has no end */
};

enum { SCAN_PEERS = 64, SCAN_OUT = 1 << 17 };

struct scan_peer {
	int fd; /* -1: there is none */
	SSL *ssl;
	enum scan_vice vice;
	bool asked, closing;
	unsigned turns;  /* without a word */
	unsigned number; /* of the connection */
	uint8_t out[SCAN_OUT];
	size_t len, sent;
};

struct scan_server {
	int listener;
	uint16_t port;
	SSL_CTX *ctx;
	struct scan_peer peers[SCAN_PEERS];

	/* How it is. */
	bool serial;           /* takes the next connection when the last one is closed */
	bool newest_first;     /* listens to nobody but who came last */
	bool refuses_by_reset; /* in place of an alert */
	bool greets;           /* speaks first */
	bool keeps_none_idle;  /* closes whatever stands and says nothing */
	size_t portion;        /* bytes a write; 0: any */
	unsigned most;         /* connections, and then no more; 0: any */
	const char *from;      /* where all connections must come from; NULL: anywhere */
	/* Of a connection that says something, the nth, from 0; bytes of it. NULL: SCAN_ANSWERS. */
	enum scan_vice (*vice)(struct scan_server *s, unsigned nth, size_t bytes);

	/* What happened. */
	unsigned accepted, asked, open, most_open;
	unsigned named, dotted; /* answers to who names it, and with a dot at the end */
	unsigned resets;        /* by the client */
	uint64_t bytes_in, bytes_out;
};

extern struct scan_server server;

/* cmocka fixtures: certificates; a server with TLS 1.2 and 1.3; and that no descriptor is left. */
int scan_group_setup(void **state);
int scan_setup(void **state);
int scan_teardown(void **state);

/* The suites that it has: names of OpenSSL. */
void scan_suites(const char *old, const char *new);

void scan_stop_listening(void);

/* A scan from beginning to end: to be freed. Of 127.0.0.1, and the server. */
struct slu_scan *scan_run(const struct slu_scan_config *config);

/* Likewise, of one that was begun; what slu_scan_step() said at last. */
int scan_finish(struct slu_scan *s);

/* One turn of the server; whether it had anything to do. */
bool scan_serve(void);

extern uint64_t scan_now; /* the clock */

#endif
