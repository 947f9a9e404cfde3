/* SPDX-License-Identifier: MIT */
/*
 * The text of /proc/crypto (linux, crypto/proc.c): the implementations that the kernel has, a paragraph each. No I/O.
 * It says nothing of speed or of correctness: "selftest : passed" is printed by kernels that were built without any.
 */
#ifndef SLU_CRYPTO_PROC_CRYPTO_H
#define SLU_CRYPTO_PROC_CRYPTO_H

#include <stdbool.h>

struct slu_proc_cipher {
	char name[64];   /* "cbc(aes)" */
	char driver[64]; /* "cbc-aes-caam" */
	char module[64]; /* "kernel": built in */
	char type[24];   /* "skcipher", "aead", "shash", … */
	long priority;   /* of those with one name the kernel takes the highest */
	bool async;      /* its driver says that results come later, as hardware does, but so does cryptd */
	bool internal;   /* a part of others, which nobody gets by name */
};

/* The next paragraph that has a name and a driver; *text goes behind it. False: no more. Lines and values that are too
 * long are cut; what is not known is passed over. */
bool slu_proc_crypto_next(const char **text, struct slu_proc_cipher *out);

/* What the kernel gives who asks for name as a cipher, by priority. False: nothing, though it may have a module for it
 * that is not loaded yet. */
bool slu_proc_crypto_find(const char *text, const char *name, struct slu_proc_cipher *out);

#endif
