/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's TLS does on this device, found out by asking: over a connection of this process with itself on the
 * loopback interface, over which nothing is sent. Documentation/networking/tls.rst in Linux.
 */
#ifndef SLU_NET_KTLS_PROBE_H
#define SLU_NET_KTLS_PROBE_H

#include <stdbool.h>

enum slu_ktls_cipher {
	SLU_KTLS_AES_128_GCM,
	SLU_KTLS_AES_256_GCM,
	SLU_KTLS_CHACHA20_POLY1305,
	SLU_KTLS_AES_128_CCM,
	SLU_KTLS_CIPHERS
};

struct slu_ktls {
	int error;                   /* 0, or why it is not there at all: ENOENT means no module tls */
	int tls12[SLU_KTLS_CIPHERS]; /* 0, or the errno that sending by this cipher was refused with */
	int tls13[SLU_KTLS_CIPHERS];
	bool rekeys; /* takes another key for a connection of TLS 1.3 that sends: Linux 6.14 and later */
};

/* "AES-128-GCM": static. */
const char *slu_ktls_cipher_name(enum slu_ktls_cipher c);

/* May load the kernel's module tls. */
void slu_ktls_probe(struct slu_ktls *out);

/* Whether the kernel can change the key of a connection of TLS 1.3. Known once its module tls is loaded, as a socket
 * that has TLS makes sure. */
bool slu_ktls_rekeys(void);

#endif
