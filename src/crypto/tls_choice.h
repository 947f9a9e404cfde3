/* SPDX-License-Identifier: MIT */
/* The choice that a TLS configuration leaves to us: offload "auto", cipher_list "auto". */
#ifndef SLU_CRYPTO_TLS_CHOICE_H
#define SLU_CRYPTO_TLS_CHOICE_H

#include <sluice/tls.h>

#include "crypto/choice.h"

bool slu_tls_choice_wanted(const struct slu_tls_config *config);

/* From what is kept of this device, or else from an estimate. 0, or an error with the sentence in error: a list of the
 * configuration is wrong, or memory is short. */
int slu_tls_choice_make(const struct slu_tls_config *config, struct slu_choice *out, char *error, size_t size);

/* What is kept of this device in the file path (NULL: its usual place). False: it is an estimate, for the reason why.
 */
bool slu_tls_choice_costs(struct slu_kept *out, const char *path, char *why, size_t size);

/* Whether a list of suites is the user's own. */
bool slu_tls_choice_fixed(const struct slu_tls_config *config);

#endif
