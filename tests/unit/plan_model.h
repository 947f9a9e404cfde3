/* SPDX-License-Identifier: MIT */
/* A server in memory that answers the planner's hellos: as it is configured, or badly. */
#ifndef SLU_TESTS_UNIT_PLAN_MODEL_H
#define SLU_TESTS_UNIT_PLAN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/plan.h"

enum { MODEL_SUITES = 64, MODEL_IDS = 16 };

/* A list in order of preference. Those of one tier are equal: the client's first of them is taken. */
struct model_list {
	uint16_t ids[MODEL_SUITES];
	uint8_t tier[MODEL_SUITES];
	size_t n;
};

struct model_version {
	bool on;
	struct model_list suites;
};

/* What it does besides answering. */
enum model_vice {
	MODEL_HONEST,
	MODEL_DROPS,   /* ends connections, from one answer on */
	MODEL_RANDOM,  /* takes any of what it could take */
	MODEL_UNASKED, /* takes what was not offered, now and then */
	MODEL_STICKS,  /* takes the same suite, offered or not */
	MODEL_MOODY,   /* refuses, hangs up or talks nonsense, now and then */
	MODEL_ALL,     /* takes whatever comes first, in whatever version */
	MODEL_VICES,
};

struct model {
	struct model_version versions[SLU_REPORT_VERSIONS];
	struct model_list groups[2];  /* before TLS 1.3, and of it */
	struct model_list schemes[2]; /* of TLS 1.2 and 1.3 */
	uint16_t sham;                /* a scheme for which it takes a suite of RSA and then cannot sign */
	uint16_t ffdhe;               /* of DHE before TLS 1.3 (RFC 7919); 0: a prime of its own */
	bool chacha_first;            /* prefers ChaCha20 where the client's first suite is one */
	bool but_gcm;                 /* or where the first that it knows is anything but AES with GCM */
	uint16_t curve;      /* of the ECDSA certificate: it is for those who offer it (RFC 8422, 5.1); 0: any */
	bool bare;           /* knows no extensions, and refuses who has any */
	uint8_t wants_share; /* its alert to a hello of TLS 1.3 without a key share; 0: it asks for one */
	bool hangs_up;       /* in full handshakes */
	bool lacks;          /* the OpenSSL here lacks suites of TLS 1.3 */
	struct model *other; /* answers every other hello */
	bool needs_sni, other_chain; /* refuses without a name, or shows another certificate */
	size_t stands;               /* bytes of a hello; 0: any */
	struct slu_hello_answer not_stood, refusal, no_version, no_name;
	unsigned with; /* extensions that it knows */
	const char *alpn;
	bool alpn_strict; /* no_application_protocol where it has none of the client's */
	bool client_certificate, needs_certificate;
	unsigned record_size_limit, tickets;
	bool scsv, sentinel;

	bool goes_down;                       /* to an older version, where it has none of the suites in the newest */
	const struct slu_hello_answer *again; /* to few suites in TLS 1.2 */
	bool turns;                           /* goes by the client's order then */
	uint16_t stuck_group;                 /* of TLS 1.3, offered or not */

	enum model_vice vice;
	unsigned honest; /* answers before its vice shows */
	unsigned fails;  /* internal_error is this answer, counted from 1; 0: none */
	uint32_t random;

	/* What happened. */
	unsigned answers, handshakes, looks;
	bool took[SLU_REPORT_VERSIONS][65536]; /* suites that it took, when they were offered */
};

struct slu_hello_answer model_alert(uint8_t alert);
struct slu_hello_answer model_end(enum slu_hello_end end);

/* What it says to a step, valid until the next. */
const struct slu_hello_answer *model_answer(struct model *m, const struct slu_plan_step *step);
const struct slu_inspect_result *model_inspect(struct model *m, const struct slu_plan_step *step);

/* For slu_plan_config. */
struct slu_chain *model_look(void *ctx, const struct slu_chain_der *certs, size_t n);

#endif
