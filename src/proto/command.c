/* SPDX-License-Identifier: MIT */
#include "proto/command.h"

#include <sluice/error.h>

#include "base/cursor.h"

enum { AMF0_STRING = 0x02 };

size_t slu_amf_prefix(const struct slu_msg *msg)
{
	bool amf3 = msg->type == SLU_MSG_COMMAND_AMF3 || msg->type == SLU_MSG_DATA_AMF3;

	return amf3 && msg->size && msg->data[0] == 0 ? 1 : 0;
}

int slu_command_decode(struct slu_command *c, struct slu_amf_doc *doc, const struct slu_msg *msg)
{
	size_t skip = slu_amf_prefix(msg);
	const uint8_t *data = msg->size ? msg->data + skip : (const uint8_t *)"";
	int err = slu_amf_decode(doc, SLU_AMF0, data, msg->size - skip);

	*c = (struct slu_command){.root = slu_amf_root(doc), .cut = err != 0};
	if (err && err != SLU_ERR_AMF)
		return err;
	if (!slu_amf_string(slu_amf_at(c->root, 0), &c->name))
		return SLU_ERR_AMF;
	slu_amf_number(slu_amf_at(c->root, 1), &c->transaction);
	return 0;
}

const struct slu_amf_value *slu_command_arg(const struct slu_command *c, size_t index)
{
	return slu_amf_at(c->root, index + 2);
}

static bool is_object(const struct slu_amf_value *v)
{
	enum slu_amf_type t = slu_amf_type(v);

	return t == SLU_AMF_OBJECT || t == SLU_AMF_ECMA_ARRAY;
}

static bool is_info(const struct slu_amf_value *v)
{
	return is_object(v) && (slu_amf_get(v, "code") || slu_amf_get(v, "level") || slu_amf_get(v, "description"));
}

void slu_info_read(struct slu_info *info, const struct slu_amf_value *v)
{
	static const struct slu_amf_str empty = {"", 0};

	*info = (struct slu_info){.level = empty, .code = empty, .description = empty};
	info->object = is_object(v) ? v : NULL;
	slu_amf_string(slu_amf_get(info->object, "level"), &info->level);
	slu_amf_string(slu_amf_get(info->object, "code"), &info->code);
	slu_amf_string(slu_amf_get(info->object, "description"), &info->description);
}

void slu_command_info(const struct slu_command *c, struct slu_info *info)
{
	const struct slu_amf_value *first = slu_command_arg(c, 0), *second = slu_command_arg(c, 1);
	const struct slu_amf_value *v = slu_amf_next(slu_amf_first(c->root));

	while (v && !is_info(v))
		v = slu_amf_next(v);
	slu_info_read(info, is_info(second) || !v ? second : v);
	if (!info->object && !slu_amf_string(second, &info->description))
		slu_amf_string(first, &info->description);
}

bool slu_data_name(const uint8_t *data, size_t n, struct slu_amf_str *name, size_t *used)
{
	struct slu_cursor in = slu_cursor(data, n);
	uint8_t marker = slu_cursor_u8(&in);
	size_t len = slu_cursor_u16(&in);
	const uint8_t *text = slu_cursor_take(&in, len);

	if (marker != AMF0_STRING || !text)
		return false;
	*name = (struct slu_amf_str){(const char *)text, len};
	*used = 3 + len;
	return true;
}
