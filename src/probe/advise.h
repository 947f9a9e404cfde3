/* SPDX-License-Identifier: MIT */
/*
 * From what a server accepts, what OpenSSL has here and what it costs on this device: one setting to use with it, what
 * that takes of the CPU, and the same for a client that sets nothing. The policy is that of `--ciphers auto`
 * (crypto/choice.h). No I/O. Includes OpenSSL's header.
 */
#ifndef SLU_PROBE_ADVISE_H
#define SLU_PROBE_ADVISE_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/choice.h"
#include "crypto/have.h"
#include "probe/report.h"

struct slu_advise_config {
	const struct slu_have *have;
	const struct slu_kept *kept; /* as slu_tls_choice_costs() gives it */
	const char *estimated;       /* it is an estimate: why; NULL: this device was measured */
	uint64_t bit_rate;           /* of the stream, bits per second */
};

enum slu_advice_end {
	SLU_ADVICE_GOOD,
	SLU_ADVICE_WEAK, /* there is nothing better: weak has the reasons */
	SLU_ADVICE_NONE, /* nothing can be suggested: sentence says why */
};

/* What comes of one client's offer with this server. */
struct slu_advice_use {
	uint16_t version, suite; /* 0: they have nothing in common */
	const char *name;        /* OpenSSL's, of the suite; static. NULL for none */
	bool sure;               /* false: it may also be another, the server's order is not known enough */
	bool etm;                /* CBC, with encrypt-then-MAC */
	double ms_per_mb;        /* CPU; below 0: not known */
	double percent;          /* of one core, at the bit rate; below 0: not known */
};

enum { SLU_ADVICE_TEXT = 768, SLU_ADVICE_FORM = 2048 };

/* All sentences and forms are "" where there is nothing to say. */
struct slu_advice {
	enum slu_advice_end end;
	struct slu_advice_use suggested, standard; /* standard: a client with OpenSSL's own settings, in software */
	char sentence[SLU_ADVICE_TEXT];            /* "TLS 1.3 with TLS_CHACHA20_…: 0.4 % of one core at 6 Mbit/s" */
	char why[SLU_CHOICE_SENTENCE];             /* how its cost compares with others' */
	char weak[SLU_ADVICE_TEXT];                /* what is wrong with it */
	char beside[SLU_ADVICE_TEXT];              /* "A client with OpenSSL's own settings: TLS 1.3 with …" */

	/* The setting: the versions' bounds, lists with ':' between, who encrypts. */
	uint16_t min, max; /* max 0: none */
	struct slu_offer offer;
	char offload[320]; /* "off": OpenSSL */

	/* And ready to paste: options of `sluice push`, quoted for a shell; options of a URL of librtmp.so.1, to be put
	 * behind it; a configuration file of OpenSSL's, for programs that set nothing themselves. */
	char push[SLU_ADVICE_FORM], url[SLU_ADVICE_FORM], file[SLU_ADVICE_FORM];
};

void slu_advise(const struct slu_report *report, const struct slu_advise_config *config, struct slu_advice *out);

#endif
