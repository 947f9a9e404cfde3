/* SPDX-License-Identifier: MIT */
/*
 * The inside of an AMF document, for its decoders.
 *
 * Values are nodes of one array, in wire order, so a container's first member is always the node right after it and
 * a node only needs the index of its next sibling. Decoding keeps a stack of open containers (frames) on the heap;
 * each turn of the driver takes one step of the innermost frame, which reads one member or closes the container.
 */
#ifndef SLU_PROTO_AMF_DOC_H
#define SLU_PROTO_AMF_DOC_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/amf.h>
#include <sluice/error.h>

#include "base/cursor.h"

/* Not a type that callers see: the node stands for another one of the same document. */
enum { SLU_AMF_REFERENCE = 255 };

struct slu_amf_value {
	uint8_t type;       /* enum slu_amf_type, or SLU_AMF_REFERENCE */
	bool integer;       /* NUMBER */
	int16_t utc_offset; /* DATE */
	uint32_t self;      /* index of this node: from it and the node's address the array is found */
	uint32_t next;      /* index of the next sibling, 0 for none: the root is nobody's sibling */
	uint32_t n;         /* bytes of a string, members of a container, the target of a reference, a boolean */
	uint32_t name_n;
	uint32_t class_n;
	const char *name; /* NULL for none */
	union {
		double number;     /* NUMBER, DATE */
		const char *bytes; /* STRING, XML, BYTE_ARRAY */
		const char *class; /* OBJECT, VECTOR; NULL for none */
	} u;
};

/* How an open container is read on: the index into the driver's table of steps. */
enum slu_amf_frame_kind {
	SLU_AMF_FRAME_NONE,
	SLU_AMF_FRAME_ROOT,
	SLU_AMF0_FRAME_NAMED,
	SLU_AMF0_FRAME_COUNTED,
	SLU_AMF3_FRAME_SEALED,
	SLU_AMF3_FRAME_DYNAMIC,
	SLU_AMF3_FRAME_ASSOCIATIVE,
	SLU_AMF3_FRAME_COUNTED,
	SLU_AMF3_FRAME_INT,
	SLU_AMF3_FRAME_UINT,
	SLU_AMF3_FRAME_DOUBLE,
	SLU_AMF_FRAMES
};

struct slu_amf_frame {
	enum slu_amf_frame_kind kind;
	uint32_t node;   /* the container */
	uint32_t last;   /* its last member so far */
	uint32_t left;   /* members still to come, as announced */
	uint32_t traits; /* SEALED and DYNAMIC */
};

/* An AMF3 class definition (AMF 3, 3.12). */
struct slu_amf_traits {
	struct slu_amf_str class;
	uint32_t first; /* in doc->sealed */
	uint32_t count;
	bool dynamic;
};

/* A growable array: items, how many are in use, for how many there is room. */
struct slu_amf_list {
	void *items;
	uint32_t n, cap;
};

/* What a reader says about the value it read. */
struct slu_amf_item {
	struct slu_amf_value v;
	struct slu_amf_frame frame; /* kind NONE: no container */
	struct slu_amf_list *table; /* where references will find it; NULL: nowhere */
};

struct slu_amf_doc {
	uint32_t max_depth, max_values;
	struct slu_amf_list nodes;    /* struct slu_amf_value */
	struct slu_amf_list stack;    /* struct slu_amf_frame */
	struct slu_amf_list objects0; /* uint32_t: AMF0's reference table */
	struct slu_amf_list objects3; /* uint32_t: AMF3's, also for dates, XML, byte arrays */
	struct slu_amf_list strings;  /* struct slu_amf_str */
	struct slu_amf_list traits;   /* struct slu_amf_traits */
	struct slu_amf_list sealed;   /* struct slu_amf_str: member names of all traits */
	enum slu_amf_version version;
	const uint8_t *start;
	const uint8_t *at; /* where the value or name being read begins: what an error names */
	struct slu_cursor c;
	char error[160];
};

/* Appends one item of size bytes, growing by doubling up to max items. 0, SLU_ERR_LIMIT or SLU_ERR_NOMEM. */
int slu_amf_list_add(struct slu_amf_list *list, const void *item, size_t size, uint32_t max);

/* Writes the sentence and returns SLU_ERR_AMF. what says what is wrong with the value at doc->at. */
int slu_amf_fail(struct slu_amf_doc *doc, const char *what);

/* The same for an err of slu_amf_list_add(): out of memory, or more values than max_values. */
int slu_amf_fail_list(struct slu_amf_doc *doc, int err);

/* Makes item the next member of the innermost container, and opens it if it is one itself. name is NULL for none. */
int slu_amf_attach(struct slu_amf_doc *doc, struct slu_amf_item *item, const struct slu_amf_str *name);

/* Closes the innermost container. */
int slu_amf_pop(struct slu_amf_doc *doc);

/* Makes item stand for number index of table. */
int slu_amf_refer(struct slu_amf_doc *doc, const struct slu_amf_list *table, uint32_t index, struct slu_amf_item *item);

/* Reads the marker at the cursor and what it announces, and attaches it. */
int slu_amf_member(struct slu_amf_doc *doc, enum slu_amf_version version, const struct slu_amf_str *name);

/* A value without its attachment. */
int slu_amf0_read(struct slu_amf_doc *doc, struct slu_amf_item *item);
int slu_amf3_read(struct slu_amf_doc *doc, struct slu_amf_item *item);

/* One step of a frame. The frame moves when it attaches a member. */
int slu_amf0_step_named(struct slu_amf_doc *doc, struct slu_amf_frame *f);
int slu_amf0_step_counted(struct slu_amf_doc *doc, struct slu_amf_frame *f);
int slu_amf3_step_sealed(struct slu_amf_doc *doc, struct slu_amf_frame *f);
int slu_amf3_step_dynamic(struct slu_amf_doc *doc, struct slu_amf_frame *f);
int slu_amf3_step_associative(struct slu_amf_doc *doc, struct slu_amf_frame *f);
int slu_amf3_step_counted(struct slu_amf_doc *doc, struct slu_amf_frame *f);
int slu_amf3_step_element(struct slu_amf_doc *doc, struct slu_amf_frame *f);

#endif
