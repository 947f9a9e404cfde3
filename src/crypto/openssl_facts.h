/* SPDX-License-Identifier: MIT */
/* What can be told of the OpenSSL that is used. */
#ifndef SLU_CRYPTO_OPENSSL_FACTS_H
#define SLU_CRYPTO_OPENSSL_FACTS_H

#include <stdbool.h>

struct slu_openssl_facts {
	/* By the headers that this was built with: which of these it was not built without. */
	bool engines;
	bool devcrypto_engine; /* the one that is built in */
	bool ktls;
	bool providers;
	bool gone; /* engines: OpenSSL 4 or newer, which has none */
	/* Where it looks for modules of engines and of providers, and what it takes the processor for, with the setting
	 * that changes that: "OPENSSL_ia32cap=0x7ffaf3ffffebffff:0x18405f5ef1bf07ab". "": not told. */
	char engines_folder[256], modules_folder[256], cpu[256];
};

void slu_openssl_facts(struct slu_openssl_facts *out);

/* Each engine in OpenSSL's own list. standard: without being asked to, it encrypts for all of OpenSSL in each program:
 * OpenSSL 1.1.1 makes those that are built in its default as it starts, where their device is there. With OpenSSL 1.1.1
 * those that are built in serve the whole process once they are listed, and they may open devices: so this is for a
 * process of its own. */
void slu_openssl_engines(void (*found)(void *arg, const char *id, const char *name, bool standard), void *arg);

#endif
