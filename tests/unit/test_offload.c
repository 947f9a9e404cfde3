/* SPDX-License-Identifier: MIT */
/* TLS contexts whose ciphers come from the provider, over a device in the same process. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/provider.h>

#include "crypto/tls_ctx.h"
#include "provider/kernel.h"
#include "tests/lab/device.h"
#include "tls_kit.h"

/* Stands in for Linux: what the provider opens when no test says otherwise. The linker puts it in the other's place. */
extern const struct slu_dc_kernel __real_slu_dc_kernel_linux;
struct slu_dc_kernel __wrap_slu_dc_kernel_linux;

#define EACH      "min_size=1024,check_first=0,check_every=0,deadline_ms=0"
#define NO_DEVICE "devcrypto:device=/nonexistent/crypto,min_size=1024"
#define CHUNK     ((size_t)64 * 1024)

static uint8_t payload[CHUNK];

struct lines {
	unsigned n;
	char last[SLU_LOG_LINE];
};

static void keep(void *arg, enum slu_log_level level, const char *line)
{
	struct lines *l = arg;

	assert_int_equal(level, SLU_LOG_WARN);
	l->n++;
	snprintf(l->last, sizeof l->last, "%s", line);
}

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

/* A client that offloads, and says so to lines. */
static struct slu_tls_ctx *client(const char *offload, struct lines *lines)
{
	return kit_ctx(&(struct slu_tls_config){.ca_file = kit_ca.cert,
						.offload = offload,
						.max_version = SLU_TLS_1_3,
						.ciphersuites = "TLS_AES_128_GCM_SHA256",
						.log = {.fn = keep, .arg = lines, .level = SLU_LOG_WARN}});
}

static struct slu_tls_ctx *server(void)
{
	return kit_ctx(
		&(struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key});
}

static struct lab_device *plug_in(void)
{
	struct lab_device *d = lab_device_new();

	assert_non_null(d);
	__wrap_slu_dc_kernel_linux = *lab_device_kernel(d);
	return d;
}

static uint64_t device_operations(struct lab_device *d)
{
	struct lab_counters c;

	lab_device_counters(d, &c);
	return c.crypt + c.authcrypt;
}

static void refused(const char *offload, const char *part)
{
	char error[600];

	assert_null(slu_tls_ctx_new(&(struct slu_tls_config){.offload = offload}, error, sizeof error));
	has(error, part);
}

static void says_what_it_does_not_know(void **state)
{
	char many[300] = "devcrypto:device=/";

	(void)state;
	refused("on", "unknown TLS offload 'on': it is auto, off, devcrypto[:name=value,...], ktls[:tls13] or engine");
	refused("ktls:tls12", "'tls12' is no setting of the TLS offload ktls");
	refused("off:devcrypto", "off has no settings");
	refused("devcryptos", "unknown TLS offload 'devcryptos'");
	refused("devcrypto:min_size", "setting 'min_size' lacks a value");
	refused("devcrypto:min_size=few", "min_size=few: give a whole number");
	refused("devcrypto:min_size=1024,speed=9", "speed is no setting of devcrypto");
	memset(many + strlen(many), 'x', 200);
	refused(many, "longer than");
}

static void is_off_by_default(void **state)
{
	static const char *const off[] = {NULL, "", "off"};
	struct slu_tls_offload_stats stats;
	struct lines lines = {0};

	(void)state;
	for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
		struct slu_tls_ctx *c = client(off[i], &lines);

		memset(&stats, 0xff, sizeof stats);
		slu_tls_offload(c, &stats);
		assert_false(stats.on);
		assert_int_equal(stats.operations, 0);
		assert_null(c->offload.library);
		slu_tls_ctx_free(c);
	}
}

/* One connection that carries the payload and says nothing of it. Returns what the device did. */
static uint64_t carry(struct slu_tls_ctx *c, struct lab_device *d)
{
	struct slu_tls_ctx *s = server();
	uint64_t before = d ? device_operations(d) : 0;
	struct kit_pair p;

	kit_opened(&p, c, s, "live.example");
	if (d)
		assert_int_equal(device_operations(d), before); /* none in a handshake */
	kit_carry(p.c, p.s, payload, sizeof payload);
	kit_carry(p.s, p.c, payload, 100);
	kit_pair_clear(&p);
	slu_tls_ctx_free(s);
	return d ? device_operations(d) - before : 0;
}

static void sends_records_through_the_device(void **state)
{
	struct lab_device *d = plug_in();
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("devcrypto:device=/dev/first," EACH, &lines);
	struct slu_tls_offload_stats stats;
	char error[600];

	(void)state;
	assert_int_equal(carry(c, d), CHUNK / 16384);
	slu_tls_offload(c, &stats);
	assert_true(stats.on);
	assert_false(stats.off);
	assert_int_equal(stats.operations, CHUNK / 16384);
	assert_true(stats.bytes >= CHUNK);
	assert_int_equal(stats.sessions, 1);
	assert_int_equal(stats.fallbacks + stats.checks + stats.mismatches + stats.abandoned, 0);
	has(stats.drivers, "AES-GCM: ");
	assert_int_equal(slu_tls_reload(c, error, sizeof error), 0);
	assert_int_equal(carry(c, d), CHUNK / 16384);
	assert_int_equal(lines.n, 0);
	slu_tls_ctx_free(c);
}

/* The application's own contexts do not find it. */
static void leaves_the_application_alone(void **state)
{
	struct lab_device *d = plug_in();
	struct lines lines = {0};
	struct slu_tls_ctx *on = client("devcrypto:device=/dev/alone," EACH, &lines), *off = client(NULL, &lines);

	(void)state;
	assert_int_equal(OSSL_PROVIDER_available(NULL, "devcrypto"), 0);
	assert_int_equal(carry(off, d), 0);
	assert_int_equal(carry(on, d), CHUNK / 16384);
	slu_tls_ctx_free(on);
	slu_tls_ctx_free(off);
}

static void shares_by_what_it_says(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *a = client("devcrypto:device=/dev/a", &lines),
			   *b = client("devcrypto:device=/dev/b", &lines);

	(void)state;
	assert_ptr_not_equal(a->offload.library, b->offload.library);
	for (int i = 0; i < 100; i++) {
		struct slu_tls_ctx *again = client("devcrypto:device=/dev/a", &lines);

		assert_ptr_equal(again->offload.library, a->offload.library);
		slu_tls_ctx_free(again);
	}
	slu_tls_ctx_free(a);
	slu_tls_ctx_free(b);
}

static void without_a_device_says_so_once(void **state)
{
	struct lines lines = {0}, other = {0}, gone = {0};
	struct slu_tls_offload_stats stats;
	struct slu_tls_ctx *c, *bystander;

	(void)state;
	__wrap_slu_dc_kernel_linux = __real_slu_dc_kernel_linux;
	c = client(NO_DEVICE, &lines);
	bystander = client(NO_DEVICE, &other);
	slu_tls_ctx_free(client(NO_DEVICE, &gone));
	for (int i = 0; i < 3; i++)
		carry(c, NULL);
	assert_int_equal(lines.n, 1);
	has(lines.last, "/nonexistent/crypto");
	assert_int_equal(other.n, 1);
	assert_int_equal(gone.n, 0);
	slu_tls_offload(c, &stats);
	assert_true(stats.on && stats.off);
	assert_int_equal(stats.operations, 0);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(bystander);
}

static void goes_on_after_wrong_bytes(void **state)
{
	struct lab_device *d = plug_in();
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("devcrypto:device=/dev/wrong,min_size=1024,deadline_ms=0", &lines);
	struct slu_tls_offload_stats stats;
	char error[200];

	(void)state;
	assert_int_equal(lab_device_fault(d, "flip", error, sizeof error), 0);
	assert_int_equal(carry(c, d), 1);
	assert_int_equal(carry(c, d), 0);
	slu_tls_offload(c, &stats);
	assert_true(stats.off);
	assert_int_equal(stats.mismatches, 1);
	assert_int_equal(lines.n, 1);
	slu_tls_ctx_free(c);
}

/* A wrong byte that nobody here saw: the other end refuses the record, and the next connection goes on in software. */
static void is_off_when_the_other_end_refuses(void **state)
{
	struct lab_device *d = plug_in();
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("devcrypto:device=/dev/unchecked," EACH, &lines), *s = server();
	const struct slu_vec vec = {payload, sizeof payload};
	struct slu_tls_offload_stats stats;
	struct kit_pair p;
	uint8_t in[100];
	char error[200];

	(void)state;
	assert_int_equal(lab_device_fault(d, "flip", error, sizeof error), 0);
	kit_opened(&p, c, s, "live.example");
	assert_true(p.c->ops->send(p.c, &vec, 1) > 0);
	assert_true(p.s->ops->recv(p.s, in, sizeof in) < 0); /* and it says why */
	assert_true(p.c->ops->recv(p.c, in, sizeof in) < 0);
	kit_pair_clear(&p);
	slu_tls_offload(c, &stats);
	assert_true(stats.off);
	assert_int_equal(lines.n, 1);
	has(lines.last, "bad_record_mac");
	assert_int_equal(carry(c, d), 0);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(s);
}

/* ---- OpenSSL's configuration file: in place since setup(), when the default context read it ---- */

static char conf[KIT_PATH + 20];

/* Without a least size, no devcrypto: a provider that cannot be loaded takes the others with it. */
static void configure(const char *least)
{
	FILE *f = fopen(conf, "w");

	assert_non_null(f);
	/* Naming an identifier twice is an error, so that module must not be run again. */
	fprintf(f,
		"openssl_conf = all\n[all]\noid_section = oids\nproviders = providers\n[oids]\nname = 1.2.3.4.5.6.7\n"
		"[providers]\ndefault = theirs\n%s[theirs]\nactivate = 1\n"
		"[ours]\nactivate = 1\nmin_size = %s\n",
		least ? "devcrypto = ours\n" : "", least ? least : "0");
	fclose(f);
}

static void reads_the_configuration_file(void **state)
{
	struct lab_device *d = plug_in();
	struct lines lines = {0};
	struct slu_tls_ctx *c;

	(void)state;
	configure("1000000");
	c = client("devcrypto:device=/dev/conf,check_first=0,check_every=0,deadline_ms=0", &lines);
	assert_int_equal(carry(c, d), 0);
	slu_tls_ctx_free(c);
	c = client("devcrypto:device=/dev/conf," EACH, &lines);
	assert_int_equal(carry(c, d), CHUNK / 16384);
	slu_tls_ctx_free(c);
	assert_int_equal(lines.n, 0);
	configure("plenty");
	c = client("devcrypto:device=/dev/conf,check_first=1", &lines);
	assert_int_equal(lines.n, 1);
	has(lines.last, "min_size=plenty: give a whole number");
	carry(c, d);
	slu_tls_ctx_free(c);
}

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7 >> 3);
	__wrap_slu_dc_kernel_linux = __real_slu_dc_kernel_linux;
	snprintf(conf, sizeof conf, "%s/openssl.cnf", kit_folder());
	configure(NULL);
	setenv("OPENSSL_CONF", conf, 1);
	return kit_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_it_does_not_know),       cmocka_unit_test(is_off_by_default),
		cmocka_unit_test(sends_records_through_the_device), cmocka_unit_test(leaves_the_application_alone),
		cmocka_unit_test(shares_by_what_it_says),           cmocka_unit_test(without_a_device_says_so_once),
		cmocka_unit_test(goes_on_after_wrong_bytes),        cmocka_unit_test(is_off_when_the_other_end_refuses),
		cmocka_unit_test(reads_the_configuration_file),
	};

	return cmocka_run_group_tests_name("offload", tests, setup, kit_teardown);
}
