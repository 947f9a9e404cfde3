/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "../alloc_fail.h"

extern const char RTMPProtocolStrings[][7];
extern void *RTMP_TLS_ctx;

/* Before the body there is room for the longest header: callers and the library write there. */
static void has_headroom(void **state)
{
	RTMPPacket p = {.m_nBytesRead = 7, .m_nBodySize = 9};

	(void)state;
	assert_true(RTMPPacket_Alloc(&p, 100));
	assert_int_equal(p.m_nBytesRead, 0);
	assert_int_equal(p.m_nBodySize, 9);
	for (int i = -RTMP_MAX_HEADER_SIZE; i < 100; i++) {
		assert_int_equal(p.m_body[i], 0);
		p.m_body[i] = 1;
	}
	RTMPPacket_Free(&p);
	assert_null(p.m_body);
	RTMPPacket_Free(&p);
}

static void may_be_too_large(void **state)
{
	RTMPPacket p = {.m_body = NULL};

	(void)state;
	assert_false(RTMPPacket_Alloc(&p, UINT32_MAX));
	assert_false(RTMPPacket_Alloc(&p, UINT32_MAX - 17));
	assert_null(p.m_body);
	alloc_fail_at(0);
	assert_false(RTMPPacket_Alloc(&p, 10));
	assert_true(alloc_fail_end());
	assert_null(p.m_body);
}

static void reset_frees_nothing(void **state)
{
	RTMPChunk chunk;
	char body[1];
	RTMPPacket p = {1, 2, 3, 4, 5, 6, 7, 8, &chunk, body}, zero = {.m_chunk = &chunk, .m_body = body};

	(void)state;
	RTMPPacket_Reset(&p);
	assert_true(p.m_headerType == 0 && p.m_packetType == 0 && p.m_hasAbsTimestamp == 0 && p.m_nChannel == 0);
	assert_true(p.m_nTimeStamp == 0 && p.m_nInfoField2 == 0 && p.m_nBodySize == 0 && p.m_nBytesRead == 0);
	assert_ptr_equal(p.m_chunk, zero.m_chunk);
	assert_ptr_equal(p.m_body, zero.m_body);
}

static char line[2048];

static void hear(int level, const char *format, va_list args)
{
	assert_int_equal(level, RTMP_LOGDEBUG);
	vsnprintf(line, sizeof line, format, args);
}

static void is_dumped_as_one_line(void **state)
{
	RTMPPacket p = {.m_packetType = 0x14, .m_nChannel = 3, .m_nTimeStamp = 9, .m_nInfoField2 = 1, .m_nBodySize = 2};
	char body[] = "\xfe";

	(void)state;
	RTMP_LogSetLevel(RTMP_LOGDEBUG);
	RTMP_LogSetCallback(hear);
	RTMPPacket_Dump(&p);
	assert_string_equal(
		line, "RTMP PACKET: packet type: 0x14. channel: 0x03. info 1: 9 info 2: 1. Body size: 2. body: 0x00");
	p.m_body = body;
	RTMPPacket_Dump(&p);
	assert_non_null(strstr(line, "body: 0xfe"));
	RTMP_LogSetCallback(NULL);
	RTMP_LogSetLevel(RTMP_LOGERROR);
}

static void variables_are_there(void **state)
{
	uint32_t before = RTMP_GetTime();

	(void)state;
	assert_int_equal(RTMP_LibVersion(), 0x020300);
	assert_string_equal(RTMPProtocolStrings[RTMP_PROTOCOL_RTMPTE], "RTMPTE");
	assert_string_equal(RTMPProtocolStringsLower[RTMP_PROTOCOL_RTMFP], "rtmfp");
	assert_int_equal(RTMP_DefaultFlashVer.av_len, strlen("LNX 10,0,32,18"));
	assert_memory_equal(RTMP_DefaultFlashVer.av_val, "LNX 10,0,32,18", 14);
	assert_int_equal(RTMP_ctrlC, 0);
	assert_null(RTMP_TLS_ctx);
	while (RTMP_GetTime() == before) /* it goes, */
		;
	assert_true(RTMP_GetTime() - before < 600000); /* and forwards */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_headroom),        cmocka_unit_test(may_be_too_large),
		cmocka_unit_test(reset_frees_nothing), cmocka_unit_test(is_dumped_as_one_line),
		cmocka_unit_test(variables_are_there),
	};

	return cmocka_run_group_tests_name("compat_packet", tests, NULL, NULL);
}
