/* SPDX-License-Identifier: MIT */
/* What the cipher files share, and what provider.c finds in them. OpenSSL's headers are needed to include this. */
#ifndef SLU_PROVIDER_CIPHER_H
#define SLU_PROVIDER_CIPHER_H

#include <openssl/core.h>
#include <openssl/types.h>

#include "device.h"
#include "twin.h"

/* One loaded provider. */
struct slu_dc_provider {
	const OSSL_CORE_HANDLE *handle;
	OSSL_LIB_CTX *software;    /* the default provider alone, whatever the application's configuration loaded */
	struct slu_dc_twins twins; /* of software: slu_dc_twins_clear() before it is freed */
	struct slu_dc_settings settings;
	struct slu_dc_device *device;
};

/* Each ends with an entry whose names are NULL. property_definition is "provider=devcrypto" in all. */
extern const OSSL_ALGORITHM slu_dc_cbc_algorithms[];      /* AES-128-CBC, AES-192-CBC, AES-256-CBC */
extern const OSSL_ALGORITHM slu_dc_stitched_algorithms[]; /* AES-{128,256}-CBC-HMAC-{SHA1,SHA256} */
extern const OSSL_ALGORITHM slu_dc_gcm_algorithms[];      /* AES-128-GCM, AES-256-GCM */

#define SLU_DC_PROPERTY "provider=devcrypto"

/* Names of AES-128-CBC etc. with their OIDs as OpenSSL's own provider gives them, so that all names find ours. */

#endif
