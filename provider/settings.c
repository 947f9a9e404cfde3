/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void log_stderr(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "devcrypto: %s\n", line);
}

void slu_dc_settings_init(struct slu_dc_settings *s)
{
	*s = (struct slu_dc_settings){
		.path = "/dev/crypto",
		.min_size = 4096,
		.check_first = 16,
		.check_every = 64,
		.ahead = 12, /* so that with the smaller requests before it comes to one in eight records by the 64th */
		.deadline_ms = 1000,
		.fallback = true,
		.cbc = true,
		.gcm = true,
		.log = log_stderr,
	};
}

/* A number or a switch, and what it may be. */
struct setting {
	const char *name;
	size_t offset;
	uint32_t least, most; /* or 0 */
	const char *why;
};

static const struct setting numbers[] = {
	{"min_size", offsetof(struct slu_dc_settings, min_size), 0, 1 << 30, "bytes"},
	{"largest", offsetof(struct slu_dc_settings, largest), 16, 1 << 24, "bytes, or 0 to find it out"},
	{"check_first", offsetof(struct slu_dc_settings, check_first), 0, UINT32_MAX, "operations"},
	{"check_every", offsetof(struct slu_dc_settings, check_every), 0, UINT32_MAX,
	 "operations; 1 checks each, 0 none"},
	{"ahead", offsetof(struct slu_dc_settings, ahead), 0, 64, "records; 0 asks for none ahead"},
	{"deadline_ms", offsetof(struct slu_dc_settings, deadline_ms), 10, 3600000,
	 "milliseconds, or 0 to wait for ever in the caller's thread"},
};

static const struct setting switches[] = {
	{.name = "decrypt", .offset = offsetof(struct slu_dc_settings, decrypt)},
	{.name = "fallback", .offset = offsetof(struct slu_dc_settings, fallback)},
	{.name = "cbc", .offset = offsetof(struct slu_dc_settings, cbc)},
	{.name = "gcm", .offset = offsetof(struct slu_dc_settings, gcm)},
};

static const char setting_names[] =
	"device, min_size, largest, check_first, check_every, ahead, deadline_ms, decrypt, fallback, cbc, gcm";

static const struct setting *find(const struct setting *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static int set_number(struct slu_dc_settings *s, const struct setting *what, const char *value, char *error,
		      size_t size)
{
	unsigned long long n = 0;
	char *end = NULL;

	if (value[0] >= '0' && value[0] <= '9')
		n = strtoull(value, &end, 10); /* or its largest, which is too much for any */
	if (!end || *end || n > what->most || (n && n < what->least)) {
		snprintf(error, size, "%s=%s: give a whole number from %lu to %lu (%s)", what->name, value,
			 (unsigned long)what->least, (unsigned long)what->most, what->why);
		return -1;
	}
	*(uint32_t *)(void *)((char *)s + what->offset) = (uint32_t)n;
	return 0;
}

static int set_switch(struct slu_dc_settings *s, const struct setting *what, const char *value, char *error,
		      size_t size)
{
	static const char *const words[2][4] = {{"off", "no", "false", "0"}, {"on", "yes", "true", "1"}};

	for (int on = 0; on < 2; on++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(value, words[on][i]) == 0) {
				*(bool *)(void *)((char *)s + what->offset) = on;
				return 0;
			}
	snprintf(error, size, "%s=%s: say on or off", what->name, value);
	return -1;
}

static int set_path(struct slu_dc_settings *s, const char *value, char *error, size_t size)
{
	if (value[0] != '/' || strlen(value) >= sizeof s->path) {
		snprintf(error, size, "device=%s: give an absolute path of at most %zu bytes, such as /dev/crypto",
			 value, sizeof s->path - 1);
		return -1;
	}
	memcpy(s->path, value, strlen(value) + 1);
	return 0;
}

int slu_dc_settings_set(struct slu_dc_settings *s, const char *name, const char *value, char *error, size_t size)
{
	const struct setting *what;

	if (strcmp(name, "device") == 0)
		return set_path(s, value, error, size);
	what = find(numbers, sizeof numbers / sizeof *numbers, name);
	if (what)
		return set_number(s, what, value, error, size);
	what = find(switches, sizeof switches / sizeof *switches, name);
	if (what)
		return set_switch(s, what, value, error, size);
	snprintf(error, size, "%s is no setting of devcrypto: there are %s", name, setting_names);
	return -1;
}
