/* SPDX-License-Identifier: MIT */
/* Where a client meant to go whose connection netfilter has redirected here. */
#ifndef SLU_TOOLS_ORIGINAL_DST_H
#define SLU_TOOLS_ORIGINAL_DST_H

#include <stdbool.h>
#include <sys/socket.h>

enum { SLU_ORIGINAL_DST = 64 };

/* The kernel's calls, so that a test can answer in its stead. */
struct slu_original_dst_calls {
	int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *size);
	int (*getsockname)(int fd, struct sockaddr *address, socklen_t *size);
};

extern const struct slu_original_dst_calls slu_original_dst_kernel;

/* Of an accepted socket, as "192.0.2.1:1935" or "[2001:db8::1]:1935". False: it came here of itself, or there is no
 * netfilter. */
bool slu_original_dst(const struct slu_original_dst_calls *calls, int fd, char out[SLU_ORIGINAL_DST]);

/* Whether the server is what the client is connected to: this very program. */
bool slu_leads_back(int client_fd, int server_fd);

#endif
