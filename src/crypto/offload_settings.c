/* SPDX-License-Identifier: MIT */
#include "crypto/offload_settings.h"

#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

enum { SETTING_MAX = 160 };

int slu_offload_settings(const char *list,
			 int (*set)(void *arg, const char *name, const char *value, char *error, size_t size),
			 void *arg, char *error, size_t size)
{
	char setting[SETTING_MAX];
	int r = 0;

	while (*list && r == 0) {
		size_t n = strcspn(list, ",");
		char *value;

		if (n >= sizeof setting) {
			snprintf(error, size, "a setting of the TLS offload is longer than %d characters", SETTING_MAX);
			return SLU_ERR_INVALID;
		}
		memcpy(setting, list, n);
		setting[n] = '\0';
		value = strchr(setting, '=');
		if (!value) {
			snprintf(error, size, "the TLS offload's setting '%s' lacks a value: it is name=value",
				 setting);
			return SLU_ERR_INVALID;
		}
		*value++ = '\0';
		r = set(arg, setting, value, error, size);
		list += n + (list[n] == ',');
	}
	return r;
}
