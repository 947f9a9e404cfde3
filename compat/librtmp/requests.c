/* SPDX-License-Identifier: MIT */
/* Commands whose answers the caller waits for: m_methodCalls. Those of the session itself are not among them. */
#include <stdlib.h>

#include <librtmp/log.h>

#include "state.h"

/* Whoever never reads the answers is not to fill the memory. */
enum { AT_ONCE = 16, MOST = 4096 };

static char create_stream[] = "createStream";
const AVal slu_compat_create_stream = AVC(create_stream);

void slu_compat_remember(RTMP *r, const char *name, size_t n, int transaction)
{
	char *copy;

	if (r->m_numCalls >= MOST)
		RTMP_DropRequest(r, 0, TRUE);
	if (r->m_numCalls % AT_ONCE == 0) {
		size_t room = (size_t)r->m_numCalls + AT_ONCE;
		RTMP_METHOD *grown = realloc(r->m_methodCalls, room * sizeof *grown);

		if (!grown)
			return;
		r->m_methodCalls = grown;
	}
	copy = strndup(name, n);
	if (!copy)
		return;
	r->m_methodCalls[r->m_numCalls++] = (RTMP_METHOD){.name = {copy, (int)strlen(copy)}, .num = transaction};
}

int slu_compat_request(const RTMP *r, double transaction)
{
	for (int i = 0; i < r->m_numCalls; i++)
		if (r->m_methodCalls[i].num == transaction)
			return i;
	return -1;
}

void RTMP_DropRequest(RTMP *r, int i, int freeit)
{
	if (i < 0 || i >= r->m_numCalls)
		return;
	if (freeit)
		free(r->m_methodCalls[i].name.av_val);
	r->m_numCalls--;
	memmove(r->m_methodCalls + i, r->m_methodCalls + i + 1, (size_t)(r->m_numCalls - i) * sizeof(RTMP_METHOD));
}

void slu_compat_free_requests(RTMP *r)
{
	while (r->m_numCalls > 0)
		RTMP_DropRequest(r, r->m_numCalls - 1, TRUE);
	free(r->m_methodCalls);
	r->m_methodCalls = NULL;
}
