/* SPDX-License-Identifier: MIT */
/* The document and the driver of its decoders. */
#include "proto/amf_doc.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_DEPTH = 64, DEFAULT_VALUES = 16384, LIST_FIRST = 16 };

/* An eighth of what 32 bits count, so that no doubling or sum of limits wraps. */
static const uint32_t limit_most = UINT32_MAX / 8;

static int (*const steps[SLU_AMF_FRAMES])(struct slu_amf_doc *doc, struct slu_amf_frame *f);

int slu_amf_list_add(struct slu_amf_list *list, const void *item, size_t size, uint32_t max)
{
	uint32_t cap;
	void *items;

	if (list->n >= max)
		return SLU_ERR_LIMIT;
	if (list->n == list->cap) {
		cap = list->cap ? list->cap * 2 : LIST_FIRST;
		if (cap > max)
			cap = max;
		if (cap > SIZE_MAX / size)
			return SLU_ERR_NOMEM;
		items = realloc(list->items, cap * size);
		if (!items)
			return SLU_ERR_NOMEM;
		list->items = items;
		list->cap = cap;
	}
	memcpy((char *)list->items + list->n * size, item, size);
	list->n++;
	return 0;
}

static uint32_t limit(unsigned given, uint32_t otherwise)
{
	if (!given)
		return otherwise;
	return given < limit_most ? given : limit_most;
}

/* Forgets all values but the root. The room that they had stays for the next ones. */
static int reset(struct slu_amf_doc *doc)
{
	struct slu_amf_value root = {.type = SLU_AMF_STRICT_ARRAY};

	doc->nodes.n = 0;
	doc->stack.n = 0;
	doc->objects0.n = 0;
	doc->objects3.n = 0;
	doc->strings.n = 0;
	doc->traits.n = 0;
	doc->sealed.n = 0;
	doc->error[0] = 0;
	return slu_amf_list_add(&doc->nodes, &root, sizeof root, doc->max_values + 1);
}

struct slu_amf_doc *slu_amf_doc_new(const struct slu_amf_limits *limits)
{
	struct slu_amf_doc *doc = calloc(1, sizeof *doc);

	if (!doc)
		return NULL;
	doc->max_depth = limit(limits ? limits->max_depth : 0, DEFAULT_DEPTH);
	doc->max_values = limit(limits ? limits->max_values : 0, DEFAULT_VALUES);
	if (reset(doc)) {
		free(doc);
		return NULL;
	}
	return doc;
}

void slu_amf_doc_free(struct slu_amf_doc *doc)
{
	if (!doc)
		return;
	free(doc->nodes.items);
	free(doc->stack.items);
	free(doc->objects0.items);
	free(doc->objects3.items);
	free(doc->strings.items);
	free(doc->traits.items);
	free(doc->sealed.items);
	free(doc);
}

const char *slu_amf_doc_error(const struct slu_amf_doc *doc)
{
	return doc->error;
}

const struct slu_amf_value *slu_amf_root(const struct slu_amf_doc *doc)
{
	return doc->nodes.items;
}

int slu_amf_fail(struct slu_amf_doc *doc, const char *what)
{
	snprintf(doc->error, sizeof doc->error, "the peer sent AMF%d that is malformed at byte %zu: %s",
		 (int)doc->version, (size_t)(doc->at - doc->start), what);
	return SLU_ERR_AMF;
}

int slu_amf_fail_list(struct slu_amf_doc *doc, int err)
{
	if (err == SLU_ERR_LIMIT) {
		snprintf(doc->error, sizeof doc->error,
			 "the peer sent AMF%d with more than %lu values, which is the limit here", (int)doc->version,
			 (unsigned long)doc->max_values);
		return SLU_ERR_AMF;
	}
	snprintf(doc->error, sizeof doc->error, "out of memory while decoding AMF");
	return SLU_ERR_NOMEM;
}

static int push(struct slu_amf_doc *doc, const struct slu_amf_frame *frame)
{
	int err;

	/* The root's frame is no container that the peer nested. */
	err = slu_amf_list_add(&doc->stack, frame, sizeof *frame, doc->max_depth + 1);
	if (err == SLU_ERR_LIMIT) {
		snprintf(doc->error, sizeof doc->error,
			 "the peer sent AMF%d nested more than %lu deep at byte %zu, which is the limit here",
			 (int)doc->version, (unsigned long)doc->max_depth, (size_t)(doc->at - doc->start));
		return SLU_ERR_AMF;
	}
	return err ? slu_amf_fail_list(doc, err) : 0;
}

int slu_amf_pop(struct slu_amf_doc *doc)
{
	doc->stack.n--;
	return 0;
}

/* The values' limit is for nodes and traits' members together. */
int slu_amf_attach(struct slu_amf_doc *doc, struct slu_amf_item *item, const struct slu_amf_str *name)
{
	struct slu_amf_frame *top = (struct slu_amf_frame *)doc->stack.items + doc->stack.n - 1;
	uint32_t self = doc->nodes.n, room = doc->max_values + 1 - doc->sealed.n;
	struct slu_amf_value *nodes;
	int err;

	item->v.self = self;
	if (name) {
		item->v.name = name->s;
		item->v.name_n = (uint32_t)name->n;
	}
	err = slu_amf_list_add(&doc->nodes, &item->v, sizeof item->v, room);
	if (!err && item->table)
		err = slu_amf_list_add(item->table, &self, sizeof self, doc->max_values + 1);
	if (err)
		return slu_amf_fail_list(doc, err);
	nodes = doc->nodes.items;
	nodes[top->node].n++;
	if (top->last)
		nodes[top->last].next = self;
	top->last = self;
	if (item->frame.kind == SLU_AMF_FRAME_NONE)
		return 0;
	item->frame.node = self;
	return push(doc, &item->frame);
}

int slu_amf_refer(struct slu_amf_doc *doc, const struct slu_amf_list *table, uint32_t index, struct slu_amf_item *item)
{
	if (index >= table->n)
		return slu_amf_fail(doc, "a reference to a value that was not sent before it");
	item->v.type = SLU_AMF_REFERENCE;
	item->v.n = ((const uint32_t *)table->items)[index];
	return 0;
}

int slu_amf_member(struct slu_amf_doc *doc, enum slu_amf_version version, const struct slu_amf_str *name)
{
	struct slu_amf_item item = {.table = NULL};
	int err;

	doc->version = version;
	doc->at = doc->c.p;
	err = version == SLU_AMF3 ? slu_amf3_read(doc, &item) : slu_amf0_read(doc, &item);
	if (err)
		return err;
	if (doc->c.bad)
		return slu_amf_fail(doc, "the value is cut off by the end of the message");
	return slu_amf_attach(doc, &item, name);
}

static int step_root(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	if (f->left == 0 || (f->left != 1 && slu_cursor_left(&doc->c) == 0))
		return slu_amf_pop(doc);
	if (f->left == 1)
		f->left = 0;
	return slu_amf_member(doc, (enum slu_amf_version)f->traits, NULL);
}

static int (*const steps[SLU_AMF_FRAMES])(struct slu_amf_doc *doc, struct slu_amf_frame *f) = {
	[SLU_AMF_FRAME_ROOT] = step_root,
	[SLU_AMF0_FRAME_NAMED] = slu_amf0_step_named,
	[SLU_AMF0_FRAME_COUNTED] = slu_amf0_step_counted,
	[SLU_AMF3_FRAME_SEALED] = slu_amf3_step_sealed,
	[SLU_AMF3_FRAME_DYNAMIC] = slu_amf3_step_dynamic,
	[SLU_AMF3_FRAME_ASSOCIATIVE] = slu_amf3_step_associative,
	[SLU_AMF3_FRAME_COUNTED] = slu_amf3_step_counted,
	[SLU_AMF3_FRAME_INT] = slu_amf3_step_element,
	[SLU_AMF3_FRAME_UINT] = slu_amf3_step_element,
	[SLU_AMF3_FRAME_DOUBLE] = slu_amf3_step_element,
};

/* count is 1, or UINT32_MAX for all there are. */
static int decode(struct slu_amf_doc *doc, enum slu_amf_version version, const void *data, size_t n, uint32_t count)
{
	struct slu_amf_frame root = {.kind = SLU_AMF_FRAME_ROOT, .left = count, .traits = (uint32_t)version};
	struct slu_amf_frame *top;
	int err;

	err = reset(doc);
	doc->version = version;
	doc->c = slu_cursor(data, n);
	doc->start = doc->c.p;
	doc->at = doc->c.p;
	if (!err)
		err = push(doc, &root);
	while (!err && doc->stack.n) {
		top = (struct slu_amf_frame *)doc->stack.items + doc->stack.n - 1;
		err = steps[top->kind](doc, top);
	}
	return err;
}

int slu_amf_decode(struct slu_amf_doc *doc, enum slu_amf_version version, const void *data, size_t n)
{
	return decode(doc, version, data, n, UINT32_MAX);
}

int slu_amf_decode_one(struct slu_amf_doc *doc, enum slu_amf_version version, const void *data, size_t n, size_t *used)
{
	int err = decode(doc, version, data, n, 1);

	*used = err || !n ? 0 : (size_t)(doc->c.p - doc->start);
	return err;
}
