/* SPDX-License-Identifier: MIT */
/* getaddrinfo() is the test's here: it can be held, and it tells how often it was asked. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <sluice/error.h>

#include "net/address.h"
#include "net/resolve.h"

static atomic_int asked, finished;
static atomic_bool held;
static sem_t gate;
static atomic_int answer;       /* 0, or an EAI_ number */
static atomic_int answer_count; /* addresses, IPv6 and IPv4 in turn */
static atomic_int asked_family;
static atomic_bool signals_blocked;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int result = answer;
	sigset_t now;

	assert_null(service);
	assert_true(strlen(host) > 0);
	asked_family = hints->ai_family;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	signals_blocked = sigismember(&now, SIGINT) == 1 && sigismember(&now, SIGTERM) == 1;
	atomic_fetch_add(&asked, 1);
	if (atomic_load(&held))
		sem_wait(&gate);
	*out = NULL;
	for (int i = answer_count; !result && i-- > 0;) {
		struct {
			struct addrinfo ai;
			struct slu_address addr;
		} *node = calloc(1, sizeof *node);

		slu_address_parse(&node->addr, i % 2 ? "192.0.2.9" : "2001:db8::9", 0);
		node->ai.ai_family = node->addr.addr.ss_family;
		node->ai.ai_addr = (struct sockaddr *)&node->addr.addr;
		node->ai.ai_addrlen = node->addr.len;
		node->ai.ai_next = *out;
		*out = &node->ai;
	}
	atomic_fetch_add(&finished, 1);
	errno = EIO;
	return result;
}

void freeaddrinfo(struct addrinfo *list)
{
	while (list) {
		struct addrinfo *next = list->ai_next;

		free(list);
		list = next;
	}
}

static int setup(void **state)
{
	(void)state;
	atomic_store(&asked, 0);
	atomic_store(&finished, 0);
	atomic_store(&held, false);
	answer = 0;
	answer_count = 2;
	return sem_init(&gate, 0, 0);
}

static int wait_done(struct slu_lookup *l, struct slu_address out[SLU_MAX_ADDRESSES], char *error, size_t size)
{
	struct pollfd p = {.fd = slu_resolver_system.fd(l), .events = POLLIN};

	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, 20000), 1);
	return slu_resolver_system.poll(l, out, error, size);
}

static void numbers_ask_nobody(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1", "fe80::1%lo", "2001:db8::1"};
	struct slu_address out[SLU_MAX_ADDRESSES], want;
	char error[512] = "";

	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct slu_lookup *l = slu_resolver_system.start(&slu_resolver_system, hosts[i], 1935, SLU_IP_ANY);

		assert_non_null(l);
		assert_int_equal(slu_resolver_system.fd(l), -1);
		assert_int_equal(slu_resolver_system.poll(l, out, error, sizeof error), 1);
		assert_true(slu_address_parse(&want, hosts[i], 1935));
		assert_memory_equal(&out[0].addr, &want.addr, want.len);
		slu_resolver_system.cancel(l);
	}
	assert_int_equal(atomic_load(&asked), 0);
}

static void keeps_the_systems_order(void **state)
{
	struct slu_address out[SLU_MAX_ADDRESSES];
	char error[512] = "", text[SLU_ADDRESS_TEXT];
	struct slu_lookup *l = slu_resolver_system.start(&slu_resolver_system, "a.example", 443, SLU_IP_ANY);

	(void)state;
	assert_int_equal(wait_done(l, out, error, sizeof error), 2);
	assert_string_equal(slu_address_format(&out[0], text, sizeof text), "[2001:db8::9]:443");
	assert_string_equal(slu_address_format(&out[1], text, sizeof text), "192.0.2.9:443");
	assert_int_equal(asked_family, AF_UNSPEC);
	assert_true(signals_blocked);
	/* It may be asked again: the answer stays. */
	assert_int_equal(slu_resolver_system.poll(l, out, error, sizeof error), 2);
	slu_resolver_system.cancel(l);
}

static void asks_for_the_wanted_family(void **state)
{
	static const struct {
		enum slu_ip ip;
		int family;
	} cases[] = {{SLU_IPV4, AF_INET}, {SLU_IPV6, AF_INET6}};
	struct slu_address out[SLU_MAX_ADDRESSES];
	char error[512] = "";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_lookup *l = slu_resolver_system.start(&slu_resolver_system, "a.example", 1, cases[i].ip);

		assert_int_equal(wait_done(l, out, error, sizeof error), 2);
		assert_int_equal(asked_family, cases[i].family);
		slu_resolver_system.cancel(l);
	}
}

static void takes_no_more_than_fit(void **state)
{
	struct slu_address out[SLU_MAX_ADDRESSES];
	char error[512] = "";
	struct slu_lookup *l;

	(void)state;
	answer_count = 100;
	l = slu_resolver_system.start(&slu_resolver_system, "a.example", 1, SLU_IP_ANY);
	assert_int_equal(wait_done(l, out, error, sizeof error), SLU_MAX_ADDRESSES);
	slu_resolver_system.cancel(l);
}

static void failures_say_what_to_do(void **state)
{
	const struct {
		int gai;
		const char *says;
	} cases[] = {
		{EAI_NONAME, "does not exist; check"},
		{EAI_NODATA, "no address of the wanted kind"},
		{EAI_AGAIN, "no name server answered"},
		{EAI_FAIL, "the name server failed"},
		{EAI_SYSTEM, strerror(EIO)},
		{0, "does not exist"},
	};
	struct slu_address out[SLU_MAX_ADDRESSES];

	(void)state;
	answer_count = 0;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char error[512] = "";
		struct slu_lookup *l;

		answer = cases[i].gai;
		l = slu_resolver_system.start(&slu_resolver_system, "no.example", 1935, SLU_IP_ANY);
		assert_int_equal(wait_done(l, out, error, sizeof error), SLU_ERR_RESOLVE);
		assert_non_null(strstr(error, "no.example:1935"));
		assert_non_null(strstr(error, cases[i].says));
		slu_resolver_system.cancel(l);
	}
	answer = EAI_NONAME;
	struct slu_lookup *six = slu_resolver_system.start(&slu_resolver_system, "four.example", 1935, SLU_IPV6);
	char why[512] = "";

	assert_int_equal(wait_done(six, out, why, sizeof why), SLU_ERR_RESOLVE);
	assert_non_null(strstr(why, "has no IPv6 address"));
	slu_resolver_system.cancel(six);
	answer = EAI_MEMORY;
	struct slu_lookup *l = slu_resolver_system.start(&slu_resolver_system, "no.example", 1935, SLU_IP_ANY);
	char error[512] = "";

	assert_int_equal(wait_done(l, out, error, sizeof error), SLU_ERR_NOMEM);
	slu_resolver_system.cancel(l);
}

/* The caller leaves while getaddrinfo() hangs; the thread comes back to an object that nobody else holds. What leaks
 * or is used after its end, AddressSanitizer says. */
static void an_abandoned_thread_cleans_up(void **state)
{
	enum { LOOKUPS = 8 };
	struct slu_lookup *l[LOOKUPS];
	struct slu_address out[SLU_MAX_ADDRESSES];
	char error[512] = "";

	(void)state;
	atomic_store(&held, true);
	for (int i = 0; i < LOOKUPS; i++) {
		l[i] = slu_resolver_system.start(&slu_resolver_system, "slow.example", 1935, SLU_IP_ANY);
		assert_non_null(l[i]);
		assert_int_equal(slu_resolver_system.poll(l[i], out, error, sizeof error), 0);
	}
	while (atomic_load(&asked) < LOOKUPS)
		usleep(1000);
	for (int i = 0; i < LOOKUPS; i++)
		slu_resolver_system.cancel(l[i]);
	assert_int_equal(atomic_load(&finished), 0);
	for (int i = 0; i < LOOKUPS; i++)
		sem_post(&gate);
	while (atomic_load(&finished) < LOOKUPS)
		usleep(1000);
	usleep(20000); /* for the threads to end, so that a leak would be one */
}

static void fixed_addresses_answer_any_name(void **state)
{
	static const char *const addresses[] = {"192.0.2.1", "nonsense", "::1"};
	struct slu_resolver_fixed fixed;
	struct slu_address out[SLU_MAX_ADDRESSES];
	char error[512] = "", text[SLU_ADDRESS_TEXT];
	struct slu_lookup *l;

	(void)state;
	slu_resolver_fixed_init(&fixed, addresses, 3);
	l = fixed.resolver.start(&fixed.resolver, "any.example", 1935, SLU_IP_ANY);
	assert_int_equal(fixed.resolver.fd(l), -1);
	assert_int_equal(fixed.resolver.poll(l, out, error, sizeof error), 2);
	assert_string_equal(slu_address_format(&out[0], text, sizeof text), "192.0.2.1:1935");
	assert_string_equal(slu_address_format(&out[1], text, sizeof text), "[::1]:1935");
	fixed.resolver.cancel(l);

	slu_resolver_fixed_init(&fixed, addresses, 0);
	l = fixed.resolver.start(&fixed.resolver, "any.example", 1935, SLU_IP_ANY);
	assert_int_equal(fixed.resolver.poll(l, out, error, sizeof error), SLU_ERR_RESOLVE);
	fixed.resolver.cancel(l);
	assert_int_equal(atomic_load(&asked), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(numbers_ask_nobody, setup),
		cmocka_unit_test_setup(keeps_the_systems_order, setup),
		cmocka_unit_test_setup(asks_for_the_wanted_family, setup),
		cmocka_unit_test_setup(takes_no_more_than_fit, setup),
		cmocka_unit_test_setup(failures_say_what_to_do, setup),
		cmocka_unit_test_setup(an_abandoned_thread_cleans_up, setup),
		cmocka_unit_test_setup(fixed_addresses_answer_any_name, setup),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
