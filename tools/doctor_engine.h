/* SPDX-License-Identifier: MIT */
/* Tests of one of OpenSSL's engines, in processes of their own: what it is, and each algorithm that it has. */
#ifndef SLU_TOOLS_DOCTOR_ENGINE_H
#define SLU_TOOLS_DOCTOR_ENGINE_H

#include "crypto/selftest/engine_device.h"
#include "tools/doctor_device.h"

/* what: as slu_tls_config.offload has it behind "engine:". Comes back, whatever the engine does, and leaves nothing of
 * it in this process. */
void slu_doctor_engine_ask(const char *what, unsigned deadline_ms, struct slu_engine_facts *out);

/* As slu_doctor_device_test(), of d but for its device. */
void slu_doctor_engine_test(const struct slu_doctor_device *d, const char *what, enum slu_dc_algorithm a,
			    struct slu_verdict *out);

#endif
