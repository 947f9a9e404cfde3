/* SPDX-License-Identifier: MIT */
/* What the server did, for people on stderr or as JSON lines on stdout. */
#ifndef SLU_TOOLS_SERVE_REPORT_H
#define SLU_TOOLS_SERVE_REPORT_H

#include "server/report.h"
#include "tools/serve_log.h"

/* The address that is listened at: always said, on stdout, for whoever waits for it. */
void slu_serve_listening(struct slu_serve_log *log, const char *url);

/* A slu_reporter's function; arg is a struct slu_serve_log. */
void slu_serve_report(void *arg, const struct slu_server_report *report);

#endif
