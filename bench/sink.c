/* SPDX-License-Identifier: MIT */
/*
 * The sink of all publishers and floors alike: the same reads of 64 KiB, the same nothing done with them.
 *
 *     sink plain            sink tls CERT-FILE KEY-FILE [discard]
 *
 * Listens on 127.0.0.1, prints the port, and serves one connection after the other. What begins with RTMP's version
 * byte is answered by a session until its publish request has been accepted; from there on, as everything from the
 * first byte on where another one comes first, bytes are read and forgotten. With discard they are not even decrypted
 * from there on: then what the sink does is alike with TLS and without.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <sluice/session.h>

enum { RTMP_VERSION = 3, ALERT = 21 };

static unsigned char block[65536];

struct peer {
	int fd;
	SSL *ssl;
	bool discard;
	unsigned char header[5]; /* of the record that is passing by: RFC 8446, section 5.1 */
	size_t nheader, body;    /* bytes of it so far, and of the record that are to come */
};

static long take(struct peer *p)
{
	return p->ssl ? SSL_read(p->ssl, block, sizeof block) : read(p->fd, block, sizeof block);
}

static void answer(struct peer *p, struct slu_session *s)
{
	struct slu_vec v;

	while (slu_session_out(s, &v, 1) == 1) {
		long n = p->ssl ? SSL_write(p->ssl, v.data, (int)v.size) : write(p->fd, v.data, v.size);

		if (n <= 0)
			return;
		slu_session_sent(s, (size_t)n);
	}
}

/* Whether the n bytes of block, which go by undecrypted, have the begin of an alert: the end, to which some want an
 * answer. TLS 1.3 has alerts look like data, but nobody waits there. */
static bool alerted(struct peer *p, long n)
{
	for (long at = 0; at < n;) {
		const size_t skip = p->body < (size_t)(n - at) ? p->body : (size_t)(n - at);

		at += (long)skip;
		p->body -= skip;
		if (at == n)
			break;
		p->header[p->nheader++] = block[at++];
		if (p->nheader < sizeof p->header)
			continue;
		if (p->header[0] == ALERT)
			return true;
		p->body = (size_t)p->header[3] << 8 | p->header[4];
		p->nheader = 0;
	}
	return false;
}

/* Feeds n bytes of block; true once publish has been accepted or all is lost. */
static bool feed(struct slu_session *s, long n)
{
	struct slu_event ev;
	bool over = false;

	for (long at = 0, used = 1; at < n && !over; at += used) {
		used = slu_session_in(s, block + at, (size_t)(n - at));
		if (used < 0)
			return true;
		while (slu_session_event(s, &ev)) {
			if (ev.type == SLU_EVENT_CONNECT || ev.type == SLU_EVENT_PUBLISH)
				slu_session_accept(s);
			over = over || ev.type == SLU_EVENT_PUBLISH;
		}
	}
	return over;
}

static void serve(struct peer *p)
{
	struct slu_session_config config = {.role = SLU_SERVER};
	struct slu_session *s = slu_session_new(&config);
	long n = take(p);
	bool over = !s || n <= 0 || block[0] != RTMP_VERSION;

	while (!over && n > 0) {
		over = feed(s, n);
		answer(p, s);
		if (!over)
			n = take(p);
	}
	slu_session_free(s);
	while (n > 0 && !p->discard)
		n = take(p);
	while (n > 0) {
		n = read(p->fd, block, sizeof block);
		if (alerted(p, n))
			return;
	}
}

static int listen_on_loopback(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

static SSL_CTX *context(const char *cert, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return NULL;
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

int main(int argc, char **argv)
{
	struct peer p = {.fd = -1, .discard = argc == 5 && !strcmp(argv[4], "discard")};
	const bool tls = (argc == 4 || p.discard) && !strcmp(argv[1], "tls");
	SSL_CTX *ctx = NULL;
	int listener;

	if (!tls && !(argc == 2 && !strcmp(argv[1], "plain"))) {
		fprintf(stderr, "usage: sink plain | sink tls CERT-FILE KEY-FILE [discard]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (tls && !(ctx = context(argv[2], argv[3]))) {
		fprintf(stderr, "sink: cannot use %s and %s\n", argv[2], argv[3]);
		return 1;
	}
	listener = listen_on_loopback();
	while (listener >= 0 && (p.fd = accept(listener, NULL, NULL)) >= 0) {
		p.ssl = ctx ? SSL_new(ctx) : NULL;
		p.nheader = p.body = 0;
		if (!ctx || (p.ssl && SSL_set_fd(p.ssl, p.fd) == 1 && SSL_accept(p.ssl) == 1))
			serve(&p);
		if (p.ssl)
			SSL_shutdown(p.ssl);
		SSL_free(p.ssl);
		close(p.fd);
	}
	perror("sink");
	return 1;
}
