/* SPDX-License-Identifier: MIT */
/* What session.c and gate.c need of a device beyond device.h, and what they write into its books. */
#ifndef SLU_PROVIDER_BOOKS_H
#define SLU_PROVIDER_BOOKS_H

#include "device.h"

const struct slu_dc_kernel *slu_dc_device_kernel(const struct slu_dc_device *d);
const char *slu_dc_device_path(const struct slu_dc_device *d);

/* A session for a was opened. driver is remembered when it is the first, and copied; NULL: not known. */
void slu_dc_device_opened(struct slu_dc_device *d, enum slu_dc_algorithm a, const char *driver);

/* A request for a, of size bytes of payload, was carried out; and whether one ever was. */
void slu_dc_device_served(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size);
bool slu_dc_device_has_served(const struct slu_dc_device *d, enum slu_dc_algorithm a);

/* Closing a descriptor of it hung: then nobody closes another. */
void slu_dc_device_set_close_hangs(struct slu_dc_device *d);
bool slu_dc_device_close_hangs(const struct slu_dc_device *d);

/* A request for a failed: how many did since one was carried out, whoever asked. */
unsigned slu_dc_device_failed(struct slu_dc_device *d, enum slu_dc_algorithm a);

void slu_dc_device_count_abandoned(struct slu_dc_device *d);
void slu_dc_device_count_fallback(struct slu_dc_device *d);
void slu_dc_device_count_check(struct slu_dc_device *d, bool equal);

/* Logs the sentence, the first time that a failed with error. */
__attribute__((format(printf, 5, 6))) void slu_dc_device_log_once(struct slu_dc_device *d,
								  const struct slu_dc_settings *s,
								  enum slu_dc_algorithm a, int error,
								  const char *format, ...);

#endif
