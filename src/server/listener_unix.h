/* SPDX-License-Identifier: MIT */
/* Unix sockets that listen, from "unix:PATH"; or "unix:@NAME", which is no file (Linux's abstract ones, unix(7)). */
#ifndef SLU_SERVER_LISTENER_UNIX_H
#define SLU_SERVER_LISTENER_UNIX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

struct slu_unix_listener {
	int fd;
	dev_t dev; /* of the file that is its address: whoever has put another one there is to keep it */
	ino_t ino;
	struct sockaddr_un address; /* with sun_path[0] == 0 there is no file */
};

bool slu_listener_is_unix(const char *text);

/*
 * Opens a listening, non-blocking socket; umask(2) says who may connect to it. A socket that nobody listens at any more
 * is replaced; one that somebody does, and what is no socket, is left alone.
 *
 * Returns the descriptor; or SLU_ERR_INVALID or SLU_ERR_IO, with one sentence in error.
 */
int slu_listener_open_unix(struct slu_unix_listener *out, const char *text, char *error, size_t size);

/* Closes it, and removes the file when it is still this listener's. 0, or errno of what is in the way of that. */
int slu_listener_close_unix(struct slu_unix_listener *l);

#endif
