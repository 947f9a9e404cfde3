/* SPDX-License-Identifier: MIT */
#ifndef SLU_CRYPTO_OFFLOAD_SETTINGS_H
#define SLU_CRYPTO_OFFLOAD_SETTINGS_H

#include <stddef.h>

/* 0 where what is "auto" or names a way to encrypt, whatever its settings; else SLU_ERR_INVALID and the sentence that
 * says which there are. Nothing is opened. */
int slu_offload_check(const char *what, char *error, size_t size);

/* Gives each setting of "name=value,name=value" to set, in order. "" has none. What set returns but 0 ends that: it is
 * returned, with set's sentence in error. */
int slu_offload_settings(const char *list,
			 int (*set)(void *arg, const char *name, const char *value, char *error, size_t size),
			 void *arg, char *error, size_t size);

#endif
