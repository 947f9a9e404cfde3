/* SPDX-License-Identifier: MIT */
/* sluice serve: the other end, small. Takes streams over RTMP and RTMPS, hands them on to players, and records them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sluice/error.h>

#include "crypto/ops.h"
#include "server/loop.h"
#include "tools/client.h"
#include "tools/exit.h"
#include "tools/notify.h"
#include "tools/say.h"
#include "tools/serve_access.h"
#include "tools/serve_log.h"
#include "tools/serve_options.h"
#include "tools/serve_process.h"
#include "tools/serve_report.h"
#include "tools/serve_stats.h"
#include "tools/serve_tls.h"
#include "tools/stop.h"
#include "tools/verbs.h"

enum { STOP_MS = 5000 };

struct serve {
	struct serve_options options;
	struct slu_serve_log log;
	struct slu_tls_ctx *tls;
	struct serve_access access;
	struct slu_loop *loop;
	int dir;
	int hup; /* a signalfd */
	bool reload;
	bool reached; /* by other machines */
	char error[640];
};

/* The library's own lines come one -v later: they say again, of connections, what is reported of clients. */
static struct slu_log library_log(const struct serve *s)
{
	int verbosity = slu_options_verbosity(&s->options.common);

	return slu_say_log(verbosity > 0 ? verbosity - 1 : verbosity);
}

/* As whoever we are by now. */
static int check_folder(struct serve *s)
{
	if (s->options.no_record || (s->dir >= 0 && faccessat(s->dir, ".", W_OK, 0) == 0))
		return 0;
	slu_say("cannot record into %s: %s; name a folder that can be written to, or say --no-record",
		s->options.folder, strerror(errno));
	return SLU_EXIT_OUTPUT;
}

static int open_folder(struct serve *s)
{
	const char *folder = s->options.folder;

	if (s->options.no_record)
		return 0;
	if (slu_is_url(folder)) {
		slu_say("DIR is a folder to record into; where to listen is said with --listen URL");
		return SLU_EXIT_USAGE;
	}
	s->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return check_folder(s);
}

static int open_tls(struct serve *s)
{
	const struct slu_log log = library_log(s);

	return slu_serve_tls_open(&s->tls, &s->options, &log);
}

static int open_access(struct serve *s)
{
	return slu_serve_access_open(&s->access, &s->options);
}

/* Whether other machines do not get there. */
static bool is_local(const char *bound)
{
	static const char *const places[] = {"unix:", "rtmp://127.", "rtmps://127.", "rtmp://[::1]", "rtmps://[::1]"};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (strncmp(bound, places[i], strlen(places[i])) == 0)
			return true;
	return false;
}

static int listen_at(struct serve *s, const char *place)
{
	char bound[SLU_LISTENER_URL];
	int err = slu_loop_listen(s->loop, place, bound, s->error, sizeof s->error);

	if (!err) {
		slu_serve_listening(&s->log, bound);
		s->reached = s->reached || !is_local(bound);
		return 0;
	}
	slu_say("%s", s->error);
	return err == SLU_ERR_INVALID ? SLU_EXIT_USAGE : err == SLU_ERR_RESOLVE ? SLU_EXIT_CONNECT : SLU_EXIT_OTHER;
}

static int listen_at_all(struct serve *s)
{
	const struct slu_opt_list *places = &s->options.listen;
	int status = 0;

	for (size_t i = 0; i < places->n && !status; i++)
		status = listen_at(s, places->items[i]);
	if (places->n)
		return status;
	/* Where nobody is to get in without a certificate, there is no way around it that was not asked for. */
	if (!slu_serve_wants_certificates(&s->options))
		status = listen_at(s, "rtmp://");
	return !status && s->tls ? listen_at(s, "rtmps://") : status;
}

static void on_hup(void *arg)
{
	struct serve *s = arg;
	struct signalfd_siginfo info;

	while (read(s->hup, &info, sizeof info) > 0)
		s->reload = true;
}

static void on_stop(void *arg)
{
	(void)arg; /* slu_stop_asked() tells */
}

static int watch_signals(struct serve *s)
{
	sigset_t hup;

	/* A limit on the size of files is a full disk: the write fails, and that is dealt with. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, NULL);
	s->hup = signalfd(-1, &hup, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->hup >= 0 && slu_stop_init() == 0 && slu_loop_watch(s->loop, s->hup, on_hup, s) == 0 &&
	    slu_loop_watch(s->loop, slu_stop_fd(), on_stop, s) == 0)
		return 0;
	slu_say("the system gives no descriptors for signals: %s", strerror(errno));
	return SLU_EXIT_OTHER;
}

static int make_loop(struct serve *s)
{
	const struct serve_options *o = &s->options;
	struct slu_loop_config config = {
		.dir = s->dir,
		.conn = {.stall_timeout_ms = (unsigned)o->stall_ms,
			 .session = {.max_message = (size_t)o->max_message_kb * 1024,
				     .handshake = o->rtmpe,
				     .swf_players = o->players,
				     .swf_player_count = o->swf.n}},
		.tls = s->tls,
		.keys = s->access.keys,
		.logins = s->access.logins,
		.certificates = o->client_ca != NULL,
		.open = o->open,
		.hub = {.max_queue = (size_t)o->max_queue_kb * 1024, .gather_ms = (unsigned)o->gather_ms},
		.record = {.file_name = o->file_name,
			   .rotate_ms = (uint64_t)o->rotate_seconds * 1000,
			   .rotate_bytes = (uint64_t)o->rotate_mb << 20},
		.max_connections = (unsigned)o->max_connections,
		.max_per_address = (unsigned)o->max_per_address,
		.max_connection_memory = (size_t)o->max_connection_kb * 1024,
		.max_memory = o->max_memory_mb < (long)(SIZE_MAX >> 20) ? (size_t)o->max_memory_mb << 20 : SIZE_MAX,
		.idle_timeout_ms = (unsigned)o->idle_ms,
		.publish_timeout_ms = (unsigned)o->publish_ms,
		.wait_timeout_ms = (unsigned)o->wait_ms,
		.slow_timeout_ms = (unsigned)o->slow_ms,
		.takeover = o->takeover,
		.log = library_log(s),
		.reporter = {slu_serve_report, &s->log},
		.stats_ms = (unsigned)o->stats_ms,
		.stats = {slu_serve_stats_stream, slu_serve_stats_server, &s->log},
	};

	slu_serve_want_files(config.max_connections ? config.max_connections : SLU_LOOP_MAX_CONNECTIONS,
			     o->common.quiet);
	s->loop = slu_loop_new(&config, s->error, sizeof s->error);
	if (s->loop)
		return 0;
	slu_say("%s", s->error);
	return SLU_EXIT_OTHER;
}

static int become_user(struct serve *s)
{
	int status = slu_serve_become_user(&s->options, s->reached);

	return status ? status : check_folder(s);
}

static int start_log(struct serve *s)
{
	return slu_serve_log_start(&s->log);
}

/* For SIGHUP. */
static void reload(struct serve *s)
{
	s->reload = false;
	if (!s->tls && !s->access.logins && !s->access.keys)
		slu_say("there is nothing to read again: neither --cert, --keys nor --users was given");
	if (s->tls)
		slu_serve_tls_reload(s->tls, &s->options);
	slu_serve_access_reload(&s->access, &s->options);
	slu_loop_check_access(s->loop);
}

static int run(struct serve *s)
{
	uint64_t until;
	int err = 0;

	slu_notify_ready(slu_loop_connections(s->loop));
	while (!slu_stop_asked() && !err) {
		if (s->reload) {
			slu_notify_reloading();
			reload(s);
			slu_notify_ready(slu_loop_connections(s->loop));
		}
		err = slu_loop_step(s->loop, slu_notify_alive(slu_loop_connections(s->loop)));
	}
	slu_notify_stopping();
	slu_loop_stop(s->loop);
	until = slu_now_ms() + STOP_MS;
	while (!err && slu_loop_connections(s->loop) && slu_now_ms() < until)
		err = slu_loop_step(s->loop, 100);
	if (!err)
		return SLU_EXIT_OK;
	slu_say("the system's epoll failed: %s", strerror(errno));
	return SLU_EXIT_OTHER;
}

int slu_verb_serve(int argc, char **argv)
{
	static int (*const stages[])(struct serve * s) = {
		open_folder,   open_tls,    open_access, make_loop, watch_signals,
		listen_at_all, become_user, start_log,   run,
	};
	struct serve s = {.dir = -1, .hup = -1};
	int status = slu_serve_options_parse(&s.options, argc, argv);

	if (status >= 0)
		return status;
	if (s.options.make_key)
		return slu_serve_make_key(&s.options, s.options.folder);
	slu_serve_run_no_more();
	slu_serve_log_init(&s.log, &s.options.common);
	status = 0;
	for (size_t i = 0; i < sizeof stages / sizeof *stages && !status; i++)
		status = stages[i](&s);
	slu_loop_free(s.loop);
	slu_serve_log_end(&s.log);
	slu_tls_ctx_free(s.tls);
	slu_serve_access_close(&s.access);
	if (s.dir >= 0)
		close(s.dir);
	if (s.hup >= 0)
		close(s.hup);
	return status;
}
