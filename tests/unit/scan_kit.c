/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "scan_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>

#include "inspect_kit.h"
#include "test_net.h"
#include "tls_kit.h"

struct scan_server server;
uint64_t scan_now;

/* ---- fixtures ---- */

static unsigned descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static unsigned descriptors_before;

int scan_group_setup(void **state)
{
	/* Of a name, OpenSSL and the C library may open files that stay. */
	return kit_setup(state);
}

int scan_setup(void **state)
{
	(void)state;
	descriptors_before = descriptors();
	server = (struct scan_server){.listener = test_listen("127.0.0.1", 0, 64)};
	assert_int_equal(fcntl(server.listener, F_SETFL, O_NONBLOCK), 0);
	server.port = test_port(server.listener);
	server.ctx = inspect_server();
	for (size_t i = 0; i < SCAN_PEERS; i++)
		server.peers[i].fd = -1;
	SSL_CTX_set_min_proto_version(server.ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(server.ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	scan_suites("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-SHA384",
		    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256");
	scan_now = 1000;
	return 0;
}

static void drop(struct scan_peer *p, bool reset)
{
	const struct linger hard = {.l_onoff = 1};

	if (p->fd < 0)
		return;
	if (reset)
		assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
	close(p->fd);
	SSL_free(p->ssl);
	p->ssl = NULL;
	p->fd = -1;
	server.open--;
}

void scan_stop_listening(void)
{
	if (server.listener >= 0)
		close(server.listener);
	server.listener = -1;
}

int scan_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCAN_PEERS; i++)
		drop(&server.peers[i], false);
	scan_stop_listening();
	SSL_CTX_free(server.ctx);
	ERR_clear_error();
	assert_int_equal(descriptors(), descriptors_before);
	return 0;
}

void scan_suites(const char *old, const char *new)
{
	assert_int_equal(SSL_CTX_set_cipher_list(server.ctx, old), 1);
	assert_int_equal(SSL_CTX_set_ciphersuites(server.ctx, new), 1);
}

/* ---- the server ---- */

static void say(struct scan_peer *p, const void *data, size_t n)
{
	assert_true(p->len + n <= sizeof p->out);
	memcpy(p->out + p->len, data, n);
	p->len += n;
}

static void expect_source(int fd)
{
	struct slu_address a = {.len = sizeof a.addr};
	char host[SLU_ADDRESS_TEXT];

	assert_int_equal(getpeername(fd, (struct sockaddr *)&a.addr, &a.len), 0);
	assert_string_equal(slu_address_host(&a, host, sizeof host), server.from);
}

static bool take_connection(void)
{
	const int fd =
		server.serial && server.open ? -1 : accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct scan_peer *p = server.peers;

	if (fd < 0)
		return false;
	while (p->fd >= 0)
		p++;
	if (server.from)
		expect_source(fd);
	p->fd = fd;
	p->ssl = inspect_accept(server.ctx);
	p->asked = p->closing = false;
	p->vice = SCAN_ANSWERS;
	p->len = p->sent = 0;
	p->turns = 0;
	p->number = ++server.accepted;
	if (++server.open > server.most_open)
		server.most_open = server.open;
	if (server.greets)
		say(p, "SSH-2.0-OpenSSH_9.2\r\n", 21);
	if (server.most && server.accepted == server.most)
		scan_stop_listening();
	return true;
}

/* A handshake message of 16 MB, in records of 16 KB. */
static void say_oversize(struct scan_peer *p)
{
	static const uint8_t begin[] = {22, 3, 3, 0x40, 0, 2, 0xFF, 0xFF, 0xFF}, next[] = {22, 3, 3, 0x40, 0};
	static const uint8_t zero[16384];

	say(p, begin, sizeof begin);
	say(p, zero, sizeof zero - 4);
	while (p->len + sizeof next + sizeof zero <= sizeof p->out) {
		say(p, next, sizeof next);
		say(p, zero, sizeof zero);
	}
}

static void answer(struct scan_peer *p)
{
	char data[256];
	const int r = SSL_is_init_finished(p->ssl) ? SSL_read(p->ssl, data, sizeof data) : SSL_do_handshake(p->ssl);
	const int n = (int)BIO_pending(SSL_get_wbio(p->ssl));
	const char *name = SSL_get_servername(p->ssl, TLSEXT_NAMETYPE_host_name);
	const bool failed = r <= 0 && SSL_get_error(p->ssl, r) != SSL_ERROR_WANT_READ;

	ERR_clear_error();
	server.named += name && *name;
	server.dotted += name && *name && name[strlen(name) - 1] == '.';
	if (failed && server.refuses_by_reset) {
		drop(p, true);
		return;
	}
	assert_true(p->len + (size_t)n <= sizeof p->out);
	if (n > 0)
		assert_int_equal(BIO_read(SSL_get_wbio(p->ssl), p->out + p->len, n), n);
	p->len += n > 0 ? (size_t)n : 0;
	p->closing |= failed;
}

static void act(struct scan_peer *p)
{
	static const char page[40000];

	switch (p->vice) {
	case SCAN_ANSWERS:
		answer(p);
		break;
	case SCAN_HALF:
		answer(p);
		if (p->fd >= 0)
			p->len /= 2;
		p->closing = false;
		p->vice = SCAN_STALLS;
		break;
	case SCAN_CLOSES:
	case SCAN_RESETS:
		drop(p, p->vice == SCAN_RESETS);
		break;
	case SCAN_HTTP:
		say(p, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", 47);
		say(p, page, sizeof page);
		p->closing = true;
		break;
	case SCAN_OVERSIZE:
		say_oversize(p);
		p->vice = SCAN_STALLS;
		break;
	case SCAN_STALLS:
		break;
	}
}

static bool hear(struct scan_peer *p)
{
	uint8_t data[4096];
	const ssize_t n = recv(p->fd, data, sizeof data, 0);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		server.resets += n < 0;
		drop(p, false);
		return true;
	}
	if (!p->asked && server.vice)
		p->vice = server.vice(&server, server.asked, (size_t)n);
	server.asked += !p->asked;
	server.bytes_in += (size_t)n;
	p->asked = true;
	assert_int_equal(BIO_write(SSL_get_rbio(p->ssl), data, (int)n), n);
	act(p);
	return true;
}

static bool speak(struct scan_peer *p)
{
	size_t n = p->len - p->sent;
	ssize_t sent;

	if (server.portion && n > server.portion)
		n = server.portion;
	if (!n) {
		if (p->closing)
			drop(p, false);
		return p->closing && p->fd < 0;
	}
	sent = send(p->fd, p->out + p->sent, n, MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN)
		return false;
	if (sent < 0) {
		server.resets++;
		drop(p, false);
		return true;
	}
	p->sent += (size_t)sent;
	server.bytes_out += (size_t)sent;
	if (p->sent == p->len)
		p->sent = p->len = 0;
	return true;
}

/* That it came last says nothing of one that hangs up: whoever that is, is let go. */
static bool listens_to(const struct scan_peer *p)
{
	char c;

	for (const struct scan_peer *o = server.peers; server.newest_first && o < server.peers + SCAN_PEERS; o++) {
		if (o->fd >= 0 && o->number > p->number)
			return recv(p->fd, &c, 1, MSG_PEEK) == 0;
	}
	return true;
}

bool scan_serve(void)
{
	bool busy = server.listener >= 0 && take_connection();

	for (struct scan_peer *p = server.peers; p < server.peers + SCAN_PEERS; p++) {
		if (p->fd >= 0 && listens_to(p))
			busy |= hear(p);
		if (p->fd >= 0)
			busy |= speak(p);
		if (p->fd >= 0 && server.keeps_none_idle && !p->asked && p->turns++ > 1) {
			drop(p, false);
			busy = true;
		}
	}
	return busy;
}

/* ---- scans ---- */

int scan_finish(struct slu_scan *s)
{
	int r = 0;

	for (unsigned jumps = 0; jumps < 2000;) {
		struct pollfd p = {.fd = slu_scan_fd(s), .events = POLLIN};
		bool busy;

		r = slu_scan_step(s, scan_now);
		if (r)
			break;
		busy = scan_serve();
		if (busy || poll(&p, 1, 0) > 0)
			continue;
		/* What is on its way over loopback is there long before. */
		if (poll(&p, 1, 50) > 0 || scan_serve())
			continue;
		assert_true(slu_scan_deadline(s) != UINT64_MAX);
		assert_true(slu_scan_deadline(s) > scan_now);
		scan_now = slu_scan_deadline(s);
		jumps++;
	}
	assert_int_not_equal(r, 0);
	while (scan_serve())
		continue;
	return r;
}

struct slu_scan *scan_run(const struct slu_scan_config *config)
{
	char error[512] = "";
	struct slu_scan *s = slu_scan_new(config, "127.0.0.1", server.port, scan_now, error, sizeof error);

	assert_string_equal(error, "");
	assert_non_null(s);
	assert_int_equal(scan_finish(s), 1);
	return s;
}
