/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "tools/original_dst.h"

static struct sockaddr_storage here, there;
static int asked_level, refusal;

static struct sockaddr_storage address(const char *text, uint16_t port)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

	if (strchr(text, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
	}
	return ss;
}

static void give(const struct sockaddr_storage *ss, void *out, socklen_t *size)
{
	socklen_t n = ss->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	assert_true(*size >= n);
	memcpy(out, ss, n);
	*size = n;
}

static int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	assert_int_equal(fd, 7);
	assert_int_equal(name, 80); /* SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST */
	asked_level = level;
	if (refusal) {
		errno = refusal;
		return -1;
	}
	give(&there, value, size);
	return 0;
}

static int fake_getsockname(int fd, struct sockaddr *out, socklen_t *size)
{
	assert_int_equal(fd, 7);
	give(&here, out, size);
	return 0;
}

static const struct slu_original_dst_calls fake = {fake_getsockopt, fake_getsockname};

static void check(const char *at, const char *meant, uint16_t port, int level, const char *want)
{
	char out[SLU_ORIGINAL_DST] = "";

	here = address(at, 1935);
	there = address(meant, port);
	assert_int_equal(slu_original_dst(&fake, 7, out), want != NULL);
	assert_int_equal(asked_level, level);
	if (want)
		assert_string_equal(out, want);
}

static void redirected(void **state)
{
	(void)state;
	check("127.0.0.1", "192.0.2.9", 1935, IPPROTO_IP, "192.0.2.9:1935");
	check("127.0.0.1", "127.0.0.1", 80, IPPROTO_IP, "127.0.0.1:80");
	check("::1", "2001:db8::5", 1935, IPPROTO_IPV6, "[2001:db8::5]:1935");
	check("::ffff:127.0.0.1", "192.0.2.9", 1936, IPPROTO_IP, "192.0.2.9:1936");
}

static void came_here_of_itself(void **state)
{
	(void)state;
	check("127.0.0.1", "127.0.0.1", 1935, IPPROTO_IP, NULL);
	check("::1", "::1", 1935, IPPROTO_IPV6, NULL);
	check("::ffff:127.0.0.1", "127.0.0.1", 1935, IPPROTO_IP, NULL);
}

static void no_netfilter(void **state)
{
	(void)state;
	refusal = ENOPROTOOPT;
	check("127.0.0.1", "192.0.2.9", 1935, IPPROTO_IP, NULL);
	refusal = 0;
}

/* Whatever this kernel has: two ends of one machine are not redirected. */
static void the_kernel_itself(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof in;
	char out[SLU_ORIGINAL_DST];
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client, fd;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&in, &size), 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&in, sizeof in), 0);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	assert_false(slu_original_dst(&slu_original_dst_kernel, fd, out));
	assert_false(slu_original_dst(&slu_original_dst_kernel, -1, out));
	close(fd);
	close(client);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redirected),
		cmocka_unit_test(came_here_of_itself),
		cmocka_unit_test(no_netfilter),
		cmocka_unit_test(the_kernel_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
