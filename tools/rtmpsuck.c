/* SPDX-License-Identifier: MIT */
/* rtmpsuck: a proxy between RTMP clients and the servers they mean, which shows and records what they play. */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include <librtmp/log.h>

#include "tools/lookup.h"
#include "tools/stub.h"
#include "tools/suck.h"

static const char usage[] = "rtmpsuck: a transparent RTMP proxy that records what its clients play.\n\n"
			    "--help|-h               Prints this help screen.\n"
			    "--device|-D address     Address to listen at (default: 0.0.0.0)\n"
			    "--sport|-g num          Port to listen at (default: 1935)\n"
			    "--debug|-z              Debug level output.\n"
			    "On the console, q ends it.\n\n";

static bool set_option(struct slu_stub_options *to, int option, const char *value)
{
	if (option == 'D')
		to->device = value;
	else if (option == 'g')
		to->port = value;
	else if (option == 'z')
		RTMP_LogSetLevel(RTMP_LOGALL);
	else
		return false;
	return true;
}

/* -1 to go on, else the exit status. */
static int parse(struct slu_stub_options *to, int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{"device", required_argument, NULL, 'D'},
		{"sport", required_argument, NULL, 'g'},
		{"debug", no_argument, NULL, 'z'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "hD:g:z", options, NULL)) >= 0) {
		if (!set_option(to, option, optarg)) {
			RTMP_LogPrintf("%s", usage);
			return option == 'h' ? 0 : 1;
		}
	}
	if (optind == argc)
		return -1;
	RTMP_Log(RTMP_LOGERROR, "There is nothing to name but options");
	return 1;
}

int main(int argc, char **argv)
{
	struct slu_stub_options options = {.device = "0.0.0.0", .port = "1935"};
	int status;

	/* A limit on the size of files is a full disk: the write fails, and that is dealt with. */
	signal(SIGXFSZ, SIG_IGN);
	slu_lookup_prepare();
	RTMP_LogSetLevel(RTMP_LOGINFO);
	RTMP_LogPrintf("RTMP Proxy Server v2.4 (Sluice " SLU_VERSION ")\n\n");
	status = parse(&options, argc, argv);
	return status < 0 ? slu_stub_run(&options, &slu_suck_ops, NULL) : status;
}
