/* SPDX-License-Identifier: MIT */
#include "tools/take.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"
#include "proto/command.h"
#include "tools/safe_name.h"

struct slu_take {
	FILE *file;
	char name[SLU_SAFE_NAME];
};

static int put(struct slu_take *take, const void *data, size_t n)
{
	return n == 0 || fwrite(data, n, 1, take->file) == 1 ? 0 : SLU_ERR_IO;
}

struct slu_take *slu_take_open(const char *playpath, const char **name)
{
	struct slu_take *take = calloc(1, sizeof *take);
	uint8_t header[SLU_FLV_HEADER_SIZE];
	char stem[SLU_SAFE_STEM];
	int fd = -1;

	if (!take)
		return NULL;
	slu_safe_stem(stem, playpath);
	fd = slu_safe_create(take->name, stem, "");
	if (fd >= 0)
		take->file = fdopen(fd, "wb");
	slu_flv_write_header(header, true, true);
	if (take->file && put(take, header, sizeof header) == 0) {
		*name = take->name;
		return take;
	}
	if (fd >= 0 && !take->file)
		close(fd);
	slu_take_close(take);
	return NULL;
}

static int put_tag(struct slu_take *take, const struct slu_flv_tag *tag)
{
	uint8_t header[SLU_FLV_TAG_HEADER_SIZE], prev_size[4];
	int err;

	if (tag->size == 0 || slu_flv_write_tag_header(header, tag) != 0)
		return 0;
	slu_flv_write_prev_size(prev_size, tag);
	err = put(take, header, sizeof header);
	if (!err)
		err = put(take, tag->body, tag->size);
	return err ? err : put(take, prev_size, sizeof prev_size);
}

/* What servers say beside the media, or to have it stored, is not the media's. */
static int put_data(struct slu_take *take, struct slu_flv_tag tag)
{
	struct slu_amf_str name;
	size_t used;

	if (slu_data_name(tag.body, tag.size, &name, &used)) {
		if (slu_amf_str_is(name, "|RtmpSampleAccess") || slu_amf_str_is(name, "onStatus"))
			return 0;
		if (slu_amf_str_is(name, "@setDataFrame")) {
			tag.body += used;
			tag.size -= used;
		}
	}
	return put_tag(take, &tag);
}

static int put_message(struct slu_take *take, const struct slu_msg *msg)
{
	size_t skip = slu_amf_prefix(msg);
	struct slu_flv_tag tag = {msg->type, msg->timestamp, msg->data + skip, msg->size - skip};

	if (msg->type == SLU_MSG_AUDIO || msg->type == SLU_MSG_VIDEO)
		return put_tag(take, &tag);
	tag.type = SLU_FLV_SCRIPT;
	return put_data(take, tag);
}

/* Parts are FLV tags, and their timestamps begin anywhere: the first part's is the message's (RTMP 1.0, 7.1.6). */
static int put_aggregate(struct slu_take *take, const struct slu_msg *msg)
{
	struct slu_msg part = *msg;
	uint32_t first = 0, stamp;
	size_t at = 0, size;
	int err = 0;

	while (!err && msg->size - at >= SLU_FLV_TAG_HEADER_SIZE) {
		const uint8_t *p = msg->data + at;

		size = slu_be24(p + 1);
		if (size > msg->size - at - SLU_FLV_TAG_HEADER_SIZE)
			break;
		stamp = slu_be24(p + 4) | (uint32_t)p[7] << 24;
		first = at ? first : stamp;
		part.type = p[0];
		part.timestamp = msg->timestamp + (stamp - first);
		part.data = p + SLU_FLV_TAG_HEADER_SIZE;
		part.size = size;
		if (part.type == SLU_MSG_AUDIO || part.type == SLU_MSG_VIDEO || part.type == SLU_MSG_DATA)
			err = put_message(take, &part);
		at += SLU_FLV_TAG_OVERHEAD + size;
		if (at > msg->size)
			break; /* the last back pointer may be missing */
	}
	return err;
}

int slu_take_write(struct slu_take *take, const struct slu_msg *msg)
{
	switch (msg->type) {
	case SLU_MSG_AUDIO:
	case SLU_MSG_VIDEO:
	case SLU_MSG_DATA:
	case SLU_MSG_DATA_AMF3:
		return put_message(take, msg);
	case SLU_MSG_AGGREGATE:
		return put_aggregate(take, msg);
	default:
		return 0;
	}
}

int slu_take_close(struct slu_take *take)
{
	int err = 0;

	if (!take)
		return 0;
	if (take->file && fclose(take->file) != 0)
		err = SLU_ERR_IO;
	free(take);
	return err;
}
