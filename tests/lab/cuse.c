/* SPDX-License-Identifier: MIT */
/* cusecrypto: the model as a character device in user space (CUSE), for any program, on a kernel without the module. */
#define FUSE_USE_VERSION 312

#include <fuse3/cuse_lowlevel.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "control.h"
#include "device.h"
#include "engine.h"

/* Each operation that is slow or hangs holds a thread: others must not wait for it. */
enum { THREADS = 1000, IDLE_THREADS = 10 };

struct options {
	const char *name, *control, *pass;
};

static struct lab_device *device;
static char node[64]; /* /dev/NAME */

static void on_init_done(void *user)
{
	(void)user;
	chmod(node, 0666); /* as the module's */
	puts("ready");
	fflush(stdout);
}

static void on_open(fuse_req_t request, struct fuse_file_info *info)
{
	struct lab_file *f;
	int error = lab_file_open(device, &f);

	if (error) {
		fuse_reply_err(request, -error);
		return;
	}
	info->fh = (uint64_t)(uintptr_t)f;
	fuse_reply_open(request, info);
}

static void on_release(fuse_req_t request, struct fuse_file_info *info)
{
	lab_file_close((struct lab_file *)(uintptr_t)info->fh);
	fuse_reply_err(request, 0);
}

/* The kernel carries the structure itself both ways: its size is in the number. */
static void on_ioctl(fuse_req_t request, int number, void *arg, struct fuse_file_info *info, unsigned flags,
		     const void *in, size_t in_size, size_t out_size)
{
	_Alignas(16) char structure[CLIENT_STRUCT_MAX] = {0};
	int error;

	(void)arg;
	if (in_size > sizeof structure || out_size > sizeof structure) {
		fuse_reply_err(request, EINVAL);
		return;
	}
	if (in_size > 0)
		memcpy(structure, in, in_size);
	error = client_ioctl((struct lab_file *)(uintptr_t)info->fh, fuse_req_ctx(request)->pid,
			     flags & FUSE_IOCTL_COMPAT, (unsigned)number, structure);
	if (error)
		fuse_reply_err(request, -error);
	else
		fuse_reply_ioctl(request, 0, structure, out_size);
}

static int serve(const char *name)
{
	static const struct cuse_lowlevel_ops operations = {
		.init_done = on_init_done, .open = on_open, .release = on_release, .ioctl = on_ioctl};
	char arg0[] = "cusecrypto", foreground[] = "-f", device_name[80];
	char *args[] = {arg0, foreground, NULL};
	const char *const lines[] = {device_name};
	const struct cuse_info info = {.dev_info_argc = 1, .dev_info_argv = (const char **)(uintptr_t)lines};
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	struct fuse_session *session;
	int threaded;

	snprintf(device_name, sizeof device_name, "DEVNAME=%s", name);
	snprintf(node, sizeof node, "/dev/%s", name);
	session = cuse_lowlevel_setup(2, args, &info, &operations, &threaded, NULL);
	if (!config || !session) {
		fprintf(stderr, "cusecrypto: no device %s: is the cuse module loaded, and this root?\n", node);
		return 1;
	}
	/* A signal ends the process as it is: nobody can wait for operations that hang. */
	fuse_remove_signal_handlers(session);
	fuse_loop_cfg_set_max_threads(config, THREADS);
	fuse_loop_cfg_set_idle_threads(config, IDLE_THREADS);
	return fuse_session_loop_mt(session, config) != 0;
}

/* 0, or 1 when the answer is an error or there is none. */
static int ask(const char *path, const char *line)
{
	FILE *answer = control_ask(path, line);
	char text[256];
	int failed = 0;

	if (!answer) {
		perror(path);
		return 1;
	}
	while (fgets(text, sizeof text, answer)) {
		failed |= strncmp(text, "error: ", 7) == 0;
		fputs(text, stdout);
	}
	fclose(answer);
	return failed;
}

static int usage(void)
{
	fputs("usage: cusecrypto [--name NAME] [--fault NAME[=ARGUMENT]]... [--control SOCKET] [--pass afalg]\n"
	      "       cusecrypto --list-faults\n"
	      "       cusecrypto --ask SOCKET counters|release|\"fault NAME[=ARGUMENT]\"\n"
	      "Makes /dev/NAME (crypto), prints \"ready\", and serves it until it is killed.\n"
	      "  --control SOCKET  for --ask\n"
	      "  --pass afalg      AES-CBC by the kernel, through AF_ALG, and nothing else\n",
	      stderr);
	return 2;
}

static int set_fault(const char *spec)
{
	char error[300];

	if (lab_device_fault(device, spec, error, sizeof error) == 0)
		return 0;
	fprintf(stderr, "cusecrypto: %s --list-faults shows them.\n", error);
	return -1;
}

static int make_device(const char *pass)
{
	const struct lab_engine *engine = lab_engine_software();

	if (pass)
		engine = strcmp(pass, "afalg") == 0 ? lab_engine_afalg() : NULL;
	device = lab_device_new_over(engine);
	if (device)
		return 0;
	fprintf(stderr, "cusecrypto: nothing computes%s%s.\n", pass ? " by way of " : "", pass ? pass : "");
	return -1;
}

enum { NAME = 1, FAULT, LIST, CONTROL, PASS, ASK };

static const struct option names[] = {
	{"name", required_argument, NULL, NAME},
	{"fault", required_argument, NULL, FAULT},
	{"list-faults", no_argument, NULL, LIST},
	{"control", required_argument, NULL, CONTROL},
	{"pass", required_argument, NULL, PASS},
	{"ask", required_argument, NULL, ASK},
	{NULL, 0, NULL, 0},
};

/* Those that need no device are done at once: the exit status, or -1 to go on. */
static int read_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == NAME)
			o->name = optarg;
		else if (c == CONTROL)
			o->control = optarg;
		else if (c == PASS)
			o->pass = optarg;
		else if (c == ASK)
			return optind == argc - 1 ? ask(optarg, argv[optind]) : usage();
		else if (c == LIST)
			return lab_faults_list(stdout), 0;
		else if (c != FAULT)
			return usage();
	}
	return optind == argc ? -1 : usage();
}

static int set_faults(int argc, char **argv)
{
	int c, error = 0;

	optind = 1;
	while (!error && (c = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (c == FAULT)
			error = set_fault(optarg);
	return error;
}

int main(int argc, char **argv)
{
	struct options o = {.name = "crypto"};
	int done = read_options(&o, argc, argv), error;

	if (done >= 0)
		return done;
	if (make_device(o.pass) || set_faults(argc, argv))
		return 1;
	error = o.control ? control_start(device, o.control) : 0;
	if (error) {
		fprintf(stderr, "cusecrypto: cannot listen at %s: %s.\n", o.control, strerror(-error));
		return 1;
	}
	return serve(o.name);
}
