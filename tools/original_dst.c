/* SPDX-License-Identifier: MIT */
#include "tools/original_dst.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* The same number in both families: linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h. */
enum { ORIGINAL_DST = 80 };

static int kernel_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
	return getsockname(fd, address, size);
}

const struct slu_original_dst_calls slu_original_dst_kernel = {getsockopt, kernel_getsockname};

/* IPv4 in a socket of IPv6 is IPv4 to netfilter. */
static void unmap(struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6->sin6_port};

	if (ss->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return;
	memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, sizeof in.sin_addr);
	memcpy(ss, &in, sizeof in);
}

static bool same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a, *b4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const struct sockaddr_in6 *)b;

	if (a->ss_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port && memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr) == 0;
}

bool slu_original_dst(const struct slu_original_dst_calls *calls, int fd, char out[SLU_ORIGINAL_DST])
{
	struct sockaddr_storage here = {.ss_family = AF_UNSPEC}, there = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof here;
	char host[SLU_ORIGINAL_DST - 16], port[8];

	if (calls->getsockname(fd, (struct sockaddr *)&here, &size) != 0)
		return false;
	unmap(&here);
	size = sizeof there;
	if (calls->getsockopt(fd, here.ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, ORIGINAL_DST, &there, &size) !=
	    0)
		return false;
	if (there.ss_family != here.ss_family || same(&here, &there))
		return false;
	if (getnameinfo((struct sockaddr *)&there, size, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(out, SLU_ORIGINAL_DST, there.ss_family == AF_INET ? "%s:%s" : "[%s]:%s", host, port);
	return true;
}

bool slu_leads_back(int client_fd, int server_fd)
{
	struct sockaddr_storage here = {.ss_family = AF_UNSPEC}, there = {.ss_family = AF_UNSPEC};
	socklen_t here_size = sizeof here, there_size = sizeof there;

	if (getsockname(client_fd, (struct sockaddr *)&here, &here_size) != 0 ||
	    getpeername(server_fd, (struct sockaddr *)&there, &there_size) != 0)
		return false;
	unmap(&here);
	unmap(&there);
	return here.ss_family == there.ss_family && same(&here, &there);
}
