/* SPDX-License-Identifier: MIT */
#include "net/tls_ktls.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/log.h"
#include "net/tls.h"
#include "net/ktls_probe.h"

#ifndef TCP_ULP /* musl */
#define TCP_ULP 31
#endif

/* ---- can both change keys? ---- */

/* OpenSSL 3.0 makes new keys and does not tell the kernel (tls13_update_key() in ssl/tls13_enc.c), so that the other
 * end can read nothing any more. From 3.5 on, the oldest of the later ones that was read, it does. */
static bool openssl_rekeys(void)
{
	return OpenSSL_version_num() >= 0x30500000L;
}

bool slu_tls_gives_keys(bool tls13)
{
#ifdef OPENSSL_NO_KTLS
	return false;
#endif
	return !tls13 || openssl_rekeys();
}

enum { ALERT = 2 }; /* bytes, RFC 8446, 6 */

/* ---- the BIO that libssl writes to ---- */

static bool for_software(const struct slu_tls_ktls *k)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(k->peer->ssl);

	return c && !slu_offload_ktls_serves(&k->peer->ctx->offload, SSL_CIPHER_get_cipher_nid(c));
}

/* TLS 1.3 lets the other end ask for new keys at any time (RFC 8446, 4.6.3). */
static bool withheld(const struct slu_tls_ktls *k)
{
	return SSL_version(k->peer->ssl) >= TLS1_3_VERSION && !k->rekeys && !k->peer->ctx->offload.ktls.any_tls13;
}

/* The socket BIO's calls know no MSG_NOSIGNAL, and a library must not end its application. */
static int write_without_signal(BIO *socket, const char *data, int n)
{
	sigset_t pipe, before, waiting;
	int written, e;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&waiting);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	written = BIO_write(socket, data, n);
	e = errno;
	if (written < 0 && e == EPIPE && !sigismember(&waiting, SIGPIPE))
		sigtimedwait(&pipe, NULL, &(struct timespec){0});
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return written;
}

/* A record that is no data. libssl has told the socket BIO its type. */
static int write_control(BIO *bio, struct slu_tls_ktls *k, const char *data, int len)
{
	int n;

	k->writes++;
	n = write_without_signal(k->socket, data, len);
	k->refused = 0;
	if (n > 0) {
		k->records++;
		k->bytes += (size_t)n;
	} else if (BIO_should_retry(k->socket)) {
		k->refused = (size_t)len;
		BIO_set_retry_write(bio);
	} else {
		/* As in the collector: a writing side that failed must not keep libssl from reading why. */
		k->collector->out_err = SLU_ERR_RESET;
		n = len;
	}
	return n;
}

/* libssl answers a request for new keys by itself when it reads another one behind it. Where the kernel's key is for
 * good it must not come so far: the other end would go on with a key that the kernel has not. libssl goes on, to read.
 */
static bool swallowed(struct slu_tls_ktls *k, const char *data, int len)
{
	if (k->decided && !k->rekeys && len > ALERT && *data == SSL3_MT_KEY_UPDATE)
		k->used_up = true;
	return k->used_up && len > ALERT;
}

static int ktls_write(BIO *bio, const char *data, int len)
{
	struct slu_tls_ktls *k = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (!slu_tls_ktls_on(k))
		return slu_tls_bio_write(k->collector, data, len);
	if (k->collector->out_err || swallowed(k, data, len))
		return len;
	return write_control(bio, k, data, len);
}

/* libssl flushes before it offers keys: what is encrypted already must be with the kernel by then. Like the collector
 * this never fails, for a handshake that is held up here does not go on; without room there, the kernel gets no keys.
 */
static long flush(struct slu_tls_ktls *k)
{
	if (!slu_tls_ktls_on(k) && slu_tls_bio_flush(k->collector) == 0)
		k->full = true;
	return 1;
}

static bool open_to_offers(const struct slu_tls_ktls *k)
{
	return !k->decided && !withheld(k) && !for_software(k) && slu_tls_bio_pending(k->collector) == 0;
}

static long ktls_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	struct slu_tls_ktls *k = BIO_get_data(bio);
	long r;

	if (cmd == BIO_CTRL_FLUSH)
		return flush(k);
	/* The rest is between libssl and the socket, as with any BIO that stands in front of another. */
	if (!slu_tls_ktls_on(k) && !open_to_offers(k))
		return 0;
	if (k->used_up && ptr) /* the next keys */
		return 1;
	errno = 0;
	r = BIO_ctrl(k->socket, cmd, num, ptr);
	if (r <= 0 && errno)
		k->refusal = errno;
	return r;
}

static BIO *make_bio(struct slu_tls_ktls *k)
{
	BIO *bio;

	k->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sluice-ktls");
	if (!k->method)
		return NULL;
	BIO_meth_set_write(k->method, ktls_write);
	BIO_meth_set_ctrl(k->method, ktls_ctrl);
	bio = BIO_new(k->method);
	if (!bio)
		return NULL;
	BIO_set_data(bio, k);
	BIO_set_init(bio, 1);
	return bio;
}

/* libssl 3.5 and 4.0 offer the kernel what to read with, too, and when that is turned down they lose what they have
 * read ahead (ssl_set_new_record_layer() in ssl/record/rec_layer_s3.c takes the second try for the first). So it reads
 * nothing ahead while it offers, and stops offering once the handshake is done: the side that the kernel has stays
 * there. */
static void offer(SSL *ssl, bool now)
{
	SSL_set_read_ahead(ssl, !now);
	if (now)
		SSL_set_options(ssl, SSL_OP_ENABLE_KTLS);
	else
		SSL_clear_options(ssl, SSL_OP_ENABLE_KTLS);
}

void slu_tls_ktls_begin(struct slu_tls_ktls *k, struct slu_tls_peer *peer, struct slu_tls_bio *collector)
{
	const struct slu_transport *inner = collector->inner;
	int fd;
	BIO *bio;

	memset(k, 0, sizeof *k);
	k->peer = peer;
	k->collector = collector;
	if (!peer->ctx->offload.ktls.on)
		return;
	fd = inner->ops->socket ? inner->ops->socket(inner) : -1;
	/* The socket stays as it is until it has keys. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls") != 0) {
		k->refusal = errno;
		return;
	}
	k->rekeys = slu_ktls_rekeys() && openssl_rekeys();
	bio = make_bio(k);
	k->socket = BIO_new_socket(fd, BIO_NOCLOSE);
	if (!bio || !k->socket) {
		BIO_free(bio);
		BIO_free(k->socket);
		k->socket = NULL;
		k->refusal = ENOMEM;
		return;
	}
	SSL_set0_wbio(peer->ssl, bio);
	offer(peer->ssl, true);
}

bool slu_tls_ktls_on(const struct slu_tls_ktls *k)
{
	return k->socket && BIO_get_ktls_send(k->socket);
}

void slu_tls_ktls_end(struct slu_tls_ktls *k)
{
	BIO_free(k->socket);
	BIO_meth_free(k->method);
	k->socket = NULL;
	k->method = NULL;
}

/* ---- why not ---- */

/* The kernel's TLS has more (SM4, ARIA), which OpenSSL does not offer it. CCM with TLS 1.3 neither. */
static bool suite_possible(const SSL *ssl)
{
	int nid = SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl));

	return nid == NID_aes_128_gcm || nid == NID_aes_256_gcm || nid == NID_chacha20_poly1305 ||
	       (nid == NID_aes_128_ccm && SSL_version(ssl) == TLS1_2_VERSION);
}

static bool short_records(const SSL *ssl)
{
	const SSL_SESSION *session = SSL_get_session(ssl);

	return session && SSL_SESSION_get_max_fragment_length(session) != 0;
}

enum why {
	NO_SOCKET,
	NO_MODULE,
	NO_MEMORY,
	OLD_TLS,
	SUITE,
	DEARER,
	OPENSSL_REKEY,
	KERNEL_REKEY,
	FRAGMENT,
	FULL,
	REFUSED,
	NO_OFFER
};

#define ALL_THE_SAME                                                                                                   \
	"; ktls:tls13 takes the kernel all the same and ends the connection when that comes, and TLS 1.2 has no such " \
	"thing"

static const char *const sentences[] = {
	[NO_SOCKET] = "it does not go over a TCP socket of this process",
	[NO_MODULE] = "the kernel has no TLS (load its module with modprobe tls, or build it with CONFIG_TLS)",
	[NO_MEMORY] = "out of memory",
	[OLD_TLS] = "the kernel knows TLS 1.2 and 1.3 only",
	[SUITE] = "its TLS has no such suite, only those with AES-GCM and ChaCha20-Poly1305",
	[DEARER] = "for its suite that costs less on this device",
	[OPENSSL_REKEY] = "TLS 1.3 can change keys in mid-stream, and OpenSSL before 3.5 does not tell the "
			  "kernel" ALL_THE_SAME,
	[KERNEL_REKEY] =
		"TLS 1.3 can change keys in mid-stream, and this kernel cannot (Linux 6.14 is the first)" ALL_THE_SAME,
	[FRAGMENT] = "the client asked for short records, and the kernel makes full ones",
	[FULL] = "the socket did not take the handshake in time",
	[REFUSED] = "the kernel refused the keys, maybe for want of the module of the cipher",
	[NO_OFFER] = "this OpenSSL was built without kernel TLS (enable-ktls), or for kernels too old for the suite",
};

static enum why unarmed(const struct slu_tls_ktls *k)
{
	switch (k->refusal) {
	case ENOMEM:
		return NO_MEMORY;
	case ENOENT: /* of the module */
		return NO_MODULE;
	case ENOPROTOOPT: /* a kernel that knows of no such modules */
		return NO_MODULE;
	default:
		return NO_SOCKET;
	}
}

static enum why why_not(const struct slu_tls_ktls *k)
{
	const SSL *ssl = k->peer->ssl;

	if (!k->socket)
		return unarmed(k);
	if (SSL_version(ssl) < TLS1_2_VERSION)
		return OLD_TLS;
	if (!suite_possible(ssl))
		return SUITE;
	if (for_software(k))
		return DEARER;
	if (withheld(k))
		return openssl_rekeys() ? KERNEL_REKEY : OPENSSL_REKEY;
	if (short_records(ssl))
		return FRAGMENT;
	if (k->full)
		return FULL;
	return k->refusal ? REFUSED : NO_OFFER;
}

bool slu_tls_ktls_decide(struct slu_tls_ktls *k)
{
	struct slu_offload *o = &k->peer->ctx->offload;
	bool on = slu_tls_ktls_on(k);
	char who[256];
	enum why why;

	k->decided = true;
	if (!o->ktls.on)
		return false;
	offer(k->peer->ssl, false);
	slu_offload_ktls_count(o, on);
	if (on)
		return true;
	why = why_not(k);
	slu_log(o->log, why != DEARER && slu_offload_ktls_first(o, why) ? SLU_LOG_WARN : SLU_LOG_DEBUG,
		"what is sent to %s is encrypted by OpenSSL, not by the kernel: %s%s%s%s",
		slu_tls_peer_name(k->peer, who, sizeof who), sentences[why], k->refusal ? " (" : "",
		k->refusal ? strerror(k->refusal) : "", k->refusal ? ")" : "");
	return false;
}
