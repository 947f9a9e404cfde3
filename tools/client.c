/* SPDX-License-Identifier: MIT */
#include "tools/client.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sluice/error.h>
#include <sluice/url.h>

#include "tools/player.h"
#include "tools/say.h"
#include "tools/stop.h"

static int make_tls(struct slu_client *c)
{
	struct slu_tls_config config = {.log = slu_say_log(slu_options_verbosity(&c->options->common))};

	if (c->tls)
		return 0;
	slu_options_to_tls(&c->options->tls, &config);
	/* That nobody is verified, or that the keys are written down, is said whatever was asked for. */
	if (config.log.level < SLU_LOG_WARN && (config.insecure || config.keylog_file))
		config.log.level = SLU_LOG_WARN;
	config.receives = c->options->receives;
	c->tls = slu_tls_ctx_new(&config, c->error, sizeof c->error);
	if (!c->tls)
		return SLU_EXIT_TLS;
	slu_say_chosen(c->tls, &config.log, c->options->common.quiet);
	return 0;
}

/* The library says the same of a bad URL; here it is a wrong command line, and TLS is set up only where it is used. */
static int check_url(struct slu_client *c, const char *text)
{
	struct slu_url url;
	const char *why = "out of memory";
	int err = slu_url_parse(&url, text, &why);
	bool tls = !err && url.tls;

	slu_url_clear(&url);
	if (err) {
		snprintf(c->error, sizeof c->error, "the URL cannot be used: %s", why);
		return SLU_EXIT_USAGE;
	}
	return tls ? make_tls(c) : 0;
}

static void add_costs(struct slu_conn_stats *to, const struct slu_conn_stats *of)
{
	to->wire_in += of->wire_in;
	to->wire_out += of->wire_out;
	to->writes += of->writes;
	to->reads += of->reads;
	to->flushes += of->flushes;
	to->records += of->records;
	to->short_records += of->short_records;
	to->retransmits += of->retransmits;
}

static void leave(struct slu_client *c, struct slu_conn *conn)
{
	struct slu_conn_stats stats;

	if (!conn)
		return;
	slu_conn_stats(conn, &stats);
	add_costs(&c->before, &stats);
	slu_conn_free(conn);
}

int slu_client_check(const struct slu_client_options *options)
{
	return slu_player_check(&options->connect) ? -1 : SLU_EXIT_USAGE;
}

/* What is found out once holds for the connections after the first one, too. */
static int say_player(struct slu_client *c, const struct slu_client_options *options, struct slu_session_config *to)
{
	const struct slu_connect_options *from = &options->connect;
	int status = c->player_found
			     ? 0
			     : slu_player_find(from, &options->tls, &to->log, &c->player, c->error, sizeof c->error);

	if (status)
		return status;
	c->player_found = true;
	to->connect.swf_url = from->swf_url ? from->swf_url : from->swf_player;
	to->connect.page_url = from->page_url;
	to->connect.flash_ver = from->flash_ver;
	to->connect.secure_token = from->secure_token;
	memcpy(to->swf_hash, c->player.hash, sizeof to->swf_hash);
	to->swf_size = c->player.size;
	return 0;
}

int slu_client_open(struct slu_client *c, const struct slu_client_options *options, const char *url, const char *stream)
{
	struct slu_conn *last;
	struct slu_conn_config config = {.session.log = slu_say_log(slu_options_verbosity(&options->common))};
	int status;

	c->options = options;
	slu_options_to_conn(&options->net, &config);
	status = check_url(c, url);
	if (!status)
		status = say_player(c, options, &config.session);
	if (status)
		return status;
	config.tls = c->tls;
	config.session.chunk_size = (uint32_t)options->chunk_size;
	if (options->net.address && config.proxy) {
		snprintf(
			c->error, sizeof c->error,
			"--address cannot go with a proxy, which finds the server by itself: leave out one of them, or "
			"put the address into the URL");
		return SLU_EXIT_USAGE;
	}
	if (options->net.address) {
		c->address = options->net.address;
		slu_resolver_fixed_init(&c->fixed, &c->address, 1);
		config.resolver = &c->fixed.resolver;
	}
	last = c->conn;
	c->conn = slu_conn_open(&config, url, stream, c->error, sizeof c->error);
	leave(c, last);
	return c->conn ? 0 : SLU_EXIT_USAGE;
}

void slu_client_stats(const struct slu_client *c, struct slu_conn_stats *out)
{
	*out = (struct slu_conn_stats){.tls_version = "", .tls_suite = ""};
	if (c->conn)
		slu_conn_stats(c->conn, out);
	add_costs(out, &c->before);
}

uint64_t slu_client_lost(const struct slu_client *c)
{
	uint64_t queued = slu_conn_queued(c->conn);
	struct slu_conn_stats stats;

	slu_conn_stats(c->conn, &stats);
	return stats.undelivered > queued ? stats.undelivered - queued : 0;
}

void slu_client_offload(const struct slu_client *c, struct slu_tls_offload_stats *out)
{
	memset(out, 0, sizeof *out);
	if (c->tls)
		slu_tls_offload(c->tls, out);
}

void slu_client_free(struct slu_client *c)
{
	slu_conn_free(c->conn);
	slu_tls_ctx_free(c->tls);
	c->conn = NULL;
	c->tls = NULL;
}

bool slu_is_url(const char *text)
{
	return strncasecmp(text, "rtmp", 4) == 0 && strstr(text, "://");
}

int slu_timeout_min(int a, int b)
{
	if (a < 0)
		return b;
	return b < 0 || a < b ? a : b;
}

static short poll_events(unsigned want)
{
	return (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
}

int slu_client_wait(struct slu_client *c, int fd, int timeout_ms, bool *readable)
{
	int due = slu_conn_timeout(c->conn);
	struct pollfd fds[] = {
		{.fd = slu_conn_fd(c->conn), .events = poll_events(slu_conn_want(c->conn))},
		{.fd = slu_stop_asked() ? -1 : slu_stop_fd(), .events = POLLIN},
		{.fd = fd, .events = POLLIN},
	};
	int ready = poll(fds, 3, slu_timeout_min(due, timeout_ms));

	if (readable)
		*readable = ready > 0 && fds[2].revents;
	/* Nothing happened, and the connection has nothing to do yet: spare it the look. */
	if (!(ready > 0 && fds[0].revents) && slu_conn_timeout(c->conn) != 0)
		return 0;
	return slu_conn_process(c->conn);
}

void slu_client_pause(int timeout_ms)
{
	struct pollfd fd = {.fd = slu_stop_fd(), .events = POLLIN};

	poll(&fd, 1, timeout_ms);
}
