/* SPDX-License-Identifier: MIT */
/*
 * A ClientHello as one wants it, and what a server says to it, up to where keys would be needed: ServerHello or
 * HelloRetryRequest, and with TLS 1.2 and below Certificate, ServerKeyExchange and CertificateRequest (RFC 5246, 7.4;
 * RFC 8446, 4.1). No I/O, no keys, no OpenSSL.
 *
 *     slu_hello_encode(&hello, &out);                     and send that
 *     r = slu_hello_reader_new(&hello, whole);
 *     while (slu_hello_read(r, data, n) == SLU_HELLO_MORE)
 *             data, n = what the server sends             or slu_hello_ended() when nothing comes any more
 *     ... slu_hello_answer(r) ...
 *     slu_hello_reader_free(r);
 */
#ifndef SLU_PROBE_HELLO_H
#define SLU_PROBE_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Extensions: those that a hello has besides what its lists make, and those that the server agreed to. */
enum slu_hello_with {
	SLU_WITH_ETM = 1,            /* encrypt-then-MAC, RFC 7366 */
	SLU_WITH_EMS = 2,            /* extended master secret, RFC 7627 */
	SLU_WITH_TICKET = 4,         /* session ticket, RFC 5077 */
	SLU_WITH_RENEGOTIATION = 8,  /* secure renegotiation, RFC 5746. SLU_SCSV_RENEGOTIATION among the suites asks for
					it as well, and its answer is this bit */
	SLU_WITH_MAX_FRAGMENT = 16,  /* RFC 6066, 4: 4096 bytes */
	SLU_WITH_STATUS = 32,        /* status_request, RFC 6066, 8 */
	SLU_WITHOUT_EXTENSIONS = 64, /* none at all, whatever else is set: for servers of SSL 3.0's time */
};

/* Arrays and strings are the caller's. Suites, groups, schemes and protocols in order of preference. */
struct slu_hello {
	uint16_t version; /* the newest that is offered, SLU_SSL_3_0 (then without extensions) to SLU_TLS_1_3; with
			     TLS 1.3 the only one, though a server that never heard of it sees TLS 1.2 */
	const uint16_t *suites;
	size_t nsuites;
	const uint16_t *groups; /* 0: no extension */
	size_t ngroups;
	const uint16_t *schemes; /* signature_algorithms; 0: no extension. Not below TLS 1.2, which has none */
	size_t nschemes;
	const char *server_name; /* SNI; NULL or an address: no extension */
	const char *const *alpn;
	size_t nalpn;
	unsigned with;      /* enum slu_hello_with; with TLS 1.3 only SLU_WITH_STATUS has a meaning */
	uint8_t random[32]; /* with TLS 1.3 also the legacy session id */
};

/* Appends the records of a ClientHello, which has the looks of a common client's: one record of version 3.1 (3.0 for
 * SSL 3.0), more of them only beyond 16384 bytes; with TLS 1.3 a legacy session id and an empty key_share, which asks
 * for HelloRetryRequest (RFC 8446, 4.2.8); null compression alone. A message of 256 to 511 bytes is padded to 512 (RFC
 * 7685), for old load balancers choke on such. 0; SLU_ERR_INVALID: a version that is none, no suite, or a list or name
 * that does not fit its field; SLU_ERR_LIMIT, SLU_ERR_NOMEM. Failing, it leaves what was in out as it was. */
int slu_hello_encode(const struct slu_hello *h, struct slu_buf *out);

enum slu_hello_end {
	SLU_HELLO_MORE,      /* it has not said all */
	SLU_HELLO_CHOSEN,    /* ServerHello (and what was asked for behind it) */
	SLU_HELLO_RETRY,     /* HelloRetryRequest */
	SLU_HELLO_ALERT,     /* a fatal alert, or close_notify */
	SLU_HELLO_NOT_TLS,   /* what came first is no TLS record: `wrong` says what it looks like */
	SLU_HELLO_MALFORMED, /* TLS, but against its rules: `wrong` says how */
	/* By slu_hello_ended(): */
	SLU_HELLO_CLOSED, /* the end of the stream, before anything or in the middle */
	SLU_HELLO_RESET,  /* likewise, by a reset */
	SLU_HELLO_SILENT, /* nothing, or not all, within the caller's deadline */
};

/* RFC 8446, 4.1.3: what the end of the server's random says of newer versions that it has. */
enum slu_hello_downgrade { SLU_DOWNGRADE_NONE, SLU_DOWNGRADE_TLS12, SLU_DOWNGRADE_TLS11 };

enum { SLU_HELLO_MOST = 131072, SLU_HELLO_CERTIFICATES = 12, SLU_HELLO_WRONG = 192 };

/* What is not said is 0. What was read before an end that is no good end stays: a server that chose a suite and then
 * fell silent has version and suite here. */
struct slu_hello_answer {
	enum slu_hello_end end;
	uint16_t version; /* chosen; of an alert without ServerHello: of its record */
	uint16_t suite;
	uint16_t group;   /* of HelloRetryRequest or ServerKeyExchange. Of DHE, the one of RFC 7919 whose prime it is. A
			     curve of the server's own is 0xFF01 or 0xFF02 */
	uint16_t scheme;  /* that ServerKeyExchange is signed with (TLS 1.2) */
	uint16_t dh_bits; /* of a DHE prime */
	uint8_t compression;
	unsigned with;           /* extensions that the server agreed to: enum slu_hello_with */
	uint8_t max_fragment;    /* RFC 6066, 4: the code that it agreed to */
	bool server_name_taken;  /* it sent the empty server_name extension */
	bool cookie;             /* HelloRetryRequest has one */
	bool client_certificate; /* it sent CertificateRequest */
	bool stapled;            /* it sent CertificateStatus */
	enum slu_hello_downgrade downgrade;
	char alpn[64];              /* what it chose, unprintable bytes as \xNN; "" for none */
	uint8_t alert_level, alert; /* SLU_HELLO_ALERT; of close_notify 1 or 2, and 0 */
	bool warned;                /* a warning came first, most often unrecognized_name: */
	uint8_t warning;            /* the last one */
	/* The chain, DER, the server's own certificate first: points into the reader. Those beyond
	 * SLU_HELLO_CERTIFICATES are left out. */
	struct {
		const uint8_t *der;
		size_t len;
	} certificates[SLU_HELLO_CERTIFICATES];
	size_t ncertificates;
	size_t bytes;                /* that were handed in */
	char wrong[SLU_HELLO_WRONG]; /* a predicate whose subject is the server: "sent a record of …"; else "" */
};

struct slu_hello_reader; /* opaque */

/* For the answer to asked, which is not kept. whole: on to ServerHelloDone, for certificate, group and scheme;
 * otherwise the ServerHello ends it. With TLS 1.3, HelloRetryRequest ends it anyway. NULL: no memory. */
struct slu_hello_reader *slu_hello_reader_new(const struct slu_hello *asked, bool whole);

/* Takes bytes, in any split, over any fragmentation into records, at most SLU_HELLO_MOST in all, stored as they come
 * and never by what is announced. Returns enum slu_hello_end, sticky once it is not SLU_HELLO_MORE; or SLU_ERR_NOMEM,
 * sticky too. That a suite, version, group or extension was not offered, or a suite is none of the version, or
 * compression was chosen, is SLU_HELLO_MALFORMED with the answer filled in. Of a server that is asked for TLS 1.3 alone
 * and chooses an older version, the version tells: it may be one that never heard of supported_versions. */
int slu_hello_read(struct slu_hello_reader *r, const void *data, size_t n);

/* Nothing more comes: how is SLU_HELLO_CLOSED, _RESET or _SILENT. Returns the end, which is that, or what was known
 * before, or SLU_HELLO_NOT_TLS for a short greeting. */
int slu_hello_ended(struct slu_hello_reader *r, enum slu_hello_end how);

/* Valid until the next call with r. Certificates once it is not SLU_HELLO_MORE. */
const struct slu_hello_answer *slu_hello_answer(const struct slu_hello_reader *r);

void slu_hello_reader_free(struct slu_hello_reader *r); /* NULL is fine */

#endif
