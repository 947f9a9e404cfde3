/* SPDX-License-Identifier: MIT */
#ifndef SLU_CRYPTO_OPS_H
#define SLU_CRYPTO_OPS_H

#include "base/cryptops.h"

/* The protocol's crypto from OpenSSL. Static; thread-safe. */
const struct slu_cryptops *slu_cryptops_openssl(void);

#endif
