/* SPDX-License-Identifier: MIT */
#include "tools/probe_run.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "probe/advise.h"

#include "tools/client.h"
#include "tools/probe_advice.h"
#include "tools/probe_words.h"
#include "tools/say.h"
#include "tools/stop.h"

/* A target under way: its TLS, and then its RTMP. */
struct lane {
	bool busy;
	struct slu_probe_target target;
	struct slu_scan *scan;
	bool advised;
	struct slu_advice advice;
	struct slu_probe_rtmp *rtmp;
	struct slu_probe_rtmp_result rtmp_result;
};

struct run {
	const struct slu_probe_job *job;
	const struct slu_probe_targets *targets;
	struct lane *lanes;
	struct pollfd *fds; /* of the lanes, and of the signals */
	size_t next, done;
	int status; /* of those that failed; OK: none has */
	int fatal;  /* not to go on; -1: there is no reason */
};

static void clear(struct lane *l)
{
	slu_probe_rtmp_free(l->rtmp);
	slu_scan_free(l->scan);
	slu_probe_target_clear(&l->target);
	l->rtmp = NULL;
	l->scan = NULL;
	l->advised = l->busy = false;
}

static void give_up(struct run *r, enum slu_exit status, const char *sentence)
{
	if (r->fatal < 0)
		slu_say("%s", sentence);
	r->fatal = (int)status;
}

static void begin(struct run *r, struct lane *l, const char *text)
{
	const struct slu_probe_job *job = r->job;
	char error[512];

	if (slu_probe_target_parse(&l->target, text, error, sizeof error)) {
		give_up(r, SLU_EXIT_OTHER, "out of memory");
		return;
	}
	l->busy = true;
	l->scan = slu_scan_new(&job->scan, l->target.url.host, l->target.url.port, slu_now_ms(), error, sizeof error);
	if (l->scan)
		return;
	give_up(r, SLU_EXIT_USAGE, error);
	clear(l);
}

static void end(struct run *r, struct lane *l)
{
	const struct slu_report *report = slu_scan_report(l->scan);
	const bool rtmp = r->job->rtmp && report->end == SLU_PROBE_OK;
	const enum slu_exit tls = slu_probe_end_exit(report->end);
	const struct slu_probe_result result = {
		.target = &l->target,
		.report = report,
		.advice = l->advised ? &l->advice : NULL,
		.rtmp = rtmp ? &l->rtmp_result : NULL,
		.have = slu_probe_costs_have(r->job->costs),
		.full = r->job->scan.full,
		.allow_weak = r->job->allow_weak,
		.status = tls || !rtmp ? tls : l->rtmp_result.status,
	};

	r->done++;
	if (result.status)
		r->status = !r->status || r->status == (int)result.status ? (int)result.status : SLU_EXIT_OTHER;
	if (!r->job->show(r->job->ctx, &result))
		r->fatal = SLU_EXIT_OUTPUT;
	clear(l);
}

/* ---- one target ---- */

static bool without_rtmp(struct lane *l, enum slu_exit status, const char *why)
{
	l->rtmp_result = (struct slu_probe_rtmp_result){.status = status};
	snprintf(l->rtmp_result.error, sizeof l->rtmp_result.error, "RTMP was not tried: %s", why);
	return false;
}

/* False: there is nothing to wait for. */
static bool begin_rtmp(const struct slu_probe_job *job, struct lane *l)
{
	struct slu_conn_config conn = job->conn;
	struct slu_tls_config tls = job->tls;
	char error[512];

	if (!l->advised || !slu_probe_advice_usable(&l->advice, job->allow_weak))
		return without_rtmp(l, SLU_EXIT_TLS, "there is no setting for TLS to suggest");
	slu_probe_advice_to_tls(&l->advice, &tls);
	conn.tls = slu_tls_ctx_new(&tls, error, sizeof error);
	if (!conn.tls)
		return without_rtmp(l, SLU_EXIT_TLS, error);
	l->rtmp = slu_probe_rtmp_new(&conn, l->target.url.tc_url, &l->rtmp_result);
	slu_tls_ctx_free(conn.tls);
	return l->rtmp != NULL;
}

static bool accepts_something(const struct slu_report *report)
{
	for (size_t i = 0; i < SLU_REPORT_VERSIONS; i++)
		if (report->versions[i].accepted == SLU_YES)
			return true;
	return false;
}

static void step(struct run *r, struct lane *l)
{
	const struct slu_report *report = slu_scan_report(l->scan);
	int n;

	if (l->rtmp) {
		if (slu_probe_rtmp_step(l->rtmp))
			end(r, l);
		return;
	}
	n = slu_scan_step(l->scan, slu_now_ms());
	if (n < 0)
		give_up(r, SLU_EXIT_OTHER, "out of memory");
	if (n <= 0)
		return;
	l->advised = accepts_something(report);
	if (l->advised)
		slu_probe_advise(r->job->costs, report, &l->advice);
	if (!r->job->rtmp || report->end != SLU_PROBE_OK || !begin_rtmp(r->job, l))
		end(r, l);
}

/* ---- all ---- */

static int timeout_of(const struct lane *l)
{
	const uint64_t deadline = l->rtmp ? 0 : slu_scan_deadline(l->scan), now = slu_now_ms();

	if (l->rtmp)
		return slu_probe_rtmp_timeout(l->rtmp);
	if (deadline == UINT64_MAX)
		return -1;
	return deadline <= now ? 0 : deadline - now < 60000 ? (int)(deadline - now) : 60000;
}

static struct pollfd fd_of(const struct lane *l)
{
	unsigned want;

	if (!l->busy)
		return (struct pollfd){.fd = -1};
	if (!l->rtmp)
		return (struct pollfd){.fd = slu_scan_fd(l->scan), .events = POLLIN};
	want = slu_probe_rtmp_want(l->rtmp);
	return (struct pollfd){
		.fd = slu_probe_rtmp_fd(l->rtmp),
		.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0))};
}

static void wait_and_step(struct run *r)
{
	const size_t n = r->job->parallel;
	int timeout = 1000; /* for who watches the time that is left */

	for (size_t i = 0; i < n; i++) {
		r->fds[i] = fd_of(&r->lanes[i]);
		if (r->lanes[i].busy)
			timeout = slu_timeout_min(timeout, timeout_of(&r->lanes[i]));
	}
	r->fds[n] = (struct pollfd){.fd = slu_stop_fd(), .events = POLLIN};
	if (poll(r->fds, n + 1, timeout) < 0)
		return; /* a signal, which is seen by who asks for it */
	for (size_t i = 0; i < n && r->fatal < 0; i++)
		if (r->lanes[i].busy && (r->fds[i].revents || timeout_of(&r->lanes[i]) == 0))
			step(r, &r->lanes[i]);
}

/* How many are under way. */
static size_t fill(struct run *r)
{
	size_t busy = 0;

	for (size_t i = 0; i < r->job->parallel && r->fatal < 0; i++) {
		struct lane *l = &r->lanes[i];

		while (!l->busy && r->next < r->targets->n && r->fatal < 0) {
			begin(r, l, r->targets->texts[r->next++]);
			if (r->fatal < 0)
				step(r, l);
		}
		busy += l->busy;
	}
	return busy;
}

static void tell(const struct run *r)
{
	unsigned answers = 0;

	for (size_t i = 0; i < r->job->parallel; i++)
		if (r->lanes[i].busy)
			answers += slu_scan_progress(r->lanes[i].scan);
	r->job->progress(r->job->ctx, r->done, answers);
}

int slu_probe_run(const struct slu_probe_job *job, const struct slu_probe_targets *targets)
{
	struct run r = {.job = job, .targets = targets, .fatal = -1};

	r.lanes = calloc(job->parallel, sizeof *r.lanes);
	r.fds = calloc(job->parallel + 1, sizeof *r.fds);
	if (!r.lanes || !r.fds)
		give_up(&r, SLU_EXIT_OTHER, "out of memory");
	while (r.fatal < 0 && !slu_stop_asked() && fill(&r)) {
		tell(&r);
		wait_and_step(&r);
	}
	if (r.fatal < 0 && slu_stop_asked() && r.done < targets->n)
		r.fatal = SLU_EXIT_INTERRUPTED;
	for (size_t i = 0; r.lanes && i < job->parallel; i++)
		clear(&r.lanes[i]);
	free(r.lanes);
	free(r.fds);
	return r.fatal < 0 ? r.status : r.fatal;
}
