/* SPDX-License-Identifier: MIT */
/*
 * What rtmpdump and rtmpgw can be told: one table of options, by which command lines and queries are read alike, and
 * what the values make of an RTMP structure. What is wrong is said in librtmp's log.
 */
#ifndef SLU_TOOLS_SUITE_OPTIONS_H
#define SLU_TOOLS_SUITE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

enum { SLU_SUITE_CONN_MAX = 64 };

/* Texts are not copied: they stay where they are until slu_suite_clear(), and until RTMP_Close() after
 * slu_suite_apply(). As long as neither slu_suite_complete() nor slu_suite_apply() saw it, it may be copied. */
struct slu_suite_options {
	/* The stream. An empty AVal: not given. */
	AVal url, rtmp, host, socks, playpath;
	AVal swf_url, tc_url, page_url, app, auth, flash_ver, subscribe, token, usher_token;
	long port, protocol; /* -1: not given */
	AVal conn[SLU_SUITE_CONN_MAX];
	size_t nconn;
	bool live, playlist, realtime;
	long start_ms, stop_ms, buffer_ms, timeout_s;
	bool buffer_given, timeout_given;

	/* The player, for SWF verification. */
	uint8_t swf_hash[RTMP_SWF_HASHLEN];
	bool swf_hash_given, swf_verify;
	long swf_size, swf_age;

	/* The program. */
	const char *output; /* of rtmpdump; NULL: standard output */
	bool resume, hashes;
	long skip;
	const char *listen; /* of rtmpgw */
	long listen_port;
	RTMP_LogLevel level;

	/* What was made of the above, for slu_suite_clear() to free. */
	char *made_playpath, *made_tc_url;
};

enum slu_suite_program { SLU_SUITE_RTMPDUMP = 1, SLU_SUITE_RTMPGW = 2 };

/* The program's defaults. */
void slu_suite_init(struct slu_suite_options *o, enum slu_suite_program program);
void slu_suite_clear(struct slu_suite_options *o);

/* One option, by its letter ("r") or its name ("rtmp"); value is NULL for one that takes none. False: there is no such
 * option of this program, or the value will not do. */
bool slu_suite_set(struct slu_suite_options *o, enum slu_suite_program program, const char *name, char *value);

/* Whether --quiet is among the arguments, by any of its names, before anything is said of them. */
bool slu_suite_is_quiet(enum slu_suite_program program, int argc, char **argv);

/* A command line. -1 to go on, else the exit status: help was printed, or the log has what is wrong. The log's level is
 * as the options say from the first of them on. */
int slu_suite_parse(struct slu_suite_options *o, enum slu_suite_program program, int argc, char **argv);

/* Fills in what follows from other options, as host, app and playpath from --rtmp, and warns of what does not go
 * together. False: what is needed is missing. */
bool slu_suite_complete(struct slu_suite_options *o);

/* Makes an RTMP structure ready for RTMP_Connect(). To be called on what is complete; asks the web for a player that is
 * to be verified. False: a value will not do. */
bool slu_suite_apply(struct slu_suite_options *o, RTMP *r);

#endif
