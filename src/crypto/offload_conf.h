/* SPDX-License-Identifier: MIT */
#ifndef SLU_CRYPTO_OFFLOAD_CONF_H
#define SLU_CRYPTO_OFFLOAD_CONF_H

#include <stdbool.h>

#include <openssl/types.h>

/* Gives libctx what OpenSSL's configuration file says for a library context. No such file is fine. False: OpenSSL's
 * error queue says why; what came before the mistake is in force. */
bool slu_offload_configure(OSSL_LIB_CTX *libctx);

#endif
