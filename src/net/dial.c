/* SPDX-License-Identifier: MIT */
#include "net/dial.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/log.h"
#include "net/address.h"
#include "net/race.h"

enum { DEFAULT_TIMEOUT_MS = 10000, LISTED = 4 };

struct slu_dial {
	const struct slu_resolver *resolver;
	struct slu_lookup *lookup; /* while resolving */
	struct slu_race race;
	struct slu_address local, peer;
	char interface[IF_NAMESIZE];
	enum slu_ip ip;
	struct slu_log log;
	int epfd;
	int fd; /* once connected */
	int err;
	uint64_t deadline;
	unsigned timeout_ms;
	bool numeric; /* the host is an address: no need to name it twice */
	char name[SLU_ENDPOINT_TEXT];
	char error[1024];
};

static const char *const ip_names[] = {[SLU_IP_ANY] = "IP", [SLU_IPV4] = "IPv4", [SLU_IPV6] = "IPv6"};

static enum slu_ip ip_of(const struct slu_address *a)
{
	return a->addr.ss_family == AF_INET6 ? SLU_IPV6 : SLU_IPV4;
}

/* ---- what went wrong ---- */

/* The most telling first: when addresses failed in several ways, the advice is for the first that occurs. */
static const struct advice {
	int err;
	const char *text;
} advices[] = {
	{ECONNREFUSED, "nothing listens on that port there; check the port and that the server runs"},
	{ECONNRESET, "check the port and what runs there"},
	{ETIMEDOUT, "the host does not answer; check the address and any firewall on the way"},
	{EHOSTUNREACH, "check the address, this device's network connection and any firewall on the way"},
	{ENETUNREACH, "this device has no route there; check its network connection"},
	{EADDRNOTAVAIL, "the address to bind to must be one of this device's; see `ip address`"},
	{ENODEV, "there is no interface of that name to bind to; see `ip link`"},
	{EPERM, "not permitted; check this device's firewall, and its right to bind to an interface"},
	{EACCES, "not permitted; check this device's firewall, and its right to bind to an interface"},
	{EAFNOSUPPORT, "this device's kernel lacks that kind of address; try -4"},
	{EMFILE, "too many files are open; raise the limit with `ulimit -n`"},
};

/* EADDRNOTAVAIL where nothing was to be bound: the kernel found no source address. */
static const char no_address[] = "this device has no address to connect from; check its network connection";

static const char *advise(const struct slu_race *r)
{
	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
		for (size_t k = 0; k < r->begun; k++) {
			if (r->attempts[k].err == advices[i].err)
				return advices[i].err == EADDRNOTAVAIL && !r->local ? no_address : advices[i].text;
		}
	}
	return "check this device's network connection, or try again later";
}

static void append(char *out, size_t size, const char *text)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s", text);
}

static const char *outcome(const struct slu_race *r, size_t index)
{
	if (index >= r->begun)
		return "not tried";
	return r->attempts[index].err ? strerror(r->attempts[index].err) : "no answer";
}

/* "192.0.2.1: Connection refused, ::1: no answer" */
static void list_attempts(const struct slu_dial *d, char *out, size_t size)
{
	const struct slu_race *r = &d->race;
	char host[SLU_ADDRESS_TEXT], more[32];

	*out = '\0';
	if (d->numeric && r->count == 1) {
		append(out, size, outcome(r, 0));
		return;
	}
	for (size_t i = 0; i < r->count && i < LISTED; i++) {
		append(out, size, i ? ", " : "");
		append(out, size, slu_address_host(&r->attempts[i].addr, host, sizeof host));
		append(out, size, ": ");
		append(out, size, outcome(r, i));
	}
	if (r->count > LISTED) {
		snprintf(more, sizeof more, " and %zu more", r->count - LISTED);
		append(out, size, more);
	}
}

static int fail_connect(struct slu_dial *d)
{
	char list[512];

	list_attempts(d, list, sizeof list);
	snprintf(d->error, sizeof d->error, "cannot connect to %s (%s): %s", d->name, list, advise(&d->race));
	return SLU_ERR_CONNECT;
}

static int fail_timeout(struct slu_dial *d)
{
	char list[512];

	if (d->lookup) {
		snprintf(d->error, sizeof d->error,
			 "the host of %s was not resolved within %u ms; check this device's network connection and the "
			 "name servers in /etc/resolv.conf",
			 d->name, d->timeout_ms);
		return SLU_ERR_TIMEOUT;
	}
	list_attempts(d, list, sizeof list);
	snprintf(d->error, sizeof d->error,
		 "no connection to %s within %u ms (%s); check the address and any firewall on the way", d->name,
		 d->timeout_ms, list);
	return SLU_ERR_TIMEOUT;
}

/* ---- resolving ---- */

/* What may be used of the n addresses: those of the wanted family, which is also that of the address to bind to. */
static size_t usable(const struct slu_dial *d, struct slu_address *list, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (d->ip == SLU_IP_ANY || d->ip == ip_of(&list[i]))
			list[kept++] = list[i];
	}
	return kept;
}

static void stop_lookup(struct slu_dial *d)
{
	struct epoll_event none = {0};
	int fd;

	if (!d->lookup)
		return;
	/* An abandoned thread keeps the descriptor open, so that it would stay in the set. */
	fd = d->resolver->fd(d->lookup);
	if (fd >= 0)
		(void)epoll_ctl(d->epfd, EPOLL_CTL_DEL, fd, &none);
	d->resolver->cancel(d->lookup);
	d->lookup = NULL;
}

/* 1: resolved; 0: not yet; <0. */
static int resolve(struct slu_dial *d)
{
	struct slu_address list[SLU_MAX_ADDRESSES];
	int n = d->resolver->poll(d->lookup, list, d->error, sizeof d->error);
	size_t kept;

	if (n <= 0)
		return n;
	stop_lookup(d);
	kept = usable(d, list, (size_t)n);
	if (!kept) {
		snprintf(d->error, sizeof d->error,
			 "the host of %s has no %s address; use another host, or drop -4, -6 or the address to bind to",
			 d->name, ip_names[d->ip]);
		return SLU_ERR_RESOLVE;
	}
	slu_log(&d->log, SLU_LOG_DEBUG, "%s: %zu addresses to try", d->name, kept);
	slu_race_order(list, kept);
	slu_race_start(&d->race, list, kept);
	return 1;
}

/* ---- the object ---- */

static int step(struct slu_dial *d, uint64_t now_ms)
{
	int n = d->lookup ? resolve(d) : 1;

	if (n < 0)
		return n;
	if (n > 0) {
		d->fd = slu_race_step(&d->race, now_ms, &d->peer);
		if (d->fd >= 0)
			return 1;
		if (!d->race.under_way)
			return fail_connect(d);
	}
	return now_ms >= d->deadline ? fail_timeout(d) : 0;
}

int slu_dial_step(struct slu_dial *d, uint64_t now_ms)
{
	int n;

	if (d->err)
		return d->err;
	if (d->fd >= 0)
		return 1;
	n = step(d, now_ms);
	if (n < 0) {
		d->err = n;
		stop_lookup(d);
		slu_race_clear(&d->race);
		if (n == SLU_ERR_NOMEM)
			snprintf(d->error, sizeof d->error, "out of memory while connecting to %s", d->name);
	}
	return n;
}

int slu_dial_fd(const struct slu_dial *d)
{
	return d->epfd;
}

uint64_t slu_dial_deadline(const struct slu_dial *d)
{
	uint64_t next = slu_race_deadline(&d->race);

	if (d->lookup)
		return d->resolver->fd(d->lookup) < 0 ? 0 : d->deadline;
	return next < d->deadline ? next : d->deadline;
}

const char *slu_dial_error(const struct slu_dial *d)
{
	return d->error;
}

size_t slu_dial_addresses(const struct slu_dial *d)
{
	return d->race.count;
}

int slu_dial_take(struct slu_dial *d, struct slu_address *peer)
{
	int fd = d->fd;

	*peer = d->peer;
	d->fd = -1;
	close(d->epfd);
	d->epfd = d->race.epfd = -1;
	return fd;
}

int slu_dial_again(struct slu_dial *d, uint64_t now_ms)
{
	d->epfd = d->race.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (d->epfd < 0) {
		snprintf(d->error, sizeof d->error, "cannot wait for connections: %s", strerror(errno));
		d->err = SLU_ERR_CONNECT;
		return d->err;
	}
	slu_race_start(&d->race, &d->peer, 1);
	d->deadline = now_ms + d->timeout_ms;
	return 0;
}

int slu_dial_more(const struct slu_dial *d)
{
	bool stands;

	return slu_race_connect(&d->race, &d->peer, &stands);
}

void slu_dial_free(struct slu_dial *d)
{
	if (!d)
		return;
	stop_lookup(d);
	slu_race_clear(&d->race);
	if (d->fd >= 0)
		close(d->fd);
	if (d->epfd >= 0)
		close(d->epfd);
	free(d);
}

/* What the caller wants to bind to. False, and why in error, when it cannot be. */
static bool set_local(struct slu_dial *d, const struct slu_tcp_config *c, char *error, size_t size)
{
	if (c->bind_interface) {
		if (!*c->bind_interface || strlen(c->bind_interface) >= sizeof d->interface) {
			snprintf(error, size, "'%.32s' is no name of a network interface; see `ip link`",
				 c->bind_interface);
			return false;
		}
		strcpy(d->interface, c->bind_interface);
		d->race.interface = d->interface;
	}
	if (!c->bind_address)
		return true;
	if (!slu_address_parse(&d->local, c->bind_address, 0)) {
		snprintf(error, size, "the address to bind to must be numeric, and '%.64s' is not", c->bind_address);
		return false;
	}
	if (d->ip != SLU_IP_ANY && d->ip != ip_of(&d->local)) {
		snprintf(error, size, "%s was asked for, and the address to bind to, %.64s, is none", ip_names[d->ip],
			 c->bind_address);
		return false;
	}
	d->ip = ip_of(&d->local);
	d->race.local = &d->local;
	return true;
}

/* The lookup in the set that stands for all that is waited for. */
static bool start(struct slu_dial *d, const char *host, uint16_t port, char *error, size_t size)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
	int fd;

	d->epfd = d->race.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (d->epfd < 0) {
		snprintf(error, size, "cannot wait for connections: %s", strerror(errno));
		return false;
	}
	d->lookup = d->resolver->start(d->resolver, host, port, d->ip);
	if (!d->lookup) {
		snprintf(error, size, "out of memory while connecting to %s", d->name);
		return false;
	}
	fd = d->resolver->fd(d->lookup);
	if (fd >= 0 && epoll_ctl(d->epfd, EPOLL_CTL_ADD, fd, &ev)) {
		snprintf(error, size, "cannot wait for the resolver: %s", strerror(errno));
		return false;
	}
	return true;
}

struct slu_dial *slu_dial_new(const struct slu_tcp_config *config, const char *host, uint16_t port, uint64_t now_ms,
			      char *error, size_t size)
{
	struct slu_dial *d = calloc(1, sizeof *d);
	struct slu_address numeric;

	if (!d) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	d->resolver = config->resolver ? config->resolver : &slu_resolver_system;
	d->fd = d->epfd = -1;
	d->ip = config->ip;
	d->log = config->log;
	d->race.send_buffer = config->send_buffer;
	d->timeout_ms = config->connect_timeout_ms ? config->connect_timeout_ms : DEFAULT_TIMEOUT_MS;
	d->deadline = now_ms + d->timeout_ms;
	d->numeric = slu_address_parse(&numeric, host, port);
	slu_endpoint_format(host, port, d->name, sizeof d->name);
	if (set_local(d, config, error, size) && start(d, host, port, error, size))
		return d;
	slu_dial_free(d);
	return NULL;
}
