/* SPDX-License-Identifier: MIT */
/* offload_devcrypto.c's stand-in where OpenSSL has no providers. */
#include "crypto/offload.h"

#include <stdio.h>

static int open_devcrypto(struct slu_offload *o, const char *settings, char *error, size_t size)
{
	(void)o;
	(void)settings;
	snprintf(error, size,
		 "the TLS offload 'devcrypto' needs OpenSSL 3.0 or newer, and this was built with " OPENSSL_VERSION_TEXT
		 ": use engine:devcrypto, an engine that some builds of it have, or off");
	return SLU_ERR_INVALID;
}

const struct slu_offload_door slu_offload_devcrypto = {
	.name = "devcrypto", .usage = "devcrypto", .open = open_devcrypto};
