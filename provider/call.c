/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

struct slu_dc_call *slu_dc_call_new(const struct slu_dc_kernel *kernel, const char *path, const struct slu_dc_key *key)
{
	struct slu_dc_call *call = calloc(1, sizeof *call);

	if (!call)
		return NULL;
	call->kernel = *kernel;
	call->fd = -1;
	call->key = *key;
	snprintf(call->path, sizeof call->path, "%s", path);
	return call;
}

void slu_dc_call_free(struct slu_dc_call *call)
{
	if (!call)
		return;
	slu_dc_area_clear(&call->area);
	OPENSSL_cleanse(call, sizeof *call);
	free(call);
}

int slu_dc_call_close(void *arg)
{
	struct slu_dc_call *call = arg;

	if (call->fd >= 0)
		call->kernel.close(call->kernel.user, call->fd);
	call->fd = -1;
	return 0;
}

/* The kernel has one answer, EINVAL, for what it does not know and for what it cannot serve; drivers add others. */
static int refusal(int error)
{
	switch (error) {
	case -EINVAL:
	case -ENOENT:
	case -ENOSYS:
		return -EOPNOTSUPP;
	default:
		return error;
	}
}

/* What session.c and worker.c say of themselves must not come from a driver, some of which time out on their own; and a
 * device in user space ends like a connection. */
static int driver_error(int error)
{
	switch (error) {
	case -ETIMEDOUT:
	case -ECHILD:
		return -EIO;
	case -EAGAIN:
		return -EBUSY;
	case -EOPNOTSUPP:
		return -EINVAL;
	case -ENOTCONN:
	case -ECONNABORTED:
		return -ENODEV;
	default:
		return error;
	}
}

static int get_session(struct slu_dc_call *call)
{
	const struct slu_dc_algorithm_ids ids = slu_dc_algorithm_ids(call->key.algorithm);
	struct slu_dc_session_op op = {
		.cipher = ids.cipher,
		.mac = ids.mac,
		.keylen = (uint32_t)call->key.length,
		.key = call->key.key,
	};
	int error;

	if (op.mac) {
		op.mackeylen = (uint32_t)call->key.mac_length;
		op.mackey = call->key.mac_key;
	}
	error = call->kernel.ioctl(call->kernel.user, call->fd, SLU_DC_CIOCGSESSION, &op);
	if (error)
		return refusal(driver_error(error));
	call->ses = op.ses;
	OPENSSL_cleanse(&call->key.key, sizeof call->key.key);
	OPENSSL_cleanse(&call->key.mac_key, sizeof call->key.mac_key);
	return 0;
}

static void get_info(struct slu_dc_call *call)
{
	struct slu_dc_session_info info = {.ses = call->ses};

	if (call->kernel.ioctl(call->kernel.user, call->fd, SLU_DC_CIOCGSESSINFO, &info))
		return;
	info.cipher.driver[SLU_DC_NAME - 1] = '\0';
	call->info = info;
}

int slu_dc_call_open(void *arg)
{
	struct slu_dc_call *call = arg;
	int error;

	call->fd = call->kernel.open(call->kernel.user, call->path);
	if (call->fd < 0)
		return driver_error(call->fd);
	error = get_session(call);
	if (error) {
		slu_dc_call_close(call);
		return error;
	}
	if (call->want_info)
		get_info(call);
	call->opened = true;
	return 0;
}

int slu_dc_call_request(void *arg)
{
	struct slu_dc_call *call = arg;

	return driver_error(call->kernel.ioctl(call->kernel.user, call->fd, call->request, &call->op));
}
