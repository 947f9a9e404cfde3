/* SPDX-License-Identifier: MIT */
/*
 * Which suites to offer, and who encrypts, by what each costs on this device. No I/O; who asks has read what is kept of
 * the device (kept.h), or has made an estimate.
 *
 * A client offers the cheapest kind of record first, alone, so that a server with an order of its own can only take it,
 * and where it does not, all that it would offer otherwise, cheapest first. Encrypt-then-MAC is an extension: a server
 * that takes CBC without it has refused, unless weak suites are allowed.
 */
#ifndef SLU_CRYPTO_CHOICE_H
#define SLU_CRYPTO_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "crypto/kept.h"
#include "crypto/suites.h"

/* Whether the other end is known to take encrypt-then-MAC. */
enum slu_choice_etm { SLU_ETM_MAYBE, SLU_ETM_ALWAYS, SLU_ETM_NEVER };

/* Weak: without forward secrecy, or CBC in MAC-then-encrypt, whose decryption tells by its time what it decrypts in too
 * many implementations (RFC 7366, 1). */
struct slu_choice_rules {
	bool server;
	bool receives; /* what comes in counts, which is software's whatever the door */
	bool allow_weak;
	bool fixed;       /* the list is the user's: neither cut nor sorted */
	const char *door; /* NULL: any that passed. Else this one, "devcrypto:min_size=64", is what there is */
	bool accepted;    /* by the server, each of the suites: the best is offered alone, and all else is about it */
	enum slu_choice_etm etm;
	bool estimated;  /* what is kept is an estimate of software alone: nothing is offered alone, unless accepted */
	const char *why; /* estimated: "nothing is kept of this device" */
};

enum { SLU_OFFER_TEXT = 2048, SLU_CHOICE_SENTENCE = 512 };

/* Names with ':' between; "" for none. */
struct slu_offer {
	char cipher_list[SLU_OFFER_TEXT]; /* TLS 1.2 and below */
	char ciphersuites[256];           /* TLS 1.3 */
};

struct slu_choice {
	bool chosen;      /* something was: suites of a known cost are there */
	bool sorted;      /* all is in our order, not in that of a list that was given */
	bool alone;       /* first is offered before all */
	bool etm;         /* and CBC in it only with encrypt-then-MAC */
	bool mte;         /* or only without: it costs less so */
	bool weak;        /* what is expected is */
	double ms_per_mb; /* what that costs, where something was chosen */
	struct slu_offer first, all;
	char offload[320];                  /* who encrypts, as slu_tls_config.offload; "" where rules.door was given */
	int ktls[4];                        /* NIDs of the ciphers that are for the kernel where it is ktls, and 0 */
	char sentence[SLU_CHOICE_SENTENCE]; /* what, and why */
};

/* suites are those that may be offered, in the order of the list that was given. */
void slu_choose(const struct slu_kept *kept, const struct slu_suite *suites, size_t n,
		const struct slu_choice_rules *rules, struct slu_choice *out);

#endif
