/* SPDX-License-Identifier: MIT */
/* For the TLS tests: certificates made on the spot, and two transports that are each other's peer in memory. */
#ifndef SLU_TESTS_UNIT_TLS_KIT_H
#define SLU_TESTS_UNIT_TLS_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/tls.h>

#include "base/buf.h"
#include "net/transport.h"

/* ---- certificates: a folder that kit_remove() deletes ---- */

enum { KIT_PATH = 128 };

struct kit_cert {
	char cert[KIT_PATH], key[KIT_PATH]; /* PEM files */
	char pin[64];                       /* "sha256//..." */
	void *x509, *pkey;                  /* X509 and EVP_PKEY */
};

struct kit_request {
	const char *cn;
	const char *san;               /* "DNS:a.example,IP:127.0.0.1"; NULL: none */
	const struct kit_cert *issuer; /* NULL: signs itself */
	bool ca;
	bool rsa;      /* its key; else ECDSA */
	long from, to; /* seconds from now; 0, 0: an hour ago to tomorrow */
};

const char *kit_folder(void); /* made at the first call */
void kit_make(struct kit_cert *out, const char *name, const struct kit_request *request);
void kit_free(struct kit_cert *cert);
void kit_remove(void);

/* cmocka group fixtures: kit_ca and, issued by it for live.example, 127.0.0.1 and ::1, kit_server. */
extern struct kit_cert kit_ca, kit_server;
int kit_setup(void **state);
int kit_teardown(void **state);

/* A context, or the test fails with the reason. */
struct slu_tls_ctx *kit_ctx(const struct slu_tls_config *config);

/* ---- memory transports ---- */

struct kit_mem {
	struct slu_transport transport;
	struct kit_mem *peer;
	struct slu_buf in;          /* what the peer has sent */
	struct slu_buf *tap;        /* a copy of all that this end sends, or NULL */
	size_t write_max, read_max; /* bytes a call; 0: any */
	size_t window;              /* bytes that the peer's in may hold; 0: any */
	unsigned delay;             /* open() calls that say "not yet" */
	bool ended, lost;           /* the peer has shut down; the connection is reset */
	bool cut;                   /* writes fail, and reads do not say why */
	unsigned agains;            /* again() calls */
	int again_err;              /* what they say */
	uint64_t again_ms;          /* when the last was: open() is never called with an earlier time */
	unsigned slow_ms;           /* that a recv() call takes */
	bool freed;
	unsigned writes, reads;
	uint64_t wire_out, wire_in;
	const char *name; /* the peer's address, for stats */
	int socket;       /* as if it were the one below; -1: none */
};

void kit_mem_pair(struct kit_mem *a, struct kit_mem *b);
void kit_mem_clear(struct kit_mem *m);

/* ---- both ends of a TLS connection ---- */

struct kit_pair {
	struct kit_mem cm, sm;
	struct slu_transport *c, *s; /* client, server */
	int cr, sr;                  /* what open() said last */
	uint64_t now;
};

void kit_pair_init(struct kit_pair *p, struct slu_tls_ctx *client, struct slu_tls_ctx *server, const char *host);
/* Until both are open, or either failed. */
void kit_handshake(struct kit_pair *p);
/* As kit_handshake(), and both must be open. */
void kit_opened(struct kit_pair *p, struct slu_tls_ctx *client, struct slu_tls_ctx *server, const char *host);
/* A handshake that the client must fail with err, its sentence copied to out; contexts are freed. */
void kit_refused(struct slu_tls_ctx *client, struct slu_tls_ctx *server, const char *host, int err, char *out,
		 size_t size);
void kit_pair_clear(struct kit_pair *p);

/* Sends all of data from one end and takes it at the other; asserts that it arrives whole. */
void kit_carry(struct slu_transport *from, struct slu_transport *to, const void *data, size_t n);

/* How many of a run of whole TLS records have this content type. */
size_t kit_records(const uint8_t *p, size_t n, unsigned type);

#endif
