/* SPDX-License-Identifier: MIT */
/* The structure itself: what it is at first, and fields that have a function. */
#include <stdlib.h>

#include "state.h"

void RTMP_Init(RTMP *r)
{
	memset(r, 0, sizeof *r);
	r->m_sb.sb_socket = -1;
	r->m_inChunkSize = RTMP_DEFAULT_CHUNKSIZE;
	r->m_outChunkSize = RTMP_DEFAULT_CHUNKSIZE;
	r->m_nBufferMS = 30000;
	r->m_nClientBW = 2500000;
	r->m_nClientBW2 = 2;
	r->m_nServerBW = 2500000;
	r->m_fAudioCodecs = 3191;
	r->m_fVideoCodecs = 252;
	r->Link.timeout = 30;
	r->Link.swfAge = 30;
}

RTMP *RTMP_Alloc(void)
{
	return calloc(1, sizeof(RTMP));
}

void RTMP_Free(RTMP *r)
{
	free(r);
}

void RTMP_EnableWrite(RTMP *r)
{
	r->Link.protocol |= RTMP_FEATURE_WRITE;
}

void RTMP_SetBufferMS(RTMP *r, int size)
{
	r->m_nBufferMS = size;
}

double RTMP_GetDuration(RTMP *r)
{
	return r->m_fDuration;
}

int RTMP_IsConnected(RTMP *r)
{
	return r->m_sb.sb_socket != -1;
}

int RTMP_Socket(RTMP *r)
{
	return r->m_sb.sb_socket;
}

int RTMP_IsTimedout(RTMP *r)
{
	return r->m_sb.sb_timedout;
}

void RTMP_UserInterrupt(void)
{
	RTMP_ctrlC = TRUE;
}
