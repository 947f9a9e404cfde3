/* SPDX-License-Identifier: MIT */
/* OpenSSL 3.0 and newer: all comes from one provider, by default, which is not there. */
#include "selftest_spoil.h"

#include <openssl/err.h>
#include <openssl/evp.h>

bool spoil_openssl(void)
{
	EVP_CIPHER *cipher;

	if (!EVP_set_default_properties(NULL, "provider=another"))
		return false;
	cipher = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	EVP_CIPHER_free(cipher);
	ERR_clear_error();
	return !cipher;
}
