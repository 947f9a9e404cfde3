/* SPDX-License-Identifier: MIT */
/* One client of rtmpgw, from its request to the end of its stream. */
#ifndef SLU_TOOLS_GW_CLIENT_H
#define SLU_TOOLS_GW_CLIENT_H

#include "tools/suite_options.h"

/* Serves the client at fd, a non-blocking socket, which it takes. Blocks. RTMP_ctrlC ends it in order. What the request
 * says goes into options, which are the defaults before. One per process: the log is in its hands meanwhile. */
void slu_gw_client(int fd, struct slu_suite_options *options);

#endif
