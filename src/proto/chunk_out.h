/* SPDX-License-Identifier: MIT */
/*
 * The chunk stream to the peer (RTMP 1.0, 5.3): messages in, runs of bytes out.
 *
 * A queued message costs one fixed-size entry, whatever its size and the chunk size: its payload is referenced (or,
 * when small and without owner, copied into the entry), its first header is encoded when it is queued, and the
 * headers of its further chunks, which are all alike, are encoded once. The runs of bytes are made while walking. In
 * steady state nothing is allocated.
 *
 * There are two queues. What is urgent (protocol control, user control but for Set Chunk Size) overtakes at the next
 * chunk border, on chunk stream 2; all else keeps its order. Raw bytes are never overtaken.
 */
#ifndef SLU_PROTO_CHUNK_OUT_H
#define SLU_PROTO_CHUNK_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* struct slu_msg, struct slu_vec */

struct slu_chunk_out;

/* chunk_size applies until a Set Chunk Size message is queued (RTMP starts with 128). NULL when out of memory. */
struct slu_chunk_out *slu_chunk_out_new(uint32_t chunk_size, size_t max_queue);
void slu_chunk_out_free(struct slu_chunk_out *co);

/*
 * Queues msg on chunk stream csid (2..65599; urgent: 2). Header formats 0 to 2 are chosen by what that chunk stream
 * sent before; a timestamp that goes back takes format 0. A Set Chunk Size message is honoured for what is queued after
 * it. 0; SLU_ERR_INVALID (csid, size over 16777215, a Set Chunk Size that is urgent or not 1 to 16777215);
 * SLU_ERR_LIMIT when max_queue would be exceeded or has max_queue / 64 messages (and 16 more) in it, or by an urgent
 * message when 4096 of them wait: a peer that asks without ever reading the answers; SLU_ERR_NOMEM. On failure nothing
 * is queued and nothing changed.
 */
int slu_chunk_out_send(struct slu_chunk_out *co, uint32_t csid, const struct slu_msg *msg, bool urgent);

/* Raw bytes in order with the messages: the handshake. Copied. */
int slu_chunk_out_raw(struct slu_chunk_out *co, const void *data, size_t n);

/* Counts the message that was queued last, which was not urgent, among those of which slu_chunk_out_counted() says how
 * many have been sent whole. */
void slu_chunk_out_count(struct slu_chunk_out *co);
uint64_t slu_chunk_out_counted(const struct slu_chunk_out *co);

/* As slu_session_out() and slu_session_sent(). */
size_t slu_chunk_out_vecs(struct slu_chunk_out *co, struct slu_vec *vec, size_t max);
void slu_chunk_out_sent(struct slu_chunk_out *co, size_t n);

/* Bytes queued, chunk headers included. */
size_t slu_chunk_out_queued(const struct slu_chunk_out *co);

/* Bytes of the queues themselves, whatever is in them. */
size_t slu_chunk_out_overhead(const struct slu_chunk_out *co);

uint32_t slu_chunk_out_chunk_size(const struct slu_chunk_out *co);

#endif
