/* SPDX-License-Identifier: MIT */
/* What the cipher files share, and what provider.c finds in them. OpenSSL's headers are needed to include this. */
#ifndef SLU_PROVIDER_CIPHER_H
#define SLU_PROVIDER_CIPHER_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/types.h>

#include "device.h"
#include "twin.h"

enum { SLU_DC_OFFERED = 16 }; /* algorithms at most */

/* One loaded provider. */
struct slu_dc_provider {
	const OSSL_CORE_HANDLE *handle;
	OSSL_FUNC_core_new_error_fn *new_error;
	OSSL_FUNC_core_vset_error_fn *vset_error;
	OSSL_ALGORITHM algorithms[SLU_DC_OFFERED + 1]; /* the tables below, joined */
	OSSL_LIB_CTX *software;    /* the default provider alone, whatever the application's configuration loaded */
	struct slu_dc_twins twins; /* of software: slu_dc_twins_clear() before it is freed */
	struct slu_dc_settings settings;
	struct slu_dc_device *device;
};

/*
 * Each ends with an entry whose names are NULL. property_definition is "provider=devcrypto" in all.
 *
 * What they give out is what OpenSSL's own cipher of that name would, byte for byte: published vectors run against
 * them. For the stitched ones this means that from TLS 1.1 on the block that libssl puts in front is encrypted under
 * the running IV (one block, in software), and that ciphertext is the record's explicit IV and the IV of the device's
 * request; and that the records kept in software are those of the types 20 to 22, not all but 23: the vectors' type is
 * none of them.
 */
extern const OSSL_ALGORITHM slu_dc_cbc_algorithms[];      /* AES-128-CBC, AES-192-CBC, AES-256-CBC */
extern const OSSL_ALGORITHM slu_dc_stitched_algorithms[]; /* AES-{128,256}-CBC-HMAC-{SHA1,SHA256} */
extern const OSSL_ALGORITHM slu_dc_gcm_algorithms[];      /* AES-128-GCM, AES-256-GCM */

/* Why a call failed, for OpenSSL's error queue: provider.c has the texts. */
enum slu_dc_reason {
	SLU_DC_R_SETTING = 1,
	SLU_DC_R_MEMORY,
	SLU_DC_R_SOFTWARE, /* the software twin failed */
	SLU_DC_R_DEVICE,   /* the device failed, and settings.fallback is off */
	SLU_DC_R_KEY,
	SLU_DC_R_IV,
	SLU_DC_R_LENGTH,
	SLU_DC_R_ORDER
};

/* format: what happened, in a sentence; NULL when the reason says all. */
__attribute__((format(printf, 3, 4))) void slu_dc_raise(const struct slu_dc_provider *p, enum slu_dc_reason reason,
							const char *format, ...);

#define SLU_DC_PROPERTY "provider=devcrypto"

/* Names of AES-128-CBC etc. with their OIDs as OpenSSL's own provider gives them, so that all names find ours. */

#endif
