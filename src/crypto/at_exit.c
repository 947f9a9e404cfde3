/* SPDX-License-Identifier: MIT */
#include "crypto/at_exit.h"

#include <openssl/crypto.h>

void slu_crypto_stays_at_exit(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
