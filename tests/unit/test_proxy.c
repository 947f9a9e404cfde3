/* SPDX-License-Identifier: MIT */
/* The transport over memory: how a tunnel is made in pieces, what it waits for and for how long, and what comes after.
 */
#include "test.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "../alloc_fail.h"
#include "net/proxy.h"
#include "tls_kit.h"

/* ---- a resolver that says what it is told to ---- */

static struct {
	int answer; /* addresses, 0: not yet, <0 */
	const char *address;
	int fd;
	unsigned starts, cancels;
	bool no_memory;
} fake;

static struct slu_lookup *fake_start(const struct slu_resolver *r, const char *host, uint16_t port, enum slu_ip ip)
{
	(void)r;
	assert_string_equal(host, "live.example");
	assert_int_equal(port, 1935);
	assert_int_equal(ip, SLU_IPV4);
	fake.starts++;
	return fake.no_memory ? NULL : (struct slu_lookup *)&fake;
}

static int fake_fd(const struct slu_lookup *l)
{
	(void)l;
	return fake.fd;
}

static int fake_poll(struct slu_lookup *l, struct slu_address out[SLU_MAX_ADDRESSES], char *error, size_t size)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&out[0].addr;

	(void)l;
	(void)error;
	(void)size;
	if (fake.answer > 0) {
		memset(out, 0, sizeof *out);
		in->sin_family = AF_INET;
		inet_pton(AF_INET, fake.address, &in->sin_addr);
	}
	return fake.answer;
}

static void fake_cancel(struct slu_lookup *l)
{
	(void)l;
	fake.cancels++;
}

static const struct slu_resolver resolver = {fake_start, fake_fd, fake_poll, fake_cancel};

/* ---- a tunnel to be, and its proxy's end ---- */

struct fixture {
	struct kit_mem mine, theirs;
	struct slu_proxy proxy;
	struct slu_transport *t;
	char error[640];
};

static struct slu_transport *over(struct fixture *f, const char *url, const char *host)
{
	struct slu_proxy_config config = {.proxy = &f->proxy, .resolver = &resolver, .timeout_ms = 1000};

	kit_mem_pair(&f->mine, &f->theirs);
	f->mine.name = "192.0.2.1:1080";
	assert_null(slu_proxy_parse(&f->proxy, url));
	return slu_proxy_over(&config, &f->mine.transport, host, 1935, 100, f->error, sizeof f->error);
}

static void begin(struct fixture *f, const char *url, const char *host)
{
	memset(f, 0, sizeof *f);
	memset(&fake, 0, sizeof fake);
	fake.fd = 77;
	f->t = over(f, url, host);
	assert_non_null(f->t);
	memset(&f->proxy, 0xff, sizeof f->proxy); /* it has its own */
}

static void end(struct fixture *f)
{
	f->t->ops->free(f->t);
	assert_true(f->mine.freed);
	assert_int_equal(fake.starts, fake.cancels);
	kit_mem_clear(&f->mine);
	kit_mem_clear(&f->theirs);
}

static int step(struct fixture *f, uint64_t now)
{
	return f->t->ops->open(f->t, now);
}

/* The proxy's end says this. */
static void answer(struct fixture *f, const void *data, size_t n)
{
	assert_int_equal(slu_buf_append(&f->mine.in, data, n), 0);
}
#define ANSWER(f, text) answer(f, text, sizeof(text) - 1)

/* The proxy's end has heard exactly this. */
static void heard(struct fixture *f, const void *data, size_t n)
{
	assert_int_equal(f->theirs.in.len, n);
	assert_memory_equal(f->theirs.in.data, data, n);
	slu_buf_consume(&f->theirs.in, n);
}
#define HEARD(f, text) heard(f, text, sizeof(text) - 1)

static void failed(struct fixture *f, int err, const char *part)
{
	const char *error = f->t->ops->error(f->t);

	if (!strstr(error, part))
		fail_msg("\"%s\" lacks \"%s\"", error, part);
	assert_int_equal(step(f, 200), err); /* for good */
	assert_int_equal(f->t->ops->want(f->t), 0);
	assert_int_equal(f->t->ops->deadline(f->t), UINT64_MAX);
	assert_int_equal(f->t->ops->recv(f->t, &(char){0}, 1), err);
	assert_int_equal(f->t->ops->send(f->t, &(struct slu_vec){"x", 1}, 1), err);
	assert_int_equal(f->t->ops->flush(f->t), err);
	assert_int_equal(f->t->ops->shutdown(f->t), err);
	assert_int_equal(f->t->ops->again(f->t, 200), SLU_ERR_STATE);
}

static void opens(struct fixture *f)
{
	assert_int_equal(step(f, 110), 0);
	HEARD(f, "\5\1\0");
	ANSWER(f, "\5\0");
	assert_int_equal(step(f, 120), 0);
	HEARD(f, "\5\1\0\3\x0clive.example\7\x8f");
	ANSWER(f, "\5\0\0\1\0\0\0\0\0\0");
	assert_int_equal(step(f, 130), 1);
}

static void makes_a_tunnel(void **state)
{
	struct slu_transport_stats stats;
	char got[8];
	struct fixture f;

	(void)state;
	begin(&f, "socks5://h", "live.example");
	f.mine.delay = 2;
	f.mine.socket = 5;
	assert_int_equal(f.t->ops->deadline(f.t), 1100);
	assert_int_equal(f.t->ops->recv(f.t, got, sizeof got), 0);
	assert_int_equal(f.t->ops->send(f.t, &(struct slu_vec){"x", 1}, 1), 0);
	assert_int_equal(step(&f, 105), 0);
	assert_int_equal(step(&f, 106), 0);
	assert_int_equal(f.theirs.in.len, 0);
	assert_int_equal(f.t->ops->socket(f.t), -1);
	f.t->ops->stats(f.t, &stats);
	assert_string_equal(stats.peer, "192.0.2.1:1080");
	opens(&f);
	assert_int_equal(step(&f, 5000), 1);
	assert_int_equal(f.t->ops->deadline(f.t), UINT64_MAX);
	assert_int_equal(f.t->ops->socket(f.t), 5);
	f.t->ops->stats(f.t, &stats);
	assert_string_equal(stats.peer, "live.example:1935");
	assert_int_equal(stats.connect_ms, 30);
	assert_int_equal(fake.starts, 0);
	kit_carry(f.t, &f.theirs.transport, "there", 5);
	kit_carry(&f.theirs.transport, f.t, "and back", 8);
	assert_int_equal(f.t->ops->shutdown(f.t), 1);
	assert_true(f.theirs.ended);
	f.mine.ended = true;
	assert_int_equal(f.t->ops->recv(f.t, got, sizeof got), SLU_ERR_CLOSED);
	end(&f);
}

/* Whatever the proxy and the network make of the bytes. */
static void in_pieces(void **state)
{
	struct fixture f;

	(void)state;
	for (size_t piece = 1; piece < 20; piece++) {
		begin(&f, "http://u:p@h", "live.example");
		f.mine.read_max = f.mine.write_max = piece;
		f.mine.window = 50; /* until it is read */
		assert_int_equal(step(&f, 110), 0);
		assert_int_equal(f.t->ops->want(f.t), SLU_WANT_WRITE);
		assert_int_equal(f.theirs.in.len, 50);
		f.mine.window = 0;
		assert_int_equal(step(&f, 110), 0);
		assert_int_equal(f.t->ops->want(f.t), SLU_WANT_READ);
		HEARD(&f, "CONNECT live.example:1935 HTTP/1.1\r\nHost: live.example:1935\r\n"
			  "Proxy-Authorization: Basic dTpw\r\n\r\n");
		ANSWER(&f, "HTTP/1.1 200 ");
		assert_int_equal(step(&f, 110), 0);
		ANSWER(&f, "Yes\r\nA: b\r\n\r\n");
		assert_int_equal(step(&f, 110), 1);
		end(&f);
	}
}

/* What came right behind the answer is the tunnel's, and no longer in the socket. */
static void keeps_what_came_early(void **state)
{
	struct fixture f;
	char got[8];

	(void)state;
	begin(&f, "http://h", "live.example");
	f.mine.socket = 5;
	assert_int_equal(step(&f, 110), 0);
	ANSWER(&f, "HTTP/1.0 200 Yes\r\n\r\nearly");
	assert_int_equal(step(&f, 110), 1);
	assert_int_equal(f.mine.in.len, 0);
	assert_int_equal(f.t->ops->buffered(f.t), 5);
	assert_int_equal(f.t->ops->socket(f.t), -1);
	assert_int_equal(f.t->ops->recv(f.t, got, 3), 3);
	assert_memory_equal(got, "ear", 3);
	assert_int_equal(f.t->ops->buffered(f.t), 2);
	assert_int_equal(f.t->ops->recv(f.t, got, sizeof got), 2);
	assert_memory_equal(got, "ly", 2);
	assert_int_equal(f.t->ops->buffered(f.t), 0);
	assert_int_equal(f.t->ops->socket(f.t), 5);
	assert_int_equal(f.t->ops->recv(f.t, got, sizeof got), 0);
	end(&f);
}

static void answers_that_come_at_once(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "socks5://u:p@h", "live.example");
	ANSWER(&f, "\5\2\1\0\5\0\0\1\0\0\0\0\0\0");
	assert_int_equal(step(&f, 110), 1);
	HEARD(&f, "\5\2\0\2\1\1u\1p\5\1\0\3\x0clive.example\7\x8f");
	end(&f);
}

/* ---- failures ---- */

static void refusals(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "socks5://h", "live.example");
	assert_int_equal(step(&f, 110), 0);
	ANSWER(&f, "\5\0");
	assert_int_equal(step(&f, 110), 0);
	ANSWER(&f, "\5\5");
	assert_int_equal(step(&f, 110), SLU_ERR_CONNECT);
	failed(&f, SLU_ERR_CONNECT, "the proxy h:1080 made no connection to live.example:1935 (SOCKS5 reply 5");
	end(&f);
}

static void hangs_up(void **state)
{
	struct fixture f;

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin(&f, "socks5://h", "live.example");
		assert_int_equal(step(&f, 110), 0);
		if (i == 1)
			ANSWER(&f, "\5");
		f.mine.ended = i < 2;
		f.mine.lost = i == 2;
		assert_int_equal(step(&f, 110), SLU_ERR_CONNECT);
		failed(&f, SLU_ERR_CONNECT, "the proxy h:1080 hung up instead of making a connection");
		end(&f);
	}
	begin(&f, "socks5://h", "live.example");
	f.mine.cut = true;
	assert_int_equal(step(&f, 110), SLU_ERR_CONNECT);
	failed(&f, SLU_ERR_CONNECT, "hung up");
	end(&f);
}

static void takes_too_long(void **state)
{
	struct fixture f;

	(void)state;
	for (int said = 0; said < 3; said++) {
		begin(&f, "socks5://h", "live.example");
		assert_int_equal(step(&f, 110), 0);
		if (said)
			ANSWER(&f, "\5\0");
		if (said == 2)
			ANSWER(&f, "\5\0\0\3");
		assert_int_equal(step(&f, 1099), 0);
		assert_int_equal(f.t->ops->deadline(f.t), 1100);
		assert_int_equal(step(&f, 1100), SLU_ERR_TIMEOUT);
		failed(&f, SLU_ERR_TIMEOUT, "the proxy h:1080 made no connection to live.example:1935 within 1000 ms");
		end(&f);
	}
	begin(&f, "http://h", "live.example");
	f.mine.delay = 100;
	assert_int_equal(step(&f, 1100), SLU_ERR_TIMEOUT);
	end(&f);
}

static int inner_fails(struct slu_transport *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	return SLU_ERR_CONNECT;
}

static void proxy_out_of_reach(void **state)
{
	struct slu_transport_ops ops;
	struct fixture f;

	(void)state;
	begin(&f, "socks4://h", "live.example");
	ops = *f.mine.transport.ops;
	ops.open = inner_fails;
	f.mine.transport.ops = &ops;
	f.mine.lost = true;
	assert_int_equal(step(&f, 110), SLU_ERR_CONNECT);
	failed(&f, SLU_ERR_CONNECT, "the proxy is out of reach: the connection was reset");
	assert_int_equal(fake.cancels, 1); /* nobody waits for it any more */
	end(&f);
}

/* ---- SOCKS4's name ---- */

static void resolves_for_socks4(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "socks4://h", "live.example");
	f.mine.delay = 1;
	assert_int_equal(fake.starts, 1); /* while the proxy is connected to */
	assert_int_equal(step(&f, 110), 0);
	assert_int_equal(f.t->ops->fd(f.t), -1);
	assert_int_equal(step(&f, 110), 0);
	assert_int_equal(f.t->ops->fd(f.t), 77);
	assert_int_equal(f.t->ops->want(f.t), SLU_WANT_READ);
	assert_int_equal(f.t->ops->deadline(f.t), 600);
	assert_int_equal(f.theirs.in.len, 0);
	fake.fd = -1;
	assert_int_equal(f.t->ops->deadline(f.t), 0);
	fake.answer = 1;
	fake.address = "192.0.2.9";
	assert_int_equal(step(&f, 120), 0);
	assert_int_equal(fake.cancels, 1);
	assert_int_equal(f.t->ops->deadline(f.t), 1100);
	HEARD(&f, "\4\1\7\x8f\xc0\0\2\x9\0");
	ANSWER(&f, "\0\x5a\0\0\0\0\0\0");
	assert_int_equal(step(&f, 130), 1);
	end(&f);
}

static void tells_the_name_where_it_has_no_address(void **state)
{
	struct fixture f;

	(void)state;
	for (int late = 0; late < 2; late++) {
		begin(&f, "socks4://h", "live.example");
		fake.answer = late ? 0 : SLU_ERR_RESOLVE;
		if (late)
			assert_int_equal(step(&f, 599), 0);
		assert_int_equal(f.theirs.in.len, 0);
		assert_int_equal(step(&f, 600), 0);
		assert_int_equal(fake.cancels, 1);
		HEARD(&f, "\4\1\7\x8f\0\0\0\1\0live.example\0");
		end(&f);
	}
}

static void asks_nobody_where_it_need_not(void **state)
{
	static const char *const urls[][2] = {
		{"socks4a://h", "live.example"},
		{"socks5://h", "live.example"},
		{"http://h", "live.example"},
		{"socks4://h", "192.0.2.1"},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		begin(&f, urls[i][0], urls[i][1]);
		assert_int_equal(step(&f, 110), 0);
		assert_true(f.theirs.in.len > 0);
		assert_int_equal(fake.starts, 0);
		end(&f);
	}
}

/* ---- again ---- */

static void makes_another_tunnel(void **state)
{
	struct slu_transport_stats stats;
	struct fixture f;
	char got[8];

	(void)state;
	begin(&f, "socks5://h", "live.example");
	assert_int_equal(f.t->ops->again(f.t, 110), SLU_ERR_STATE); /* there was none yet */
	assert_int_equal(f.mine.agains, 0);
	assert_int_equal(step(&f, 110), 0);
	f.theirs.in.len = 0;
	ANSWER(&f, "\5\0\5\0\0\1\0\0\0\0\0\0early");
	assert_int_equal(step(&f, 110), 1);
	assert_int_equal(f.t->ops->again(f.t, 5000), 0);
	assert_int_equal(f.mine.agains, 1);
	assert_int_equal(f.t->ops->deadline(f.t), 6000);
	assert_int_equal(f.t->ops->recv(f.t, got, sizeof got), 0);
	assert_int_equal(f.t->ops->buffered(f.t), 0);
	assert_int_equal(step(&f, 5010), 0);
	HEARD(&f, "\5\1\0");
	ANSWER(&f, "\5\0\5\0\0\1\0\0\0\0\0\0");
	assert_int_equal(step(&f, 5020), 1);
	f.t->ops->stats(f.t, &stats);
	assert_int_equal(stats.connect_ms, 20);
	assert_int_equal(f.t->ops->again(f.t, 7000), 0);
	assert_int_equal(step(&f, 7000), 0);
	assert_int_equal(step(&f, 8000), SLU_ERR_TIMEOUT);
	end(&f);
}

static void no_second_connection(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "socks5://h", "live.example");
	opens(&f);
	f.mine.again_err = SLU_ERR_NOMEM;
	assert_int_equal(f.t->ops->again(f.t, 200), SLU_ERR_NOMEM);
	failed(&f, SLU_ERR_NOMEM, "there is no second time");
	end(&f);
}

/* ---- what cannot be ---- */

static void constructor_fails(void **state)
{
	struct fixture f = {.error = ""};

	(void)state;
	memset(&fake, 0, sizeof fake);
	assert_null(over(&f, "socks4://h", "::1"));
	assert_true(f.mine.freed);
	assert_non_null(strstr(f.error, "IPv6"));
	fake.no_memory = true;
	assert_null(over(&f, "socks4://h", "live.example"));
	assert_true(f.mine.freed);
	assert_string_equal(f.error, "out of memory");
	alloc_fail_at(0);
	assert_null(over(&f, "socks5://h", "live.example"));
	assert_true(alloc_fail_end());
	assert_true(f.mine.freed);
	assert_string_equal(f.error, "out of memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_tunnel),
		cmocka_unit_test(in_pieces),
		cmocka_unit_test(keeps_what_came_early),
		cmocka_unit_test(answers_that_come_at_once),
		cmocka_unit_test(refusals),
		cmocka_unit_test(hangs_up),
		cmocka_unit_test(takes_too_long),
		cmocka_unit_test(proxy_out_of_reach),
		cmocka_unit_test(resolves_for_socks4),
		cmocka_unit_test(tells_the_name_where_it_has_no_address),
		cmocka_unit_test(asks_nobody_where_it_need_not),
		cmocka_unit_test(makes_another_tunnel),
		cmocka_unit_test(no_second_connection),
		cmocka_unit_test(constructor_fails),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
