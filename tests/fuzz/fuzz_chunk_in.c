/* SPDX-License-Identifier: MIT */
/* The chunk stream from a hostile peer: the same messages however it is cut, within the caps; and what was read can be
 * written and read again. The first byte seeds the cuts. */
#include <stdlib.h>
#include <string.h>

#include "proto/chunk_in.h"
#include "proto/chunk_out.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 1 << 20, STREAMS = 20, MESSAGES_MAX = 1000 };

struct sums {
	size_t count;
	uint64_t hash;
};

static void require(int truth)
{
	if (!truth)
		abort();
}

static void add(struct sums *sums, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		sums->hash = (sums->hash ^ *p++) * UINT64_C(1099511628211);
}

static void add_message(struct sums *sums, const struct slu_msg *msg, uint32_t csid)
{
	sums->count++;
	add(sums, &msg->type, sizeof msg->type);
	add(sums, &msg->timestamp, sizeof msg->timestamp);
	add(sums, &msg->stream_id, sizeof msg->stream_id);
	add(sums, &csid, sizeof csid);
	add(sums, &msg->size, sizeof msg->size);
	add(sums, msg->data, msg->size);
}

static struct slu_chunk_in *new_in(void)
{
	static const struct slu_chunk_in_config config = {
		.max_message = 1 << 18, .max_memory = CAP, .max_chunk_streams = STREAMS};

	return slu_chunk_in_new(&config);
}

/* What is read is queued again; out does not take an odd Set Chunk Size, which in tolerates. */
struct resend {
	struct slu_chunk_out *co;
	struct sums sums;
};

static void resend(struct resend *to, const struct slu_msg *msg, uint32_t csid)
{
	if (slu_chunk_out_send(to->co, csid, msg, false) == 0)
		add_message(&to->sums, msg, csid);
	else
		require(msg->type == SLU_MSG_SET_CHUNK_SIZE);
}

/* Reads all in pieces of at most piece bytes. to may be NULL. Returns 0 or the error. */
static int read_all(const uint8_t *data, size_t n, size_t piece, struct sums *sums, struct resend *to)
{
	struct slu_chunk_in *ci = new_in();
	struct slu_msg msg;
	size_t pos = 0, used, take;
	int r = 0;

	memset(sums, 0, sizeof *sums);
	while (ci && r >= 0 && (pos < n || r == 1) && sums->count < MESSAGES_MAX) {
		take = n - pos < piece ? n - pos : piece;
		r = slu_chunk_in_read(ci, data + pos, take, &used, &msg);
		require(used <= take && slu_chunk_in_memory(ci) <= CAP);
		require(r != 0 || used == take);
		pos += used;
		if (r == 1) {
			require(msg.size <= slu_buffer_size(msg.owner));
			add_message(sums, &msg, slu_chunk_in_csid(ci));
			if (to)
				resend(to, &msg, slu_chunk_in_csid(ci));
		}
	}
	require(r >= 0 || *slu_chunk_in_error(ci));
	slu_chunk_in_free(ci);
	return r < 0 ? r : 0;
}

/* Drains co into a reader. */
static void read_back(struct slu_chunk_out *co, struct sums *sums)
{
	struct slu_chunk_in *ci = new_in();
	struct slu_msg msg;
	struct slu_vec vec;
	size_t used;
	int r;

	memset(sums, 0, sizeof *sums);
	while (ci && slu_chunk_out_vecs(co, &vec, 1)) {
		r = slu_chunk_in_read(ci, vec.data, vec.size, &used, &msg);
		require(r >= 0);
		if (r == 1)
			add_message(sums, &msg, slu_chunk_in_csid(ci));
		slu_chunk_out_sent(co, used);
	}
	slu_chunk_in_free(ci);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resend to = {.co = slu_chunk_out_new(128, SIZE_MAX / 2)};
	struct sums whole, cut, again;
	int r;

	if (size && to.co) {
		r = read_all(data + 1, size - 1, SIZE_MAX, &whole, &to);
		require(read_all(data + 1, size - 1, 1 + data[0] % 16u, &cut, NULL) == r);
		require(whole.count == cut.count && whole.hash == cut.hash);
		read_back(to.co, &again);
		require(again.count == to.sums.count && again.hash == to.sums.hash);
	}
	slu_chunk_out_free(to.co);
	return 0;
}
