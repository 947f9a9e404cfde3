/* SPDX-License-Identifier: MIT */
/* The sealer that lets the kernel make the records. */
#ifndef SLU_NET_SEAL_KTLS_H
#define SLU_NET_SEAL_KTLS_H

#include "net/sealer.h"
#include "net/tls_ktls.h"

/* For a connection whose handshake is done and whose keys the kernel has. k must outlive it. NULL when out of memory.
 */
struct slu_sealer *slu_seal_ktls(struct slu_tls_ktls *k);

/* Tests: after how many records a TLS 1.3 connection gets new keys. */
void slu_seal_ktls_rekey_after(struct slu_sealer *s, uint64_t records);

#endif
