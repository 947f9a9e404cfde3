/* SPDX-License-Identifier: MIT */
/* What /proc/cpuinfo says that matters to ciphers. No I/O. */
#ifndef SLU_CRYPTO_CPU_H
#define SLU_CRYPTO_CPU_H

#include <stdbool.h>

struct slu_cpu {
	char model[96]; /* as the kernel names it; "" when it does not */
	unsigned count; /* processors */
	bool aes;       /* instructions for AES */
	bool clmul;     /* and for GHASH: carry-less multiplication */
	bool sha1, sha256;
	bool vector; /* SSSE3, NEON or AltiVec: what makes ChaCha20 and bit-sliced AES quick */
};

void slu_cpu_read(struct slu_cpu *out, const char *cpuinfo);

#endif
