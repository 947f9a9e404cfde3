/* SPDX-License-Identifier: MIT */
/* The certificates of sluice serve, and those that it asks its clients for. */
#ifndef SLU_TOOLS_SERVE_TLS_H
#define SLU_TOOLS_SERVE_TLS_H

#include <stdbool.h>

#include <sluice/tls.h>

#include "tools/serve_options.h"

/* Whether nobody gets in by rtmps without a certificate. */
bool slu_serve_wants_certificates(const struct serve_options *o);

/* What listeners of rtmps have, in *tls: NULL where no certificate is named. 0, or an enum slu_exit, said. */
int slu_serve_tls_open(struct slu_tls_ctx **tls, const struct serve_options *o, const struct slu_log *log);

/* Reads all files again: new connections get what is in them or, where one cannot be used, what was. Says which. */
void slu_serve_tls_reload(struct slu_tls_ctx *tls, const struct serve_options *o);

#endif
