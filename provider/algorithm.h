/* SPDX-License-Identifier: MIT */
/* What of AES a device may have, as the provider and the tests of devices know it. No OpenSSL is needed. */
#ifndef SLU_PROVIDER_ALGORITHM_H
#define SLU_PROVIDER_ALGORITHM_H

#include <stdint.h>

enum slu_dc_algorithm {
	SLU_DC_CBC,
	SLU_DC_ECB,
	SLU_DC_CTR,
	SLU_DC_GCM,
	SLU_DC_CBC_SHA1,   /* a session for SLU_DC_FLAG_AEAD_TLS */
	SLU_DC_CBC_SHA256, /* the same */
	SLU_DC_ALGORITHMS
};

/* "AES-CBC", "AES-CBC with HMAC-SHA1": static. */
const char *slu_dc_algorithm_name(enum slu_dc_algorithm a);

/* What a session is opened with; mac 0: none. */
struct slu_dc_algorithm_ids {
	uint32_t cipher, mac;
};
struct slu_dc_algorithm_ids slu_dc_algorithm_ids(enum slu_dc_algorithm a);

#endif
