/* SPDX-License-Identifier: MIT */
/*
 * Command and data messages (RTMP 1.0, 7.1.1 and 7.1.2): how AMF lies in them.
 *
 * Types 20 and 18 hold AMF0. Types 17 and 15 begin with a zero byte and then hold AMF0 too, in which single values may
 * switch to AMF3: that is what players with object encoding 3 send. Some peers leave the zero byte out.
 */
#ifndef SLU_PROTO_COMMAND_H
#define SLU_PROTO_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/amf.h>
#include <sluice/session.h> /* struct slu_msg */

/* A decoded command. It points into the document, which points into the message's payload. */
struct slu_command {
	struct slu_amf_str name;
	double transaction;               /* 0 when it is not a number */
	const struct slu_amf_value *root; /* all values, the name first */
	bool cut;                         /* the values after some point could not be read: slu_amf_doc_error() */
};

/* 0; SLU_ERR_AMF when not even a name could be read; SLU_ERR_NOMEM. */
int slu_command_decode(struct slu_command *c, struct slu_amf_doc *doc, const struct slu_msg *msg);

/* The argument at index: 0 is the command object, 1 what follows it. NULL when absent. */
const struct slu_amf_value *slu_command_arg(const struct slu_command *c, size_t index);

/* The level, code and description of an information object (RTMP 1.0, 7.2.2), wherever the peer put it; fields that
 * are missing or no strings are empty. A bare string instead of an object reads as the description. */
struct slu_info {
	struct slu_amf_str level;
	struct slu_amf_str code;
	struct slu_amf_str description;
	const struct slu_amf_value *object; /* NULL when there is none */
};
void slu_command_info(const struct slu_command *c, struct slu_info *info);

/* The same of one value, which may be NULL. */
void slu_info_read(struct slu_info *info, const struct slu_amf_value *v);

/* How many bytes of a message precede its AMF0: 1 for the zero byte of types 15 and 17, else 0. */
size_t slu_amf_prefix(const struct slu_msg *msg);

/* The AMF0 string that n bytes at data begin with, and in *used its encoded size. False when there is none. Allocates
 * nothing, so it is fit for each data message. */
bool slu_data_name(const uint8_t *data, size_t n, struct slu_amf_str *name, size_t *used);

#endif
