/* SPDX-License-Identifier: MIT */
/*
 * What is found is kept in the caller's structure, where it has its place: the flags, the counters, and in nResumeTS,
 * once the frame has come, what is added to the server's timestamps. That is the frame's own timestamp only with
 * servers whose clock begins at 0 where they were told to begin.
 */
#include "read_resume.h"

#include <librtmp/log.h>
#include <sluice/flv.h>

#include "proto/flv_resume.h"
#include "state.h"

enum { PATIENCE = 50 };
enum { GOT_BOTH = RTMP_READ_GOTKF | RTMP_READ_GOTFLVK };

static int not_found(void)
{
	RTMP_Log(RTMP_LOGERROR,
		 "The server does not go on where the file ends: its last key frame was not among the first %d "
		 "messages. "
		 "Resume at an earlier one, or begin anew",
		 PATIENCE);
	return RTMP_READ_ERROR;
}

static struct slu_flv_resume resume_of(const RTMP_READ *m, uint32_t timestamp)
{
	return (struct slu_flv_resume){
		.frame = {.type = m->initialFrameType,
			  .timestamp = timestamp,
			  .body = (const uint8_t *)m->initialFrame,
			  .size = m->nInitialFrameSize},
		.metadata = (const uint8_t *)m->metaHeader,
		.metadata_size = m->nMetaHeaderSize,
		.patience = PATIENCE,
		.found = m->flags & RTMP_READ_GOTKF,
		.settled = m->flags & RTMP_READ_NO_IGNORE,
		.shift = m->nResumeTS,
		.passed = m->nIgnoredFrameCounter,
	};
}

static int resume_message(RTMP_READ *m, uint32_t timestamp, const RTMPPacket *packet)
{
	struct slu_flv_resume resume = resume_of(m, timestamp);
	struct slu_flv_tag tag = {.type = packet->m_packetType,
				  .timestamp = packet->m_nTimeStamp,
				  .body = (const uint8_t *)packet->m_body,
				  .size = packet->m_nBodySize};
	enum slu_flv_resume_step step = slu_flv_resume_tag(&resume, &tag);

	m->nIgnoredFrameCounter = resume.passed;
	if (resume.found) {
		m->flags |= RTMP_READ_GOTKF;
		m->nResumeTS = resume.shift;
	}
	if (resume.settled)
		m->flags |= RTMP_READ_NO_IGNORE;
	if (step == SLU_FLV_RESUME_TAKE)
		return 1;
	if (step == SLU_FLV_RESUME_NOT_FOUND)
		return not_found();
	if (step == SLU_FLV_RESUME_OTHER)
		RTMP_Log(RTMP_LOGERROR,
			 "The server plays another stream than the file has: their metadata differ. Begin anew");
	return step == SLU_FLV_RESUME_PASS ? RTMP_READ_IGNORE : RTMP_READ_ERROR;
}

/* Looks for the frame among the parts. A part has two timestamps: its own, and the one that it plays at. */
static int find_part(RTMP_READ *m, uint32_t timestamp, struct slu_compat_flv *flv)
{
	const struct slu_flv_resume resume = resume_of(m, timestamp);
	struct slu_flv_tag tag;
	uint32_t plays;
	size_t at = 0;

	while (slu_compat_part(flv->packet, &at, &tag)) {
		plays = flv->packet->m_nTimeStamp + (tag.timestamp - flv->in);
		if (plays != 0 && plays != timestamp && tag.timestamp != timestamp)
			continue;
		if (!slu_flv_resume_is_frame(&resume, &tag))
			continue;
		flv->from = at;
		flv->in = tag.timestamp;
		flv->out = timestamp;
		m->nResumeTS = plays == timestamp ? 0 : timestamp;
		m->flags |= RTMP_READ_GOTFLVK;
		return TRUE;
	}
	return FALSE;
}

/* Some servers send the frame as a message and then once more, in an aggregate with what comes before and after it. So
 * aggregates are gone through by themselves, until the stream is past the frame. */
static int resume_aggregate(RTMP_READ *m, uint32_t timestamp, struct slu_compat_flv *flv)
{
	if (flv->packet->m_nTimeStamp > 0 && (m->flags & GOT_BOTH))
		m->flags |= GOT_BOTH;
	if (m->flags & RTMP_READ_GOTFLVK) {
		flv->out = flv->packet->m_nTimeStamp + m->nResumeTS;
		return 1;
	}
	if (find_part(m, timestamp, flv))
		return 1;
	return ++m->nIgnoredFlvFrameCounter > PATIENCE ? not_found() : RTMP_READ_IGNORE;
}

int slu_compat_resume(RTMP *r, struct slu_compat_flv *flv)
{
	struct slu_compat *c = slu_compat_state(r);
	RTMP_READ *m = &r->m_read;
	int step;

	if (!c)
		return RTMP_READ_ERROR;
	if (!(m->flags & GOT_BOTH))
		c->resumes_at = m->nResumeTS;
	if (flv->packet->m_packetType == RTMP_PACKET_TYPE_FLASH_VIDEO)
		return resume_aggregate(m, c->resumes_at, flv);
	/* Once past the frame in aggregates, messages are taken too. */
	if (flv->packet->m_nTimeStamp > 0 && (m->flags & RTMP_READ_GOTFLVK))
		m->flags |= GOT_BOTH;
	step = resume_message(m, c->resumes_at, flv->packet);
	flv->out = flv->packet->m_nTimeStamp + m->nResumeTS;
	return step;
}
