/* SPDX-License-Identifier: MIT */
#include "tools/serve_options.h"

#include <stddef.h>

#include "server/record_name.h"
#include "tools/exit.h"
#include "tools/say.h"
#include "tools/swf_option.h"

enum { MAX_MS = 86400000, GATHER_MS = 40, MAX_GATHER_MS = 1000, MAX_ROTATE_SECONDS = 7 * 86400 };

#define SERVE(field) offsetof(struct serve_options, field)
static const struct slu_opt serve_opts[] = {
	{"listen", 'l', SLU_OPT_LIST, false, "URL", "rtmp[s]://[HOST][:PORT] or unix:PATH; repeatable", SERVE(listen),
	 0, 0},
	{"cert", 0, SLU_OPT_LIST, false, "FILE", "for rtmps: certificate and chain (PEM); repeatable", SERVE(cert), 0,
	 0},
	{"key", 0, SLU_OPT_LIST, false, "FILE", "its private key, when not in the same file", SERVE(key), 0, 0},
	{"user", 0, SLU_OPT_TEXT, false, "NAME[:GROUP]", "run as that one, once it listens", SERVE(user), 0, 0},
	{"no-record", 0, SLU_OPT_FLAG, false, NULL, "hand on, and store nothing", SERVE(no_record), 0, 0},
	{"rtmpe-type", 0, SLU_OPT_RTMPE, false, "TYPE", "of RTMPE to answer with: 6, 8 or 9 (as asked)", SERVE(rtmpe),
	 0, 0},
	{"stats", 0, SLU_OPT_MS, false, "S", "say every S seconds how each stream goes, and all", SERVE(stats_ms), 100,
	 MAX_MS},
};

static const struct slu_opt record_opts[] = {
	{"file-name", 0, SLU_OPT_TEXT, false, "FORMAT", "of recordings: %k is the stream, the rest strftime's (%k.flv)",
	 SERVE(file_name), 0, 0},
	{"rotate-seconds", 0, SLU_OPT_NUMBER, false, "S", "begin another file after so long, at a key frame (never)",
	 SERVE(rotate_seconds), 1, MAX_ROTATE_SECONDS},
	{"rotate-size", 0, SLU_OPT_NUMBER, false, "MB", "begin another file after so much, at a key frame (never)",
	 SERVE(rotate_mb), 1, 1 << 20},
};

static const struct slu_opt client_opts[] = {
	{"keys", 0, SLU_OPT_TEXT, false, "FILE", "stream keys that may publish: SHA256-HEX [APP/NAME] a line",
	 SERVE(keys), 0, 0},
	{"make-key", 0, SLU_OPT_FLAG, false, NULL, "print a new key, and its line for that file; DIR is APP/NAME then",
	 SERVE(make_key), 0, 0},
	{"open", 0, SLU_OPT_FLAG, false, NULL, "anybody may publish, not clients of this machine only", SERVE(open), 0,
	 0},
	{"takeover", 0, SLU_OPT_FLAG, false, NULL, "a second publisher of a name ends the first, and its players stay",
	 SERVE(takeover), 0, 0},
	{"auth", 0, SLU_OPT_TEXT, false, "MOD", "only users may publish: adobe or llnw; see --users", SERVE(auth), 0,
	 0},
	{"users", 0, SLU_OPT_TEXT, false, "FILE", "user:password a line, of those who may", SERVE(users), 0, 0},
	{"client-ca", 0, SLU_OPT_TEXT, false, "FILE", "for rtmps: who issues certificates to clients (PEM)",
	 SERVE(client_ca), 0, 0},
	{"client-cert", 0, SLU_OPT_TEXT, false, "WHO", "must show one: all, or those who publish (all)",
	 SERVE(client_cert), 0, 0},
	{"swf-verify", 0, SLU_OPT_LIST, false, "HASH:SIZE", "play to this player only; repeatable", SERVE(swf), 0, 0},
};

static const struct slu_opt limit_opts[] = {
	{"max-connections", 0, SLU_OPT_NUMBER, false, "N", "clients at a time (256)", SERVE(max_connections), 1,
	 100000},
	{"max-per-address", 0, SLU_OPT_NUMBER, false, "N", "of them, from one address (half, from this machine all)",
	 SERVE(max_per_address), 1, 100000},
	{"max-queue", 0, SLU_OPT_NUMBER, false, "KB", "a player that is behind by more loses frames (16384)",
	 SERVE(max_queue_kb), 64, 1 << 20},
	{"max-message", 0, SLU_OPT_NUMBER, false, "KB", "the longest message that clients may send (8192)",
	 SERVE(max_message_kb), 64, 16383},
	{"max-connection-memory", 0, SLU_OPT_NUMBER, false, "KB", "what one connection may take (32768)",
	 SERVE(max_connection_kb), 1024, 1 << 20},
	{"max-memory", 0, SLU_OPT_NUMBER, false, "MB", "what all may take together (256)", SERVE(max_memory_mb), 8,
	 1 << 20},
	{"idle-timeout", 0, SLU_OPT_MS, false, "S", "for clients that neither publish nor play (30)", SERVE(idle_ms), 1,
	 MAX_MS},
	{"publish-timeout", 0, SLU_OPT_MS, false, "S", "for publishers that send no media (30)", SERVE(publish_ms), 1,
	 MAX_MS},
	{"wait-timeout", 0, SLU_OPT_MS, false, "S", "for players that wait for a publisher (86400)", SERVE(wait_ms), 1,
	 MAX_MS},
	{"slow-timeout", 0, SLU_OPT_MS, false, "S", "for players that lose frames all that time (60)", SERVE(slow_ms),
	 1, MAX_MS},
	{"stall-timeout", 0, SLU_OPT_MS, false, "S", "for players that take nothing (15)", SERVE(stall_ms), 1, MAX_MS},
	{"gather", 0, SLU_OPT_NUMBER, false, "MS", "how long sound may wait for the next picture (40)",
	 SERVE(gather_ms), 0, MAX_GATHER_MS},
};

#define COMMON(field) offsetof(struct slu_common_options, field)
static const struct slu_opt common_opts[] = {
	{"json", 0, SLU_OPT_FLAG, false, NULL, "say what happens as JSON, an object a line, on stdout", COMMON(json), 0,
	 0},
	{"verbose", 'v', SLU_OPT_COUNT, false, NULL, "say who comes and goes; again and again: say more",
	 COMMON(verbose), 0, 0},
	{"quiet", 'q', SLU_OPT_FLAG, false, NULL, "say nothing but failures", COMMON(quiet), 0, 0},
};

static int check_recording(const struct serve_options *o)
{
	char error[256];

	if (o->no_record && (o->file_name || o->rotate_seconds || o->rotate_mb)) {
		slu_say("--file-name, --rotate-seconds and --rotate-size are of recordings, and --no-record makes "
			"none");
		return SLU_EXIT_USAGE;
	}
	if (!o->file_name || slu_record_name_check(o->file_name, error, sizeof error) == 0)
		return -1;
	slu_say("--file-name: %s", error);
	return SLU_EXIT_USAGE;
}

int slu_serve_options_parse(struct serve_options *into, int argc, char **argv)
{
	struct slu_opt_group groups[] = {
		{"", serve_opts, sizeof serve_opts / sizeof serve_opts[0], into, false},
		{"", common_opts, sizeof common_opts / sizeof common_opts[0], &into->common, false},
		{"Recording", record_opts, sizeof record_opts / sizeof record_opts[0], into, true},
		{"Clients", client_opts, sizeof client_opts / sizeof client_opts[0], into, true},
		{"Limits", limit_opts, sizeof limit_opts / sizeof limit_opts[0], into, true},
		slu_options_tls(&into->tls),
	};
	struct slu_usage usage = {
		.verb = "serve",
		.operands = "[options] DIR",
		.what = "Takes streams over RTMP and RTMPS, hands them on to players, records each as\n"
			"DIR/APP/NAME.flv. SIGHUP reads certificate, keys and users again.",
		.min_operands = 0,
		.max_operands = 1,
		.groups = groups,
		.ngroups = sizeof groups / sizeof groups[0],
	};
	int first, status;

	into->gather_ms = GATHER_MS;
	status = slu_options_parse(&usage, argc, argv, &first);
	if (status >= 0)
		return status;
	for (size_t i = 0; i < into->swf.n; i++)
		if (!slu_swf_option(into->swf.items[i], &into->players[i]))
			return SLU_EXIT_USAGE;
	into->folder = first < argc ? argv[first] : NULL;
	if (!into->folder && !into->no_record && !into->make_key) {
		slu_say("name a folder to record into, or say --no-record");
		return SLU_EXIT_USAGE;
	}
	return check_recording(into);
}
