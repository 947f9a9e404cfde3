/* SPDX-License-Identifier: MIT */
/*
 * The sending side of a TLS connection: plaintext runs in, records on the wire. One per connection, chosen when the
 * handshake is done. Today: libssl over a BIO that collects records (seal_libssl.c). The kernel's TLS and a record
 * layer of our own fit here too, which is why the sealer, not its user, makes the write call.
 */
#ifndef SLU_NET_SEALER_H
#define SLU_NET_SEALER_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_vec */

enum { SLU_TLS_RECORD = 16384 }; /* plaintext of a full record, RFC 8446, 5.1 */

struct slu_sealer {
	const struct slu_sealer_ops *ops;
};

struct slu_sealer_ops {
	/* As slu_transport_ops.send: fills records of SLU_TLS_RECORD bytes, the last one less, and makes one write call
	 * for all of them. */
	long (*send)(struct slu_sealer *s, const struct slu_vec *vec, size_t nvec);
	int (*flush)(struct slu_sealer *s); /* as slu_transport_ops.flush */
	size_t (*pending)(const struct slu_sealer *s);
	void (*counts)(const struct slu_sealer *s, uint64_t *records, uint64_t *short_records);
	void (*free)(struct slu_sealer *s);
};

#endif
