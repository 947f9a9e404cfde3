/* SPDX-License-Identifier: MIT */
/* The log, messages in memory and the variables, on Debian's librtmp.so.1 and on ours. */
#include <stdlib.h>
#include <string.h>

#include "differ.h"

static FILE *heard;

/* What python-librtmp does has room for 2048 bytes. */
static void hear(int level, const char *format, va_list args)
{
	char line[4096];

	vsnprintf(line, sizeof line, format, args);
	fprintf(heard, "%d %zu %s\n", level, strlen(line), line);
}

/* number is the level, and a hundred more with a callback. Taking one away is nothing that Debian's can do. */
static void begin(const struct api *lib, const struct input *in, FILE *out)
{
	heard = out;
	lib->RTMP_LogSetOutput(out);
	lib->RTMP_LogSetLevel((RTMP_LogLevel)(in->number % 100));
	if (in->number >= 100)
		lib->RTMP_LogSetCallback(hear);
}

static void lines(const struct api *lib, const struct input *in, FILE *out)
{
	begin(lib, in, out);
	fprintf(out, "%d\n", lib->RTMP_LogGetLevel());
	for (int level = RTMP_LOGCRIT; level <= RTMP_LOGDEBUG2; level++)
		lib->RTMP_Log(level, "level %d, %s", level, "text");
	lib->RTMP_Log(RTMP_LOGERROR, "with a no-name in it");
	lib->RTMP_LogStatus("\rstatus %d", 1);
	lib->RTMP_LogStatus("\rstatus %d", 2);
	lib->RTMP_Log(RTMP_LOGCRIT, "a line");
	lib->RTMP_LogStatus("\rstatus %d", 3);
	lib->RTMP_LogPrintf("printed %s\n", "text");
	lib->RTMP_LogPrintf("no newline");
	lib->RTMP_LogStatus("\rstatus");
	lib->RTMP_LogHex(RTMP_LOGERROR, (const uint8_t *)in->data, (unsigned long)in->n);
	lib->RTMP_LogHexString(RTMP_LOGERROR, (const uint8_t *)in->data, (unsigned long)in->n);
	lib->RTMP_LogHex(RTMP_LOGDEBUG, (const uint8_t *)in->data, (unsigned long)in->n);
	lib->RTMP_LogHexString(RTMP_LOGDEBUG, NULL, 5);
}

static void long_lines(const struct api *lib, const struct input *in, FILE *out)
{
	begin(lib, in, out);
	lib->RTMP_Log(RTMP_LOGERROR, "%.*s", in->n, in->data);
	lib->RTMP_LogPrintf("%.*s", in->n, in->data);
}

static void dump(const struct api *lib, const struct input *in, FILE *out)
{
	AMFObjectProperty props[] = {
		{.p_name = AVC("number"), .p_type = AMF_NUMBER, .p_vu.p_number = -1.239},
		{.p_name = AVC("a name of more than eighteen bytes"), .p_type = AMF_BOOLEAN, .p_vu.p_number = 1},
		{.p_name = AVC("text"), .p_type = AMF_STRING, .p_vu.p_aval = {(char *)in->data, in->n}},
		{.p_name = AVC("null"), .p_type = AMF_NULL},
		{.p_name = AVC("date"), .p_type = AMF_DATE, .p_vu.p_number = 1e12, .p_UTCoffset = -60},
		{.p_name = AVC("odd"), .p_type = AMF_XML_DOC},
		{.p_name = AVC(""), .p_type = AMF_NUMBER},
		{.p_name = AVC("none"), .p_type = AMF_INVALID},
		{.p_name = AVC("inner"), .p_type = AMF_OBJECT},
		{.p_name = AVC("list"), .p_type = AMF_ECMA_ARRAY},
		{.p_name = AVC(""), .p_type = AMF_STRICT_ARRAY},
	};
	AMFObject obj = {0, NULL};

	begin(lib, in, out);
	for (int i = 0; i < 8; i++)
		lib->AMF_AddProp(&props[8].p_vu.p_object, &props[i]);
	for (size_t i = 0; i < sizeof props / sizeof props[0]; i++)
		lib->AMF_AddProp(&obj, &props[i]);
	lib->AMF_Dump(&obj);
	lib->AMF_Reset(&obj);
}

static void print_packet(const RTMPPacket *p, FILE *out)
{
	fprintf(out, "%d %d %d %d %u %d %u %u %d %d\n", p->m_headerType, p->m_packetType, p->m_hasAbsTimestamp,
		p->m_nChannel, p->m_nTimeStamp, p->m_nInfoField2, p->m_nBodySize, p->m_nBytesRead, p->m_chunk != NULL,
		p->m_body != NULL);
}

static void packet(const struct api *lib, const struct input *in, FILE *out)
{
	RTMPChunk chunk = {.c_headerSize = 1};
	RTMPPacket p = {1, 20, 1, 3, 4000000000U, -5, 100, 50, &chunk, NULL};
	int sum = 0;

	begin(lib, in, out);
	lib->RTMPPacket_Dump(&p);
	fprintf(out, "%d\n", lib->RTMPPacket_Alloc(&p, 100));
	print_packet(&p, out);
	for (int i = -RTMP_MAX_HEADER_SIZE; i < 100; i++) {
		sum += p.m_body[i];
		p.m_body[i] = (char)i;
	}
	fprintf(out, "%d\n", sum);
	lib->RTMPPacket_Dump(&p);
	lib->RTMPPacket_Reset(&p);
	print_packet(&p, out);
	lib->RTMPPacket_Free(&p);
	print_packet(&p, out);
	lib->RTMPPacket_Free(&p);
}

static void variables(const struct api *lib, const struct input *in, FILE *out)
{
	(void)in;
	for (int i = 0; i <= RTMP_PROTOCOL_RTMFP; i++)
		fprintf(out, "%s %s\n", lib->protocols[i], lib->lower[i]);
	fprintf(out, "%.*s\n%x\n", lib->flash_version->av_len, lib->flash_version->av_val, lib->RTMP_LibVersion());
}

int main(void)
{
	static char bytes[70], text[5000];

	if (!differ_begin())
		return 0;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 5);
	memset(text, 't', sizeof text);
	for (int level = RTMP_LOGCRIT; level <= RTMP_LOGALL; level++) {
		differ("lines to the output", lines, bytes, level * 10, level, NULL);
		differ("lines to a callback", lines, bytes, level * 10 + 3, level + 100, NULL);
	}
	differ("a line of 16 bytes", lines, bytes, 16, RTMP_LOGDEBUG, NULL);
	differ("long lines", long_lines, text, sizeof text, RTMP_LOGERROR, NULL);
	differ("long lines to a callback", long_lines, text, sizeof text, RTMP_LOGERROR + 100,
	       "Debian's gives them whole");
	differ("what is in an object", dump, text, 300, RTMP_LOGALL, NULL);
	differ("members without a name", dump, text, 300, RTMP_LOGDEBUG, NULL);
	differ("a message", packet, "", 0, RTMP_LOGDEBUG, NULL);
	differ("variables", variables, "", 0, 0, NULL);
	return differ_end();
}
