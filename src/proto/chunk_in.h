/* SPDX-License-Identifier: MIT */
/*
 * The chunk stream from the peer (RTMP 1.0, 5.3): bytes in, whole messages out.
 *
 * Message bodies grow as bytes arrive, never by the announced length. A body is one slu_buffer; when the caller did
 * not keep a reference of the last message, its storage serves for the next one, so that steady reading allocates
 * nothing. Set Chunk Size and Abort are handled here (and also returned, so that they can be logged).
 */
#ifndef SLU_PROTO_CHUNK_IN_H
#define SLU_PROTO_CHUNK_IN_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg */

struct slu_chunk_in;

struct slu_chunk_in_config {
	size_t max_message;         /* a longer announced length is SLU_ERR_MEMORY_CAP at once */
	size_t max_memory;          /* of all unfinished bodies, as allocated */
	unsigned max_chunk_streams; /* one more is SLU_ERR_MEMORY_CAP */
	struct slu_tally *tally;    /* where bodies are counted (base/tally.h); NULL: nowhere. Not owned */
};

struct slu_chunk_in *slu_chunk_in_new(const struct slu_chunk_in_config *config);
void slu_chunk_in_free(struct slu_chunk_in *ci);

/*
 * Consumes bytes up to the end of the first message that they complete. Returns
 *   1   a message in *msg, valid until the next call (keep it with slu_buffer_get(msg->owner));
 *   0   all n bytes were consumed and no message is complete;
 *   <0  SLU_ERR_CHUNK, SLU_ERR_MEMORY_CAP, SLU_ERR_NOMEM: sticky; slu_chunk_in_error() says why.
 * *used takes how many bytes were consumed. Timestamps are absolute and modulo 2^32.
 */
int slu_chunk_in_read(struct slu_chunk_in *ci, const uint8_t *data, size_t n, size_t *used, struct slu_msg *msg);

/* Lets go of the message that was returned last: it may be long, and the next bytes may take their time. */
void slu_chunk_in_release(struct slu_chunk_in *ci);

/* The message that was returned last has a secret in it, and is overwritten when it is let go of, unless the caller
 * keeps a reference. */
void slu_chunk_in_wipe(struct slu_chunk_in *ci);

/* The chunk stream id that the last returned message came on. */
uint32_t slu_chunk_in_csid(const struct slu_chunk_in *ci);

uint32_t slu_chunk_in_chunk_size(const struct slu_chunk_in *ci);

/* Bytes allocated for unfinished bodies. */
size_t slu_chunk_in_memory(const struct slu_chunk_in *ci);

/* Peers differ in whether chunks of type 3 repeat an extended timestamp (RTMP 1.0, 5.3.1.3, says so; old encoders
 * leave it out): accepted both ways, told apart by comparing the four bytes with the announced timestamp. */

const char *slu_chunk_in_error(const struct slu_chunk_in *ci);

#endif
