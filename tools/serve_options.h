/* SPDX-License-Identifier: MIT */
/* What sluice serve is asked for on its command line. */
#ifndef SLU_TOOLS_SERVE_OPTIONS_H
#define SLU_TOOLS_SERVE_OPTIONS_H

#include <sluice/session.h>

#include "tools/options.h"

/* Times are in ms; 0 or NULL where an option was not given. */
struct serve_options {
	struct slu_common_options common;
	struct slu_tls_options tls;
	const char *folder;
	struct slu_opt_list listen;
	const char *user; /* NAME[:GROUP] */
	bool no_record;
	const char *file_name;
	long rotate_seconds, rotate_mb;
	struct slu_opt_list cert, key; /* the n-th key is the n-th certificate's; none: they are in the same files */
	const char *client_ca;
	const char *client_cert; /* "publish"; "all" or NULL: all */
	const char *auth, *users, *keys;
	bool open, make_key, takeover;
	struct slu_opt_list swf;
	struct slu_swf_player players[SLU_OPT_LIST_MAX]; /* of swf */
	long stats_ms;
	long max_connections, max_per_address, max_queue_kb, max_connection_kb, max_memory_mb, max_message_kb;
	long gather_ms; /* 0: not at all */
	long idle_ms, publish_ms, wait_ms, slow_ms, stall_ms;
	enum slu_handshake rtmpe;
};

/* -1 to go on; else an enum slu_exit to end with. What into holds are pieces of argv. */
int slu_serve_options_parse(struct serve_options *into, int argc, char **argv);

#endif
