/* SPDX-License-Identifier: MIT */
/*
 * The BIO between libssl and the transport below. What libssl writes collects here until it is flushed, so that one
 * write call carries many records; what it reads comes straight from the transport.
 */
#ifndef SLU_NET_TLS_BIO_H
#define SLU_NET_TLS_BIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/transport.h"

struct bio_st;
struct bio_method_st;

enum {
	SLU_TLS_COLLECT_MAX = 4 << 20,    /* the most that collects for one write call */
	SLU_TLS_COLLECT_KEEP = 256 << 10, /* what stays allocated when little is written */
	SLU_TLS_FIRST_BYTES = 8
};

struct slu_tls_bio {
	struct slu_transport *inner;
	struct bio_method_st *method;
	struct slu_buf out; /* on its way; from off on */
	size_t off;
	bool through;  /* the next record is the last of its flush: it goes out with what is collected, not copied */
	bool counting; /* what is written now is application data */
	uint64_t records;
	unsigned calm; /* flushes in a row that left most of a large collector unused */
	size_t flush_peak;
	bool eof;                           /* the transport below has ended */
	int in_err, out_err;                /* of the transport below; sticky */
	uint8_t first[SLU_TLS_FIRST_BYTES]; /* what came first, to tell what is no TLS */
	size_t nfirst;
};

/* Makes a BIO on inner, which b does not own. NULL when out of memory. Free the BIO before b. */
struct bio_st *slu_tls_bio_open(struct slu_tls_bio *b, struct slu_transport *inner);
void slu_tls_bio_close(struct slu_tls_bio *b);

/* What the BIO does with what is written to it, for another BIO in front of the same connection. Returns len. */
int slu_tls_bio_write(struct slu_tls_bio *b, const char *data, int len);

/* One write call for what is collected. 1: all gone; 0: not yet; <0. */
int slu_tls_bio_flush(struct slu_tls_bio *b);

/* Bytes that the socket has not taken. */
size_t slu_tls_bio_pending(const struct slu_tls_bio *b);

/* Room for n bytes more, so that records need not move while they collect. 0 or negative. */
int slu_tls_bio_reserve(struct slu_tls_bio *b, size_t n);

#endif
