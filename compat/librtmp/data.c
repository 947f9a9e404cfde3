/* SPDX-License-Identifier: MIT */
/* The variables that programs reach into, of sizes that were copied into them when they were linked; the version; the
 * clock. */
#include <librtmp/rtmp.h>

#include <time.h>

#include "copied.h"

/* Exported, and in no header. */
extern const char RTMPProtocolStrings[][7];
extern void *RTMP_TLS_ctx;
void RTMP_TLS_Init(void);

LIBRTMP_COPIED const char RTMPProtocolStrings[][7] = {"RTMP",   "RTMPT", "RTMPE", "RTMPTE", "RTMPS",
						      "RTMPTS", "",      "",      "RTMFP"};
LIBRTMP_COPIED const char RTMPProtocolStringsLower[][7] = {"rtmp",   "rtmpt", "rtmpe", "rtmpte", "rtmps",
							   "rtmpts", "",      "",      "rtmfp"};

static char flash_version[] = "LNX 10,0,32,18";
LIBRTMP_COPIED const AVal RTMP_DefaultFlashVer = AVC(flash_version);

LIBRTMP_COPIED int RTMP_ctrlC;
LIBRTMP_COPIED void *RTMP_TLS_ctx;

/* Nothing has to be made beforehand, for it takes a session's options. Who asks whether this was called finds that. */
void RTMP_TLS_Init(void)
{
	static char initialised;

	RTMP_TLS_ctx = &initialised;
}

int RTMP_LibVersion(void)
{
	return RTMP_LIB_VERSION;
}

uint32_t RTMP_GetTime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}
