/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE = 256 };

struct control {
	struct lab_device *device;
	int listener;
};

static int address_of(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address->sun_path)
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

static void answer(struct lab_device *d, const char *line, FILE *out)
{
	struct lab_counters counters;
	char error[LINE + 80];

	if (strcmp(line, "counters") == 0) {
		lab_device_counters(d, &counters);
		lab_counters_print(&counters, out);
	} else if (strcmp(line, "release") == 0) {
		lab_device_release(d);
	} else if (strncmp(line, "fault ", 6) != 0) {
		fprintf(out, "error: \"%s\" is no command.\n", line);
	} else if (lab_device_fault(d, line + 6, error, sizeof error) != 0) {
		fprintf(out, "error: %s\n", error);
	}
}

static void serve(struct lab_device *d, int fd)
{
	FILE *stream = fdopen(fd, "r+");
	char line[LINE];

	if (!stream) {
		close(fd);
		return;
	}
	if (fgets(line, sizeof line, stream)) {
		line[strcspn(line, "\n")] = '\0';
		answer(d, line, stream);
	}
	fclose(stream);
}

static void *control_run(void *arg)
{
	struct control *c = arg;

	for (;;) {
		int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve(c->device, fd);
	}
	return NULL;
}

int control_start(struct lab_device *d, const char *path)
{
	static struct control c;
	struct sockaddr_un address;
	pthread_t thread;
	int error = address_of(&address, path);

	if (error)
		return error;
	c.device = d;
	c.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	if (c.listener < 0 || bind(c.listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(c.listener, 8) != 0)
		return -errno;
	return -pthread_create(&thread, NULL, control_run, &c);
}

FILE *control_ask(const char *path, const char *line)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	FILE *stream = NULL;

	if (fd >= 0 && !address_of(&address, path) && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		stream = fdopen(fd, "r+");
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	fprintf(stream, "%s\n", line);
	fflush(stream);
	return stream;
}
