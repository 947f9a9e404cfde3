/* SPDX-License-Identifier: MIT */
#include "net/ktls_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/tls.h and linux/tcp.h, whose age is that of the headers that are installed: the ABI is the same everywhere. */
enum { TCP_UPPER_LAYER = 31, TLS_LEVEL = 282, TLS_SENDS = 1, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304, INFO_MOST = 56 };
enum { BUFFER = 1 << 18, SALT = 4, NONCE = 8, SEQUENCE = 8 };

/* tls12_crypto_info_*, whose members follow one another without gaps, in the order: nonce, key, salt, sequence. */
static const struct {
	uint16_t id;
	size_t key, salt; /* bytes; the nonce is the rest of the IV */
} ciphers[SLU_KTLS_CIPHERS] = {
	[SLU_KTLS_AES_128_GCM] = {51, 16, SALT},
	[SLU_KTLS_AES_256_GCM] = {52, 32, SALT},
	[SLU_KTLS_CHACHA20_POLY1305] = {54, 32, 0},
	[SLU_KTLS_AES_128_CCM] = {53, 16, SALT},
};

static size_t put(uint8_t *to, size_t at, const uint8_t *from, size_t n)
{
	memcpy(to + at, from, n);
	return at + n;
}

static int set_keys(int fd, const struct slu_ktls_keys *k)
{
	const size_t salt = ciphers[k->cipher].salt;
	struct {
		uint16_t version, cipher;
		uint8_t rest[INFO_MOST - 4];
	} info = {.version = k->tls13 ? TLS_1_3 : TLS_1_2, .cipher = ciphers[k->cipher].id};
	size_t n = put(info.rest, 0, k->iv + salt, sizeof k->iv - salt);
	int r;

	n = put(info.rest, n, k->key, ciphers[k->cipher].key);
	n = put(info.rest, n, k->iv, salt);
	n = put(info.rest, n, k->sequence, SEQUENCE);
	r = setsockopt(fd, TLS_LEVEL, TLS_SENDS, &info, (socklen_t)(offsetof(__typeof__(info), rest) + n));
	explicit_bzero(&info, sizeof info);
	return r ? -errno : 0;
}

/* ---- the connection ---- */

static int make_socket(void)
{
	const int buffer = BUFFER;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* As much as the kernel lets; it is no failure when that is less. */
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	}
	return fd;
}

/* ends[0] is connected, through listener, to ends[1]. */
static bool join(int listener, int ends[2])
{
	const struct linger at_once = {.l_onoff = 1}; /* a thousand of these must not use up the ports */
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;

	if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(ends[0], (struct sockaddr *)&address, length))
		return false;
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return ends[1] >= 0 && setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0;
}

static void close_ends(void *user, const int ends[2])
{
	(void)user;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

static int open_plain(int ends[2])
{
	const int listener = make_socket(), yes = 1;
	int error = 0;

	ends[0] = make_socket();
	ends[1] = -1;
	if (listener < 0 || ends[0] < 0 || !join(listener, ends) ||
	    setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes))
		error = -errno;
	if (listener >= 0)
		close(listener);
	if (error)
		close_ends(NULL, ends);
	return error;
}

int slu_ktls_attach(int fd)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_UPPER_LAYER, "tls", sizeof "tls") ? -errno : 0;
}

static int open_link(void *user, const struct slu_ktls_keys *keys, int ends[2])
{
	int error = open_plain(ends);

	if (error || !keys)
		return error;
	error = slu_ktls_attach(ends[0]);
	if (!error)
		error = set_keys(ends[0], keys);
	if (error)
		close_ends(user, ends);
	return error;
}

/* ---- what goes over it ---- */

static int rekey(void *user, int end, const struct slu_ktls_keys *keys)
{
	(void)user;
	return set_keys(end, keys);
}

static ssize_t send_pieces(void *user, int end, const struct iovec *iov, size_t n, bool more)
{
	const uint16_t pieces = (uint16_t)n; /* fits msg_iovlen, which is an int in one libc and a size_t in another */
	const struct msghdr message = {.msg_iov = (struct iovec *)iov, .msg_iovlen = pieces};
	ssize_t sent;

	(void)user;
	do {
		sent = sendmsg(end, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

static ssize_t send_file(void *user, int end, int file, off_t at, size_t n)
{
	ssize_t sent;

	(void)user;
	do {
		sent = sendfile(end, file, &at, n);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

const struct slu_ktls_layer slu_ktls_linux = {
	.open = open_link,
	.rekey = rekey,
	.send = send_pieces,
	.send_file = send_file,
	.close = close_ends,
};
