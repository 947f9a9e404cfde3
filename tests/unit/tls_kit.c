/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "tls_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

#include <openssl/evp.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/pins.h"
#include "crypto/x509.h"
#include "net/tls.h"

/* ---- certificates ---- */

static char folder[64];

const char *kit_folder(void)
{
	if (!folder[0]) {
		snprintf(folder, sizeof folder, "/tmp/sluice-test-XXXXXX");
		assert_non_null(mkdtemp(folder));
	}
	return folder;
}

void kit_remove(void)
{
	struct dirent *e;
	DIR *d = folder[0] ? opendir(folder) : NULL;
	char path[400];

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	if (folder[0])
		rmdir(folder);
	folder[0] = '\0';
}

static EVP_PKEY *make_key(bool rsa)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(rsa ? EVP_PKEY_RSA : EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	if (rsa)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	else
		assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void save(const struct kit_cert *c)
{
	FILE *f = fopen(c->cert, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, c->x509), 1);
	fclose(f);
	f = fopen(c->key, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, c->pkey, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

void kit_make(struct kit_cert *out, const char *name, const struct kit_request *r)
{
	static long serial = 1;
	EVP_PKEY *key = make_key(r->rsa);
	X509 *cert = X509_new(), *issuer = r->issuer ? r->issuer->x509 : cert;
	X509_NAME *subject = X509_NAME_new();
	uint8_t digest[SLU_PIN_SIZE];

	assert_int_equal(X509_set_version(cert, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++ * 1000 + (long)getpid());
	X509_gmtime_adj(X509_getm_notBefore(cert), r->from || r->to ? r->from : -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), r->from || r->to ? r->to : 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)r->cn, -1, -1, 0);
	assert_int_equal(X509_set_subject_name(cert, subject), 1);
	X509_NAME_free(subject);
	assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)), 1);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	extend(cert, issuer, NID_basic_constraints, r->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(cert, issuer, NID_subject_key_identifier, "hash");
	if (r->san)
		extend(cert, issuer, NID_subject_alt_name, r->san);
	assert_true(X509_sign(cert, r->issuer ? r->issuer->pkey : key, EVP_sha256()) > 0);
	assert_true(slu_x509_spki(cert, digest));
	slu_pin_format(out->pin, digest);
	snprintf(out->cert, sizeof out->cert, "%s/%s.pem", kit_folder(), name);
	snprintf(out->key, sizeof out->key, "%s/%s.key", kit_folder(), name);
	out->x509 = cert;
	out->pkey = key;
	save(out);
}

void kit_free(struct kit_cert *cert)
{
	X509_free(cert->x509);
	EVP_PKEY_free(cert->pkey);
	memset(cert, 0, sizeof *cert);
}

struct kit_cert kit_ca, kit_server;

int kit_setup(void **state)
{
	(void)state;
	kit_make(&kit_ca, "ca", &(struct kit_request){.cn = "Test CA", .ca = true});
	kit_make(&kit_server, "server",
		 &(struct kit_request){
			 .cn = "live.example", .san = "DNS:live.example,IP:127.0.0.1,IP:::1", .issuer = &kit_ca});
	return 0;
}

int kit_teardown(void **state)
{
	(void)state;
	kit_free(&kit_ca);
	kit_free(&kit_server);
	kit_remove();
	return 0;
}

struct slu_tls_ctx *kit_ctx(const struct slu_tls_config *config)
{
	char error[1024] = "";
	struct slu_tls_ctx *ctx = slu_tls_ctx_new(config, error, sizeof error);

	assert_string_equal(error, "");
	assert_non_null(ctx);
	return ctx;
}

/* ---- memory transports ---- */

static struct kit_mem *mem(const struct slu_transport *t)
{
	return (struct kit_mem *)(uintptr_t)t;
}

static int mem_open(struct slu_transport *t, uint64_t now_ms)
{
	assert_true(now_ms >= mem(t)->again_ms);
	if (mem(t)->delay)
		return mem(t)->delay-- == 0;
	return 1;
}

static int mem_again(struct slu_transport *t, uint64_t now_ms)
{
	struct kit_mem *m = mem(t);

	m->agains++;
	m->again_ms = now_ms;
	m->in.len = m->peer->in.len = 0;
	m->ended = m->peer->ended = m->lost = m->cut = false;
	return m->again_err;
}

static long mem_recv(struct slu_transport *t, void *buf, size_t n)
{
	struct kit_mem *m = mem(t);

	if (m->slow_ms)
		usleep(m->slow_ms * 1000);
	m->reads++;
	if (m->lost)
		return SLU_ERR_RESET;
	if (m->in.len == 0)
		return m->ended ? SLU_ERR_CLOSED : 0;
	if (n > m->in.len)
		n = m->in.len;
	if (m->read_max && n > m->read_max)
		n = m->read_max;
	memcpy(buf, m->in.data, n);
	slu_buf_consume(&m->in, n);
	m->wire_in += n;
	return (long)n;
}

static size_t room(const struct kit_mem *m)
{
	size_t max = m->write_max ? m->write_max : SIZE_MAX;
	size_t window = m->window ? m->window - (m->window < m->peer->in.len ? m->window : m->peer->in.len) : SIZE_MAX;

	return max < window ? max : window;
}

static long mem_send(struct slu_transport *t, const struct slu_vec *vec, size_t nvec)
{
	struct kit_mem *m = mem(t);
	size_t left = room(m), sent = 0;

	m->writes++;
	if (m->lost || m->cut)
		return SLU_ERR_RESET;
	for (size_t i = 0; i < nvec && left; i++) {
		size_t n = vec[i].size < left ? vec[i].size : left;

		assert_int_equal(slu_buf_append(&m->peer->in, vec[i].data, n), 0);
		if (m->tap)
			assert_int_equal(slu_buf_append(m->tap, vec[i].data, n), 0);
		left -= n;
		sent += n;
	}
	m->wire_out += sent;
	return (long)sent;
}

static int mem_flush(struct slu_transport *t)
{
	(void)t;
	return 1;
}

static size_t mem_none(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static int mem_shutdown(struct slu_transport *t)
{
	mem(t)->peer->ended = true;
	return 1;
}

static int mem_fd(const struct slu_transport *t)
{
	(void)t;
	return -1;
}

static int mem_socket(const struct slu_transport *t)
{
	return mem(t)->socket;
}

static unsigned mem_want(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static uint64_t mem_deadline(const struct slu_transport *t)
{
	(void)t;
	return UINT64_MAX;
}

static const char *mem_error(const struct slu_transport *t)
{
	return mem(t)->again_err ? "there is no second time" : mem(t)->lost ? "the connection was reset" : "";
}

static void mem_stats(const struct slu_transport *t, struct slu_transport_stats *out)
{
	memset(out, 0, sizeof *out);
	out->writes = mem(t)->writes;
	out->reads = mem(t)->reads;
	out->wire_in = mem(t)->wire_in;
	out->wire_out = mem(t)->wire_out;
	snprintf(out->peer, sizeof out->peer, "%s", mem(t)->name);
}

static void mem_free(struct slu_transport *t)
{
	mem(t)->freed = true;
}

static const struct slu_transport_ops mem_ops = {
	.open = mem_open,
	.again = mem_again,
	.recv = mem_recv,
	.send = mem_send,
	.flush = mem_flush,
	.pending = mem_none,
	.shutdown = mem_shutdown,
	.fd = mem_fd,
	.socket = mem_socket,
	.want = mem_want,
	.buffered = mem_none,
	.deadline = mem_deadline,
	.error = mem_error,
	.stats = mem_stats,
	.free = mem_free,
};

void kit_mem_pair(struct kit_mem *a, struct kit_mem *b)
{
	struct kit_mem *both[2] = {a, b};

	for (int i = 0; i < 2; i++) {
		memset(both[i], 0, sizeof *both[i]);
		both[i]->transport.ops = &mem_ops;
		both[i]->peer = both[!i];
		both[i]->name = "[::1]:443";
		both[i]->socket = -1;
		slu_buf_init(&both[i]->in, 64 << 20);
	}
}

void kit_mem_clear(struct kit_mem *m)
{
	slu_buf_clear(&m->in);
}

/* ---- pairs ---- */

void kit_pair_init(struct kit_pair *p, struct slu_tls_ctx *client, struct slu_tls_ctx *server, const char *host)
{
	memset(p, 0, sizeof *p);
	kit_mem_pair(&p->cm, &p->sm);
	p->c = slu_tls_over(client, &p->cm.transport, host, 1000000);
	p->s = slu_tls_over(server, &p->sm.transport, NULL, 1000000);
	assert_non_null(p->c);
	assert_non_null(p->s);
}

void kit_handshake(struct kit_pair *p)
{
	p->cr = p->sr = 0;
	for (int i = 0; i < 200000 && (p->cr == 0 || p->sr == 0); i++) {
		p->now++;
		p->cr = p->c->ops->open(p->c, p->now);
		p->sr = p->s->ops->open(p->s, p->now);
		p->c->ops->flush(p->c);
		p->s->ops->flush(p->s);
		if (p->cr < 0)
			p->sm.ended = true;
		if (p->sr < 0)
			p->cm.ended = true;
	}
}

void kit_opened(struct kit_pair *p, struct slu_tls_ctx *client, struct slu_tls_ctx *server, const char *host)
{
	kit_pair_init(p, client, server, host);
	kit_handshake(p);
	assert_string_equal(p->c->ops->error(p->c), "");
	assert_string_equal(p->s->ops->error(p->s), "");
	assert_int_equal(p->cr, 1);
	assert_int_equal(p->sr, 1);
}

void kit_refused(struct slu_tls_ctx *client, struct slu_tls_ctx *server, const char *host, int err, char *out,
		 size_t size)
{
	struct kit_pair p;

	kit_pair_init(&p, client, server, host);
	kit_handshake(&p);
	/* TLS 1.3 shows a client's certificate after the client is done: the refusal comes when it reads. */
	if (p.cr == 1)
		p.cr = (int)p.c->ops->recv(p.c, out, 1);
	assert_int_equal(p.cr, err);
	snprintf(out, size, "%s", p.c->ops->error(p.c));
	kit_pair_clear(&p);
	slu_tls_ctx_free(client);
	slu_tls_ctx_free(server);
}

void kit_pair_clear(struct kit_pair *p)
{
	p->c->ops->free(p->c);
	p->s->ops->free(p->s);
	assert_true(p->cm.freed && p->sm.freed);
	kit_mem_clear(&p->cm);
	kit_mem_clear(&p->sm);
}

void kit_carry(struct slu_transport *from, struct slu_transport *to, const void *data, size_t n)
{
	uint8_t *got = malloc(n + 1);
	size_t sent = 0, have = 0;

	assert_non_null(got);
	for (int i = 0; i < 1000000 && have < n; i++) {
		struct slu_vec vec = {(const uint8_t *)data + sent, n - sent};
		long r = sent < n ? from->ops->send(from, &vec, 1) : from->ops->flush(from);

		assert_true(r >= 0);
		if (sent < n)
			sent += (size_t)r;
		r = to->ops->recv(to, got + have, n + 1 - have);
		assert_true(r >= 0);
		have += (size_t)r;
	}
	assert_int_equal(have, n);
	assert_memory_equal(got, data, n);
	free(got);
}

size_t kit_records(const uint8_t *p, size_t n, unsigned type)
{
	size_t count = 0;

	while (n) {
		size_t record;

		assert_true(n >= 5);
		record = 5 + (size_t)(p[3] << 8 | p[4]);
		assert_true(record <= n);
		count += p[0] == type;
		p += record;
		n -= record;
	}
	return count;
}
