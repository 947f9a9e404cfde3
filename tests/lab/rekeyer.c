/* SPDX-License-Identifier: MIT */
/*
 * A TLS 1.3 server in front of a plain one, which asks its client for new keys: rekeyer CERTIFICATE KEY PORT BYTES.
 * Passes one connection after the other on to PORT of this machine, and asks, twice, each time that BYTES more have
 * come from the client. Prints the port that it listens on, and at the end of each connection how the client behaved:
 * "asked N, answered N, BYTES bytes, END", where END is orderly (a close_notify) or why not.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct front {
	SSL *ssl;
	int client, server;
	unsigned long every, bytes, asked, answered;
	const char *end; /* how the client ended; NULL: it has not */
};

static void die(const char *what)
{
	fprintf(stderr, "rekeyer: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void see(int sent, int version, int type, const void *data, size_t n, SSL *ssl, void *arg)
{
	struct front *f = arg;

	(void)version;
	(void)ssl;
	if (!sent && type == SSL3_RT_HANDSHAKE && n && *(const unsigned char *)data == SSL3_MT_KEY_UPDATE)
		f->answered++;
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_here(void)
{
	struct sockaddr_in at = loopback(0);
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0), little = 64 << 10;

	/* So that little is under way when it asks, and what is can be read in time once the client has ended. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	if (bind(fd, (struct sockaddr *)&at, n) || listen(fd, 1) || getsockname(fd, (struct sockaddr *)&at, &n))
		die("cannot listen");
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static int connect_to(int port)
{
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at))
		die("cannot connect");
	return fd;
}

static void begin_tls(struct front *f, const char *certificate, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		die("cannot use the certificate");
	f->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	SSL_set_msg_callback(f->ssl, see);
	SSL_set_msg_callback_arg(f->ssl, f);
	SSL_set_fd(f->ssl, f->client);
	if (SSL_accept(f->ssl) != 1)
		die("the handshake failed");
}

/* Both requests are to arrive as one piece. */
static void cork(int fd, int on)
{
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

static void ask(struct front *f)
{
	if (2 * (f->bytes / f->every) <= f->asked)
		return;
	cork(f->client, 1);
	for (int i = 0; i < 2; i++)
		if (SSL_key_update(f->ssl, SSL_KEY_UPDATE_REQUESTED) != 1 || SSL_do_handshake(f->ssl) != 1)
			f->end = "cannot ask";
	cork(f->client, 0);
	f->asked += 2;
}

static void from_client(struct front *f)
{
	char buf[16384];
	int n = SSL_read(f->ssl, buf, sizeof buf);

	if (n <= 0) {
		f->end = SSL_get_error(f->ssl, n) == SSL_ERROR_ZERO_RETURN ? "orderly" : "cut";
		return;
	}
	f->bytes += (unsigned long)n;
	if (write(f->server, buf, (size_t)n) != n)
		f->end = "the server went first";
	else
		ask(f);
}

/* False: no more comes from there. A client that takes nothing more may still have said why. */
static bool from_server(struct front *f)
{
	char buf[16384];
	ssize_t n = read(f->server, buf, sizeof buf);

	return n > 0 && SSL_write(f->ssl, buf, (int)n) == n;
}

static void pass(struct front *f)
{
	struct pollfd fds[] = {{.fd = f->client, .events = POLLIN}, {.fd = f->server, .events = POLLIN}};

	while (!f->end) {
		if (!SSL_pending(f->ssl) && poll(fds, 2, 20000) <= 0)
			die("nothing happens any more");
		if (SSL_pending(f->ssl) || fds[0].revents)
			from_client(f);
		if (!f->end && fds[1].revents && !from_server(f)) {
			fds[1].fd = -1;
			SSL_shutdown(f->ssl);
		}
		fds[0].revents = fds[1].revents = 0;
	}
}

static void serve(int listener, char **argv)
{
	struct front f = {.every = strtoul(argv[4], NULL, 10)};

	f.client = accept(listener, NULL, NULL);
	f.server = connect_to(atoi(argv[3]));
	begin_tls(&f, argv[1], argv[2]);
	pass(&f);
	printf("asked %lu, answered %lu, %lu bytes, %s\n", f.asked, f.answered, f.bytes, f.end);
	fflush(stdout);
	SSL_free(f.ssl);
	close(f.server);
	close(f.client);
}

int main(int argc, char **argv)
{
	int listener;

	if (argc != 5)
		die("CERTIFICATE KEY PORT BYTES");
	signal(SIGPIPE, SIG_IGN);
	listener = listen_here();
	for (;;)
		serve(listener, argv);
}
