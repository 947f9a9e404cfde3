/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "server/listener.h"
#include "server/listener_unix.h"

static char folder[64], error[512];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/sluice-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder); /* which fails when something is left in it */
}

static void has(const char *part)
{
	if (!strstr(error, part))
		fail_msg("\"%s\" lacks \"%s\"", error, part);
}

/* ---- addresses ---- */

static int open_at(const char *format, const char *port, char bound[SLU_LISTENER_URL])
{
	char place[128];
	bool tls;
	int fd;

	snprintf(place, sizeof place, format, port);
	fd = slu_listener_open(place, &tls, bound, error, sizeof error);
	assert_true(fd < 0 || tls == (strncmp(place, "rtmps:", 6) == 0));
	return fd;
}

static const char *port_of(const char *bound)
{
	return strrchr(bound, ':') + 1;
}

static bool takes(int family, const char *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = in.sin_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_STREAM, 0), r;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof in)
			      : connect(fd, (struct sockaddr *)&in6, sizeof in6);
	close(fd);
	return r == 0;
}

static bool has_ipv6(void)
{
	char bound[SLU_LISTENER_URL];
	int fd = open_at("rtmp://[::1]:0%s", "", bound);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void both_families_without_a_host(void **state)
{
	static const char *const places[] = {"rtmp://:0%s", "rtmp://*:0%s", "rtmps://*:0/%s"};
	char bound[SLU_LISTENER_URL];

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int fd = open_at(places[i], "", bound);

		assert_true(fd >= 0);
		assert_true(takes(AF_INET, port_of(bound)));
		assert_int_equal(takes(AF_INET6, port_of(bound)), has_ipv6());
		close(fd);
	}
}

/* In either order, at one port, and with different schemes. */
static void a_wildcard_is_of_its_family(void **state)
{
	static const char *const places[] = {"rtmp://0.0.0.0:%s", "rtmps://[::]:%s", "rtmp://0.0.0.0:%s"};
	char bound[SLU_LISTENER_URL], other[SLU_LISTENER_URL];

	(void)state;
	if (!has_ipv6())
		skip();
	for (int i = 0; i < 2; i++) {
		int first = open_at(places[i], "0", bound), second;

		assert_true(first >= 0);
		assert_int_equal(takes(AF_INET, port_of(bound)), i == 0);
		assert_int_equal(takes(AF_INET6, port_of(bound)), i == 1);
		second = open_at(places[i + 1], port_of(bound), other);
		if (second < 0)
			fail_msg("%s", error);
		assert_true(takes(AF_INET, port_of(bound)) && takes(AF_INET6, port_of(bound)));
		assert_int_equal(open_at(places[i], port_of(bound), other), SLU_ERR_IO);
		has("something listens there already");
		close(first);
		close(second);
	}
}

/* An interface that has a link-local address, or NULL. */
static struct ifaddrs *find_link_local(struct ifaddrs *list)
{
	for (struct ifaddrs *i = list; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET6 &&
		    IN6_IS_ADDR_LINKLOCAL(&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr))
			return i;
	return NULL;
}

static void link_local_addresses_have_a_zone(void **state)
{
	struct ifaddrs *list, *found;
	char text[64], place[128], bound[SLU_LISTENER_URL], wanted[SLU_LISTENER_URL];
	const char *const formats[] = {"rtmp://[%s%%%s]:0", "rtmp://[%s%%25%s]:0"};
	bool tls;

	(void)state;
	assert_int_equal(getifaddrs(&list), 0);
	found = find_link_local(list);
	if (!found) {
		freeifaddrs(list);
		skip();
	}
	assert_non_null(inet_ntop(AF_INET6, &((struct sockaddr_in6 *)found->ifa_addr)->sin6_addr, text, sizeof text));
	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(place, sizeof place, formats[i], text, found->ifa_name);
		snprintf(wanted, sizeof wanted, "rtmp://[%s%%%s]:", text, found->ifa_name);
		fd = slu_listener_open(place, &tls, bound, error, sizeof error);
		if (fd < 0)
			fail_msg("%s", error);
		assert_memory_equal(bound, wanted, strlen(wanted));
		close(fd);
	}
	freeifaddrs(list);
}

static void says_what_is_no_place(void **state)
{
	static const char *const wrong[] = {"http://x%s",       "rtmp://[::1%s",   "rtmp://h:%s",   "rtmp://h:70000%s",
					    "rtmp://h:1/app%s", "rtmp://[::1]x%s", "rtmpt://h:1%s", "/run/socket%s"};
	char bound[SLU_LISTENER_URL];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(open_at(wrong[i], "", bound), SLU_ERR_INVALID);
		has("is no place to listen at");
	}
	assert_int_equal(open_at("rtmp://[fe80::1]:0%s", "", bound), SLU_ERR_IO);
	has("a link-local address wants its interface: [fe80::1%eth0]");
	assert_int_equal(open_at("rtmp://[fe80::1%%no-such]:0%s", "", bound), SLU_ERR_RESOLVE);
	has("cannot listen at rtmp://[fe80::1%no-such]:0");
	assert_int_equal(open_at("rtmp://192.0.2.1:0%s", "", bound), SLU_ERR_IO);
	has("it is no address of this machine");
}

/* ---- unix sockets ---- */

static char place[128], *path = place + 5;

static void at(const char *name)
{
	snprintf(place, sizeof place, "unix:%s/%s", folder, name);
}

static int connect_to(const struct sockaddr_un *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), r = connect(fd, (const struct sockaddr *)address, size);

	close(fd);
	return r;
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(lstat(file, &st), 0);
	return st.st_mode;
}

static void a_socket_is_there_as_long_as_it_is_listened_at(void **state)
{
	struct slu_unix_listener l;
	mode_t before = umask(027);

	(void)state;
	at("one");
	assert_true(slu_listener_is_unix(place) && !slu_listener_is_unix("rtmp://unix"));
	assert_true(slu_listener_open_unix(&l, place, error, sizeof error) >= 0);
	umask(before);
	assert_int_equal(mode_of(path), S_IFSOCK | 0750);
	assert_int_equal(connect_to(&l.address, sizeof l.address), 0);
	assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(slu_listener_close_unix(&l), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(connect_to(&l.address, sizeof l.address), -1);
}

static void a_socket_that_lives_is_left_alone(void **state)
{
	struct slu_unix_listener l, other;

	(void)state;
	at("two");
	assert_true(slu_listener_open_unix(&l, place, error, sizeof error) >= 0);
	assert_int_equal(slu_listener_open_unix(&other, place, error, sizeof error), SLU_ERR_IO);
	has("something listens there already");
	assert_int_equal(connect_to(&l.address, sizeof l.address), 0);
	assert_int_equal(slu_listener_close_unix(&l), 0);
}

static void a_stale_socket_is_replaced(void **state)
{
	struct slu_unix_listener l, other;

	(void)state;
	at("three");
	assert_true(slu_listener_open_unix(&l, place, error, sizeof error) >= 0);
	close(l.fd); /* as by a process that was killed */
	if (slu_listener_open_unix(&other, place, error, sizeof error) < 0)
		fail_msg("%s", error);
	assert_int_equal(connect_to(&other.address, sizeof other.address), 0);
	/* Another one's is not removed. */
	l.fd = dup(STDERR_FILENO);
	l.ino = other.ino + 1;
	assert_int_equal(slu_listener_close_unix(&l), 0);
	assert_int_equal(mode_of(path) & S_IFMT, S_IFSOCK);
	assert_int_equal(slu_listener_close_unix(&other), 0);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	struct slu_unix_listener l;
	char target[128];
	int fd;

	(void)state;
	at("file");
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "text", 4), 4);
	close(fd);
	assert_int_equal(slu_listener_open_unix(&l, place, error, sizeof error), SLU_ERR_IO);
	has("is no socket, and is left alone");
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	snprintf(target, sizeof target, "%s", path);
	at("link");
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(slu_listener_open_unix(&l, place, error, sizeof error), SLU_ERR_IO);
	assert_int_equal(mode_of(path) & S_IFMT, S_IFLNK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(target), 0);
	at("absent/socket");
	assert_int_equal(slu_listener_open_unix(&l, place, error, sizeof error), SLU_ERR_IO);
	has("No such file or directory");
}

/* Between bind(2) and listen(2) another server's socket looks stale: who is about to listen has locked the folder. Who
 * never lets it go keeps nobody from listening. */
static void waits_no_longer_than_it_takes_to_begin(void **state)
{
	struct slu_unix_listener l;
	int fd = open(folder, O_RDONLY | O_DIRECTORY);

	(void)state;
	at("four");
	assert_true(slu_listener_open_unix(&l, place, error, sizeof error) >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0); /* it was given back */
	assert_int_equal(slu_listener_close_unix(&l), 0);
	assert_true(slu_listener_open_unix(&l, place, error, sizeof error) >= 0);
	assert_int_equal(slu_listener_close_unix(&l), 0);
	close(fd);
}

static void abstract_sockets_are_no_files(void **state)
{
	struct slu_unix_listener l, other;
	socklen_t size;

	(void)state;
	snprintf(place, sizeof place, "unix:@sluice-test-%ld", (long)getpid());
	assert_true(slu_listener_open_unix(&l, place, error, sizeof error) >= 0);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	assert_int_equal(l.address.sun_path[0], 0);
	assert_string_equal(l.address.sun_path + 1, path + 1);
	assert_int_equal(connect_to(&l.address, size), 0);
	assert_int_equal(slu_listener_open_unix(&other, place, error, sizeof error), SLU_ERR_IO);
	has("something listens there already");
	assert_int_equal(slu_listener_close_unix(&l), 0);
	assert_int_equal(connect_to(&l.address, size), -1);
}

static void says_which_paths_cannot_be(void **state)
{
	struct slu_unix_listener l;
	char longer[128];

	(void)state;
	assert_int_equal(slu_listener_open_unix(&l, "unix:", error, sizeof error), SLU_ERR_INVALID);
	assert_int_equal(slu_listener_open_unix(&l, "unix:@", error, sizeof error), SLU_ERR_INVALID);
	has("\"unix:@\" is no socket to listen at");
	snprintf(longer, sizeof longer, "unix:%0*d", (int)sizeof l.address.sun_path, 0);
	assert_int_equal(slu_listener_open_unix(&l, longer, error, sizeof error), SLU_ERR_INVALID);
	has("at most 107 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_without_a_host),
		cmocka_unit_test(a_wildcard_is_of_its_family),
		cmocka_unit_test(link_local_addresses_have_a_zone),
		cmocka_unit_test(says_what_is_no_place),
		cmocka_unit_test(a_socket_is_there_as_long_as_it_is_listened_at),
		cmocka_unit_test(a_socket_that_lives_is_left_alone),
		cmocka_unit_test(a_stale_socket_is_replaced),
		cmocka_unit_test(what_is_no_socket_is_left_alone),
		cmocka_unit_test(waits_no_longer_than_it_takes_to_begin),
		cmocka_unit_test(abstract_sockets_are_no_files),
		cmocka_unit_test(says_which_paths_cannot_be),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
