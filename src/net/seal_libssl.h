/* SPDX-License-Identifier: MIT */
/* The sealer that lets libssl make the records, into the collecting BIO. */
#ifndef SLU_NET_SEAL_LIBSSL_H
#define SLU_NET_SEAL_LIBSSL_H

#include "net/sealer.h"
#include "net/tls_bio.h"

struct ssl_st;

/* For a connection whose handshake is done. ssl and bio must outlive it. NULL when out of memory. */
struct slu_sealer *slu_seal_libssl(struct ssl_st *ssl, struct slu_tls_bio *bio);

/* Tests: after how many records a TLS 1.3 connection gets new keys. */
void slu_seal_libssl_rekey_after(struct slu_sealer *s, uint64_t records);

#endif
