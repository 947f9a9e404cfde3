/* SPDX-License-Identifier: MIT */
/* sluice probe: what a server accepts, and what this device should choose. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "base/log.h"
#include "crypto/chain.h"
#include "crypto/x509.h"
#include "net/resolve.h"

#include "tools/bar.h"
#include "tools/options.h"
#include "tools/probe_advice.h"
#include "tools/probe_json.h"
#include "tools/probe_run.h"
#include "tools/probe_table.h"
#include "tools/say.h"
#include "tools/stop.h"
#include "tools/verbs.h"

enum {
	PARALLEL = 16,
	ANSWER_MS = 5000,
	MAX_MS = 86400000,
	SHOW_MS = 100,  /* between two looks at how far it is */
	FILES_EACH = 24 /* descriptors that a target takes at most, with its sockets of today */
};

struct probe_options {
	bool full, rtmp, json, allow_weak, no_color, quiet;
	int verbose;
	const char *targets, *bit_rate, *measured;
	long parallel, timeout_ms, rate;
};

struct probe {
	struct probe_options options;
	struct slu_net_options net;
	struct slu_tls_options tls;
	struct slu_probe_targets targets;
	struct slu_probe_job job;
	struct slu_probe_costs *costs;
	struct slu_trust *trust;
	struct slu_resolver_fixed fixed;
	struct slu_page page;
	struct slu_bar bar;
	bool bar_shown;
	uint64_t shown_ms;
	size_t reports;
};

#define PROBE(field) offsetof(struct probe_options, field)
static const struct slu_opt probe_opts[] = {
	{"full", 0, SLU_OPT_FLAG, false, NULL, "ask for everything: versions, groups, signatures", PROBE(full), 0, 0},
	{"rtmp", 0, SLU_OPT_FLAG, false, NULL, "then connect over RTMP, too, and tell what answers", PROBE(rtmp), 0, 0},
	{"bitrate", 0, SLU_OPT_TEXT, false, "RATE", "of the stream, bits a second (6M)", PROBE(bit_rate), 0, 0},
	{"allow-weak", 0, SLU_OPT_FLAG, false, NULL, "suggest what is weak where there is nothing else",
	 PROBE(allow_weak), 0, 0},
	{"tls-measured", 0, SLU_OPT_TEXT, false, "FILE", "what the doctor kept, not where it usually is",
	 PROBE(measured), 0, 0},
	{"targets", 0, SLU_OPT_TEXT, false, "FILE", "those in it, too, one a line; - for stdin", PROBE(targets), 0, 0},
	{"parallel", 0, SLU_OPT_NUMBER, false, "N", "targets at a time (16)", PROBE(parallel), 1, SLU_PROBE_PARALLEL},
	{"rate", 0, SLU_OPT_NUMBER, false, "N", "connections a second to one target (100)", PROBE(rate), 1, 10000},
	{"timeout", 0, SLU_OPT_MS, false, "S", "seconds for the TLS of one target (60)", PROBE(timeout_ms), 1, MAX_MS},
	{"json", 0, SLU_OPT_FLAG, false, NULL, "one JSON object for each target, a line each", PROBE(json), 0, 0},
	{"no-color", 0, SLU_OPT_FLAG, false, NULL, "no colours, on a terminal either", PROBE(no_color), 0, 0},
	{"verbose", 'v', SLU_OPT_COUNT, false, NULL, "say what happens; twice: each command too", PROBE(verbose), 0, 0},
	{"quiet", 'q', SLU_OPT_FLAG, false, NULL, "no status line, no warnings", PROBE(quiet), 0, 0},
};

/* ---- what is shown ---- */

static bool print(struct probe *p, const struct slu_probe_result *result)
{
	char *text = p->options.json ? slu_probe_json(result) : NULL;

	if (p->options.json && !text) {
		errno = ENOMEM;
		return false;
	}
	if (text)
		puts(text);
	cJSON_free(text);
	if (!p->options.json && p->reports++)
		puts("");
	if (!p->options.json)
		slu_probe_table(&p->page, result);
	return fflush(stdout) == 0 && !ferror(stdout);
}

static bool show(void *ctx, const struct slu_probe_result *result)
{
	struct probe *p = ctx;

	if (p->bar_shown)
		slu_say_status(NULL);
	p->shown_ms = 0;
	if (p->options.verbose)
		slu_say("%s is done: %u connections", result->target->shown, result->report->connections);
	if (print(p, result))
		return true;
	slu_say("the report cannot be written: %s", strerror(errno));
	return false;
}

/* A bar for several targets; one alone says how many answers there are, for nobody knows how many there will be. */
static void progress(void *ctx, size_t done, unsigned answers)
{
	struct probe *p = ctx;
	const uint64_t now = slu_now_ms();
	const size_t columns = slu_say_columns();
	char line[160], what[64];

	if (!p->bar_shown || now < p->shown_ms + SHOW_MS)
		return;
	p->shown_ms = now;
	snprintf(what, sizeof what, "%zu of %zu done, %u answers", done, p->targets.n, answers);
	if (p->targets.n > 1)
		slu_bar_text(&p->bar, (double)done / (double)p->targets.n, (double)now / 1000, what, line,
			     columns < sizeof line ? columns : sizeof line);
	else
		snprintf(line, columns < sizeof line ? columns : sizeof line, "%u answers", answers);
	slu_say_status(line);
}

/* ---- the job ---- */

/* Each target has several sockets, and the system's limit is often that of a time when there were few. */
static size_t parallel(const struct probe *p)
{
	const size_t wanted = p->options.parallel ? (size_t)p->options.parallel : PARALLEL;
	const size_t n = wanted < p->targets.n ? wanted : p->targets.n;
	const rlim_t files = (rlim_t)(n + 1) * FILES_EACH;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= files)
		return n;
	limit.rlim_cur = limit.rlim_max < files ? limit.rlim_max : files;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= files)
		return n;
	if (!p->options.quiet)
		slu_say("warning: not all of %zu targets fit into the limit of open files at a time (ulimit -n)", n);
	return limit.rlim_cur / FILES_EACH > 1 ? (size_t)(limit.rlim_cur / FILES_EACH) - 1 : 1;
}

static void set_job(struct probe *p, uint64_t now_ms)
{
	const struct probe_options *o = &p->options;
	struct slu_probe_job *j = &p->job;

	slu_options_to_conn(&p->net, &j->conn);
	j->conn.proxy = NULL; /* what the environment names: the probe's hellos go straight to the server */
	j->conn.session.log = slu_say_log(o->quiet ? -1 : o->verbose);
	slu_options_to_tls(&p->tls, &j->tls);
	if (p->net.address) {
		slu_resolver_fixed_init(&p->fixed, &p->net.address, 1);
		j->conn.resolver = &p->fixed.resolver;
	}
	j->scan = (struct slu_scan_config){
		.tcp = {.resolver = j->conn.resolver,
			.ip = j->conn.ip,
			.bind_address = j->conn.bind_address,
			.bind_interface = j->conn.bind_interface,
			.connect_timeout_ms = j->conn.connect_timeout_ms,
			.log = j->conn.session.log},
		.server_name = p->tls.server_name,
		.trust = p->trust,
		.full = o->full,
		.rate = (unsigned)o->rate,
		.answer_ms = o->timeout_ms && o->timeout_ms < ANSWER_MS ? (unsigned)o->timeout_ms : ANSWER_MS,
		.total_ms = (unsigned)o->timeout_ms,
	};
	j->rtmp = o->rtmp;
	j->costs = p->costs;
	j->allow_weak = o->allow_weak;
	j->parallel = parallel(p);
	j->show = show;
	j->progress = progress;
	j->ctx = p;
	slu_bar_begin(&p->bar, 1, (double)now_ms / 1000);
	slu_bar_stage(&p->bar, 1);
}

static int take_targets(struct probe *p, int count, char **operands)
{
	int status = SLU_EXIT_OK;

	for (int i = 0; i < count && !status; i++)
		status = slu_probe_targets_add(&p->targets, operands[i]);
	if (!status && p->options.targets)
		status = slu_probe_targets_read(&p->targets, p->options.targets);
	if (status || p->targets.n)
		return status;
	if (p->options.targets)
		slu_say("there is no target in %s", p->options.targets);
	else
		slu_say("usage: sluice probe [options] HOST[:PORT]|URL..., or --targets FILE");
	return SLU_EXIT_USAGE;
}

static bool is_name(const char *name)
{
	char host[SLU_X509_HOST];
	bool ip;

	return slu_x509_host(name, host, &ip);
}

static int prepare(struct probe *p)
{
	const char *text = p->options.bit_rate ? p->options.bit_rate : "6M";
	uint64_t bit_rate;
	char error[640];

	if (!slu_probe_bit_rate(text, &bit_rate)) {
		slu_say("--bitrate takes bits a second, such as 6M, 2500k or 4500000, and \"%s\" is none", text);
		return SLU_EXIT_USAGE;
	}
	if (p->tls.server_name && !is_name(p->tls.server_name)) {
		slu_escape(error, sizeof error, p->tls.server_name, strlen(p->tls.server_name));
		slu_say("--server-name takes the name of a host in ASCII, and \"%s\" is none", error);
		return SLU_EXIT_USAGE;
	}
	p->trust = slu_trust_new(p->tls.ca_file, p->tls.ca_path, error, sizeof error);
	if (p->trust)
		p->costs = slu_probe_costs_new(p->options.measured, bit_rate, error, sizeof error);
	if (p->costs)
		return SLU_EXIT_OK;
	slu_say("%s", error);
	return SLU_EXIT_TLS;
}

static int work(struct probe *p)
{
	int status;

	p->page = (struct slu_page){.to = stdout, .colour = !p->options.no_color && slu_page_coloured(stdout)};
	p->bar_shown = !p->options.quiet && isatty(STDERR_FILENO) && !(p->options.json && isatty(STDOUT_FILENO));
	if (slu_stop_init() < 0) {
		slu_say("there are no more open files to be had");
		return SLU_EXIT_OTHER;
	}
	set_job(p, slu_now_ms());
	status = slu_probe_run(&p->job, &p->targets);
	if (p->bar_shown)
		slu_say_status(NULL);
	return status;
}

int slu_verb_probe(int argc, char **argv)
{
	static struct probe p;
	const struct slu_opt_group groups[] = {
		{"", probe_opts, sizeof probe_opts / sizeof probe_opts[0], &p.options, false},
		slu_options_tcp(&p.net),
		slu_options_trust(&p.tls),
	};
	const struct slu_usage usage = {
		.verb = "probe",
		.operands = "[options] HOST[:PORT]|URL...",
		.what = "Tell what servers accept of TLS, and what this device should choose.",
		.max_operands = INT_MAX,
		.groups = groups,
		.ngroups = sizeof groups / sizeof groups[0],
	};
	int first, status = slu_options_parse(&usage, argc, argv, &first);

	if (status >= 0)
		return status;
	p.tls.security_level = -1;
	status = take_targets(&p, argc - first, argv + first);
	if (!status)
		status = prepare(&p);
	if (!status)
		status = work(&p);
	slu_probe_targets_clear(&p.targets);
	slu_probe_costs_free(p.costs);
	slu_trust_free(p.trust);
	return status;
}
