/* SPDX-License-Identifier: MIT */
#include "tools/serve_process.h"

#include <sys/resource.h>

#include "tools/say.h"

enum { OWN_FILES = 64 }; /* listeners, signals, the folder, the log, and what is open for a moment */

void slu_serve_want_files(unsigned connections, bool quiet)
{
	/* A connection that is recorded, or plays a recording, has a file besides its socket. */
	rlim_t least = OWN_FILES + (rlim_t)connections, most = least + connections;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= most)
		return;
	limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < least && !quiet)
		slu_say("warning: %u connections want %lu open files, and %lu are allowed: those who are too many will "
			"wait; "
			"raise the limit (LimitNOFILE= of a service, 'ulimit -Hn' of a shell), or give a lower "
			"--max-connections",
			connections, (unsigned long)least, (unsigned long)limit.rlim_cur);
}
