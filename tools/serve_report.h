/* SPDX-License-Identifier: MIT */
/* What the server did, for people on stderr or as JSON lines on stdout. */
#ifndef SLU_TOOLS_SERVE_REPORT_H
#define SLU_TOOLS_SERVE_REPORT_H

#include "server/report.h"
#include "tools/options.h"

/* The address that is listened at: always said, on stdout, for whoever waits for it. */
void slu_serve_listening(const struct slu_common_options *options, const char *url);

/* A slu_reporter's function; arg is a struct slu_common_options. */
void slu_serve_report(void *arg, const struct slu_server_report *report);

#endif
