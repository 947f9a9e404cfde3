/* SPDX-License-Identifier: MIT */
/*
 * A program that gave its own socket to RTMP_Connect1() waits for that descriptor before each RTMP_Read(), and cannot
 * know what was read from the socket already, and decrypted. So in its place it gets a descriptor that is readable
 * whenever RTMP_Read() has something: an epoll instance on the socket, and an event for what is kept here. (curl
 * otherwise waits for ever for the last of a stream whose server keeps the connection.)
 *
 * A session may go on over another socket, for a server that asks who publishes. What is behind the program's
 * descriptor follows; for one that writes, that is the socket itself.
 */
#ifndef COMPAT_LIBRTMP_POLLABLE_H
#define COMPAT_LIBRTMP_POLLABLE_H

#include <stdbool.h>

struct slu_pollable {
	int fd;     /* the caller's; -1: none */
	int event;  /* eventfd; -1: fd is the socket */
	int socket; /* that is behind it; -1: none is, yet */
	bool set;
};

#define SLU_POLLABLE_NONE                                                                                              \
	{                                                                                                              \
		-1, -1, -1, false                                                                                      \
	}

/* Moves the socket at fd to another descriptor, which it returns. Where the caller reads, an epoll instance takes its
 * place. -1: it cannot, and all is as it was. */
int slu_pollable_init(struct slu_pollable *p, int fd, bool reads);

/* The socket is closed, where the session has it; another one may follow. */
void slu_pollable_drop(struct slu_pollable *p);

/* The session's socket is this one. False: it cannot be waited for at the caller's descriptor. */
bool slu_pollable_follow(struct slu_pollable *p, int socket);

/* Whether something is kept. */
void slu_pollable_set(struct slu_pollable *p, bool kept);

void slu_pollable_clear(struct slu_pollable *p);

#endif
