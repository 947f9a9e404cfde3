/* SPDX-License-Identifier: MIT */
/* Which step gets which connection, and what becomes of it. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/scan_impl.h"

/* ---- connections ---- */

static uint32_t events_for(const struct slu_lane *l)
{
	if (!l->stands)
		return EPOLLOUT;
	if (!l->ops)
		return l->muted ? 0 : EPOLLIN;
	return EPOLLIN | (slu_lane_pending(l) ? EPOLLOUT : 0u);
}

/* An index may be taken by another connection while an event of the last one is still to be dealt with. */
static int wait_for(struct slu_scan *s, struct slu_lane *l, int how)
{
	struct epoll_event ev = {.events = events_for(l)};

	ev.data.u64 = (uint64_t)l->begun << 32 | (uint64_t)(l - s->lanes);
	l->events = ev.events;
	return epoll_ctl(s->epfd, how, l->fd, &ev);
}

void slu_scan_watch(struct slu_scan *s, struct slu_lane *l)
{
	if (l->fd >= 0 && l->events != events_for(l))
		(void)wait_for(s, l, EPOLL_CTL_MOD);
}

static struct slu_lane *free_lane(struct slu_scan *s)
{
	struct slu_lane *l = s->lanes;

	while (l->fd >= 0)
		l++; /* there are as many as the pace lets be */
	return l;
}

struct slu_lane *slu_scan_add(struct slu_scan *s, int fd)
{
	static const int on = 1;
	struct slu_lane *l = free_lane(s);

	slu_lane_init(l);
	l->fd = fd;
	l->begun = l->number = ++s->numbers;
	l->rounds = s->rounds;
	l->due_ms = s->now_ms + s->connect_ms;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (wait_for(s, l, EPOLL_CTL_ADD) == 0)
		return l;
	slu_lane_clear(l);
	return NULL;
}

/* NULL: it could not be begun (errno). */
static struct slu_lane *begin(struct slu_scan *s)
{
	const int fd = slu_dial_more(s->dial);

	slu_pace_begun(&s->pace, s->now_ms);
	s->report.connections++;
	if (fd >= 0)
		return slu_scan_add(s, fd);
	errno = -fd;
	return NULL;
}

/* ---- jobs ---- */

static unsigned under_way(const struct slu_scan *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLU_SCAN_SOCKETS; i++)
		n += s->lanes[i].has_job;
	return n;
}

static unsigned idle(const struct slu_scan *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < SLU_SCAN_SOCKETS; i++)
		n += slu_lane_idle(&s->lanes[i]);
	return n;
}

/* To be asked next. */
static void put_back(struct slu_scan *s, const struct slu_scan_job *job)
{
	memmove(s->again + 1, s->again, s->nagain++ * sizeof *s->again);
	s->again[0] = *job;
}

/* That of a lane, once more. */
static void ask_again(struct slu_scan *s, struct slu_lane *l)
{
	struct slu_scan_job job = l->job;

	job.inspect = NULL;
	job.rounds = s->rounds;
	l->has_job = false;
	slu_lane_clear(l);
	put_back(s, &job);
}

/* A handshake that this OpenSSL cannot do needs no connection. 1: one that needs none; 0; <0. */
static int prepare(struct slu_scan *s, struct slu_scan_job *job)
{
	struct slu_inspect_config config = job->step.handshake;
	int err;

	if (job->step.kind != SLU_STEP_HANDSHAKE)
		return 0;
	config.trust = s->trust;
	job->inspect = slu_inspect_new(&config);
	if (!job->inspect)
		return SLU_ERR_NOMEM;
	if (!slu_inspect_result(job->inspect)->failed)
		return 0;
	err = slu_plan_inspected(s->plan, job->step.id, slu_inspect_result(job->inspect));
	slu_inspect_free(job->inspect);
	return err ? err : 1;
}

/* 1: there is one; 0: there is none; <0. */
static int next_job(struct slu_scan *s, struct slu_scan_job *job)
{
	int r = 1;

	if (s->nagain) {
		*job = s->again[0];
		memmove(s->again, s->again + 1, --s->nagain * sizeof *s->again);
		return 1;
	}
	while (r > 0) {
		*job = (struct slu_scan_job){.rounds = s->rounds};
		if (!slu_plan_next(s->plan, &job->step))
			return 0;
		r = prepare(s, job);
	}
	return r < 0 ? r : 1;
}

/* ---- one for the other ---- */

/* The one that has stood longest; of those that do not yet stand, the one that was begun first. */
static struct slu_lane *oldest(struct slu_scan *s)
{
	struct slu_lane *best = NULL;

	for (struct slu_lane *l = s->lanes; l < s->lanes + SLU_SCAN_SOCKETS; l++) {
		if (!slu_lane_idle(l))
			continue;
		if (!best || l->stands > best->stands || (l->stands == best->stands && l->number < best->number))
			best = l;
	}
	return best;
}

static bool is_behind(const struct slu_scan *s, const struct slu_lane *l)
{
	for (const struct slu_lane *o = s->lanes; o < s->lanes + SLU_SCAN_SOCKETS; o++) {
		if (o->fd >= 0 && o->stands && o->number < l->number)
			return true;
	}
	return false;
}

/* When the step's own connection was begun for it or shortly before, connecting comes on top. */
static unsigned rounds_before(const struct slu_lane *l, bool stood)
{
	return l->job.rounds + (!stood && l->rounds > l->job.rounds);
}

static int ask(struct slu_scan *s, struct slu_lane *l, bool stood)
{
	int r;

	l->behind = is_behind(s, l);
	l->spare = l->stood_ms < s->now_ms;
	l->due_ms = s->now_ms + s->answer_ms;
	l->rounds = rounds_before(l, stood);
	r = slu_lane_ask(l, s->trust, s->now_ms);
	if (r == 0)
		r = slu_lane_talk(l, &s->count, s->now_ms);
	if (r > 0)
		return slu_scan_over(s, l);
	if (r == 0)
		slu_scan_watch(s, l);
	return r;
}

int slu_scan_stands(struct slu_scan *s, struct slu_lane *l)
{
	l->stands = true;
	l->stood_ms = s->now_ms;
	l->number = ++s->numbers;
	l->rounds++;
	s->rounds = l->rounds;
	s->failures = 0;
	if (l->has_job)
		return ask(s, l, false);
	slu_scan_watch(s, l);
	return 0;
}

/* 0: it is under way; 1: it has to wait; <0. */
static int place(struct slu_scan *s, const struct slu_scan_job *job)
{
	struct slu_lane *l = s->now_ms < s->pace.paused_until ? NULL : oldest(s);

	if (!l && s->now_ms < slu_pace_when(&s->pace)) {
		s->held = true;
		put_back(s, job);
		return 1;
	}
	if (!l)
		l = begin(s);
	if (!l) {
		const int error = errno;

		put_back(s, job);
		return slu_scan_failed(s, NULL, error) < 0 ? SLU_ERR_NOMEM : 1;
	}
	l->job = *job;
	l->has_job = true;
	return l->stands ? ask(s, l, true) : 0;
}

static int connect_ahead(struct slu_scan *s)
{
	unsigned most = slu_pace_ahead(&s->pace), wanted = slu_plan_certain(s->plan);

	for (unsigned n = idle(s); !s->done && n < most && n < wanted; n++) {
		if (s->now_ms < slu_pace_when(&s->pace)) {
			s->held = true;
			return 0;
		}
		if (!begin(s))
			return slu_scan_failed(s, NULL, errno);
	}
	return 0;
}

int slu_scan_fill(struct slu_scan *s)
{
	struct slu_scan_job job;
	int r = 0;

	s->held = false;
	while (r == 0 && !s->stop && under_way(s) < s->pace.lanes) {
		r = next_job(s, &job);
		if (r <= 0)
			break;
		r = place(s, &job);
	}
	if (r < 0)
		return r;
	return s->stop ? 0 : connect_ahead(s);
}

/* ---- what becomes of it ---- */

int slu_scan_failed(struct slu_scan *s, struct slu_lane *l, int error)
{
	s->connect_error = error;
	if (l && l->has_job)
		ask_again(s, l);
	else if (l)
		slu_lane_clear(l);
	slu_pace_back_off(&s->pace, s->now_ms);
	return ++s->failures < SLU_SCAN_FAILURES ? 0 : slu_scan_cut(s, SLU_STOP_CONNECT);
}

/* Whether it met the end of the connection, and not a single byte. */
static bool was_dropped(const struct slu_lane *l, enum slu_hello_end *end)
{
	if (l->bytes)
		return false;
	*end = l->reader ? slu_hello_answer(l->reader)->end : SLU_HELLO_CLOSED;
	if (l->inspect)
		return slu_inspect_result(l->inspect)->closed;
	return *end == SLU_HELLO_CLOSED || *end == SLU_HELLO_RESET;
}

/* Not of a server that is known to answer like that. Of a hello the plan knows; but one that came on a connection which
 * had stood idle may have come too late, and a handshake is only done with a server that answers. */
static bool worth_repeating(const struct slu_scan *s, const struct slu_lane *l, enum slu_hello_end end)
{
	if (s->hangs_up[end])
		return false;
	return l->job.repeats < slu_plan_repeats(s->plan, l->job.step.id, end) ||
	       ((l->spare || l->inspect) && !l->job.repeats);
}

static int tell_handshake(struct slu_scan *s, const struct slu_lane *l)
{
	struct slu_inspect_result r = *slu_inspect_result(l->inspect);

	if (!r.done && !r.failed && !r.closed) {
		r.failed = true;
		snprintf(r.sentence, sizeof r.sentence,
			 "%s did not finish it within %u ms; try again later, or allow more time", s->endpoint,
			 s->answer_ms);
	}
	return slu_plan_inspected(s->plan, l->job.step.id, &r);
}

static int tell(struct slu_scan *s, struct slu_lane *l)
{
	int err;

	slu_lane_hang_up(l); /* before anything else: a server may take one at a time */
	if (s->rounds > s->critical)
		s->critical = s->rounds;
	slu_log(&s->log, SLU_LOG_DEBUG, "%s: step %u ended with %zu bytes", s->endpoint, l->job.step.id, l->bytes);
	err = l->inspect ? tell_handshake(s, l) : slu_plan_answer(s->plan, l->job.step.id, slu_hello_answer(l->reader));
	slu_lane_clear(l);
	return err;
}

int slu_scan_over(struct slu_scan *s, struct slu_lane *l)
{
	enum slu_hello_end end = SLU_HELLO_MORE;
	const bool dropped = was_dropped(l, &end);

	s->rounds = l->rounds + (l->inspect ? SLU_PLAN_HANDSHAKE : 1);
	if (!dropped) {
		slu_pace_well(&s->pace);
		return tell(s, l);
	}
	if (worth_repeating(s, l, end)) {
		l->job.repeats++;
		slu_pace_back_off(&s->pace, s->now_ms);
		ask_again(s, l);
		return 0;
	}
	if (l->job.repeats) {
		s->hangs_up[end] = true;
		slu_pace_widen(&s->pace);
	}
	return tell(s, l);
}

int slu_scan_silent(struct slu_scan *s, struct slu_lane *l)
{
	int err;

	if (l->settled_ms)
		return slu_scan_over(s, l);
	/* Nothing came though it may only have waited for its turn. Of a server that never said a word it is not worth
	 * the time. */
	if (l->behind && !l->bytes && !l->job.alone && s->count.in) {
		l->job.alone = true;
		ask_again(s, l);
		slu_scan_narrow(s);
		return 0;
	}
	err = slu_lane_end(l, SLU_HELLO_SILENT);
	if (s->doubted) /* and that was not why */
		slu_pace_widen(&s->pace);
	s->doubted = false;
	return err ? err : slu_scan_over(s, l);
}

void slu_scan_narrow(struct slu_scan *s)
{
	slu_pace_narrow(&s->pace);
	for (struct slu_lane *l = s->lanes; l < s->lanes + SLU_SCAN_SOCKETS; l++) {
		if (slu_lane_idle(l))
			slu_lane_clear(l);
	}
}
