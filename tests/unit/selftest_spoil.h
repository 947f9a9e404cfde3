/* SPDX-License-Identifier: MIT */
/* What a configuration may do to a program's OpenSSL. */
#ifndef SLU_TESTS_UNIT_SELFTEST_SPOIL_H
#define SLU_TESTS_UNIT_SELFTEST_SPOIL_H

#include <stdbool.h>

/* AES-128-CBC as any program asks for it is OpenSSL's own no more, for the rest of the process. False: it still is. */
bool spoil_openssl(void);

#endif
