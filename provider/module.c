/* SPDX-License-Identifier: MIT */
/* devcrypto.so: the name under which OpenSSL looks for a module's beginning. */
#include "devcrypto.h"

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		       void **provctx)
{
	return slu_devcrypto_init(handle, in, out, provctx);
}
