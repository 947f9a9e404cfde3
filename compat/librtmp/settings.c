/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <librtmp/log.h>

#include "setting_checks.h"
#include "state.h"

const struct slu_compat_setting_info slu_compat_settings[SLU_COMPAT_SETTINGS] = {
	[SLU_COMPAT_TLS_VERIFY] = {"tlsVerify", "LIBRTMP_TLS_VERIFY", "whether the server's certificate is verified",
				   slu_compat_check_truth},
	[SLU_COMPAT_TLS_CA_FILE] = {"tlsCAFile", "LIBRTMP_TLS_CA_FILE", "the authorities to trust, PEM",
				    slu_compat_check_file},
	[SLU_COMPAT_TLS_PIN] = {"tlsPin", "LIBRTMP_TLS_PIN", "the server's key, sha256//BASE64", slu_compat_check_pin},
	[SLU_COMPAT_TLS_CERT] = {"tlsCert", "LIBRTMP_TLS_CERT", "a certificate of one's own, PEM",
				 slu_compat_check_file},
	[SLU_COMPAT_TLS_KEY] = {"tlsKey", "LIBRTMP_TLS_KEY", "its key, PEM", slu_compat_check_file},
	[SLU_COMPAT_TLS_MIN] = {"tlsMin", "LIBRTMP_TLS_MIN", "the lowest version of TLS", slu_compat_check_version},
	[SLU_COMPAT_TLS_MAX] = {"tlsMax", "LIBRTMP_TLS_MAX", "the highest version of TLS", slu_compat_check_version},
	[SLU_COMPAT_TLS_CIPHERS] = {"tlsCiphers", "LIBRTMP_TLS_CIPHERS", "suites up to TLS 1.2, or auto",
				    slu_compat_check_ciphers},
	[SLU_COMPAT_TLS_CIPHERSUITES] = {"tlsCiphersuites", "LIBRTMP_TLS_CIPHERSUITES", "suites of TLS 1.3",
					 slu_compat_check_ciphersuites},
	[SLU_COMPAT_TLS_GROUPS] = {"tlsGroups", "LIBRTMP_TLS_GROUPS", "groups for the exchange of keys",
				   slu_compat_check_groups},
	[SLU_COMPAT_TLS_OFFLOAD] = {"tlsOffload", "LIBRTMP_TLS_OFFLOAD", "who encrypts", slu_compat_check_offload},
	[SLU_COMPAT_CHUNK_SIZE] = {"chunkSize", "LIBRTMP_CHUNK_SIZE", "bytes of a chunk that is sent",
				   slu_compat_check_chunk_size},
	[SLU_COMPAT_CONNECT_TIMEOUT] = {"connectTimeout", "LIBRTMP_CONNECT_TIMEOUT", "seconds to reach the server",
					slu_compat_check_seconds},
};

enum slu_compat_setting slu_compat_setting_named(const AVal *name)
{
	unsigned i = 0;

	while (i < SLU_COMPAT_SETTINGS &&
	       !(name->av_len >= 0 && strlen(slu_compat_settings[i].name) == (size_t)name->av_len &&
		 strncasecmp(name->av_val, slu_compat_settings[i].name, (size_t)name->av_len) == 0))
		i++;
	return i;
}

/* NULL: it will not do, and error says so of who, which says it. */
static char *checked(enum slu_compat_setting which, const char *who, const AVal *value, char *error, size_t size)
{
	char *text = strndup(value->av_val ? value->av_val : "", value->av_len > 0 ? (size_t)value->av_len : 0);
	char why[512] = "";

	if (!text) {
		snprintf(error, size, "there is no memory for %s", who);
		return NULL;
	}
	if (!*text || !slu_compat_settings[which].check || slu_compat_settings[which].check(text, why, sizeof why))
		return text;
	snprintf(error, size, "%s: %s", who, why);
	free(text);
	return NULL;
}

int slu_compat_set(RTMP *r, enum slu_compat_setting which, const AVal *value)
{
	char error[768], who[64], *text;
	struct slu_compat *c;

	snprintf(who, sizeof who, "Option %s", slu_compat_settings[which].name);
	text = checked(which, who, value, error, sizeof error);
	if (!text) {
		RTMP_Log(RTMP_LOGERROR, "%s", error);
		return FALSE;
	}
	free(text);
	c = slu_compat_state(r);
	if (!c)
		return FALSE;
	c->setting[which] = *value;
	r->Link.pFlags &= ~SLU_COMPAT_GONE;
	return TRUE;
}

void slu_compat_forget(RTMP *r, const struct slu_compat *c)
{
	for (int i = 0; i < SLU_COMPAT_TLS_SETTINGS; i++)
		if (c->setting[i].av_val)
			r->Link.pFlags |= SLU_COMPAT_GONE;
}

/* The value, and who says it. */
static AVal said(const RTMP *r, enum slu_compat_setting which, const char **who)
{
	const struct slu_compat *c = r->Link.dh;
	static char none[] = "";
	char *value;

	*who = NULL;
	if (c && c->setting[which].av_val) {
		*who = slu_compat_settings[which].name;
		return c->setting[which];
	}
	value = secure_getenv(slu_compat_settings[which].variable);
	if (value)
		*who = slu_compat_settings[which].variable;
	return value ? (AVal){value, (int)strlen(value)} : (AVal){none, 0};
}

const char *slu_compat_said_by(const RTMP *r, enum slu_compat_setting which)
{
	const char *who;

	return said(r, which, &who).av_len ? who : NULL;
}

char *slu_compat_get(const RTMP *r, enum slu_compat_setting which, char *error, size_t size)
{
	const char *who;
	AVal value = said(r, which, &who);

	return checked(which, who ? who : slu_compat_settings[which].name, &value, error, size);
}

/* 0: nothing is said; below: it will not do. */
static long number(const RTMP *r, enum slu_compat_setting which, char *error, size_t size)
{
	char *text = slu_compat_get(r, which, error, size);
	long n = text ? strtol(text, NULL, 10) : -1;

	free(text);
	return n;
}

int slu_compat_tuning(const RTMP *r, struct slu_compat_tuning *out, char *error, size_t size)
{
	enum { CHUNK_SIZE = 65536, MS = 1000 };
	long chunk = number(r, SLU_COMPAT_CHUNK_SIZE, error, size), seconds;

	if (chunk < 0)
		return FALSE;
	seconds = number(r, SLU_COMPAT_CONNECT_TIMEOUT, error, size);
	if (seconds < 0)
		return FALSE;
	out->chunk_size = chunk ? (uint32_t)chunk : CHUNK_SIZE;
	out->connect_timeout_ms = (unsigned)seconds * MS;
	return TRUE;
}
