/* SPDX-License-Identifier: MIT */
/* offload_engine.c's stand-in where OpenSSL has no engines: from 4.0 on, and where it was built without. */
#include "crypto/offload.h"

#include <stdio.h>

static int open_engine(struct slu_offload *o, const char *settings, char *error, size_t size)
{
	(void)o;
	snprintf(error, size,
		 "the TLS offload 'engine:%.100s' cannot be had, for " OPENSSL_VERSION_TEXT
		 " has no engines, and OpenSSL 4 has done away with them: use devcrypto, the provider over /dev/crypto",
		 settings);
	return SLU_ERR_INVALID;
}

const struct slu_offload_door slu_offload_engine = {.name = "engine", .usage = "engine", .open = open_engine};
