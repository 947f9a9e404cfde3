/* SPDX-License-Identifier: MIT */
/*
 * A program of librtmp's, which test_program.py compiles against Debian's headers and runs on either library:
 *
 *     program variables                the six that programs have copies of
 *     program play URL FILE            an FLV by RTMP_Read()
 *     program publish URL FILE         an FLV by RTMP_Write(), a tag a call
 *     program packets URL              the media of a stream, a packet a line
 *     program send URL FILE            an FLV's media by RTMP_SendPacket()
 *     program interrupted URL          waits for media until SIGALRM sets RTMP_ctrlC
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librtmp/amf.h>
#include <librtmp/log.h>
#include <librtmp/rtmp.h>

/* Exported, and in no header. */
extern const char RTMPProtocolStrings[][7];
extern void *RTMP_TLS_ctx;
void RTMP_TLS_Init(void);

enum { FLV_HEADER = 13, TAG_HEADER = 11, PREVIOUS_SIZE = 4, PACKET_CHANNEL = 4 };

static int heard;

static void hear(int level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	heard++;
}

static int fail(const char *what)
{
	fprintf(stderr, "%s failed\n", what);
	return 1;
}

static int variables(void)
{
	for (int i = 0; i < 9; i++)
		printf("%s %s\n", RTMPProtocolStrings[i], RTMPProtocolStringsLower[i]);
	printf("%.*s %d\n", RTMP_DefaultFlashVer.av_len, RTMP_DefaultFlashVer.av_val, RTMP_DefaultFlashVer.av_len);
	printf("%d %d\n", RTMP_debuglevel, RTMP_LogGetLevel());
	RTMP_LogSetLevel(RTMP_LOGDEBUG);
	printf("%d\n", RTMP_debuglevel);
	RTMP_LogSetCallback(hear);
	RTMP_debuglevel = RTMP_LOGWARNING;
	RTMP_Log(RTMP_LOGWARNING, "is heard");
	RTMP_Log(RTMP_LOGINFO, "is not");
	printf("%d %d\n", RTMP_LogGetLevel(), heard);
	printf("%d ", RTMP_ctrlC);
	RTMP_UserInterrupt();
	printf("%d\n", RTMP_ctrlC);
	printf("%d ", RTMP_TLS_ctx != NULL);
	RTMP_TLS_Init();
	printf("%d\n", RTMP_TLS_ctx != NULL);
	return 0;
}

static int connect_to(RTMP *r, char *url, int publish)
{
	RTMP_Init(r);
	if (!RTMP_SetupURL(r, url))
		return 0;
	if (publish)
		RTMP_EnableWrite(r);
	return RTMP_Connect(r, NULL) && RTMP_ConnectStream(r, 0);
}

static int play(char *url, const char *path)
{
	FILE *out = fopen(path, "wb");
	char block[5000];
	RTMP r; /* by value, as FFmpeg has it */
	int n;

	if (!out || !connect_to(&r, url, 0))
		return fail("connecting");
	while ((n = RTMP_Read(&r, block, sizeof block)) > 0)
		fwrite(block, 1, (size_t)n, out);
	RTMP_Close(&r);
	return fclose(out) == 0 ? 0 : fail("writing");
}

static char *whole(const char *path, size_t *n)
{
	FILE *in = fopen(path, "rb");
	char *data = in ? malloc(64 << 20) : NULL;

	if (!data)
		exit(fail("reading"));
	*n = fread(data, 1, 64 << 20, in);
	fclose(in);
	return data;
}

static size_t size_of(const char *tag)
{
	return AMF_DecodeInt24(tag + 1);
}

static int publish(char *url, const char *path)
{
	RTMP *r = RTMP_Alloc();
	size_t n, at = FLV_HEADER;
	char *flv = whole(path, &n);

	if (!connect_to(r, url, 1))
		return fail("connecting");
	while (at < n) {
		int tag = (int)(TAG_HEADER + size_of(flv + at) + PREVIOUS_SIZE);

		if (RTMP_Write(r, flv + at, tag) != tag)
			return fail("RTMP_Write()");
		at += (size_t)tag;
	}
	RTMP_Close(r);
	RTMP_Free(r);
	free(flv);
	return 0;
}

static unsigned long sum(const RTMPPacket *p)
{
	unsigned long s = 0;

	for (uint32_t i = 0; i < p->m_nBodySize; i++)
		s = s * 31 % 1000000007 + (unsigned char)p->m_body[i];
	return s;
}

static int packets(char *url)
{
	RTMPPacket p = {0};
	RTMP r;

	if (!connect_to(&r, url, 0))
		return fail("connecting");
	while (RTMP_IsConnected(&r) && RTMP_ReadPacket(&r, &p)) {
		int got;

		if (!RTMPPacket_IsReady(&p) || !p.m_nBodySize)
			continue;
		got = RTMP_ClientPacket(&r, &p);
		if (got == 1 && (p.m_packetType == RTMP_PACKET_TYPE_AUDIO || p.m_packetType == RTMP_PACKET_TYPE_VIDEO))
			printf("%d %u %u %lu\n", p.m_packetType, p.m_nTimeStamp, p.m_nBodySize, sum(&p));
		RTMPPacket_Free(&p);
		if (got == 2)
			break;
	}
	RTMP_Close(&r);
	return 0;
}

static int send_packets(char *url, const char *path)
{
	size_t n, at = FLV_HEADER;
	char *flv = whole(path, &n);
	RTMP r;

	if (!connect_to(&r, url, 1))
		return fail("connecting");
	for (; at < n; at += TAG_HEADER + size_of(flv + at) + PREVIOUS_SIZE) {
		RTMPPacket p = {0};

		if (flv[at] == RTMP_PACKET_TYPE_INFO)
			continue;
		RTMPPacket_Alloc(&p, (uint32_t)size_of(flv + at));
		p.m_packetType = (uint8_t)flv[at];
		p.m_nChannel = PACKET_CHANNEL;
		p.m_headerType = RTMP_PACKET_SIZE_LARGE;
		p.m_nTimeStamp = AMF_DecodeInt24(flv + at + 4) | (uint32_t)(unsigned char)flv[at + 7] << 24;
		p.m_nInfoField2 = r.m_stream_id;
		p.m_nBodySize = (uint32_t)size_of(flv + at);
		memcpy(p.m_body, flv + at + TAG_HEADER, p.m_nBodySize);
		if (!RTMP_SendPacket(&r, &p, FALSE))
			return fail("RTMP_SendPacket()");
		RTMPPacket_Free(&p);
	}
	RTMP_Close(&r);
	free(flv);
	return 0;
}

static void on_alarm(int signal)
{
	(void)signal;
	RTMP_ctrlC = TRUE;
}

static int interrupted(char *url)
{
	const struct sigaction action = {.sa_handler = on_alarm}; /* calls are not taken up again */
	RTMPPacket p = {0};
	RTMP r;

	if (!connect_to(&r, url, 0))
		return fail("connecting");
	sigaction(SIGALRM, &action, NULL);
	printf("connected\n");
	fflush(stdout);
	while (!RTMP_ctrlC && RTMP_ReadPacket(&r, &p))
		RTMPPacket_Free(&p);
	printf("%d\n", RTMP_ctrlC);
	RTMP_Close(&r);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(what, "variables") == 0)
		return variables();
	if (argc == 3 && strcmp(what, "packets") == 0)
		return packets(argv[2]);
	if (argc == 3 && strcmp(what, "interrupted") == 0)
		return interrupted(argv[2]);
	if (argc == 4 && strcmp(what, "play") == 0)
		return play(argv[2], argv[3]);
	if (argc == 4 && strcmp(what, "publish") == 0)
		return publish(argv[2], argv[3]);
	if (argc == 4 && strcmp(what, "send") == 0)
		return send_packets(argv[2], argv[3]);
	return fail("understanding this");
}
