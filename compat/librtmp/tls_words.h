/* SPDX-License-Identifier: MIT */
/* Sentences about TLS advise the options of the command `sluice`, which are others than those of URLs. */
#ifndef COMPAT_LIBRTMP_TLS_WORDS_H
#define COMPAT_LIBRTMP_TLS_WORDS_H

#include <stddef.h>

/* The sentence with our options in their place: "--ca-file" becomes "tlsCAFile". Cut to size - 1 bytes. Returns out. */
char *slu_compat_tls_words(char *out, size_t size, const char *sentence);

#endif
