/* SPDX-License-Identifier: MIT */
/*
 * The options that only this library has. As with the others, RTMP_SetOpt() and URLs say them, and their values stay
 * the caller's. What a session was not told is looked up in the environment when it connects.
 */
#ifndef COMPAT_LIBRTMP_SETTINGS_H
#define COMPAT_LIBRTMP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <librtmp/rtmp.h>

struct slu_compat;

enum slu_compat_setting {
	SLU_COMPAT_TLS_VERIFY,
	SLU_COMPAT_TLS_CA_FILE,
	SLU_COMPAT_TLS_PIN,
	SLU_COMPAT_TLS_CERT,
	SLU_COMPAT_TLS_KEY,
	SLU_COMPAT_TLS_MIN,
	SLU_COMPAT_TLS_MAX,
	SLU_COMPAT_TLS_CIPHERS,
	SLU_COMPAT_TLS_CIPHERSUITES,
	SLU_COMPAT_TLS_GROUPS,
	SLU_COMPAT_TLS_OFFLOAD,
	SLU_COMPAT_TLS_SETTINGS, /* those above */
	SLU_COMPAT_CHUNK_SIZE = SLU_COMPAT_TLS_SETTINGS,
	SLU_COMPAT_CONNECT_TIMEOUT,
	SLU_COMPAT_SETTINGS
};

/* In Link.pFlags: a session was closed, and with it went options of TLS. Whoever connects again without a word would
 * trust whom they did not. */
enum { SLU_COMPAT_GONE = 1 };

struct slu_compat_setting_info {
	const char *name, *variable, *help;
	/* Whether the value will do; else what is wrong, for a sentence that begins with the name. "" always does: it
	 * stands for the default. NULL: anything does. */
	bool (*check)(const char *value, char *error, size_t size);
};

extern const struct slu_compat_setting_info slu_compat_settings[SLU_COMPAT_SETTINGS];

/* The option of this name, in any case, or SLU_COMPAT_SETTINGS. */
enum slu_compat_setting slu_compat_setting_named(const AVal *name);

/* Option which is *value from now on. FALSE: it will not do, and the log says why. */
int slu_compat_set(RTMP *r, enum slu_compat_setting which, const AVal *value);

/* A copy, to be freed, of the option's value or of its variable's. "": neither is set, or to nothing. NULL: it will not
 * do, and the sentence is in error. */
char *slu_compat_get(const RTMP *r, enum slu_compat_setting which, char *error, size_t size);

/* The state c goes, and the options with it, which is noted. */
void slu_compat_forget(RTMP *r, const struct slu_compat *c);

/* Who says what slu_compat_get() gives: the option's name or its variable's; NULL: nobody. */
const char *slu_compat_said_by(const RTMP *r, enum slu_compat_setting which);

/* 1: "1", "on", "yes" or "true" in any case; 0: "0", "off", "no" or "false"; -1: none of them. */
int slu_compat_truth(const char *text);

struct slu_compat_tuning {
	uint32_t chunk_size;         /* to send in */
	unsigned connect_timeout_ms; /* 0: none was said */
};

/* FALSE: a variable will not do, and the sentence is in error. */
int slu_compat_tuning(const RTMP *r, struct slu_compat_tuning *out, char *error, size_t size);

#endif
