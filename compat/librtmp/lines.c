/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <librtmp/log.h>

#include "tls_words.h"

static void line(void *arg, enum slu_log_level level, const char *text)
{
	static const int levels[] = {
		[SLU_LOG_ERROR] = RTMP_LOGERROR,
		[SLU_LOG_WARN] = RTMP_LOGWARNING,
		[SLU_LOG_INFO] = RTMP_LOGINFO,
		[SLU_LOG_DEBUG] = RTMP_LOGDEBUG,
	};
	char own[SLU_LOG_LINE];

	(void)arg;
	RTMP_Log(levels[level], "%s", slu_compat_tls_words(own, sizeof own, text));
}

struct slu_log slu_compat_lines(enum slu_log_level level)
{
	return (struct slu_log){.fn = line, .level = level};
}

enum slu_log_level slu_compat_lines_level(void)
{
	static const struct {
		RTMP_LogLevel least;
		enum slu_log_level level;
	} levels[] = {
		{RTMP_LOGDEBUG, SLU_LOG_DEBUG},
		{RTMP_LOGINFO, SLU_LOG_INFO},
		{RTMP_LOGWARNING, SLU_LOG_WARN},
	};

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (RTMP_LogGetLevel() >= levels[i].least)
			return levels[i].level;
	return SLU_LOG_ERROR;
}
