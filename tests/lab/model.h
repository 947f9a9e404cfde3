/* SPDX-License-Identifier: MIT */
/* The inside of the device: files, their sessions, requests. */
#ifndef SLU_TESTS_LAB_MODEL_H
#define SLU_TESTS_LAB_MODEL_H

#include <pthread.h>

#include "device.h"
#include "engine.h"
#include "faults.h"
#include "provider/cryptodev.h"

struct lab_session {
	struct lab_session *next;
	pthread_mutex_t lock; /* held by an operation to its end, as the module does */
	uint32_t id;
	struct lab_key key;
	enum lab_algorithm algorithm;
	uint8_t iv[LAB_BLOCK]; /* the next, when a request brings none */
};

/* An open file: descriptors share it after a fork, and an operation in progress keeps it. */
struct lab_file {
	struct lab_device *device;
	pthread_mutex_t lock; /* of the list; taken before a session's */
	struct lab_session *sessions;
	unsigned users; /* under the device's lock */
};

struct lab_device {
	const struct lab_engine *engine;
	struct slu_dc_kernel kernel;
	struct lab_device *next; /* of all */

	pthread_mutex_t lock; /* of all below; taken last */
	pthread_cond_t changed;
	struct lab_file **files; /* by descriptor */
	size_t files_size;
	struct lab_faults faults;
	struct lab_counters counters;
	uint64_t begun;    /* operations */
	uint64_t releases; /* how often lab_device_release() was called */
	uint32_t last_id;
	const struct lab_session *last; /* of the last operation; never followed */
	bool after_no_aad;
	bool gone;
};

int lab_session_create(struct lab_file *f, struct slu_dc_session_op *op);
int lab_session_finish(struct lab_file *f, uint32_t id);
int lab_session_describe(struct lab_file *f, struct slu_dc_session_info *info);
void lab_session_finish_all(struct lab_file *f);
/* With its lock held, or NULL. */
struct lab_session *lab_session_get(struct lab_file *f, uint32_t id);

int lab_request_crypt(struct lab_file *f, struct slu_dc_crypt_op *op, const struct lab_late *late);
int lab_request_auth(struct lab_file *f, struct slu_dc_auth_op *op, const struct lab_late *late);

/* One operation on a locked session, as asked for. */
struct lab_shape {
	const void *src;
	size_t n; /* of payload */
	uint8_t *dst;
	size_t room; /* of the result */
	bool gcm;
	size_t aad_length;
};

struct lab_plan {
	struct lab_faults faults; /* as they were when it began */
	struct lab_trace trace;
};

/* Counts it, and lets the faults have their way: 0, or -errno after any time at all. */
int lab_plan_begin(struct lab_plan *p, struct lab_file *f, const struct lab_session *s, const struct lab_shape *shape,
		   const struct lab_late *late);
/* Spoils and counts the result: total bytes, the last tag_length of them a tag. */
void lab_plan_end(const struct lab_plan *p, struct lab_file *f, const struct lab_session *s, uint8_t *out, size_t total,
		  size_t tag_length);

#endif
