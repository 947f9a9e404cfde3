/* SPDX-License-Identifier: MIT */
/* Against OpenSSL's own programs over TCP: versions, resumption, KeyUpdate in both directions, renegotiation, closing.
 * What is sent to them they print, and what is written to their standard input they send, but for the commands K and k
 * (KeyUpdate, with and without asking for one) and R (renegotiate). */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/tcp.h"
#include "net/tls.h"
#include "tls_kit.h"

enum { PATIENCE_MS = 10000, STEP_MS = 20 };

struct program {
	pid_t pid;
	int in, out;
	char said[1 << 18];
	size_t len;
};

static void start(struct program *p, const char *const *argv)
{
	int in[2], out[2];

	memset(p, 0, sizeof *p);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails stops nothing */
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->in = in[1];
	p->out = out[0];
	fcntl(p->out, F_SETFL, O_NONBLOCK);
}

static void stop(struct program *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->in);
	close(p->out);
}

static void hear(struct program *p, int ms)
{
	struct pollfd fd = {.fd = p->out, .events = POLLIN};
	ssize_t n;

	poll(&fd, 1, ms);
	while (p->len < sizeof p->said - 1 && (n = read(p->out, p->said + p->len, sizeof p->said - 1 - p->len)) > 0)
		p->len += (size_t)n;
}

static char *wait_for(struct program *p, const char *text)
{
	char *at = NULL;

	for (int ms = 0; ms < PATIENCE_MS && !(at = strstr(p->said, text)); ms += STEP_MS)
		hear(p, STEP_MS);
	if (!at)
		fail_msg("no \"%s\" in: %s", text, p->said);
	return at;
}

static void tell(const struct program *p, const char *text)
{
	assert_int_equal(write(p->in, text, strlen(text)), strlen(text));
}

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static uint16_t start_server(struct program *p, const char *option)
{
	uint16_t port = free_port();
	char at[32];
	const char *argv[] = {"openssl",       "s_server", "-accept",      at,     "-cert",
			      kit_server.cert, "-key",     kit_server.key, option, NULL};

	snprintf(at, sizeof at, "127.0.0.1:%u", port);
	start(p, argv);
	wait_for(p, "ACCEPT");
	return port;
}

static void wait_fd(const struct slu_transport *t, bool read)
{
	unsigned want = t->ops->want(t) | (read ? SLU_WANT_READ : 0);
	struct pollfd fd = {.fd = t->ops->fd(t)};

	if (want & SLU_WANT_READ)
		fd.events |= POLLIN;
	if (want & SLU_WANT_WRITE)
		fd.events |= POLLOUT;
	poll(&fd, 1, STEP_MS);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static struct slu_transport *opened(struct slu_transport *t)
{
	int r = 0;

	assert_non_null(t);
	while ((r = t->ops->open(t, now_ms())) == 0)
		wait_fd(t, false);
	assert_string_equal(t->ops->error(t), "");
	assert_int_equal(r, 1);
	return t;
}

static struct slu_transport *connect_to(struct slu_tls_ctx *ctx, uint16_t port)
{
	struct slu_tcp_config tcp = {.connect_timeout_ms = PATIENCE_MS};
	char error[300] = "";
	struct slu_transport *inner = slu_tcp_connect(&tcp, "127.0.0.1", port, now_ms(), error, sizeof error);

	assert_string_equal(error, "");
	return opened(slu_tls_over(ctx, inner, "127.0.0.1", PATIENCE_MS));
}

static void say(struct slu_transport *t, const char *text)
{
	size_t left = strlen(text);

	while (left || t->ops->pending(t)) {
		struct slu_vec vec = {text, left};
		long n = left ? t->ops->send(t, &vec, 1) : t->ops->flush(t);

		assert_true(n >= 0);
		if (left) {
			text += n;
			left -= (size_t)n;
		}
		if (left || t->ops->pending(t))
			wait_fd(t, false);
	}
}

static void listen_for(struct slu_transport *t, const char *text)
{
	char got[4096];
	size_t have = 0;

	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		long n = t->ops->recv(t, got + have, sizeof got - 1 - have);

		assert_true(n >= 0);
		have += (size_t)n;
		got[have] = '\0';
		if (strstr(got, text))
			return;
		wait_fd(t, true);
	}
	fail_msg("no \"%s\" received", text);
}

static struct slu_transport_stats stats(const struct slu_transport *t)
{
	struct slu_transport_stats s;

	t->ops->stats(t, &s);
	return s;
}

static void end(struct slu_transport *t)
{
	char got[4096];
	long n = 0;

	while (t->ops->shutdown(t) == 0)
		wait_fd(t, false);
	for (int ms = 0; ms < PATIENCE_MS && (n = t->ops->recv(t, got, sizeof got)) >= 0; ms += STEP_MS)
		wait_fd(t, true);
	assert_int_equal(n, SLU_ERR_CLOSED);
	t->ops->free(t);
}

static void a_version(const char *option, const char *version)
{
	struct slu_tls_ctx *ctx = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert});
	static struct program p;
	uint16_t port = start_server(&p, option);

	for (int i = 0; i < 2; i++) {
		struct slu_transport *t = connect_to(ctx, port);

		assert_string_equal(stats(t).tls_version, version);
		assert_int_equal(stats(t).tls_resumed, i == 1);
		say(t, i ? "second line\n" : "first line\n");
		wait_for(&p, i ? "second line" : "first line");
		tell(&p, i ? "answer two\n" : "answer one\n");
		listen_for(t, i ? "answer two" : "answer one");
		end(t);
	}
	stop(&p);
	slu_tls_ctx_free(ctx);
}

static void speaks_to_s_server(void **state)
{
	(void)state;
	a_version("-tls1_2", "TLSv1.2");
	a_version("-tls1_3", "TLSv1.3");
}

static void takes_its_key_updates(void **state)
{
	struct slu_tls_ctx *ctx = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert});
	static const char *const commands[] = {"k\n", "K\n", "K\n", "k\n", "K\n"};
	static struct program p;
	struct slu_transport *t = connect_to(ctx, start_server(&p, "-tls1_3"));
	static char text[60000];

	(void)state;
	memset(text, '.', sizeof text - 2);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		char line[32];

		tell(&p, commands[i]);
		snprintf(line, sizeof line, "from it %zu\n", i);
		usleep(20000); /* it takes a command only at the start of what it reads at once */
		tell(&p, line);
		listen_for(t, line);
		snprintf(text + sizeof text - 32, 31, "from us %zu\n", i);
		say(t, text);
		snprintf(line, sizeof line, "from us %zu", i);
		wait_for(&p, line);
		p.len = 0;
		memset(p.said, 0, sizeof p.said);
	}
	assert_int_equal(stats(t).records, 5 * 4);
	end(t);
	stop(&p);
	slu_tls_ctx_free(ctx);
}

static void refuses_its_renegotiation(void **state)
{
	struct slu_tls_ctx *ctx = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert});
	static struct program p;
	struct slu_transport *t = connect_to(ctx, start_server(&p, "-tls1_2"));
	long n = 0;

	(void)state;
	say(t, "before\n");
	wait_for(&p, "before");
	tell(&p, "R\n");
	for (int ms = 0; ms < PATIENCE_MS && n == 0 && !strstr(p.said, "no renegotiation"); ms += STEP_MS) {
		char got[64];

		n = t->ops->recv(t, got, sizeof got);
		hear(&p, STEP_MS);
	}
	wait_for(&p, "no renegotiation");
	t->ops->free(t);
	stop(&p);
	slu_tls_ctx_free(ctx);
}

static struct slu_transport *accept_from(struct slu_tls_ctx *ctx, struct program *p, const char *option)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), taken;
	struct slu_tcp_config tcp = {0};
	socklen_t n = sizeof a;
	char at[32];
	const char *argv[] = {
		"openssl",    "s_client",  "-connect", at,  "-CAfile", kit_ca.cert, "-verify_return_error",
		"-verify_ip", "127.0.0.1", option,     NULL};

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(at, sizeof at, "127.0.0.1:%u", ntohs(a.sin_port));
	start(p, argv);
	taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(taken >= 0);
	close(fd);
	return opened(slu_tls_over(ctx, slu_tcp_accept(&tcp, taken), NULL, PATIENCE_MS));
}

static void speaks_to_s_client(void **state)
{
	static const char *const options[] = {"-tls1_2", "-tls1_3"};
	struct slu_tls_ctx *ctx = kit_ctx(
		&(struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key});
	static struct program p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct slu_transport *t = accept_from(ctx, &p, options[i]);

		wait_for(&p, "Verify return code: 0 (ok)");
		say(t, "from the server\n");
		wait_for(&p, "from the server");
		for (int k = 0; k < (i ? 2 : 0); k++) {
			tell(&p, k ? "K\n" : "k\n");
			usleep(20000);
			tell(&p, k ? "asked\n" : "not asked\n");
			listen_for(t, k ? "asked" : "not asked");
			say(t, k ? "answered\n" : "not answered\n");
			wait_for(&p, k ? "\nanswered" : "not answered");
		}
		tell(&p, "to the server\n");
		listen_for(t, "to the server");
		end(t);
		stop(&p);
	}
	slu_tls_ctx_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_to_s_server),
		cmocka_unit_test(takes_its_key_updates),
		cmocka_unit_test(refuses_its_renegotiation),
		cmocka_unit_test(speaks_to_s_client),
	};

	if (system("openssl version >/dev/null 2>&1") != 0) {
		puts("1..0 # SKIP the program openssl is not installed");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tls_foreign", tests, kit_setup, kit_teardown);
}
