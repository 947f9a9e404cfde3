/* SPDX-License-Identifier: MIT */
/* What is asked of the kernel's TLS in its tests, as numbers: what can be varied, and made simpler again. */
#ifndef SLU_TOOLS_KTLS_SHAPE_H
#define SLU_TOOLS_KTLS_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slu_ktls_field {
	SLU_KTLS_LENGTH,   /* bytes of payload: more than 16384 are several records */
	SLU_KTLS_HOW,      /* enum slu_ktls_how */
	SLU_KTLS_PIECES,   /* of memory */
	SLU_KTLS_OFFSET,   /* where each begins in its page */
	SLU_KTLS_SEQUENCE, /* set bits at the end of the connection's first sequence number, in bytes */
	SLU_KTLS_BEFORE,   /* small records on the connection before */
	SLU_KTLS_REKEYED,  /* 1: other keys after these */
	SLU_KTLS_FIELDS
};

enum slu_ktls_how {
	SLU_KTLS_CALL, /* one sendmsg() */
	SLU_KTLS_MORE, /* one for each piece, all but the last with MSG_MORE */
	SLU_KTLS_FILE  /* sendfile() */
};

enum { SLU_KTLS_LONGEST = 60000, SLU_KTLS_PIECES_MOST = 5, SLU_KTLS_PAGE = 4096 };

struct slu_ktls_shape {
	uint32_t at[SLU_KTLS_FIELDS];
};

struct slu_ktls_shape slu_ktls_shape_simplest(void);
bool slu_ktls_shape_equal(const struct slu_ktls_shape *a, const struct slu_ktls_shape *b);

/* "sending 240 bytes in 3 pieces of memory, from offset 7 of a page". Returns out. */
const char *slu_ktls_shape_describe(const struct slu_ktls_shape *shape, char *out, size_t size);

/* The table of all that is asked, step by step. */
extern const unsigned slu_ktls_sweeps_count;
const char *slu_ktls_sweep_name(unsigned sweep);
bool slu_ktls_sweep_rekeys(unsigned sweep); /* says nothing of what cannot change keys */
uint32_t slu_ktls_sweep_total(unsigned sweep, bool quick);
struct slu_ktls_shape slu_ktls_sweep_shape(unsigned sweep, bool quick, uint32_t k); /* k < total */

#endif
