/* SPDX-License-Identifier: MIT */
#include "server/report.h"

#include <stddef.h>

const char *slu_report_name(enum slu_server_report_type type)
{
	static const char *const names[] = {
		[SLU_REPORT_CONNECT] = "connect",     [SLU_REPORT_PUBLISH] = "publish",
		[SLU_REPORT_UNPUBLISH] = "unpublish", [SLU_REPORT_PLAY] = "play",
		[SLU_REPORT_STOP] = "stop",           [SLU_REPORT_REFUSE] = "refuse",
		[SLU_REPORT_RECORD] = "record",       [SLU_REPORT_RECORDED] = "recorded",
		[SLU_REPORT_RECORDING] = "recording", [SLU_REPORT_END] = "end",
		[SLU_REPORT_CLOSE] = "close",
	};

	return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "?";
}
