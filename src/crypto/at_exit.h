/* SPDX-License-Identifier: MIT */
#ifndef SLU_CRYPTO_AT_EXIT_H
#define SLU_CRYPTO_AT_EXIT_H

/* For a program that may end while a thread of its is in OpenSSL: exit() then takes nothing of OpenSSL down. To be
 * called before anything else uses OpenSSL; otherwise it comes too late, and does nothing. */
void slu_crypto_stays_at_exit(void);

#endif
