/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/tls_ctx.h"
#include "tls_kit.h"

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

static struct slu_tls_config server(void)
{
	return (struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key};
}

static void refused(const struct slu_tls_config *c, const char *part)
{
	char error[600], small[12];

	assert_null(slu_tls_ctx_new(c, error, sizeof error));
	has(error, part);
	assert_null(slu_tls_ctx_new(c, small, sizeof small));
	assert_int_equal(strlen(small), sizeof small - 1);
}

static char *path(const char *name)
{
	static char p[200];

	snprintf(p, sizeof p, "%s/%s", kit_folder(), name);
	return p;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void says_which_file_is_wrong(void **state)
{
	struct slu_tls_config c = server();
	struct kit_cert other;

	(void)state;
	c.cert_file = NULL;
	refused(&c, "a TLS server needs a certificate and its key");
	c.cert_file = path("absent.pem");
	refused(&c, "absent.pem: No such file or directory");
	c.cert_file = kit_server.cert;
	c.key_file = path("absent.key");
	refused(&c, "cannot read the key");
	write_file("text.pem", "not a certificate\n");
	c.key_file = path("text.pem");
	refused(&c, "holds no private key that OpenSSL can read");
	c.cert_file = path("text.pem");
	c.key_file = kit_server.key;
	refused(&c, "holds no certificate that OpenSSL can use");
	kit_make(&other, "other", &(struct kit_request){.cn = "x"});
	c.cert_file = kit_server.cert;
	c.key_file = other.key;
	refused(&c, "does not belong to the certificate");
	kit_free(&other);
	c = (struct slu_tls_config){.key_file = kit_server.key};
	refused(&c, "a client key needs its certificate too");
	c = (struct slu_tls_config){.ca_file = path("absent.pem")};
	refused(&c, "cannot read the CA file");
	c.ca_file = path("text.pem");
	refused(&c, "holds no certificate that OpenSSL can read");
	c = (struct slu_tls_config){.keylog_file = "/nonexistent/keys"};
	refused(&c, "cannot open the TLS key log /nonexistent/keys: No such file");
}

/* test_offload.c has the rest, where there are providers. */
static void offloads_from_openssl_3_on(void **state)
{
	struct slu_tls_config c = {.offload = "devcrypto"};

	(void)state;
#if OPENSSL_VERSION_NUMBER < 0x30000000L
	refused(&c, "the TLS offload 'devcrypto' needs OpenSSL 3.0 or newer");
	refused(&c, "use engine:devcrypto");
	c.offload = "off";
#endif
	slu_tls_ctx_free(kit_ctx(&c));
}

/* test_engine.c has the rest, where there are engines. */
static void has_engines_before_openssl_4(void **state)
{
	struct slu_tls_config c = {.offload = "engine:none-such"};

	(void)state;
#if OPENSSL_VERSION_NUMBER < 0x40000000L && !defined(OPENSSL_NO_ENGINE)
	refused(&c, "OpenSSL has no engine 'none-such' (");
#else
	refused(&c, "the TLS offload 'engine:none-such' cannot be had, for " OPENSSL_VERSION_TEXT " has no engines");
	refused(&c, ": use devcrypto, the provider over /dev/crypto");
#endif
}

static void asks_for_no_passphrase(void **state)
{
	struct slu_tls_config c = server();
	FILE *f = fopen(path("locked.key"), "w");
	char passphrase[] = "secret"; /* OpenSSL 1.1.1 wants it writable */

	(void)state;
	assert_non_null(f);
	assert_int_equal(PEM_write_PKCS8PrivateKey(f, kit_server.pkey, EVP_aes_128_cbc(), passphrase, 6, NULL, NULL),
			 1);
	fclose(f);
	c.key_file = path("locked.key");
	refused(&c, "is encrypted, and there is nobody to ask for its passphrase");
}

/* "" is what a command line gives for "none". */
static void empty_strings_are_defaults(void **state)
{
	struct slu_tls_config c = {.ca_file = kit_ca.cert,
				   .ca_path = "",
				   .pin = "",
				   .server_name = "",
				   .cert_file = "",
				   .key_file = "",
				   .cipher_list = "",
				   .ciphersuites = "",
				   .groups = "",
				   .keylog_file = ""};
	struct slu_tls_config sc = server();
	struct slu_tls_ctx *client = kit_ctx(&c), *s = kit_ctx(&sc);
	struct kit_pair p;

	(void)state;
	kit_opened(&p, client, s, "live.example");
	kit_pair_clear(&p);
	slu_tls_ctx_free(client);
	slu_tls_ctx_free(s);
	slu_tls_ctx_free(NULL);
}

static size_t file_size(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? (size_t)st.st_size : 0;
}

static void logs_keys_only_when_asked(void **state)
{
	char log[200], text[4096] = "";
	struct slu_tls_config c = {.ca_file = kit_ca.cert}, sc = server();
	struct slu_tls_ctx *client, *s = kit_ctx(&sc);
	struct kit_pair p;
	struct stat st;
	size_t once;
	FILE *f;

	(void)state;
	snprintf(log, sizeof log, "%s", path("keys.log"));
	setenv("SSLKEYLOGFILE", log, 1);
	client = kit_ctx(&c);
	kit_opened(&p, client, s, "live.example");
	kit_pair_clear(&p);
	slu_tls_ctx_free(client);
	assert_int_equal(access(log, F_OK), -1);
	assert_null(SSL_CTX_get_keylog_callback(s->ssl));
	unsetenv("SSLKEYLOGFILE");
	c.keylog_file = log;
	client = kit_ctx(&c);
	kit_opened(&p, client, s, "live.example");
	kit_pair_clear(&p);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	once = file_size(log);
	kit_opened(&p, client, s, "live.example");
	kit_pair_clear(&p);
	assert_true(file_size(log) > once + once / 2);
	f = fopen(log, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof text - 1, f) > 100);
	fclose(f);
	has(text, "CLIENT_TRAFFIC_SECRET_0 ");
	has(text, "\nSERVER_TRAFFIC_SECRET_0 ");
	slu_tls_ctx_free(client);
	slu_tls_ctx_free(s);
}

static void count_warnings(void *arg, enum slu_log_level level, const char *line)
{
	int *n = arg;

	if (level == SLU_LOG_WARN && strstr(line, "live.example is not verified (insecure)"))
		++*n;
}

static void insecure_is_said_each_time(void **state)
{
	int n = 0;
	struct slu_tls_config c = {.insecure = true, .log = {.fn = count_warnings, .arg = &n, .level = SLU_LOG_WARN}};
	struct slu_tls_config sc = server();
	struct slu_tls_ctx *client, *s = kit_ctx(&sc);
	struct kit_pair p;

	(void)state;
	client = kit_ctx(&c);
	for (int i = 1; i <= 3; i++) {
		kit_opened(&p, client, s, "live.example");
		kit_carry(p.s, p.c, "x", 1);
		kit_pair_clear(&p);
		assert_int_equal(n, i);
	}
	slu_tls_ctx_free(client);
	slu_tls_ctx_free(s);
}

static void copy_file(const char *from, const char *to)
{
	char command[600];

	snprintf(command, sizeof command, "cp %s %s", from, to);
	assert_int_equal(system(command), 0);
}

static void reloads(void **state)
{
	char cert[200], key[200], error[600];
	struct slu_tls_config sc = {.server = true, .cert_file = cert, .key_file = key};
	struct slu_tls_ctx *first, *second, *s;
	struct kit_cert fresh;
	struct kit_pair old, p;

	(void)state;
	kit_make(&fresh, "renewed", &(struct kit_request){.cn = "x", .san = "DNS:live.example", .issuer = &kit_ca});
	snprintf(cert, sizeof cert, "%s", path("now.pem"));
	snprintf(key, sizeof key, "%s", path("now.key"));
	copy_file(kit_server.cert, cert);
	copy_file(kit_server.key, key);
	s = kit_ctx(&sc);
	first = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert, .pin = kit_server.pin});
	second = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert, .pin = fresh.pin});
	kit_opened(&old, first, s, "live.example");
	/* Half replaced: the old ones stay. */
	copy_file(fresh.cert, cert);
	assert_int_equal(slu_tls_reload(s, error, sizeof error), SLU_ERR_CERTIFICATE);
	has(error, "does not belong to the certificate");
	kit_opened(&p, first, s, "live.example");
	kit_pair_clear(&p);
	copy_file(fresh.key, key);
	assert_int_equal(slu_tls_reload(s, error, sizeof error), 0);
	kit_opened(&p, second, s, "live.example");
	kit_pair_clear(&p);
	kit_carry(old.c, old.s, "still here", 10);
	kit_pair_clear(&old);
	slu_tls_ctx_free(first);
	slu_tls_ctx_free(second);
	slu_tls_ctx_free(s);
	kit_free(&fresh);
}

static void lives_as_long_as_its_connections(void **state)
{
	struct slu_tls_config sc = server();
	struct slu_tls_ctx *c = kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert}), *s = kit_ctx(&sc);
	struct kit_pair p;

	(void)state;
	kit_pair_init(&p, c, s, "live.example");
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
	kit_handshake(&p);
	assert_int_equal(p.cr, 1);
	kit_carry(p.c, p.s, "x", 1);
	kit_pair_clear(&p);
}

struct shared {
	struct slu_tls_ctx *c, *s;
};

static void *connect_often(void *arg)
{
	const struct shared *sh = arg;
	struct kit_pair p;

	for (int i = 0; i < 20; i++) {
		kit_pair_init(&p, sh->c, sh->s, "live.example");
		kit_handshake(&p);
		if (p.cr != 1 || p.sr != 1)
			return (void *)(uintptr_t) "handshake failed";
		kit_carry(p.s, p.c, "ticket", 6);
		kit_pair_clear(&p);
	}
	return NULL;
}

static void serves_threads(void **state)
{
	struct slu_tls_config sc = server();
	struct shared sh = {kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert}), kit_ctx(&sc)};
	pthread_t t[4];
	char error[600];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, connect_often, &sh), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(slu_tls_reload(sh.s, error, sizeof error), 0);
		assert_int_equal(slu_tls_reload(sh.c, error, sizeof error), 0);
	}
	for (int i = 0; i < 4; i++) {
		void *r;

		pthread_join(t[i], &r);
		assert_null(r);
	}
	slu_tls_ctx_free(sh.c);
	slu_tls_ctx_free(sh.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_file_is_wrong),         cmocka_unit_test(asks_for_no_passphrase),
		cmocka_unit_test(empty_strings_are_defaults),       cmocka_unit_test(logs_keys_only_when_asked),
		cmocka_unit_test(insecure_is_said_each_time),       cmocka_unit_test(reloads),
		cmocka_unit_test(lives_as_long_as_its_connections), cmocka_unit_test(serves_threads),
		cmocka_unit_test(offloads_from_openssl_3_on),       cmocka_unit_test(has_engines_before_openssl_4),
	};

	return cmocka_run_group_tests_name("tls_ctx", tests, kit_setup, kit_teardown);
}
