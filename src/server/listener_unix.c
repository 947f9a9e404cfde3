/* SPDX-License-Identifier: MIT */
#include "server/listener_unix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#define SCHEME "unix:"

bool slu_listener_is_unix(const char *text)
{
	return strncmp(text, SCHEME, strlen(SCHEME)) == 0;
}

static bool is_file(const struct sockaddr_un *address)
{
	return address->sun_path[0] != '\0';
}

/* The name of an abstract socket is all bytes of the address, a zero at the end too: so there is none. */
static socklen_t size_of(const struct sockaddr_un *address)
{
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   (is_file(address) ? strlen(address->sun_path) + 1 : 1 + strlen(address->sun_path + 1)));
}

static bool parse(const char *text, struct sockaddr_un *out)
{
	const char *path = text + strlen(SCHEME);
	size_t n = strlen(path);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!n || n >= sizeof out->sun_path || strcmp(path, "@") == 0)
		return false;
	memcpy(out->sun_path, path, n);
	if (*path == '@')
		out->sun_path[0] = '\0';
	return true;
}

/* Whoever else begins to listen in this folder waits no longer than that takes: between bind(2) and listen(2) a socket
 * looks as if nobody listened at it, and would be taken away. Best effort: -1 where the folder cannot be opened. */
static int lock_folder(const struct sockaddr_un *address)
{
	char folder[sizeof address->sun_path];
	char *slash;
	int fd;

	if (!is_file(address))
		return -1;
	memcpy(folder, address->sun_path, sizeof folder);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < 50 && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
		usleep(10000);
	return fd;
}

/* 0: nobody listens at it, and it is gone. Else errno. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, err;

	if (!is_file(address))
		return EADDRINUSE;
	if (lstat(address->sun_path, &st) != 0)
		return errno;
	if (!S_ISSOCK(st.st_mode))
		return ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	err = connect(fd, (const struct sockaddr *)address, size_of(address)) == 0 ? 0 : errno;
	close(fd);
	/* One whose queue is full is EAGAIN, one of another type EPROTOTYPE: they live. */
	if (err != ECONNREFUSED)
		return err == EACCES || err == EPERM ? err : EADDRINUSE;
	return unlink(address->sun_path) == 0 ? 0 : errno;
}

/* 0 or errno. */
static int bind_to(int fd, const struct sockaddr_un *address)
{
	int err;

	if (bind(fd, (const struct sockaddr *)address, size_of(address)) == 0)
		return 0;
	err = errno == EADDRINUSE ? remove_stale(address) : errno;
	if (err)
		return err;
	return bind(fd, (const struct sockaddr *)address, size_of(address)) == 0 ? 0 : errno;
}

static int refuse(const char *text, int err, char *error, size_t size)
{
	if (err == ENOTSOCK)
		snprintf(error, size,
			 "cannot listen at %s: what is there is no socket, and is left alone; name another path", text);
	else
		snprintf(error, size, "cannot listen at %s: %s%s", text, strerror(err),
			 err == EADDRINUSE ? "; something listens there already" : "");
	return SLU_ERR_IO;
}

int slu_listener_open_unix(struct slu_unix_listener *out, const char *text, char *error, size_t size)
{
	struct stat st = {0};
	int lock, err;

	if (!parse(text, &out->address)) {
		snprintf(error, size,
			 "\"%s\" is no socket to listen at; one is unix:/run/sluice/rtmp, with a path of at most %zu "
			 "bytes",
			 text, sizeof out->address.sun_path - 1);
		return SLU_ERR_INVALID;
	}
	out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (out->fd < 0)
		return refuse(text, errno, error, size);
	lock = lock_folder(&out->address);
	err = bind_to(out->fd, &out->address);
	if (!err && listen(out->fd, SOMAXCONN) != 0)
		err = errno;
	if (!err && is_file(&out->address) && lstat(out->address.sun_path, &st) != 0)
		err = errno;
	if (lock >= 0)
		close(lock);
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	if (!err)
		return out->fd;
	close(out->fd);
	return refuse(text, err, error, size);
}

int slu_listener_close_unix(struct slu_unix_listener *l)
{
	struct stat st;
	int err = 0;

	/* Still open, so that no other one can have its number. */
	if (is_file(&l->address) && lstat(l->address.sun_path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		err = unlink(l->address.sun_path) == 0 ? 0 : errno;
	close(l->fd);
	return err;
}
