/* SPDX-License-Identifier: MIT */
#include "server/record_meta.h"

#include <string.h>

#include <sluice/amf.h>
#include <sluice/error.h>

enum { MAX_META = 1 << 20, MAX_NAME = 255 };

/* The members that are copied: with a name that is text, and not ours. */
static const char *usable_name(const struct slu_amf_value *member, char name[MAX_NAME + 1])
{
	struct slu_amf_str s = slu_amf_name(member);

	if (s.n == 0 || s.n > MAX_NAME || memchr(s.s, '\0', s.n))
		return NULL;
	memcpy(name, s.s, s.n);
	name[s.n] = '\0';
	return strcmp(name, "duration") == 0 || strcmp(name, "filesize") == 0 ? NULL : name;
}

static void put_members(struct slu_amf_writer *w, const struct slu_amf_value *from)
{
	char name[MAX_NAME + 1];
	uint32_t count = 2;

	for (const struct slu_amf_value *m = slu_amf_first(from); m; m = slu_amf_next(m))
		count += usable_name(m, name) != NULL;
	slu_amf_put_string(w, "onMetaData");
	slu_amf_begin_ecma_array(w, count);
	slu_amf_put_name(w, "duration");
	slu_amf_put_number(w, 0);
	slu_amf_put_name(w, "filesize");
	slu_amf_put_number(w, 0);
	for (const struct slu_amf_value *m = slu_amf_first(from); m; m = slu_amf_next(m)) {
		if (!usable_name(m, name))
			continue;
		slu_amf_put_name(w, name);
		slu_amf_put_value(w, m);
	}
	slu_amf_end(w);
}

int slu_record_meta(struct slu_buf *out, const uint8_t *data, size_t n)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, MAX_META);
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const struct slu_amf_value *members;
	const uint8_t *body;
	size_t size;
	int err = SLU_ERR_NOMEM;

	if (!w || !doc)
		goto out;
	err = data ? slu_amf_decode(doc, SLU_AMF0, data, n) : 0;
	if (err)
		goto out;
	members = slu_amf_at(slu_amf_root(doc), 1);
	put_members(w, members);
	err = slu_amf_writer_end(w, &body, &size);
	if (!err)
		err = slu_buf_append(out, body, size);
out:
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
	return err;
}
