/* SPDX-License-Identifier: MIT */
#include "server/record_meta.h"

#include <string.h>

#include <sluice/amf.h>
#include <sluice/error.h>

#include "base/bytes.h"

enum { MAX_META = 1 << 20, MAX_NAME = 255, LONG_STRING = 0x0c, END = 3, FILLER = 5, KEY = 18 };

static const uint8_t head[] = "\x02\x00\x0aonMetaData";

/* Members that are told at the end, with those first that only those who have the file can use. */
static const char *const ours[] = {
	"filesize", "keyframes",     "lastkeyframelocation",  "duration", "datasize",    "audiosize",    "videosize",
	"hasAudio", "lasttimestamp", "lastkeyframetimestamp", "hasVideo", "hasMetadata", "hasKeyframes",
};
enum { OF_THE_FILE = 3, OURS = sizeof ours / sizeof ours[0] };

bool slu_record_is_meta(const uint8_t *body, size_t n)
{
	return n >= sizeof head - 1 && memcmp(body, head, sizeof head - 1) == 0;
}

/* ---- the publisher's members ---- */

/* A member's name, when it is text and not among the first left_out of ours. */
static const char *usable_name(const struct slu_amf_value *member, char name[MAX_NAME + 1], size_t left_out)
{
	struct slu_amf_str s = slu_amf_name(member);

	if (s.n == 0 || s.n > MAX_NAME || memchr(s.s, '\0', s.n))
		return NULL;
	memcpy(name, s.s, s.n);
	name[s.n] = '\0';
	for (size_t i = 0; i < left_out; i++)
		if (strcmp(name, ours[i]) == 0)
			return NULL;
	return name;
}

static uint32_t put_members(struct slu_amf_writer *w, const struct slu_amf_value *from, size_t left_out)
{
	char name[MAX_NAME + 1];
	uint32_t count = 0;

	for (const struct slu_amf_value *m = slu_amf_first(from); m; m = slu_amf_next(m))
		count += usable_name(m, name, left_out) != NULL;
	slu_amf_put_string(w, "onMetaData");
	slu_amf_begin_ecma_array(w, count);
	for (const struct slu_amf_value *m = slu_amf_first(from); m; m = slu_amf_next(m)) {
		if (!usable_name(m, name, left_out))
			continue;
		slu_amf_put_name(w, name);
		slu_amf_put_value(w, m);
	}
	slu_amf_end(w);
	return count;
}

/* onMetaData again, with its members but for the first left_out of ours. */
static int copy_meta(struct slu_buf *out, const uint8_t *data, size_t n, size_t left_out, uint32_t *count)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, MAX_META);
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const uint8_t *body;
	size_t used = 0, size;
	int err = SLU_ERR_NOMEM;

	if (!w || !doc)
		goto out;
	err = !data ? 0 : slu_record_is_meta(data, n) ? 0 : SLU_ERR_AMF;
	if (data && !err)
		err = slu_amf_decode_one(doc, SLU_AMF0, data + sizeof head - 1, n - (sizeof head - 1), &used);
	if (err)
		goto out;
	*count = put_members(w, slu_amf_at(slu_amf_root(doc), 0), left_out);
	err = slu_amf_writer_end(w, &body, &size);
	if (!err)
		err = slu_buf_append(out, body, size);
out:
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
	return err;
}

/* A string of n bytes in all. */
static int put_filler(struct slu_buf *out, size_t n)
{
	int err = slu_buf_reserve(out, n);
	uint8_t *p;

	if (err)
		return err;
	p = out->data + out->len;
	p[0] = LONG_STRING;
	slu_put_be32(p + 1, (uint32_t)(n - FILLER));
	memset(p + FILLER, ' ', n - FILLER);
	out->len += n;
	return 0;
}

int slu_record_meta_begin(struct slu_buf *out, struct slu_record_room *room, const uint8_t *data, size_t n)
{
	size_t before = out->len;
	int err = copy_meta(out, data, n, OURS, &room->members);

	if (err)
		return err;
	room->at = out->len - before - END;
	return put_filler(out, SLU_RECORD_META_ROOM - END);
}

struct slu_buffer *slu_record_meta_stream(const uint8_t *data, size_t n)
{
	struct slu_buffer *out = NULL;
	struct slu_buf b;
	uint32_t count;

	slu_buf_init(&b, MAX_META);
	if (copy_meta(&b, data, n, OF_THE_FILE, &count) == 0)
		out = slu_buffer_new(b.len);
	if (out)
		memcpy(slu_buffer_data(out), b.data, b.len);
	slu_buf_clear(&b);
	return out;
}

/* ---- what is known at the end ---- */

/* Members, counted. */
struct members {
	struct slu_amf_writer *w;
	uint32_t n;
};

static void put_number(struct members *m, const char *name, double value)
{
	slu_amf_put_name(m->w, name);
	slu_amf_put_number(m->w, value);
	m->n++;
}

static void put_boolean(struct members *m, const char *name, bool value)
{
	slu_amf_put_name(m->w, name);
	slu_amf_put_boolean(m->w, value);
	m->n++;
}

/* "sequenceheaders" is our own: whoever begins at a key frame has to know which configurations came before it. */
static void put_index(struct members *m, const struct slu_record_facts *f, const struct slu_record_index *index)
{
	slu_amf_put_name(m->w, "keyframes");
	slu_amf_begin_object(m->w, NULL);
	slu_amf_put_name(m->w, "times");
	slu_amf_begin_strict_array(m->w, (uint32_t)index->n);
	for (size_t i = 0; i < index->n; i++)
		slu_amf_put_number(m->w, (double)index->keys[i].time_ms / 1000);
	slu_amf_put_name(m->w, "filepositions");
	slu_amf_begin_strict_array(m->w, (uint32_t)index->n);
	for (size_t i = 0; i < index->n; i++)
		slu_amf_put_number(m->w, (double)index->keys[i].position);
	if (f->nconfigs) {
		slu_amf_put_name(m->w, "sequenceheaders");
		slu_amf_begin_strict_array(m->w, (uint32_t)f->nconfigs);
	}
	for (size_t i = 0; i < f->nconfigs; i++)
		slu_amf_put_number(m->w, (double)f->configs[i]);
	slu_amf_end(m->w);
	m->n++;
}

/* Names and meanings are those that players know from yamdi and flvtool2. */
static void put_facts(struct members *m, const struct slu_record_facts *f, const struct slu_record_index *index)
{
	put_number(m, "duration", (double)f->duration_ms / 1000);
	put_number(m, "filesize", (double)f->file_size);
	put_number(m, "datasize", (double)f->data_size);
	put_number(m, "audiosize", (double)f->audio_size);
	put_number(m, "videosize", (double)f->video_size);
	put_number(m, "lasttimestamp", (double)f->last_ms / 1000);
	put_boolean(m, "hasAudio", f->audio);
	put_boolean(m, "hasVideo", f->video);
	put_boolean(m, "hasMetadata", true);
	put_boolean(m, "hasKeyframes", f->key);
	if (f->key) {
		put_number(m, "lastkeyframetimestamp", (double)f->last_key_ms / 1000);
		put_number(m, "lastkeyframelocation", (double)f->last_key_position);
	}
	if (index->n)
		put_index(m, f, index);
}

int slu_record_meta_end(struct slu_buf *out, struct slu_record_room *room, const struct slu_record_facts *facts,
			struct slu_record_index *index)
{
	struct members m = {.w = slu_amf_writer_new(SLU_AMF0, SLU_RECORD_META_ROOM - FILLER)};
	const uint8_t *body;
	size_t size, value = 0;
	int err;

	slu_record_index_thin(index, SLU_RECORD_META_KEYS);
	/* The writer knows members of an array only: its beginning is left out. */
	slu_amf_begin_ecma_array(m.w, 0);
	put_facts(&m, facts, index);
	slu_amf_end(m.w);
	err = slu_amf_writer_end(m.w, &body, &size);
	value = 1 + sizeof(uint32_t);
	if (!err)
		err = slu_buf_append(out, body + value, size - value);
	if (!err)
		err = put_filler(out, SLU_RECORD_META_ROOM - (size - value));
	if (!err)
		room->members += m.n;
	slu_amf_writer_free(m.w);
	return err;
}
