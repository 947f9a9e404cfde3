/* SPDX-License-Identifier: MIT */
/* What OpenSSL's software takes of this CPU, roughly, in a few milliseconds: where nothing better is known. */
#ifndef SLU_CRYPTO_ESTIMATE_H
#define SLU_CRYPTO_ESTIMATE_H

#include "crypto/kept.h"

/* The ciphers that TLS 1.2 and 1.3 have with authentication, in software, at one record size: the time of the
 * fastest of some records. A cipher that this OpenSSL lacks is left out. */
void slu_estimate(struct slu_kept *out);

/* Adds CBC with HMAC, for those who have to know of what nobody should choose: encryption and digest, one after the
 * other. */
void slu_estimate_cbc(struct slu_kept *k);

#endif
