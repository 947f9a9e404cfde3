/* SPDX-License-Identifier: MIT */
/*
 * Two of the ciphers of Needham and Wheeler, by words, since those who use them disagree about byte order: XTEA ("Tea
 * extensions", 1997) hides the signatures of RTMPE's type 8; Corrected Block TEA ("Correction to xtea", 1998), also
 * known as XXTEA, is what the tokens of a "secure token" server come in.
 */
#ifndef SLU_PROTO_TEA_H
#define SLU_PROTO_TEA_H

#include <stddef.h>
#include <stdint.h>

void slu_xtea_encrypt(const uint32_t key[4], uint32_t block[2]);

/* n is 2 or more. */
void slu_xxtea_decrypt(const uint32_t key[4], uint32_t *words, size_t n);

#endif
