/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "books.h"
#include "call.h"
#include "worker.h"

enum { BLOCK = 16, TAG = 16, HEADER = 13, AAD_MOST = 4096 };

struct slu_dc_session {
	struct slu_dc_device *device;
	const struct slu_dc_settings *settings;
	enum slu_dc_algorithm algorithm;
	size_t key_length;
	struct slu_dc_call *call; /* NULL: left to a thread that hangs */
	bool refused;             /* the device does not take such a key: nothing is asked again */
	pid_t owner;
};

struct slu_dc_session *slu_dc_session_new(struct slu_dc_device *d, const struct slu_dc_settings *s,
					  const struct slu_dc_key *key)
{
	struct slu_dc_session *session = calloc(1, sizeof *session);

	if (!session)
		return NULL;
	session->call = slu_dc_call_new(slu_dc_device_kernel(d), slu_dc_device_path(d), key);
	if (!session->call) {
		free(session);
		return NULL;
	}
	session->device = d;
	session->settings = s;
	session->algorithm = key->algorithm;
	session->key_length = key->length;
	session->owner = getpid();
	return session;
}

static bool is_foreign(const struct slu_dc_session *session)
{
	return session->owner != getpid();
}

bool slu_dc_session_lost(const struct slu_dc_session *session)
{
	return !session->call || is_foreign(session);
}

/* ---- running ---- */

static void off_since_it_hangs(struct slu_dc_session *session, const char *what)
{
	slu_dc_device_turn_off(
		session->device, session->settings,
		"turned off for this process, all goes on in software: %s for %s by driver %s did not end "
		"within %u ms; if it is only slow, raise deadline_ms; if it hangs, the kernel's log (dmesg) "
		"may say why, and only a restart of the machine may bring it back",
		what, slu_dc_algorithm_name(session->algorithm),
		slu_dc_device_driver(session->device, session->algorithm), session->settings->deadline_ms);
}

static const char *gone_advice(int error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return "give this user the right to read and write it";
	case -ENOTTY:
	case -EISDIR:
	case -ENOTDIR:
		return "it is no crypto device: name that with the setting device";
	default:
		return "load the kernel's module cryptodev and the hardware's driver";
	}
}

static void off_since_it_is_gone(struct slu_dc_session *session, const char *what, int error)
{
	slu_dc_device_turn_off(session->device, session->settings,
			       "turned off for this process, all goes on in software: %s for %s failed: %s; %s", what,
			       slu_dc_algorithm_name(session->algorithm), strerror(-error), gone_advice(error));
}

/* Runs one of call.h's functions; when it hangs, the call is no longer ours. */
static int run(struct slu_dc_session *session, int (*function)(void *call), const char *what)
{
	int error = slu_dc_worker_run(function, session->call, session->settings->deadline_ms);

	if (error == -ETIMEDOUT) {
		session->call = NULL;
		slu_dc_device_count_abandoned(session->device);
		off_since_it_hangs(session, what);
	} else if (error == -ENODEV || error == -ENXIO) {
		off_since_it_is_gone(session, what, error);
	}
	return error;
}

static int open_session(struct slu_dc_session *session)
{
	struct slu_dc_device *d = session->device;
	const char *driver;
	int error;

	session->call->want_info = strcmp(slu_dc_device_driver(d, session->algorithm), "?") == 0;
	error = run(session, slu_dc_call_open, "opening a session");
	switch (error) {
	case 0:
		driver = session->call->info.cipher.driver;
		slu_dc_device_opened(d, session->algorithm, *driver ? driver : NULL);
		return 0;
	case -EOPNOTSUPP:
		session->refused = true;
		/* Some hardware has all but AES-192, which says nothing of the others. */
		if (session->key_length != 24)
			slu_dc_device_lacks(d, session->algorithm);
		return error;
	case -ENOENT:
	case -EACCES:
	case -EPERM:
	case -ENOTTY:
	case -EISDIR:
	case -ENOTDIR:
		off_since_it_is_gone(session, "opening it", error);
		return error;
	default:
		return error;
	}
}

/* Whether the device can be asked, and room for size bytes in the area. */
static int prepare(struct slu_dc_session *session, size_t size)
{
	int error;

	if (size > INT32_MAX)
		return -EMSGSIZE;
	if (is_foreign(session))
		return -ECHILD;
	if (!session->call || slu_dc_device_off(session->device))
		return -ENODEV;
	if (session->refused || !slu_dc_device_may_have(session->device, session->algorithm))
		return -EOPNOTSUPP;
	error = slu_dc_area_reserve(&session->call->area, size);
	if (error)
		return error;
	return session->call->opened ? 0 : open_session(session);
}

static int request(struct slu_dc_session *session, size_t size)
{
	int error = run(session, slu_dc_call_request, "an operation");

	if (!error)
		slu_dc_device_served(session->device, session->algorithm, size);
	return error;
}

/* A 64-bit kernel knows no CIOCAUTHCRYPT of 32-bit programs, and other versions lack parts of it: they refuse the first
 * as they refuse all. */
static int request_auth(struct slu_dc_session *session, size_t size)
{
	struct slu_dc_device *d = session->device;
	int error;

	session->call->request = SLU_DC_CIOCAUTHCRYPT;
	error = request(session, size);
	if ((error != -EINVAL && error != -ENOTTY) || slu_dc_device_has_served(d, session->algorithm))
		return error;
	slu_dc_device_lacks(d, session->algorithm);
	slu_dc_device_log_once(d, session->settings, session->algorithm, -error,
			       "%s is not used: the kernel opens a session of driver %s for it, but refuses the first "
			       "request (%zu bytes: %s), as a 64-bit kernel does with a 32-bit program",
			       slu_dc_algorithm_name(session->algorithm), slu_dc_device_driver(d, session->algorithm),
			       size, strerror(-error));
	return -EOPNOTSUPP;
}

/* ---- operations ---- */

static int crypt_area(struct slu_dc_session *session, int encrypt, const uint8_t *iv, size_t n)
{
	struct slu_dc_call *call = session->call;

	if (iv)
		memcpy(call->iv, iv, sizeof call->iv);
	call->request = SLU_DC_CIOCCRYPT;
	call->op.crypt = (struct slu_dc_crypt_op){
		.ses = call->ses,
		.op = encrypt ? SLU_DC_ENCRYPT : SLU_DC_DECRYPT,
		.len = (uint32_t)n,
		.src = call->area.data,
		.dst = call->area.data,
		.iv = iv ? call->iv : NULL,
	};
	return request(session, n);
}

int slu_dc_session_crypt(struct slu_dc_session *session, int encrypt, const uint8_t *iv, const uint8_t *in,
			 uint8_t *out, size_t n)
{
	int error = prepare(session, n);

	if (error)
		return error;
	memcpy(session->call->area.data, in, n);
	error = crypt_area(session, encrypt, iv, n);
	if (!error)
		memcpy(out, session->call->area.data, n);
	return error;
}

int slu_dc_session_gcm(struct slu_dc_session *session, int encrypt, const uint8_t iv[12], const uint8_t *aad,
		       size_t aad_length, const uint8_t *in, uint8_t *out, size_t n, uint8_t tag[16])
{
	const size_t aad_at = slu_dc_lines(n + TAG);
	struct slu_dc_call *call;
	int error;

	if (aad_length > AAD_MOST)
		return -EMSGSIZE;
	error = prepare(session, aad_at + aad_length);
	if (error)
		return error;
	call = session->call;
	memcpy(call->iv, iv, 12);
	if (n)
		memcpy(call->area.data, in, n);
	if (!encrypt)
		memcpy(call->area.data + n, tag, TAG);
	if (aad_length)
		memcpy(call->area.data + aad_at, aad, aad_length);
	call->op.auth = (struct slu_dc_auth_op){
		.ses = call->ses,
		.op = encrypt ? SLU_DC_ENCRYPT : SLU_DC_DECRYPT,
		.len = (uint32_t)(encrypt ? n : n + TAG),
		.auth_len = (uint32_t)aad_length,
		.auth_src = aad_length ? call->area.data + aad_at : NULL,
		.src = call->area.data,
		.dst = call->area.data,
		.tag_len = TAG,
		.iv = call->iv,
		.iv_len = 12,
	};
	error = request_auth(session, n);
	if (error)
		return error;
	if (n)
		memcpy(out, call->area.data, n);
	if (encrypt)
		memcpy(tag, call->area.data + n, TAG);
	return 0;
}

int slu_dc_session_tls(struct slu_dc_session *session, const uint8_t header[13], const uint8_t iv[16],
		       const uint8_t *in, size_t n, uint8_t *out, size_t total)
{
	const size_t mac = session->algorithm == SLU_DC_CBC_SHA1 ? 20 : 32;
	struct slu_dc_call *call;
	int error;

	/* The kernel pads to the next block, never by more. */
	if (total != (n + mac + BLOCK) / BLOCK * BLOCK)
		return -EMSGSIZE;
	error = prepare(session, total);
	if (error)
		return error;
	call = session->call;
	memcpy(call->iv, iv, sizeof call->iv);
	memcpy(call->header, header, HEADER);
	memcpy(call->area.data, in, n);
	call->op.auth = (struct slu_dc_auth_op){
		.ses = call->ses,
		.op = SLU_DC_ENCRYPT,
		.flags = SLU_DC_FLAG_AEAD_TLS,
		.len = (uint32_t)n,
		.auth_len = HEADER,
		.auth_src = call->header,
		.src = call->area.data,
		.dst = call->area.data,
		.tag_len = (uint32_t)mac,
		.iv = call->iv,
		.iv_len = BLOCK,
	};
	error = request_auth(session, n);
	if (!error)
		memcpy(out, call->area.data, total);
	return error;
}

/* ---- what is produced ahead ---- */

uint8_t *slu_dc_session_area(struct slu_dc_session *session, size_t size, bool *locked)
{
	struct slu_dc_call *call = session->call;

	if (slu_dc_session_lost(session) || slu_dc_area_reserve(&call->area, size))
		return NULL;
	*locked = call->area.locked;
	return call->area.data;
}

int slu_dc_session_crypt_area(struct slu_dc_session *session, int encrypt, const uint8_t *iv, size_t n)
{
	int error;

	if (session->call && n > session->call->area.size)
		return -EMSGSIZE;
	error = prepare(session, n);
	return error ? error : crypt_area(session, encrypt, iv, n);
}

void slu_dc_session_wipe(struct slu_dc_session *session, size_t offset, size_t n)
{
	if (session->call)
		slu_dc_area_wipe(&session->call->area, offset, n);
}

/* ---- the end ---- */

static void close_call(struct slu_dc_session *session)
{
	struct slu_dc_call *call = session->call;

	if (call->fd < 0 || slu_dc_device_close_hangs(session->device))
		return;
	/* The number may be another file's by now: a child may close all that it inherited, and open its own. */
	if (is_foreign(session))
		return;
	switch (run(session, slu_dc_call_close, "closing a session")) {
	case -ETIMEDOUT:
		slu_dc_device_set_close_hangs(session->device);
		return;
	case -EAGAIN:
		slu_dc_call_close(call);
		return;
	}
}

void slu_dc_session_free(struct slu_dc_session *session)
{
	if (!session)
		return;
	if (session->call)
		close_call(session);
	slu_dc_call_free(session->call); /* none, when closing hangs */
	free(session);
}
