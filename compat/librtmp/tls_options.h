/* SPDX-License-Identifier: MIT */
#ifndef COMPAT_LIBRTMP_TLS_OPTIONS_H
#define COMPAT_LIBRTMP_TLS_OPTIONS_H

#include <stddef.h>

#include <librtmp/rtmp.h>

struct slu_tls_ctx;

/* What a client's session speaks TLS with, by its options and the environment; certificates are verified unless these
 * say otherwise. Sessions that say the same share it, and with it the authorities and the sessions of TLS that are
 * resumed. The caller frees his reference. NULL: the sentence in error says why, and which options to look at. Any
 * thread. */
struct slu_tls_ctx *slu_compat_tls(const RTMP *r, char *error, size_t size);

#endif
