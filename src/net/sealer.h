/* SPDX-License-Identifier: MIT */
/*
 * The sending side of a TLS connection: plaintext runs in, records on the wire. One per connection, chosen when the
 * handshake is done: libssl over a BIO that collects records (seal_libssl.c), or the kernel (seal_ktls.c). A record
 * layer of our own fits here too, which is why the sealer, not its user, makes the write call.
 */
#ifndef SLU_NET_SEALER_H
#define SLU_NET_SEALER_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_vec */

#include "net/transport.h"

enum {
	SLU_TLS_RECORD = 16384, /* plaintext of a full record, RFC 8446, 5.1 */
	/* RFC 8446, 5.5: AES-GCM holds for 2^24.5 full records under one key. A stream at 6 Mb/s gets there in six
	   days. */
	SLU_TLS_REKEY_AFTER = 1 << 23
};

struct slu_sealer {
	const struct slu_sealer_ops *ops;
};

struct slu_sealer_ops {
	/* As slu_transport_ops.send: fills records of SLU_TLS_RECORD bytes, the last one less, and makes one write call
	 * for all of them. */
	long (*send)(struct slu_sealer *s, const struct slu_vec *vec, size_t nvec);
	int (*flush)(struct slu_sealer *s); /* as slu_transport_ops.flush */
	size_t (*pending)(const struct slu_sealer *s);
	/* What it knows better than the transport below, whose figures are in out. */
	void (*stats)(const struct slu_sealer *s, struct slu_transport_stats *out);
	void (*free)(struct slu_sealer *s);
};

#endif
