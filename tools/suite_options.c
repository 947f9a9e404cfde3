/* SPDX-License-Identifier: MIT */
#include "tools/suite_options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOTH = SLU_SUITE_RTMPDUMP | SLU_SUITE_RTMPGW };
enum { MS_PER_SECOND = 1000, PORT_MAX = 65535, HEX = 16 };
enum { DONE = 0, FAILED = 1 };

struct option_row;
typedef bool put_value(struct slu_suite_options *o, const struct option_row *row, char *value);

struct option_row {
	char letter;
	const char *name;
	const char *arg; /* what help calls the value; NULL: it takes none */
	int programs;
	put_value *put;
	size_t offset; /* of the field */
	long min, max;
	const char *help;
};

static bool refuse(const struct option_row *row, const char *value, const char *wanted)
{
	RTMP_Log(RTMP_LOGERROR, "--%s is %s, not \"%s\"", row->name, wanted, value);
	return false;
}

static bool put_text(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	*(AVal *)((char *)o + row->offset) = (AVal){value, (int)strlen(value)};
	return true;
}

static bool put_name(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	*(const char **)((char *)o + row->offset) = value;
	return true;
}

static bool put_flag(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	(void)value;
	*(bool *)((char *)o + row->offset) = true;
	return true;
}

static bool put_number(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	char *end, wanted[96];
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	snprintf(wanted, sizeof wanted, "a number from %ld to %ld", row->min, row->max);
	if (end == value || *end || errno || n < row->min || n > row->max)
		return refuse(row, value, wanted);
	*(long *)((char *)o + row->offset) = n;
	return true;
}

static bool put_seconds(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	char *end;
	double ms = strtod(value, &end) * MS_PER_SECOND;

	if (end == value || *end || !(ms >= 0 && ms <= INT_MAX))
		return refuse(row, value, "a number of seconds");
	*(long *)((char *)o + row->offset) = (long)ms;
	return true;
}

static bool put_buffer(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	o->buffer_given = put_number(o, row, value);
	return o->buffer_given;
}

static bool put_timeout(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	o->timeout_given = put_number(o, row, value);
	return o->timeout_given;
}

/* Its checks are those of "conn" in URLs, once there is an RTMP structure for it. */
static bool put_conn(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	if (o->nconn == SLU_SUITE_CONN_MAX) {
		RTMP_Log(RTMP_LOGERROR, "--%s cannot be given more than %d times", row->name, SLU_SUITE_CONN_MAX);
		return false;
	}
	o->conn[o->nconn++] = (AVal){value, (int)strlen(value)};
	return true;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | ('a' - 'A')) : NULL;

	return at && ((c >= '0' && c <= '9') || c >= 'A') ? (int)(at - digits) : -1;
}

static bool put_hash(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	bool good = strlen(value) == (size_t)2 * RTMP_SWF_HASHLEN;

	for (size_t i = 0; good && i < RTMP_SWF_HASHLEN; i++) {
		int high = digit(value[2 * i]), low = digit(value[2 * i + 1]);

		good = high >= 0 && low >= 0;
		o->swf_hash[i] = good ? (uint8_t)(high * HEX + low) : 0;
	}
	o->swf_hash_given = good;
	return good || refuse(row, value, "a hash of 64 hexadecimal digits");
}

static bool put_player(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	o->swf_verify = true;
	return put_text(o, row, value);
}

static bool put_level(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	(void)value;
	o->level = (RTMP_LogLevel)row->min;
	return true;
}

#define AT(field) offsetof(struct slu_suite_options, field)

static const struct option_row rows[] = {
	{'i', "url", "URL", BOTH, put_text, AT(url), 0, 0, "stream, with options behind it as in librtmp(3)"},
	{'r', "rtmp", "URL", BOTH, put_text, AT(rtmp), 0, 0, "stream: rtmp[t][e|s]://HOST[:PORT]/APP/PLAYPATH"},
	{'n', "host", "HOST", BOTH, put_text, AT(host), 0, 0, "server, in place of the URL's"},
	{'c', "port", "PORT", BOTH, put_number, AT(port), 0, PORT_MAX, "its port"},
	{'l', "protocol", "NUM", BOTH, put_number, AT(protocol), 0, RTMP_PROTOCOL_RTMPTS,
	 "0 rtmp, 1 rtmpt, 2 rtmpe, 3 rtmpte, 4 rtmps, 5 rtmpts"},
	{'S', "socks", "HOST:PORT", BOTH, put_text, AT(socks), 0, 0,
	 "proxy for SOCKS4, or a URL: socks4, socks4a, socks5, http"},
	{'a', "app", "APP", BOTH, put_text, AT(app), 0, 0, "application, in place of the URL's"},
	{'t', "tcUrl", "URL", BOTH, put_text, AT(tc_url), 0, 0, "what connect says it is (PROTOCOL://HOST:PORT/APP)"},
	{'p', "pageUrl", "URL", BOTH, put_text, AT(page_url), 0, 0, "page that the player is in"},
	{'s', "swfUrl", "URL", BOTH, put_text, AT(swf_url), 0, 0, "player"},
	{'f', "flashVer", "TEXT", BOTH, put_text, AT(flash_ver), 0, 0, "version of Flash (LNX 10,0,32,18)"},
	{'u', "auth", "TEXT", BOTH, put_text, AT(auth), 0, 0, "behind connect: true, and this"},
	{'C', "conn", "TYPE:DATA", BOTH, put_conn, AT(conn), 0, 0,
	 "behind connect, each: B:0|1 N:NUM S:TEXT O:1|0 Z: N[BNSO]:NAME:DATA"},
	{'y', "playpath", "PATH", BOTH, put_text, AT(playpath), 0, 0, "stream, in place of the URL's"},
	{'Y', "playlist", NULL, SLU_SUITE_RTMPDUMP, put_flag, AT(playlist), 0, 0, "send set_playlist before play"},
	{'v', "live", NULL, BOTH, put_flag, AT(live), 0, 0, "the stream is live: it cannot be resumed"},
	{'d', "subscribe", "STREAM", BOTH, put_text, AT(subscribe), 0, 0,
	 "stream to subscribe to (with --live, the playpath)"},
	{'R', "realtime", NULL, SLU_SUITE_RTMPDUMP, put_flag, AT(realtime), 0, 0,
	 "do not pause to have the server send faster"},
	{'e', "resume", NULL, SLU_SUITE_RTMPDUMP, put_flag, AT(resume), 0, 0, "go on where the output file ends"},
	{'k', "skip", "NUM", SLU_SUITE_RTMPDUMP, put_number, AT(skip), 0, INT_MAX,
	 "resume that many key frames earlier (0)"},
	{'A', "start", "SECONDS", BOTH, put_seconds, AT(start_ms), 0, 0, "begin there"},
	{'B', "stop", "SECONDS", BOTH, put_seconds, AT(stop_ms), 0, 0, "end there"},
	{'b', "buffer", "MS", BOTH, put_buffer, AT(buffer_ms), 0, INT_MAX,
	 "player's buffer (rtmpdump 36000000, rtmpgw 20000)"},
	{'m', "timeout", "SECONDS", BOTH, put_timeout, AT(timeout_s), 0, INT_MAX / MS_PER_SECOND,
	 "how long the server may be silent (rtmpdump 30, rtmpgw 120)"},
	{'T', "token", "KEY", BOTH, put_text, AT(token), 0, 0, "key for SecureToken"},
	{'j', "jtv", "JSON", BOTH, put_text, AT(usher_token), 0, 0, "usher token"},
	{'w', "swfhash", "HEX", BOTH, put_hash, AT(swf_hash), 0, 0, "SHA-256 of the player, with --swfsize"},
	{'x', "swfsize", "BYTES", BOTH, put_number, AT(swf_size), 0, INT_MAX, "size of the player, decompressed"},
	{'W', "swfVfy", "URL", BOTH, put_player, AT(swf_url), 0, 0, "player, of which hash and size are to be found"},
	{'X', "swfAge", "DAYS", BOTH, put_number, AT(swf_age), 0, INT_MAX, "how long these are good (30)"},
	{'o', "flv", "FILE", SLU_SUITE_RTMPDUMP, put_name, AT(output), 0, 0, "output file; - is standard output (-)"},
	{'#', "hashes", NULL, SLU_SUITE_RTMPDUMP, put_flag, AT(hashes), 0, 0,
	 "show progress with a # for each percent"},
	{'D', "device", "ADDRESS", SLU_SUITE_RTMPGW, put_name, AT(listen), 0, 0, "where to listen (127.0.0.1)"},
	{'g', "sport", "PORT", SLU_SUITE_RTMPGW, put_number, AT(listen_port), 0, PORT_MAX, "on which port (80)"},
	{'q', "quiet", NULL, BOTH, put_level, AT(level), RTMP_LOGCRIT, 0, "say nothing"},
	{'V', "verbose", NULL, BOTH, put_level, AT(level), RTMP_LOGDEBUG, 0, "say more"},
	{'z', "debug", NULL, BOTH, put_level, AT(level), RTMP_LOGALL, 0,
	 "say everything, and in hexadecimal what is stored or sent on"},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

void slu_suite_init(struct slu_suite_options *o, enum slu_suite_program program)
{
	bool dump = program == SLU_SUITE_RTMPDUMP;

	*o = (struct slu_suite_options){
		.port = -1,
		.protocol = -1,
		.buffer_ms = dump ? 36000000 : 20000,
		.timeout_s = dump ? 30 : 120,
		.swf_age = 30,
		.listen = "127.0.0.1",
		.listen_port = 80,
		.level = RTMP_LOGINFO,
	};
}

static bool put(struct slu_suite_options *o, const struct option_row *row, char *value)
{
	if (row->arg && !value) {
		RTMP_Log(RTMP_LOGERROR, "--%s wants a value: %s", row->name, row->arg);
		return false;
	}
	return row->put(o, row, value);
}

bool slu_suite_set(struct slu_suite_options *o, enum slu_suite_program program, const char *name, char *value)
{
	for (size_t i = 0; i < ROWS; i++) {
		const char letter[] = {rows[i].letter, '\0'};

		if ((rows[i].programs & (int)program) && (!strcmp(name, letter) || !strcmp(name, rows[i].name)))
			return put(o, &rows[i], value);
	}
	RTMP_Log(RTMP_LOGERROR, "There is no option %s", name);
	return false;
}

static void help(enum slu_suite_program program)
{
	RTMP_LogPrintf("%s\n\n%-24s print this\n",
		       program == SLU_SUITE_RTMPDUMP ? "rtmpdump: stores what an RTMP server plays, as FLV"
						     : "rtmpgw: plays over HTTP what RTMP servers play to it",
		       "-h, --help");
	for (size_t i = 0; i < ROWS; i++) {
		char left[48];

		snprintf(left, sizeof left, "-%c, --%s%s%s", rows[i].letter, rows[i].name, rows[i].arg ? " " : "",
			 rows[i].arg ? rows[i].arg : "");
		if (rows[i].programs & (int)program)
			RTMP_LogPrintf("%-24s %s\n", left, rows[i].help);
	}
}

/* getopt_long's view of the table. */
struct view {
	struct option longs[ROWS + 2];
	char shorts[2 * ROWS + 3];
};

static void view_init(struct view *v, enum slu_suite_program program)
{
	size_t n = 0, s = 0;

	memset(v, 0, sizeof *v);
	v->shorts[s++] = ':';
	v->shorts[s++] = 'h';
	v->longs[n++] = (struct option){.name = "help", .val = 'h'};
	for (size_t i = 0; i < ROWS; i++) {
		if (!(rows[i].programs & (int)program))
			continue;
		v->longs[n++] = (struct option){.name = rows[i].name,
						.has_arg = rows[i].arg ? required_argument : no_argument,
						.val = rows[i].letter};
		v->shorts[s++] = rows[i].letter;
		if (rows[i].arg)
			v->shorts[s++] = ':';
	}
}

static int unknown(int argc, char **argv, int c)
{
	/* Where the value of the last word is missing, musl counts it all the same. */
	const int at = optind <= argc ? optind : argc;

	RTMP_Log(RTMP_LOGERROR, c == ':' ? "%s wants a value: see --help" : "There is no option %s: see --help",
		 argv[at - 1]);
	return FAILED;
}

bool slu_suite_is_quiet(enum slu_suite_program program, int argc, char **argv)
{
	struct view v;
	int c;

	view_init(&v, program);
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, v.shorts, v.longs, NULL)) != -1)
		if (c == 'q')
			return true;
	return false;
}

int slu_suite_parse(struct slu_suite_options *o, enum slu_suite_program program, int argc, char **argv)
{
	struct view v;
	int c;

	view_init(&v, program);
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, v.shorts, v.longs, NULL)) != -1) {
		const char name[] = {(char)c, '\0'};

		if (c == '?' || c == ':')
			return unknown(argc, argv, c);
		if (c == 'h') {
			help(program);
			return DONE;
		}
		if (!slu_suite_set(o, program, name, optarg))
			return FAILED;
		RTMP_LogSetLevel(o->level);
	}
	if (optind < argc)
		RTMP_Log(RTMP_LOGWARNING, "\"%s\" belongs to no option, and is ignored", argv[optind]);
	return -1;
}
