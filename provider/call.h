/* SPDX-License-Identifier: MIT */
/*
 * All that a call of the kernel may read and write, in one piece, so that it can be left to a thread that hangs: the
 * descriptor, the request's structure, what it points to. One a session. The functions run on that thread and touch
 * nothing else.
 */
#ifndef SLU_PROVIDER_CALL_H
#define SLU_PROVIDER_CALL_H

#include "area.h"
#include "cryptodev.h"
#include "session.h"

struct slu_dc_call {
	struct slu_dc_kernel kernel;
	char path[sizeof((struct slu_dc_settings *)0)->path];
	int fd;                /* negative: none */
	struct slu_dc_key key; /* wiped once the kernel has it */
	uint32_t ses;
	bool opened;
	bool want_info;                  /* slu_dc_call_open() also asks for the driver's name */
	struct slu_dc_session_info info; /* and this is what it found; empty if it failed */
	unsigned long request;           /* what slu_dc_call_request() asks for, in one of: */
	union {
		struct slu_dc_crypt_op crypt;
		struct slu_dc_auth_op auth;
	} op;
	uint8_t iv[16];
	uint8_t header[16]; /* of a TLS record */
	struct slu_dc_area area;
};

/* NULL: no memory. */
struct slu_dc_call *slu_dc_call_new(const struct slu_dc_kernel *kernel, const char *path, const struct slu_dc_key *key);
void slu_dc_call_free(struct slu_dc_call *call); /* its descriptor is closed already, or is not to be */

/* For slu_dc_worker_run(). Each returns 0 or -errno. */
int slu_dc_call_open(void *call); /* the path, a session, its driver's name: all or nothing; -EOPNOTSUPP: refused as
				   * unknown */
int slu_dc_call_request(void *call);
int slu_dc_call_close(void *call);

#endif
