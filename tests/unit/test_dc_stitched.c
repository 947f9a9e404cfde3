/* SPDX-License-Identifier: MIT */
/*
 * AES-CBC with HMAC of the provider, over a device in the same process: records by EVP as libssl has them made. What is
 * right is computed here from CBC and HMAC of OpenSSL's own, and on x86, where it has the stitched ciphers, they have
 * to agree as well.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/tls1.h>

#include "dc_kit.h"

enum { BLOCK = 16, HEADER = 13, FULL = 16384, ROOM = FULL + 512, DATA = 23 };

static struct dc_kit kit;
static uint8_t key[32], mac_key[32], iv[BLOCK], text[ROOM];

static const struct kind {
	const char *name, *cbc, *digest;
	size_t mac;
} kinds[] = {
	{"AES-128-CBC-HMAC-SHA1", "AES-128-CBC", "SHA1", 20},
	{"AES-256-CBC-HMAC-SHA1", "AES-256-CBC", "SHA1", 20},
	{"AES-128-CBC-HMAC-SHA256", "AES-128-CBC", "SHA256", 32},
	{"AES-256-CBC-HMAC-SHA256", "AES-256-CBC", "SHA256", 32},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* One direction of a connection. */
struct stream {
	const struct kind *kind;
	unsigned version;
	uint64_t number;
	EVP_CIPHER_CTX *ctx;
};

static bool open_stream(struct stream *s, const struct kind *kind, unsigned version, const char *properties,
			int encrypt)
{
	*s = (struct stream){.kind = kind, .version = version, .ctx = dc_kit_cipher(&kit, kind->name, properties)};
	if (!s->ctx)
		return false;
	assert_int_equal(EVP_CipherInit_ex2(s->ctx, NULL, key, iv, encrypt, NULL), 1);
	assert_true(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_MAC_KEY, (int)kind->mac, mac_key) > 0);
	dc_kit_records(s->ctx, version, 0);
	return true;
}

static void close_stream(struct stream *s)
{
	EVP_CIPHER_CTX_free(s->ctx);
}

static void make_header(const struct stream *s, uint8_t type, size_t length, uint8_t header[HEADER])
{
	for (int i = 0; i < 8; i++)
		header[i] = (uint8_t)(s->number >> (56 - 8 * i));
	header[8] = type;
	header[9] = (uint8_t)(s->version >> 8);
	header[10] = (uint8_t)s->version;
	header[11] = (uint8_t)(length >> 8);
	header[12] = (uint8_t)length;
}

static size_t front(const struct stream *s)
{
	return s->version > TLS1_VERSION ? BLOCK : 0;
}

/* n bytes of data behind the room for an explicit IV, in place. Returns the record's length, 0: refused. */
static size_t seal(struct stream *s, uint8_t type, uint8_t *record, size_t n)
{
	const size_t in = front(s) + n;
	uint8_t header[HEADER];
	int growth, length;

	make_header(s, type, in, header);
	growth = EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header);
	assert_int_equal(growth, (n + s->kind->mac + BLOCK) / BLOCK * BLOCK - n);
	s->number++;
	if (!EVP_CipherUpdate(s->ctx, record, &length, record, (int)in + growth))
		return 0;
	assert_int_equal(length, (int)in + growth);
	return (size_t)length;
}

/* Returns the length of the data, which begins behind the explicit IV; -1: refused. */
static int unseal(struct stream *s, uint8_t type, uint8_t *record, size_t n)
{
	uint8_t header[HEADER];
	int length;

	make_header(s, type, n, header);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header), s->kind->mac);
	s->number++;
	return EVP_CipherUpdate(s->ctx, record, &length, record, (int)n) ? length : -1;
}

/* ---- what is right ---- */

/* The same by hand (RFC 5246, 6.2.3.2), with so many blocks of padding more than the least, and the MAC over data that
 * has the bit flipped. */
static size_t by_hand(struct stream *s, uint8_t type, uint8_t *record, size_t n, unsigned more, bool wrong_mac)
{
	const size_t at = front(s) + n + s->kind->mac;
	const size_t padding = BLOCK - at % BLOCK + more * BLOCK;
	uint8_t message[HEADER + ROOM];
	unsigned mac_length;
	int length;

	make_header(s, type, n, message);
	memcpy(message + HEADER, record + front(s), n);
	HMAC(EVP_get_digestbyname(s->kind->digest), mac_key, (int)s->kind->mac, message, HEADER + n,
	     record + front(s) + n, &mac_length);
	record[front(s) + n] ^= wrong_mac;
	memset(record + at, (int)padding - 1, padding);
	s->number++;
	assert_int_equal(EVP_EncryptUpdate(s->ctx, record, &length, record, (int)(at + padding)), 1);
	return at + padding;
}

static void open_by_hand(struct stream *s, const struct kind *kind, unsigned version)
{
	*s = (struct stream){
		.kind = kind, .version = version, .ctx = dc_kit_cipher(&kit, kind->cbc, "provider=default")};
	assert_int_equal(EVP_EncryptInit_ex2(s->ctx, NULL, key, iv, NULL), 1);
	EVP_CIPHER_CTX_set_padding(s->ctx, 0);
}

/* Ours, what is right, and who reads ours. */
struct trio {
	struct stream ours, right, reader;
};

static void open_trio(struct trio *t, const struct kind *kind, unsigned version)
{
	assert_true(open_stream(&t->ours, kind, version, "provider=devcrypto", 1));
	open_by_hand(&t->right, kind, version);
	assert_true(open_stream(&t->reader, kind, version, "provider=devcrypto", 0));
}

static void close_trio(struct trio *t)
{
	close_stream(&t->ours);
	close_stream(&t->right);
	close_stream(&t->reader);
}

static void one_record(struct trio *t, uint8_t type, size_t n)
{
	static uint8_t a[ROOM], b[ROOM];
	const size_t in = front(&t->ours) + n;
	size_t length;

	memcpy(a, text, in);
	memcpy(b, text, in);
	length = seal(&t->ours, type, a, n);
	assert_int_equal(length, by_hand(&t->right, type, b, n, 0, false));
	assert_memory_equal(a, b, length);
	assert_int_equal(unseal(&t->reader, type, a, length), n);
	assert_memory_equal(a + front(&t->reader), text + front(&t->reader), n);
}

/* ---- right records ---- */

static const struct {
	const char *faults;
	enum lab_algorithm sha1, sha256; /* who carries the records; LAB_ALGORITHMS: nobody */
} devices[] = {
	{"", LAB_TLS_SHA1, LAB_TLS_SHA256},
	{"no-tls", LAB_CBC, LAB_CBC},
	{"no-authcrypt", LAB_CBC, LAB_CBC},
	{"ecb-only", LAB_ALGORITHMS, LAB_ALGORITHMS},
};

static void test_lengths(void **state)
{
	struct trio t;

	(void)state;
	for (size_t d = 0; d < sizeof devices / sizeof *devices; d++)
		for (size_t k = 0; k < KINDS; k++)
			for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
				const enum lab_algorithm a = kinds[k].mac == 20 ? devices[d].sha1 : devices[d].sha256;
				unsigned records = 0;

				dc_kit_device(&kit, devices[d].faults);
				open_trio(&t, &kinds[k], version);
				for (size_t n = 1; n <= 600; n++, records++)
					one_record(&t, DATA, n);
				for (size_t n = FULL - 20; n <= FULL; n++, records++)
					one_record(&t, DATA, n);
				assert_int_equal(dc_kit_counters(&kit).crypt + dc_kit_counters(&kit).authcrypt,
						 a == LAB_ALGORITHMS ? 0 : records);
				if (a != LAB_ALGORITHMS)
					assert_int_equal(dc_kit_counters(&kit).by[a].operations, records);
				assert_false(slu_dc_device_off(kit.provider->device));
				close_trio(&t);
				assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
			}
}

/* Handshake and alerts cost no ioctl, nor does what is small or empty. */
static void test_software(void **state)
{
	struct trio t;

	(void)state;
	for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
		dc_kit_device(&kit, "");
		open_trio(&t, &kinds[0], version);
		for (uint8_t type = 20; type <= 22; type++)
			one_record(&t, type, FULL);
		kit.provider->settings.min_size = 1000;
		for (size_t n = 0; n < 1000; n += 111)
			one_record(&t, DATA, n);
		kit.provider->settings.min_size = 0;
		one_record(&t, DATA, 0);
		assert_int_equal(dc_kit_counters(&kit).ioctls, 0);
		kit.provider->settings.min_size = 1000;
		one_record(&t, DATA, 1000);
		assert_int_equal(dc_kit_counters(&kit).authcrypt, 1);
		one_record(&t, 40, 1000); /* no type that there is */
		assert_int_equal(dc_kit_counters(&kit).authcrypt, 2);
		close_trio(&t);
		dc_kit_device(&kit, "no-tls"); /* where the size of what is encrypted would do */
		open_trio(&t, &kinds[0], version);
		one_record(&t, DATA, 1000);
		one_record(&t, DATA, 999);
		assert_int_equal(dc_kit_counters(&kit).crypt, 1);
		kit.provider->settings.min_size = 1;
		close_trio(&t);
	}
}

/* Where no request may be as large as a record, the MAC is made here, and CBC goes in pieces. */
static void test_largest(void **state)
{
	struct trio t;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.largest = 8192;
	open_trio(&t, &kinds[0], TLS1_2_VERSION);
	one_record(&t, DATA, FULL);
	assert_int_equal(dc_kit_counters(&kit).crypt, 3);
	one_record(&t, DATA, 4000);
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 1);
	assert_in_range(dc_kit_counters(&kit).largest, 1, 8192);
	kit.provider->settings.largest = 0;
	close_trio(&t);
}

/* OpenSSL's own, where it has them, agree in both directions, apart from in and out of place. */
static void test_theirs(void **state)
{
	static uint8_t a[ROOM], b[ROOM];

	(void)state;
	dc_kit_device(&kit, "");
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
			struct stream ours, theirs, back;

			assert_true(open_stream(&theirs, &kinds[k], version, "provider=default", 1));
			assert_true(open_stream(&ours, &kinds[k], version, "provider=devcrypto", 1));
			assert_true(open_stream(&back, &kinds[k], version, "provider=default", 0));
			for (size_t n = 1; n < FULL; n = n * 3 / 2 + 1) {
				size_t length;

				memcpy(a, text, front(&ours) + n);
				memcpy(b, text, front(&ours) + n);
				length = seal(&ours, DATA, a, n);
				assert_int_equal(length, seal(&theirs, DATA, b, n));
				assert_memory_equal(a, b, length);
				assert_int_equal(unseal(&back, DATA, a, length), n);
			}
			close_stream(&ours);
			close_stream(&theirs);
			close_stream(&back);
		}
}

static void test_out_of_place(void **state)
{
	static uint8_t a[ROOM], b[ROOM];
	struct stream ours, right;
	uint8_t header[HEADER];
	int growth, length;

	(void)state;
	dc_kit_device(&kit, "");
	open_stream(&ours, &kinds[1], TLS1_2_VERSION, "provider=devcrypto", 1);
	open_by_hand(&right, &kinds[1], TLS1_2_VERSION);
	make_header(&ours, DATA, BLOCK + 1000, header);
	growth = EVP_CIPHER_CTX_ctrl(ours.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header);
	assert_int_equal(EVP_CipherUpdate(ours.ctx, a, &length, text, BLOCK + 1000 + growth), 1);
	memcpy(b, text, BLOCK + 1000);
	assert_int_equal(by_hand(&right, DATA, b, 1000, 0, false), length);
	assert_memory_equal(a, b, (size_t)length);
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 1);
	close_stream(&ours);
	close_stream(&right);
}

/* Outside records: CBC of whole blocks. */
static void test_plain(void **state)
{
	static uint8_t a[ROOM], b[ROOM];
	struct stream ours, right;
	int length;

	(void)state;
	dc_kit_device(&kit, "");
	open_stream(&ours, &kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
	open_by_hand(&right, &kinds[0], TLS1_2_VERSION);
	for (int n = BLOCK; n < FULL; n *= 2) {
		assert_int_equal(EVP_CipherUpdate(ours.ctx, a, &length, text, n), 1);
		assert_int_equal(length, n);
		assert_int_equal(EVP_CipherUpdate(right.ctx, b, &length, text, n), 1);
		assert_memory_equal(a, b, (size_t)n);
	}
	assert_int_equal(EVP_CipherUpdate(ours.ctx, a, &length, text, 17), 0);
	assert_int_equal(EVP_CipherFinal_ex(ours.ctx, a, &length), 1);
	assert_int_equal(length, 0);
	ERR_clear_error();
	close_stream(&ours);
	close_stream(&right);
}

/* ---- wrong records ---- */

/* Who reads, from the record given on. Also OpenSSL's own, where there is one. */
static int read_record(const struct kind *kind, unsigned version, const char *properties, const uint8_t *record,
		       size_t n)
{
	static uint8_t copy[ROOM];
	struct stream reader;
	int length;

	if (!open_stream(&reader, kind, version, properties, 0))
		return -2;
	memcpy(copy, record, n);
	length = unseal(&reader, DATA, copy, n);
	close_stream(&reader);
	ERR_clear_error();
	return length;
}

static void both_say(const struct kind *kind, unsigned version, const uint8_t *record, size_t n, int length)
{
	int theirs = read_record(kind, version, "provider=default", record, n);

	assert_int_equal(read_record(kind, version, "provider=devcrypto", record, n), length);
	if (theirs != -2)
		assert_int_equal(theirs, length);
}

static size_t make_record(const struct kind *kind, unsigned version, uint8_t *record, size_t n, unsigned more,
			  bool wrong_mac)
{
	struct stream s;
	size_t length;

	open_by_hand(&s, kind, version);
	memcpy(record, text, front(&s) + n);
	length = by_hand(&s, DATA, record, n, more, wrong_mac);
	close_stream(&s);
	return length;
}

/* Each byte of a record, but those of the explicit IV, whose bits are those of the first block. */
static void test_tampered(void **state)
{
	static uint8_t record[ROOM];

	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
			size_t length = make_record(&kinds[k], version, record, 100, 0, false);

			both_say(&kinds[k], version, record, length, 100);
			for (size_t i = 0; i < length; i++) {
				record[i] ^= 0x80;
				both_say(&kinds[k], version, record, length, -1);
				record[i] ^= 0x80;
			}
			for (size_t cut = BLOCK; cut < length; cut += BLOCK)
				both_say(&kinds[k], version, record, length - cut, -1);
		}
}

/* Padding of any length is right; a MAC that is not is found behind any. */
static void test_padding(void **state)
{
	static uint8_t record[ROOM];

	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned more = 0; more < 15; more++)
			for (size_t n = 0; n < 300; n += 37) {
				size_t length = make_record(&kinds[k], TLS1_2_VERSION, record, n, more, false);

				both_say(&kinds[k], TLS1_2_VERSION, record, length, (int)n);
				length = make_record(&kinds[k], TLS1_2_VERSION, record, n, more, true);
				both_say(&kinds[k], TLS1_2_VERSION, record, length, -1);
			}
}

/* A record that is wrong in its MAC alone: its data is not given out. */
static void test_nothing_out(void **state)
{
	static uint8_t record[ROOM];
	size_t length = make_record(&kinds[0], TLS1_2_VERSION, record, 1000, 0, true);
	struct stream reader;

	(void)state;
	open_stream(&reader, &kinds[0], TLS1_2_VERSION, "provider=devcrypto", 0);
	assert_int_equal(unseal(&reader, DATA, record, length), -1);
	for (size_t i = 0; i < length; i++)
		assert_int_equal(record[i], 0);
	ERR_clear_error();
	close_stream(&reader);
}

/* What is set for the MAC: the linker puts this in the other's place. */
int __real_EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[]);
int __wrap_EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[]);

static size_t tls_data_size;

int __wrap_EVP_MAC_CTX_set_params(EVP_MAC_CTX *ctx, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_TLS_DATA_SIZE);

	assert_non_null(p);
	assert_int_equal(OSSL_PARAM_get_size_t(p, &tls_data_size), 1);
	return __real_EVP_MAC_CTX_set_params(ctx, params);
}

/* OpenSSL's way of making a MAC in a time that does not tell the padding is asked for, with the size that shows. */
static void test_constant_time(void **state)
{
	static uint8_t record[ROOM];

	(void)state;
	for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++)
		for (unsigned more = 0; more < 10; more++) {
			size_t length = make_record(&kinds[0], version, record, 500, more, false);

			tls_data_size = 0;
			assert_int_equal(read_record(&kinds[0], version, "provider=devcrypto", record, length), 500);
			assert_int_equal(tls_data_size, length - (version > TLS1_VERSION ? BLOCK : 0));
		}
}

/* What libssl never does. */
static void test_refused(void **state)
{
	static uint8_t record[ROOM];
	struct stream s;
	uint8_t header[HEADER];
	size_t twenty = 20;
	const OSSL_PARAM mac_size[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &twenty), OSSL_PARAM_END};
	int length;

	(void)state;
	open_stream(&s, &kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
	make_header(&s, DATA, BLOCK - 1, header);
	assert_true(EVP_CIPHER_CTX_ctrl(s.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header) <= 0);
	assert_true(EVP_CIPHER_CTX_ctrl(s.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER - 1, header) <= 0);
	assert_int_equal(EVP_CIPHER_CTX_set_params(s.ctx, mac_size), 0);
	make_header(&s, DATA, BLOCK + 100, header);
	assert_true(EVP_CIPHER_CTX_ctrl(s.ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header) > 0);
	assert_int_equal(EVP_CipherUpdate(s.ctx, record, &length, record, 512), 0);
	assert_int_equal(EVP_CipherUpdate(s.ctx, NULL, &length, header, HEADER), 0);
	ERR_clear_error();
	close_stream(&s);
}

/* ---- contexts ---- */

static void test_copies(void **state)
{
	struct trio t, copy;

	(void)state;
	dc_kit_device(&kit, "");
	for (unsigned version = TLS1_VERSION; version <= TLS1_2_VERSION; version++) {
		open_trio(&t, &kinds[2], version);
		one_record(&t, DATA, 4000);
		copy = t;
		copy.ours.ctx = EVP_CIPHER_CTX_new();
		copy.right.ctx = EVP_CIPHER_CTX_new();
		copy.reader.ctx = EVP_CIPHER_CTX_new();
		assert_int_equal(EVP_CIPHER_CTX_copy(copy.ours.ctx, t.ours.ctx), 1);
		assert_int_equal(EVP_CIPHER_CTX_copy(copy.right.ctx, t.right.ctx), 1);
		assert_int_equal(EVP_CIPHER_CTX_copy(copy.reader.ctx, t.reader.ctx), 1);
		one_record(&t, DATA, 3000);
		close_trio(&t);
		one_record(&copy, DATA, 5000);
		close_trio(&copy);
	}
	assert_int_equal(dc_kit_counters(&kit).authcrypt, 3 * 3);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
}

static void test_many(void **state)
{
	struct stream s;
	static uint8_t record[ROOM];

	(void)state;
	dc_kit_device(&kit, "");
	for (int n = 0; n < 10000; n++) {
		open_stream(&s, &kinds[n % KINDS], TLS1_2_VERSION, "provider=devcrypto", n % 3 != 0);
		if (n % 3 == 1)
			assert_true(seal(&s, DATA, record, 100) > 0);
		close_stream(&s);
	}
	assert_int_equal(dc_kit_counters(&kit).sessions, 3333);
	assert_int_equal(dc_kit_counters(&kit).sessions_now, 0);
	assert_int_equal(dc_kit_counters(&kit).open_now, 0);
}

/* ---- faults in mid-stream ---- */

static void strike(const struct dc_fault *fault)
{
	struct trio t;

	for (size_t d = 0; d < 2; d++)
		for (size_t k = 0; k < KINDS; k++) {
			dc_kit_device(&kit, devices[d].faults);
			open_trio(&t, &kinds[k], TLS1_VERSION + (unsigned)(d + k) % 3);
			one_record(&t, DATA, 5000);
			dc_kit_fault(&kit, fault->fault);
			for (size_t n = 0; n < 30; n++)
				one_record(&t, DATA, 4990 + n);
			dc_kit_expect(&kit, fault, devices[d].faults);
			close_trio(&t);
		}
}

static void test_faults(void **state)
{
	static const struct dc_fault more[] = {
		{"flip=5000", "gave wrong bytes", true},
		{"wrong-length=5000-5040", "gave wrong bytes", true},
		{"wrong-align=0", "gave wrong bytes", true},
		{"iv-not-chained", NULL, false},
		{"leak-session", NULL, false}, /* there is one session */
		{"largest=2000", "Invalid argument", true},
		{"slow=1", NULL, false},
	};

	(void)state;
	kit.provider->settings.check_every = 1;
	for (size_t f = 0; f < DC_FAULTS; f++)
		strike(&dc_faults[f]);
	for (size_t f = 0; f < sizeof more / sizeof *more; f++)
		strike(&more[f]);
	kit.provider->settings.check_every = 0;
}

static void test_hang(void **state)
{
	struct trio t;

	(void)state;
	kit.provider->settings.deadline_ms = 100;
	dc_kit_device(&kit, "");
	open_trio(&t, &kinds[0], TLS1_2_VERSION);
	one_record(&t, DATA, 5000);
	dc_kit_fault(&kit, "hang");
	for (int n = 0; n < 5; n++)
		one_record(&t, DATA, 5000);
	close_trio(&t);
	assert_true(slu_dc_device_off(kit.provider->device));
	assert_int_equal(dc_kit_books(&kit).abandoned, 1);
	lab_device_release(kit.device);
	kit.provider->settings.deadline_ms = 0;
}

/* Without software to stand in: a device that has only CBC is enough, one that has not is not. */
static void test_strict(void **state)
{
	static const struct {
		const char *faults;
		bool works;
	} cases[] = {{"", true}, {"no-tls", true}, {"ecb-only", false}, {"eio", false}, {"vanish", false}};
	static uint8_t record[ROOM];
	struct stream s;

	(void)state;
	kit.provider->settings.fallback = false;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		dc_kit_device(&kit, cases[i].faults);
		open_stream(&s, &kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
		for (int n = 0; n < 3; n++) {
			assert_true(seal(&s, 22, record, 1000) > 0); /* software's anyway */
			ERR_clear_error();
			assert_int_equal(seal(&s, DATA, record, 1000) > 0, cases[i].works);
			if (!cases[i].works)
				assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SLU_DC_R_DEVICE);
		}
		ERR_clear_error();
		assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
		close_stream(&s);
	}
	dc_kit_device(&kit, "wrong");
	kit.provider->settings.check_every = 1;
	open_stream(&s, &kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
	assert_int_equal(seal(&s, DATA, record, 1000), 0);
	close_stream(&s);
	ERR_clear_error();
	kit.provider->settings.check_every = 0;
	kit.provider->settings.fallback = true;
}

static int setup(void **state)
{
	dc_kit_open(&kit);
	*state = &kit;
	dc_kit_fill(key, sizeof key, 1);
	dc_kit_fill(mac_key, sizeof mac_key, 2);
	dc_kit_fill(iv, sizeof iv, 3);
	dc_kit_fill(text, sizeof text, 4);
	return 0;
}

static bool openssl_has_them(void)
{
	bool all = true;

	for (size_t k = 0; k < KINDS; k++) {
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, kinds[k].name, "provider=default");

		all = all && cipher;
		EVP_CIPHER_free(cipher);
	}
	ERR_clear_error();
	return all;
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),      cmocka_unit_test(test_software),
		cmocka_unit_test(test_largest),      cmocka_unit_test(test_theirs),
		cmocka_unit_test(test_out_of_place), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tampered),     cmocka_unit_test(test_padding),
		cmocka_unit_test(test_nothing_out),  cmocka_unit_test(test_constant_time),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_copies),
		cmocka_unit_test(test_many),         cmocka_unit_test(test_faults),
		cmocka_unit_test(test_hang),         cmocka_unit_test(test_strict),
	};

	if (!openssl_has_them())
		LEAVE_OUT(tests, test_theirs, "OpenSSL has the stitched ciphers for x86 with AES instructions only");
	return cmocka_run_group_tests(tests, setup, dc_kit_teardown);
}
