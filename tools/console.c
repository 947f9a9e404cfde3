/* SPDX-License-Identifier: MIT */
#include "tools/console.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include <librtmp/log.h>

bool slu_console_quits(int *fd)
{
	char typed[64];
	ssize_t n = read(*fd, typed, sizeof typed);

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		*fd = -1;
	for (ssize_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)typed[i];

		if (c == 'q') {
			RTMP_LogPrintf("Exiting\n");
			return true;
		}
		if (!isspace(c))
			RTMP_LogPrintf("Unknown command '%c', ignoring\n", isgraph(c) ? c : '?');
	}
	return false;
}
