/* SPDX-License-Identifier: MIT */
/*
 * Command line options as tables: what is parsed, what --help prints, and where a value goes, in one place. A verb
 * puts together groups: its own, and the shared ones below.
 */
#ifndef SLU_TOOLS_OPTIONS_H
#define SLU_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <sluice/conn.h>
#include <sluice/tls.h>

enum slu_opt_kind {
	SLU_OPT_FLAG,   /* bool: true */
	SLU_OPT_SET,    /* int: the option's min */
	SLU_OPT_COUNT,  /* int: one more */
	SLU_OPT_TEXT,   /* const char *: the argument */
	SLU_OPT_LIST,   /* struct slu_opt_list: the argument of each time it was given */
	SLU_OPT_NUMBER, /* long: min..max */
	SLU_OPT_MS,     /* long, in ms: an argument in seconds ("2.5"), min..max ms */
	SLU_OPT_TLS,    /* enum slu_tls_version */
	SLU_OPT_RTMPE   /* enum slu_handshake: a type of RTMPE */
};

enum { SLU_OPT_LIST_MAX = 16 };
struct slu_opt_list {
	const char *items[SLU_OPT_LIST_MAX];
	size_t n;
};

struct slu_opt {
	const char *name; /* long option, without dashes */
	char letter;      /* or '\0' */
	enum slu_opt_kind kind;
	bool optional;   /* the argument may be left out: then the value is max */
	const char *arg; /* what --help calls the argument; NULL: there is none */
	const char *help;
	size_t offset; /* in the group's struct */
	long min, max;
};

struct slu_opt_group {
	const char *title; /* "" for the verb's own */
	const struct slu_opt *opts;
	size_t count;
	void *into; /* the struct that takes the values */
	bool brief; /* --help only names them; --help-all tells */
};

struct slu_usage {
	const char *verb;
	const char *operands; /* "[options] INPUT URL [STREAM]" */
	const char *what;     /* a sentence or two, lines of at most 80 columns */
	int min_operands, max_operands;
	const struct slu_opt_group *groups;
	size_t ngroups;
};

/* Parses. Operands are in argv[*first..argc-1] afterwards. -1 to go on; else an enum slu_exit to end with: help was
 * printed, or the sentence that says what is wrong. */
int slu_options_parse(const struct slu_usage *usage, int argc, char **argv, int *first);

/* ---- shared groups ---- */

struct slu_common_options {
	int verbose;
	bool quiet;
	bool json;
};

#define SLU_PROXY_VARIABLE "SLUICE_PROXY" /* of the environment, where --proxy is not given */

struct slu_net_options {
	int ip; /* enum slu_ip */
	const char *bind;
	const char *interface;
	const char *address; /* where to connect, whatever the URL's host resolves to */
	const char *proxy;
	int digest;
	enum slu_handshake rtmpe; /* SLU_HANDSHAKE_PLAIN: not given */
	long send_buffer;
	long connect_ms, tls_ms, reply_ms, stall_ms;
};

/* What connect says of the player, and what the server may ask of it. */
struct slu_connect_options {
	const char *swf_url, *page_url, *flash_ver, *secure_token, *swf_verify, *swf_player;
	long swf_age; /* days; -1: not given */
};

struct slu_tls_options {
	const char *ca_file, *ca_path, *pin, *server_name, *cert, *cert_key;
	bool insecure, no_resumption, allow_weak;
	enum slu_tls_version min, max;
	const char *ciphers, *ciphersuites, *groups, *keylog, *offload, *measured;
	long security_level; /* -1: not given */
};

struct slu_opt_group slu_options_common(struct slu_common_options *into);
struct slu_opt_group slu_options_net(struct slu_net_options *into);
struct slu_opt_group slu_options_tcp(struct slu_net_options *into); /* its addresses, interface, connect_ms alone */
struct slu_opt_group slu_options_connect(struct slu_connect_options *into);
struct slu_opt_group slu_options_certificates(struct slu_tls_options *into);
struct slu_opt_group slu_options_trust(struct slu_tls_options *into); /* ca_file, ca_path, server_name alone */
struct slu_opt_group slu_options_tls(struct slu_tls_options *into);   /* sets into's defaults, too */

/* -1 for -q, else how often -v was given. */
int slu_options_verbosity(const struct slu_common_options *common);

/* What the options say, in the library's terms. */
void slu_options_to_tls(const struct slu_tls_options *from, struct slu_tls_config *to);
void slu_options_to_conn(const struct slu_net_options *from, struct slu_conn_config *to);

#endif
