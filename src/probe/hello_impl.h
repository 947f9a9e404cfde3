/* SPDX-License-Identifier: MIT */
/* What the parts of the hello share. */
#ifndef SLU_PROBE_HELLO_IMPL_H
#define SLU_PROBE_HELLO_IMPL_H

#include "base/cursor.h"
#include "probe/hello.h"
#include "probe/registry.h"

enum {
	SLU_RECORD_HEADER = 5,
	SLU_RECORD_MOST = 16384, /* RFC 8446, 5.1 */
	SLU_MESSAGE_HEADER = 4,
	SLU_GREETING_MOST = 48, /* bytes of what is no TLS that are looked at */
};

enum slu_record_type {
	SLU_RECORD_CHANGE_CIPHER = 20,
	SLU_RECORD_ALERT = 21,
	SLU_RECORD_HANDSHAKE = 22,
	SLU_RECORD_DATA = 23,
	SLU_RECORD_HEARTBEAT = 24,
};

enum slu_msg_type {
	SLU_MSG_HELLO_REQUEST = 0,
	SLU_MSG_CLIENT_HELLO = 1,
	SLU_MSG_SERVER_HELLO = 2,
	SLU_MSG_CERTIFICATE = 11,
	SLU_MSG_SERVER_KEY_EXCHANGE = 12,
	SLU_MSG_CERTIFICATE_REQUEST = 13,
	SLU_MSG_SERVER_HELLO_DONE = 14,
	SLU_MSG_CERTIFICATE_STATUS = 22,
};

/* IANA's "TLS ExtensionType Values". */
enum slu_extension {
	SLU_EXT_SERVER_NAME = 0,
	SLU_EXT_MAX_FRAGMENT = 1,
	SLU_EXT_STATUS = 5,
	SLU_EXT_GROUPS = 10,
	SLU_EXT_POINT_FORMATS = 11,
	SLU_EXT_SCHEMES = 13,
	SLU_EXT_ALPN = 16,
	SLU_EXT_PADDING = 21,
	SLU_EXT_ETM = 22,
	SLU_EXT_EMS = 23,
	SLU_EXT_TICKET = 35,
	SLU_EXT_VERSIONS = 43,
	SLU_EXT_COOKIE = 44,
	SLU_EXT_PSK_MODES = 45,
	SLU_EXT_KEY_SHARE = 51,
	SLU_EXT_RENEGOTIATION = 0xFF01,
};

enum { SLU_FRAGMENT_4096 = 4 };

/* It has a server_name that goes into an extension. */
bool slu_hello_has_name(const struct slu_hello *h);

/* It may have extensions. */
bool slu_hello_extends(const struct slu_hello *h);

/* It has an elliptic curve, or a hybrid, among its groups. */
bool slu_hello_has_curve(const struct slu_hello *h);

struct slu_hello_reader {
	struct slu_hello_answer answer;
	int err; /* SLU_ERR_NOMEM, sticky */

	/* What was asked: the numbers are in one block, those of ALPN as the extension has them. */
	struct slu_hello asked;
	uint16_t *numbers;
	struct slu_buf alpn;
	bool whole;

	/* What came first, until it is known to be TLS. */
	bool tls;
	uint8_t greeting[SLU_GREETING_MOST];
	size_t ngreeting;

	/* The record that is coming. */
	uint8_t header[SLU_RECORD_HEADER];
	size_t nheader, left;
	uint8_t alert[2];
	size_t nalert;

	/* The payloads of handshake records, behind each other; the next message begins at `at`. */
	struct slu_buf messages;
	size_t at;

	unsigned stage;                     /* how far the server's first flight is */
	bool key_exchange;                  /* ServerKeyExchange came */
	const struct slu_reg_suite *suite;  /* the chosen one; NULL: it is in no registry */
	size_t der[SLU_HELLO_CERTIFICATES]; /* where in messages they are */
};

/* A step in reading returns SLU_HELLO_MORE to go on, or how it ends. This one ends it for breaking the rules; the
 * predicate is kept. */
__attribute__((format(printf, 2, 3))) int slu_hello_wrong(struct slu_hello_reader *r, const char *format, ...);

/* Messages, by their bodies; the bytes are in r->messages. */
int slu_hello_server_hello(struct slu_hello_reader *r, struct slu_cursor body);
int slu_hello_certificate(struct slu_hello_reader *r, struct slu_cursor body);
int slu_hello_status(struct slu_hello_reader *r, struct slu_cursor body);
int slu_hello_key_exchange(struct slu_hello_reader *r, struct slu_cursor body);
int slu_hello_request(struct slu_hello_reader *r, struct slu_cursor body);
int slu_hello_done(struct slu_hello_reader *r, struct slu_cursor body);

/* What the first n bytes are, one to SLU_GREETING_MOST: SLU_HELLO_CHOSEN for TLS, SLU_HELLO_NOT_TLS with the predicate
 * of a sentence, or SLU_HELLO_MORE, when more of them would tell; never that for SLU_GREETING_MOST of them, or if there
 * will be no more (ended). */
int slu_hello_greeting(const uint8_t *p, size_t n, bool ended, char *wrong, size_t size);

#endif
