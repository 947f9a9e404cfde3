/* SPDX-License-Identifier: MIT */
/* Whether the value of an option will do: slu_compat_setting_info.check. */
#ifndef COMPAT_LIBRTMP_SETTING_CHECKS_H
#define COMPAT_LIBRTMP_SETTING_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

bool slu_compat_check_truth(const char *value, char *error, size_t size);
bool slu_compat_check_file(const char *value, char *error, size_t size); /* it can be read */
bool slu_compat_check_pin(const char *value, char *error, size_t size);
bool slu_compat_check_version(const char *value, char *error, size_t size);

/* These ask OpenSSL. */
bool slu_compat_check_ciphers(const char *value, char *error, size_t size);
bool slu_compat_check_ciphersuites(const char *value, char *error, size_t size);
bool slu_compat_check_groups(const char *value, char *error, size_t size);

/* The name; its settings are looked at when it is opened. */
bool slu_compat_check_offload(const char *value, char *error, size_t size);

bool slu_compat_check_chunk_size(const char *value, char *error, size_t size);
bool slu_compat_check_seconds(const char *value, char *error, size_t size);

#endif
