/* SPDX-License-Identifier: MIT */
/*
 * What is known of one server. The planner fills it, and the scanner what concerns connections; whoever shows it or
 * recommends something by it only reads. No I/O.
 */
#ifndef SLU_PROBE_REPORT_H
#define SLU_PROBE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slu_chain;

enum slu_known { SLU_UNKNOWN, SLU_NO, SLU_YES }; /* unknown: not asked, or no answer that says */

/* Whose preference counts, as far as asking for the first of all that is accepted in another order shows it. */
enum slu_order {
	SLU_ORDER_UNKNOWN, /* one or none, or not asked */
	SLU_ORDER_SERVER,  /* it takes what it prefers */
	SLU_ORDER_CLIENT,  /* it takes the client's first */
	SLU_ORDER_MIXED, /* neither: several are equal to it, and the client's first of these is taken, for instance */
};

enum slu_probe_end {
	SLU_PROBE_OK,
	SLU_PROBE_UNRESOLVED,  /* by the scanner: the name has no address */
	SLU_PROBE_UNREACHABLE, /* by the scanner: there is no connection */
	SLU_PROBE_SILENT,      /* connects, and says nothing */
	SLU_PROBE_CLOSES,      /* connects, and hangs up or resets */
	SLU_PROBE_NOT_TLS,     /* says something else */
	SLU_PROBE_REFUSES,     /* a fatal alert to everything */
	SLU_PROBE_BROKEN,      /* breaks TLS's rules in each answer */
	SLU_PROBE_CUT,         /* began well and stopped answering, or the time was up: what is not complete says so */
};

enum {
	SLU_REPORT_VERSIONS = 5,
	SLU_REPORT_SUITES = 512,
	SLU_REPORT_GROUPS = 96,
	SLU_REPORT_SCHEMES = 96,
	SLU_REPORT_CHAINS = 4,
	SLU_REPORT_NOTES = 16,
	SLU_REPORT_NOTE = 256,
};

struct slu_report_version {
	uint16_t version;
	enum slu_known accepted;
	/* By falling preference where the order is the server's; otherwise in the order in which they were offered. */
	uint16_t suites[SLU_REPORT_SUITES];
	size_t nsuites;
	bool complete; /* the server refused all others that are registered */
	enum slu_order order;
	enum slu_known chacha; /* takes ChaCha20 where a client puts it first */
	/* With TLS 1.3 of HelloRetryRequest, before of ServerKeyExchange. The best one, and all where they are
	 * complete; of TLS 1.2 and older only the newest accepted version is asked for all. */
	uint16_t groups[SLU_REPORT_GROUPS];
	size_t ngroups;
	bool groups_complete;
	enum slu_order group_order;
	uint16_t dh_bits; /* the smallest prime of DHE that was seen; 0: none */
	/* Signature schemes that the server signed with. All, where they are complete: with TLS 1.3 all of those that
	 * OpenSSL can offer, since it takes full handshakes to see them. */
	uint16_t schemes[SLU_REPORT_SCHEMES];
	size_t nschemes;
	bool schemes_complete;
};

struct slu_report {
	char host[256]; /* by the scanner, as are port and address */
	uint16_t port;
	char address[64];
	enum slu_probe_end end;
	char sentence[512]; /* for any end but SLU_PROBE_OK: what, and what to do */
	struct slu_report_version versions[SLU_REPORT_VERSIONS]; /* SSL 3.0 first */

	/* With TLS 1.2 and older: extended master secret, encrypt-then-MAC (asked for where a suite of CBC was taken),
	 * secure renegotiation, session tickets, maximum fragment length. YES when it ever agreed. */
	enum slu_known ems, etm, renegotiation, ticket, max_fragment;
	enum slu_known downgrade_sentinel; /* RFC 8446, 4.1.3; unknown where it has no version to go down to */
	enum slu_known fallback_scsv;      /* RFC 7507 */

	/* From a full handshake with TLS 1.3. */
	enum slu_known record_size_limit_known;
	unsigned record_size_limit; /* where that is YES: RFC 8449 */
	enum slu_known tickets13;

	enum slu_known alpn_any;  /* it chose one of "h2" and "http/1.1" */
	char alpn[64];            /* which; escaped */
	enum slu_known needs_sni; /* refuses, or shows another certificate, without the name */
	enum slu_known client_certificate, client_certificate_needed; /* asks for one; and refuses without */
	/* Different ones, those with the name in the order in which they came. Owned: each allocated with malloc(). */
	struct slu_chain *chains[SLU_REPORT_CHAINS];
	size_t nchains;
	/* Whatever was odd: whole sentences. */
	char notes[SLU_REPORT_NOTES][SLU_REPORT_NOTE];
	size_t nnotes;

	/* What it took. Hellos and handshakes that were answered, or not in time; the rest by the scanner. */
	unsigned hellos, handshakes, connections, resets;
	unsigned round_trips; /* on the critical path, the first connection included; by the planner */
	uint64_t bytes_in, bytes_out;
	unsigned ms;
};

void slu_report_init(struct slu_report *r);
void slu_report_clear(struct slu_report *r); /* frees what it owns; initialised again */

/* Of one of the five versions; NULL for any other. */
struct slu_report_version *slu_report_version(struct slu_report *r, uint16_t version);

/* The newest accepted version, NULL: none; at most `most`. */
struct slu_report_version *slu_report_newest(struct slu_report *r, uint16_t most);

/* Keeps a copy of a chain whose first certificate is none of those that are there. SLU_ERR_NOMEM. */
int slu_report_add_chain(struct slu_report *r, const struct slu_chain *chain);
bool slu_report_has_chain(const struct slu_report *r, const struct slu_chain *chain);

/* Once each; those for which there is no room are left out. */
void slu_report_note(struct slu_report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
