/* SPDX-License-Identifier: MIT */
/* The HMAC of TLS records (RFC 5246, 6.2.3.1), by OpenSSL's default provider. OpenSSL's headers are needed. */
#ifndef SLU_PROVIDER_TLS_MAC_H
#define SLU_PROVIDER_TLS_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cipher.h"

enum { SLU_DC_TLS_HEADER = 13, SLU_DC_TLS_MAC_MOST = 32 };

/* A context with the key. NULL: no memory. EVP_MAC_CTX_free() and _dup() go with it. */
EVP_MAC_CTX *slu_dc_tls_mac_new(struct slu_dc_provider *p, const char *digest, const uint8_t *key, size_t length);

/* header is the 13 bytes that are authenticated first, with the data's length. False: no memory. */
bool slu_dc_tls_mac_make(const EVP_MAC_CTX *keyed, const uint8_t header[SLU_DC_TLS_HEADER], const uint8_t *data,
			 size_t n, uint8_t *mac, size_t mac_size);

/* Whether mac is that of n bytes of data, which begin total bytes of decrypted data, MAC and padding: in a time that
 * depends on total alone, for n is a secret. */
bool slu_dc_tls_mac_check(const EVP_MAC_CTX *keyed, const uint8_t header[SLU_DC_TLS_HEADER], const uint8_t *data,
			  size_t n, size_t total, const uint8_t *mac, size_t mac_size);

#endif
