/* SPDX-License-Identifier: MIT */
/* The command connect (RTMP 1.0, 7.2.1.1) as players and encoders of Flash have it: what servers know. */
#include <librtmp/log.h>

#include "state.h"

enum { SMALLEST = 4096, LARGEST = 1 << 20 };

/* For whom a member is. */
enum who { BOTH, PUBLISHER, PLAYER };
enum kind { TEXT, WORD, NUMBER, FIELD, NO };

static const struct member {
	const char *name;
	enum kind kind;
	enum who who;
	size_t offset; /* TEXT: an AVal, left out where it is empty; FIELD: a double; in RTMP */
	double number; /* NUMBER */
	const char *word;
} members[] = {
	{"app", TEXT, BOTH, offsetof(RTMP, Link.app), 0, NULL},
	{"type", WORD, PUBLISHER, 0, 0, "nonprivate"},
	{"flashVer", TEXT, BOTH, offsetof(RTMP, Link.flashVer), 0, NULL},
	{"swfUrl", TEXT, BOTH, offsetof(RTMP, Link.swfUrl), 0, NULL},
	{"tcUrl", TEXT, BOTH, offsetof(RTMP, Link.tcUrl), 0, NULL},
	{"fpad", NO, PLAYER, 0, 0, NULL},
	{"capabilities", NUMBER, PLAYER, 0, 15, NULL},
	{"audioCodecs", FIELD, PLAYER, offsetof(RTMP, m_fAudioCodecs), 0, NULL},
	{"videoCodecs", FIELD, PLAYER, offsetof(RTMP, m_fVideoCodecs), 0, NULL},
	{"videoFunction", NUMBER, PLAYER, 0, 1, NULL},
	{"pageUrl", TEXT, PLAYER, offsetof(RTMP, Link.pageUrl), 0, NULL},
};

static AVal word(const char *text)
{
	return (AVal){(char *)text, (int)strlen(text)};
}

static char *put_member(const RTMP *r, const struct member *m, char *p, char *end)
{
	const char *field = (const char *)r + m->offset;
	const AVal name = word(m->name);
	AVal value;

	switch (m->kind) {
	case TEXT:
		value = *(const AVal *)field;
		return value.av_len > 0 ? AMF_EncodeNamedString(p, end, &name, &value) : p;
	case WORD:
		value = word(m->word);
		return AMF_EncodeNamedString(p, end, &name, &value);
	case NUMBER:
		return AMF_EncodeNamedNumber(p, end, &name, m->number);
	case FIELD:
		return AMF_EncodeNamedNumber(p, end, &name, *(const double *)field);
	default:
		return AMF_EncodeNamedBoolean(p, end, &name, FALSE);
	}
}

static char *put_members(const RTMP *r, char *p, char *end)
{
	enum who other = r->Link.protocol & RTMP_FEATURE_WRITE ? PLAYER : PUBLISHER;
	const AVal encoding = word("objectEncoding");

	for (size_t i = 0; i < sizeof members / sizeof members[0] && p; i++)
		if (members[i].who != other)
			p = put_member(r, &members[i], p, end);
	if (p && (r->m_fEncoding != 0 || r->m_bSendEncoding))
		p = AMF_EncodeNamedNumber(p, end, &encoding, r->m_fEncoding);
	return p;
}

/* Behind connect's object: whoever says auth has it as a value of its own, then what option conn made. */
static char *put_extras(RTMP_LNK *link, char *p, char *end)
{
	if (link->auth.av_len > 0) {
		p = AMF_EncodeBoolean(p, end, (link->lFlags & RTMP_LF_AUTH) != 0);
		p = p ? AMF_EncodeString(p, end, &link->auth) : NULL;
	}
	for (int i = 0; i < link->extras.o_num && p; i++)
		p = AMFProp_Encode(&link->extras.o_props[i], p, end);
	return p;
}

/* The end of what was put, or NULL where there was no room. */
static char *encode(RTMP *r, char *p, char *end, int transaction)
{
	const AVal name = word("connect");

	p = AMF_EncodeString(p, end, &name);
	p = p ? AMF_EncodeNumber(p, end, transaction) : NULL;
	if (!p || p == end)
		return NULL;
	*p++ = AMF_OBJECT;
	p = put_members(r, p, end);
	if (!p || end - p < 3)
		return NULL;
	p = AMF_EncodeInt24(p, end, AMF_OBJECT_END);
	return put_extras(&r->Link, p, end);
}

int slu_compat_encode_connect(RTMP *r, RTMPPacket *packet)
{
	*packet = (RTMPPacket){.m_nChannel = 3, .m_packetType = RTMP_PACKET_TYPE_INVOKE};
	for (uint32_t room = SMALLEST; room <= LARGEST; room *= 4) {
		char *end;

		if (!RTMPPacket_Alloc(packet, room)) {
			RTMP_Log(RTMP_LOGERROR,
				 "There is no memory for the command connect: end something else and try again");
			return FALSE;
		}
		end = encode(r, packet->m_body, packet->m_body + room, r->m_numInvokes + 1);
		if (end) {
			packet->m_nBodySize = (uint32_t)(end - packet->m_body);
			return TRUE;
		}
		RTMPPacket_Free(packet);
	}
	RTMP_Log(RTMP_LOGERROR, "The options make a command connect of over %d bytes: shorten tcUrl, auth or conn",
		 LARGEST);
	return FALSE;
}
