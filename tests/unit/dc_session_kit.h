/* SPDX-License-Identifier: MIT */
/* For the tests of sessions: one of each kind on a device without cryptography, and what they gave out. */
#ifndef SLU_TESTS_UNIT_DC_SESSION_KIT_H
#define SLU_TESTS_UNIT_DC_SESSION_KIT_H

#include "dc_fake.h"
#include "provider/session.h"

enum { N = 4096 };

extern struct slu_dc_settings settings;
extern struct fake *fake;
extern uint8_t in[N], out[N + 64], iv[16], tag[16];

int setup(void **state); /* another device, nothing given out */

struct slu_dc_session *new_session(enum slu_dc_algorithm a);

/* N bytes of in, or of what else is said, to out and tag. */
int do_crypt(struct slu_dc_session *session);
int do_gcm(struct slu_dc_session *session, int encrypt, const uint8_t *from);
int do_tls(struct slu_dc_session *session);

void assert_transformed(const uint8_t *data); /* it is what the device makes of in */
void assert_untouched(void);                  /* nothing was given out */

struct slu_dc_counters counters(void);

#endif
