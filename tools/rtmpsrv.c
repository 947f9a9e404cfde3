/* SPDX-License-Identifier: MIT */
/* rtmpsrv: a server that plays nothing, and shows with which options rtmpdump asks for what its clients ask for. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <sluice/error.h>
#include <sluice/tls.h>

#include "tools/dump_args.h"
#include "tools/safe_name.h"
#include "tools/start.h"
#include "tools/stub.h"

enum {
	CLIENT_MS = 30000,      /* from its connection to its play */
	SAME_REQUEST_MS = 5000, /* the same name again so soon is the same player trying again */
	MAX_MESSAGE = 256 * 1024
};

static const char usage[] =
	"rtmpsrv: a stub server that shows the rtmpdump command line for what a client plays.\n\n"
	"--help|-h               Prints this help screen.\n"
	"--device|-D address     Address to listen at (default: 0.0.0.0)\n"
	"--sport|-g num          Port to listen at (default: 1935)\n"
	"--cert|-c file          For TLS: certificate and its chain (PEM)\n"
	"--key|-k file           For TLS: the certificate's private key (PEM)\n"
	"--run-rtmpdump          Runs the command that it shows, which is what a stranger asks for\n"
	"--debug|-z              Debug level command output.\n"
	"On the console, q ends it.\n\n";

struct srv {
	struct slu_stub_options stub;
	const char *cert, *key;
	bool run;
	struct slu_tls_ctx *tls;
	char last[SLU_SAFE_STEM]; /* the name that was shown last, and when */
	uint64_t last_ms;
};

struct client {
	struct slu_stub_client stub; /* first, so that one is the other */
	struct srv *srv;
	bool closing;
	struct slu_dump_args args;
};

/* ---- a request ---- */

/* The name that the stream is stored under: always .flv, whatever the player wanted. */
static void name_stem(char stem[SLU_SAFE_STEM], const char *playpath)
{
	size_t n;

	slu_safe_stem(stem, playpath);
	n = strlen(stem);
	if (n > 4 && stem[n - 4] == '.')
		stem[n - 4] = '\0';
}

static bool is_repeated(struct srv *srv, const char *stem, uint64_t now)
{
	if (srv->last_ms && now - srv->last_ms < SAME_REQUEST_MS && strcmp(stem, srv->last) == 0)
		return true;
	snprintf(srv->last, sizeof srv->last, "%s", stem);
	srv->last_ms = now;
	return false;
}

/* rtmpdump writes over what is there: to be run, it gets a file that was made for it. */
static bool choose_name(const struct srv *srv, char name[SLU_SAFE_NAME], const char *stem)
{
	int fd;

	if (!srv->run)
		return slu_safe_free_name(name, stem, ".flv");
	fd = slu_safe_create(name, stem, ".flv");
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void run_it(const struct slu_dump_args *args)
{
	char **argv = slu_dump_args_argv(args);
	int err = argv ? slu_start(argv) : ENOMEM;

	if (err == EAGAIN)
		RTMP_Log(RTMP_LOGWARNING, "%d of rtmpdump run already: this one was not started", SLU_START_MAX);
	else if (err)
		RTMP_Log(RTMP_LOGERROR, "rtmpdump could not be started: %s", strerror(err));
	free(argv);
}

static void show(struct srv *srv, struct slu_dump_args *args, const char *stem)
{
	char name[SLU_SAFE_NAME], *line;

	if (!choose_name(srv, name, stem)) {
		RTMP_Log(RTMP_LOGERROR, "No file %s.flv can be made here: %s", stem, strerror(errno));
		return;
	}
	slu_dump_args_add_text(args, 'o', name);
	line = slu_dump_args_line(args);
	if (line)
		printf("\n%s\n\n", line);
	else
		RTMP_Log(RTMP_LOGERROR, "There is no memory to show a command line");
	fflush(stdout);
	free(line);
	if (args->lossy)
		RTMP_Log(RTMP_LOGWARNING, "The client sent more than rtmpdump has options for");
	if (srv->run)
		run_it(args);
}

static void on_play(struct client *c, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(c->stub.ends[0].conn);
	char stem[SLU_SAFE_STEM];

	name_stem(stem, ev->name);
	slu_dump_args_add_text(&c->args, 'y', ev->name);
	if (!c->args.has_url) {
		RTMP_Log(RTMP_LOGWARNING, "A client that plays has sent no tcUrl: there is no server to ask");
	} else if (is_repeated(c->srv, stem, slu_now_ms())) {
		puts("Duplicate request, skipping.");
		fflush(stdout);
	} else {
		show(c->srv, &c->args, stem);
	}
	slu_session_accept(s);
	slu_session_eof(s, ev->stream_id);
	c->closing = true;
}

/* Justin.tv's: its argument is what -j takes. */
static void on_command(struct client *c, const struct slu_event *ev)
{
	struct slu_amf_str token;

	if (strcmp(ev->name, "NetStream.Authenticate.UsherToken") == 0 &&
	    slu_amf_string(slu_amf_at(ev->amf, 3), &token))
		slu_dump_args_add(&c->args, 'j', token);
}

static void on_event(struct client *c, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(c->stub.ends[0].conn);

	switch (ev->type) {
	case SLU_EVENT_CONNECT:
		slu_dump_args_connect(&c->args, ev->amf);
		slu_session_accept(s);
		break;
	case SLU_EVENT_COMMAND:
		on_command(c, ev);
		break;
	case SLU_EVENT_GET_STREAM_LENGTH:
		slu_session_answer_number(s, ev->transaction, 10);
		break;
	case SLU_EVENT_PUBLISH:
		slu_session_refuse(s, "NetStream.Publish.BadName", "This server only shows what is played.");
		break;
	case SLU_EVENT_PLAY:
		on_play(c, ev);
		break;
	default:
		break;
	}
}

/* ---- a client's life ---- */

static void begin_close(struct client *c)
{
	RTMP_LogPrintf("Closing connection... ");
	c->closing = true;
	slu_conn_close(c->stub.ends[0].conn);
}

static void end(struct client *c, const char *why)
{
	if (!c->closing) {
		if (*why)
			RTMP_Log(RTMP_LOGERROR, "%s", why);
		RTMP_LogPrintf("Closing connection... ");
	}
	RTMP_LogPrintf("done!\n\n");
	c->stub.over = true;
}

static void work(struct slu_stub_client *stub, uint64_t now)
{
	struct client *c = (struct client *)stub;
	struct slu_conn *conn = stub->ends[0].conn;
	struct slu_event ev;

	while (!c->closing && slu_conn_event(conn, &ev)) {
		on_event(c, &ev);
		if (c->closing)
			begin_close(c);
	}
	if (*slu_conn_error(conn) || slu_conn_closed(conn))
		end(c, slu_conn_error(conn));
	else if (now >= stub->deadline_ms)
		end(c, "A client has not played anything for 30 s, and is given up");
}

static void stop(struct slu_stub_client *stub)
{
	struct client *c = (struct client *)stub;

	if (!c->closing)
		begin_close(c);
}

static void free_client(struct slu_stub_client *stub)
{
	struct client *c = (struct client *)stub;

	slu_dump_args_clear(&c->args);
	free(c);
}

static struct slu_stub_client *accept_client(void *arg, int fd)
{
	struct srv *srv = arg;
	struct client *c = calloc(1, sizeof *c);
	struct slu_conn_config config = {.tls = srv->tls};
	char error[512] = "out of memory";

	config.session.log = slu_stub_log();
	config.session.max_message = MAX_MESSAGE;
	config.session.max_memory = 2 * MAX_MESSAGE;
	if (c) {
		c->srv = srv;
		c->stub.other_fd = -1;
		c->stub.deadline_ms = slu_now_ms() + CLIENT_MS;
		c->stub.ends[0].conn = slu_conn_accept(&config, fd, error, sizeof error);
		if (c->stub.ends[0].conn)
			return &c->stub;
	} else {
		close(fd);
	}
	RTMP_Log(RTMP_LOGERROR, "A client could not be accepted: %s", error);
	free(c);
	return NULL;
}

static const struct slu_stub_ops ops = {accept_client, work, stop, free_client};

/* ---- the command ---- */

enum { RUN_RTMPDUMP = 256 };

static bool set_option(struct srv *srv, int option, const char *value)
{
	if (option == 'D')
		srv->stub.device = value;
	else if (option == 'g')
		srv->stub.port = value;
	else if (option == 'c')
		srv->cert = value;
	else if (option == 'k')
		srv->key = value;
	else if (option == RUN_RTMPDUMP)
		srv->run = true;
	else if (option == 'z')
		RTMP_LogSetLevel(RTMP_LOGALL);
	else
		return false;
	return true;
}

/* -1 to go on, else the exit status. */
static int parse(struct srv *srv, int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},        {"device", required_argument, NULL, 'D'},
		{"sport", required_argument, NULL, 'g'}, {"cert", required_argument, NULL, 'c'},
		{"key", required_argument, NULL, 'k'},   {"run-rtmpdump", no_argument, NULL, RUN_RTMPDUMP},
		{"debug", no_argument, NULL, 'z'},       {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "hD:g:c:k:z", options, NULL)) >= 0) {
		if (!set_option(srv, option, optarg)) {
			RTMP_LogPrintf("%s", usage);
			return option == 'h' ? 0 : 1;
		}
	}
	if (optind == argc && !srv->cert == !srv->key)
		return -1;
	RTMP_Log(RTMP_LOGERROR, optind < argc ? "There is nothing to name but options" : "-c and -k go together");
	return 1;
}

static bool make_tls(struct srv *srv)
{
	/* Old clients, Debian's librtmp among them, take a session ticket for the end of the connection. */
	struct slu_tls_config config = {
		.server = true, .cert_file = srv->cert, .key_file = srv->key, .no_resumption = true};
	char error[640];

	if (!srv->cert)
		return true;
	config.log = slu_stub_log();
	srv->tls = slu_tls_ctx_new(&config, error, sizeof error);
	if (!srv->tls)
		RTMP_Log(RTMP_LOGERROR, "%s", error);
	return srv->tls;
}

int main(int argc, char **argv)
{
	static struct srv srv = {.stub = {.device = "0.0.0.0", .port = "1935"}};
	int status;

	RTMP_LogSetLevel(RTMP_LOGINFO);
	RTMP_LogPrintf("RTMP Server v2.4 (Sluice " SLU_VERSION ")\n\n");
	status = parse(&srv, argc, argv);
	if (status < 0)
		status = make_tls(&srv) ? slu_stub_run(&srv.stub, &ops, &srv) : 1;
	slu_tls_ctx_free(srv.tls);
	return status;
}
