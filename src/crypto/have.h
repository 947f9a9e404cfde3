/* SPDX-License-Identifier: MIT */
/* The suites that the OpenSSL which runs can offer as a client. Includes OpenSSL's header. */
#ifndef SLU_CRYPTO_HAVE_H
#define SLU_CRYPTO_HAVE_H

#include "crypto/suites.h"

struct slu_have {
	/* All with encryption and a certificate that can be asked for with TLS 1.2 and 1.3, at the security level that
	 * OpenSSL is set up with; and with TLS 1.0 and 1.1, at level 0, which these need. */
	struct slu_suite usual[SLU_SUITES_MOST], old[SLU_SUITES_MOST];
	size_t nusual, nold;
	/* What a program offers that sets nothing: OpenSSL's own list and versions, its configuration file included. */
	struct slu_suite standard[SLU_SUITES_MOST];
	size_t nstandard;
	uint16_t standard_min, standard_max;
	bool ktls; /* its configuration file can give what is sent to the kernel */
};

/* 0; SLU_ERR_NOMEM, SLU_ERR_TLS: the sentence is in error. */
int slu_have(struct slu_have *out, char *error, size_t size);

#endif
