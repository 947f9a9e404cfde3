/* SPDX-License-Identifier: MIT */
/* rtmpgw: HTTP requests in, streams of RTMP servers out. What its own command line says are the requests' defaults. */
#include <librtmp/log.h>
#include <sluice/sluice.h>

#include "tools/gw_client.h"
#include "tools/gw_serve.h"

static void serve_client(int fd, void *options)
{
	slu_gw_client(fd, options);
}

int main(int argc, char **argv)
{
	static struct slu_suite_options options;
	int status;

	RTMP_LogPrintf("HTTP-RTMP Stream Gateway v2.4 (Sluice " SLU_VERSION ")\n\n");
	slu_suite_init(&options, SLU_SUITE_RTMPGW);
	options.level = RTMP_LOGERROR;
	options.realtime = true; /* there is no pausing of a stream that somebody watches */
	status = slu_suite_parse(&options, SLU_SUITE_RTMPGW, argc, argv);
	if (status < 0)
		status = slu_gw_serve(options.listen, (unsigned)options.listen_port, serve_client, &options);
	slu_suite_clear(&options);
	return status;
}
