/* SPDX-License-Identifier: MIT */
/*
 * getaddrinfo() cannot be interrupted, and a name server that does not answer holds it for half a minute. So it runs in
 * a detached thread that shares one reference-counted object with whoever waits: a deadline lets go of its reference
 * and leaves, and the thread frees the object when it comes back, however late.
 */
#include "net/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/log.h"
#include "net/address.h"

struct slu_lookup {
	atomic_uint refs; /* the caller's and the thread's */
	atomic_bool done; /* set by the thread, last: what is below is the caller's from then on */
	int fd;           /* eventfd, written once when done; -1: done from the start */
	enum slu_ip ip;
	uint16_t port;
	int gai;       /* getaddrinfo()'s answer */
	int sys_errno; /* with EAI_SYSTEM, or when no thread could be started */
	size_t count;
	struct slu_address found[SLU_MAX_ADDRESSES];
	char host[];
};

static struct slu_lookup *lookup_new(const char *host, uint16_t port, enum slu_ip ip)
{
	size_t size = strlen(host) + 1;
	struct slu_lookup *l = calloc(1, sizeof *l + size);

	if (!l)
		return NULL;
	atomic_init(&l->refs, 1);
	atomic_init(&l->done, false);
	l->fd = -1;
	l->ip = ip;
	l->port = port;
	memcpy(l->host, host, size);
	return l;
}

static void lookup_put(struct slu_lookup *l)
{
	if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

static int lookup_fd(const struct slu_lookup *l)
{
	return l->fd;
}

/* What getaddrinfo() says, and what to do about it. */
static const struct reason {
	int gai;
	const char *text;
} reasons[] = {
	{EAI_NONAME, "the name does not exist; check its spelling"},
#ifdef EAI_NODATA
	{EAI_NODATA, "the name exists but has no address of the wanted kind; check it, or drop -4 or -6"},
#endif
#ifdef EAI_ADDRFAMILY
	{EAI_ADDRFAMILY, "the name exists but has no address of the wanted kind; check it, or drop -4 or -6"},
#endif
	{EAI_AGAIN, "no name server answered; check this device's network connection and the name servers in "
		    "/etc/resolv.conf"},
	{EAI_FAIL, "the name server failed; try again later, or check the name servers in /etc/resolv.conf"},
};

static void explain(const struct slu_lookup *l, char *error, size_t size)
{
	char name[SLU_ENDPOINT_TEXT];

	slu_endpoint_format(l->host, l->port, name, sizeof name);
	if (l->gai == EAI_NONAME && l->ip != SLU_IP_ANY) {
		snprintf(error, size,
			 "cannot resolve the host of %s: the name does not exist or has no %s address; check it, "
			 "or drop -4 or -6",
			 name, l->ip == SLU_IPV4 ? "IPv4" : "IPv6");
		return;
	}
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (reasons[i].gai == l->gai) {
			snprintf(error, size, "cannot resolve the host of %s: %s", name, reasons[i].text);
			return;
		}
	}
	snprintf(error, size, "cannot resolve the host of %s: %s; check the name and this device's name servers", name,
		 l->gai == EAI_SYSTEM ? strerror(l->sys_errno) : gai_strerror(l->gai));
}

static int lookup_poll(struct slu_lookup *l, struct slu_address out[SLU_MAX_ADDRESSES], char *error, size_t size)
{
	if (!atomic_load(&l->done))
		return 0;
	if (l->count) {
		memcpy(out, l->found, l->count * sizeof l->found[0]);
		return (int)l->count;
	}
	if (l->gai == EAI_MEMORY)
		return SLU_ERR_NOMEM;
	explain(l, error, size);
	return SLU_ERR_RESOLVE;
}

/* ---- the system's resolver ---- */

static void keep(struct slu_lookup *l, const struct addrinfo *ai)
{
	struct slu_address *a = &l->found[l->count];

	memset(a, 0, sizeof *a);
	memcpy(&a->addr, ai->ai_addr, ai->ai_addrlen);
	a->len = ai->ai_addrlen;
	if (ai->ai_family == AF_INET6)
		((struct sockaddr_in6 *)&a->addr)->sin6_port = htons(l->port);
	else
		((struct sockaddr_in *)&a->addr)->sin_port = htons(l->port);
	l->count++;
}

static const int families[] = {[SLU_IP_ANY] = AF_UNSPEC, [SLU_IPV4] = AF_INET, [SLU_IPV6] = AF_INET6};

static void *resolve(void *arg)
{
	struct slu_lookup *l = arg;
	/* AI_ADDRCONFIG is left out: it makes "localhost" unknown on a board whose only network is loopback. */
	const struct addrinfo hints = {.ai_family = families[l->ip], .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;

	l->gai = getaddrinfo(l->host, NULL, &hints, &list);
	l->sys_errno = errno;
	if (!l->gai) {
		for (const struct addrinfo *ai = list; ai && l->count < SLU_MAX_ADDRESSES; ai = ai->ai_next) {
			if (ai->ai_family == AF_INET || ai->ai_family == AF_INET6)
				keep(l, ai);
		}
		freeaddrinfo(list);
		if (!l->count)
			l->gai = EAI_NONAME;
	}
	atomic_store(&l->done, true);
	eventfd_write(l->fd, 1);
	lookup_put(l);
	return NULL;
}

/* A detached thread in which no signal handler of the program runs. 0 or an errno. */
static int spawn(struct slu_lookup *l)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	atomic_fetch_add(&l->refs, 1);
	err = pthread_create(&thread, &attr, resolve, l);
	if (err)
		lookup_put(l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static void finish(struct slu_lookup *l, int gai, int sys_errno)
{
	l->gai = gai;
	l->sys_errno = sys_errno;
	atomic_store(&l->done, true);
}

static struct slu_lookup *system_start(const struct slu_resolver *r, const char *host, uint16_t port, enum slu_ip ip)
{
	struct slu_lookup *l = lookup_new(host, port, ip);
	int err;

	(void)r;
	if (!l)
		return NULL;
	if (slu_address_parse(&l->found[0], host, port)) { /* nothing to ask anybody */
		l->count = 1;
		finish(l, 0, 0);
		return l;
	}
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0) {
		finish(l, EAI_SYSTEM, errno);
		return l;
	}
	err = spawn(l);
	if (err)
		finish(l, EAI_SYSTEM, err);
	return l;
}

const struct slu_resolver slu_resolver_system = {
	.start = system_start,
	.fd = lookup_fd,
	.poll = lookup_poll,
	.cancel = lookup_put,
};

/* ---- fixed addresses ---- */

static struct slu_lookup *fixed_start(const struct slu_resolver *r, const char *host, uint16_t port, enum slu_ip ip)
{
	const struct slu_resolver_fixed *fixed = (const struct slu_resolver_fixed *)r;
	struct slu_lookup *l = lookup_new(host, port, ip);

	if (!l)
		return NULL;
	for (size_t i = 0; i < fixed->count && l->count < SLU_MAX_ADDRESSES; i++) {
		if (slu_address_parse(&l->found[l->count], fixed->addresses[i], port))
			l->count++;
	}
	finish(l, EAI_NONAME, 0);
	return l;
}

void slu_resolver_fixed_init(struct slu_resolver_fixed *r, const char *const *addresses, size_t count)
{
	*r = (struct slu_resolver_fixed){
		.resolver = {.start = fixed_start, .fd = lookup_fd, .poll = lookup_poll, .cancel = lookup_put},
		.addresses = addresses,
		.count = count,
	};
}
