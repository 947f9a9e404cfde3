/* SPDX-License-Identifier: MIT */
/* Errors, refusals, and keeping secrets out of both. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

static void set_sentence(struct slu_session *s, const char *format, va_list ap)
{
	char raw[SLU_ERROR_SIZE];

	vsnprintf(raw, sizeof raw, format, ap);
	slu_escape(s->error, sizeof s->error, raw, strlen(raw));
}

int slu_session_fail(struct slu_session *s, int err, const char *format, ...)
{
	va_list ap;

	if (s->err)
		return s->err;
	s->err = err;
	va_start(ap, format);
	set_sentence(s, format, ap);
	va_end(ap);
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "session failed: %s", s->error);
	return err;
}

int slu_session_nomem(struct slu_session *s)
{
	return slu_session_fail(s, SLU_ERR_NOMEM, "out of memory: the session is over; free memory and connect again");
}

int slu_session_usage(struct slu_session *s, int err, const char *format, ...)
{
	va_list ap;

	if (s->err)
		return s->err;
	va_start(ap, format);
	set_sentence(s, format, ap);
	va_end(ap);
	return err;
}

void slu_wipe(char *text)
{
	volatile char *p = text;

	while (p && *p)
		*p++ = 0;
}

/* ---- secrets ---- */

enum { SECRETS = 6, SHORT_SECRET = 4 };

struct secrets {
	struct slu_amf_str at[SECRETS];
	size_t n;
};

static void secret_add(struct secrets *list, const char *s, size_t n)
{
	if (n && list->n < SECRETS)
		list->at[list->n++] = (struct slu_amf_str){s, n};
}

static void secret_add_query(struct secrets *list, const char *text)
{
	const char *q = text ? strchr(text, '?') : NULL;

	if (q)
		secret_add(list, q + 1, strlen(q + 1));
}

/* The longest first, so that a key and its query vanish together. */
static struct secrets secrets_of(const struct slu_session *s)
{
	struct secrets list = {.n = 0};

	if (s->stream) {
		secret_add(&list, s->stream, strlen(s->stream));
		secret_add(&list, s->stream, strcspn(s->stream, "?"));
		secret_add_query(&list, s->stream);
	}
	if (s->play.usher_token)
		secret_add(&list, s->play.usher_token, strlen(s->play.usher_token));
	secret_add_query(&list, s->cfg.connect.app);
	secret_add_query(&list, s->cfg.connect.tc_url);
	return list;
}

static bool is_word(const char *text, size_t n, size_t i)
{
	/* not isalnum(), which depends on a locale */
	return i < n && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", text[i]) != NULL;
}

/* How many bytes of a secret text has at i. One that is very short ("1", "cam") counts only as a word of its own. */
static size_t secret_at(const struct secrets *list, struct slu_amf_str text, size_t i)
{
	for (size_t k = 0; k < list->n; k++) {
		size_t n = list->at[k].n;

		if (n > text.n - i || memcmp(text.s + i, list->at[k].s, n) != 0)
			continue;
		if (n >= SHORT_SECRET || (!(i && is_word(text.s, text.n, i - 1)) && !is_word(text.s, text.n, i + n)))
			return n;
	}
	return 0;
}

void slu_session_redact(const struct slu_session *s, char *out, size_t size, struct slu_amf_str text)
{
	struct secrets list = secrets_of(s);
	size_t o = 0;

	for (size_t i = 0; i < text.n && text.s[i] && o + 4 < size;) {
		size_t n = secret_at(&list, text, i);

		if (n) {
			memcpy(out + o, "***", 3);
			o += 3;
			i += n;
		} else {
			out[o++] = text.s[i++];
		}
	}
	out[o] = '\0';
}

/* ---- refusals ---- */

struct advice {
	const char *key; /* a status code, or one of our commands */
	const char *text;
};

static const struct advice advices[] = {
	{"NetConnection.Connect.InvalidApp", "check the application in the URL"},
	{"NetStream.Publish.BadName", "check the stream key, and that nobody else is publishing with it"},
	{"NetStream.Publish.Denied", "check the stream key"},
	{"NetStream.Publish.Unauthorized", "check the stream key"},
	{"NetStream.Play.StreamNotFound", "check the stream name, or wait until it is published"},
	{"connect", "check the application in the URL and the credentials"},
	{"createStream", "the server may be full: try again later"},
	{"publish", "check the stream key"},
	{"play", "check the stream name"},
};

static const char *advice_for(const char *command, const char *code)
{
	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
		if (strcmp(advices[i].key, code) == 0 || strcmp(advices[i].key, command) == 0)
			return advices[i].text;
	}
	return "see the server's log";
}

/* info.ex: {code: 302, redirect: URL}, as Adobe's and Wowza's servers send it with a rejected connect. */
static bool find_redirect(struct slu_session *s, const struct slu_info *info)
{
	const struct slu_amf_value *ex = slu_amf_get(info->object, "ex");
	struct slu_amf_str url;
	double code;

	if (!slu_amf_number(slu_amf_get(ex, "code"), &code) || code != 302)
		return false;
	if (!slu_amf_string(slu_amf_get(ex, "redirect"), &url) || !url.n || url.n >= sizeof s->refused.redirect ||
	    memchr(url.s, 0, url.n))
		return false;
	memcpy(s->refused.redirect, url.s, url.n);
	s->refused.redirect[url.n] = '\0';
	return true;
}

/* Host and application only: what follows, and a user before the host, may be secret. */
static int fail_redirect(struct slu_session *s)
{
	const char *url = s->refused.redirect, *host = strstr(url, "://");
	const char *at;
	size_t n;

	host = host ? host + 3 : url;
	n = strcspn(host, "/?");
	at = memchr(host, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	return slu_session_fail(s, SLU_ERR_REDIRECT, "the server redirects to %.*s: connect there instead",
				(int)(n > 200 ? 200 : n), host);
}

static int fail_refused(struct slu_session *s)
{
	const struct slu_refused *r = &s->refused;
	const char *advice = advice_for(r->command, r->code);

	if (!r->code[0] && !r->description[0])
		return slu_session_fail(s, SLU_ERR_REFUSED, "the server refused %s and said no reason: %s", r->command,
					advice);
	return slu_session_fail(s, SLU_ERR_REFUSED, "the server refused %s: %s%s%s%s: %s", r->command, r->code,
				r->code[0] && r->description[0] ? " (" : "", r->description,
				r->code[0] && r->description[0] ? ")" : "", advice);
}

/* With nothing taken out: what a server asks of a publisher may look like the stream's name. */
static void keep_told(struct slu_refused *r, struct slu_amf_str text)
{
	size_t n = text.n < sizeof r->told - 1 ? text.n : sizeof r->told - 1;

	if (n)
		memcpy(r->told, text.s, n);
	r->told[n] = '\0';
}

int slu_session_refused(struct slu_session *s, const char *command, const struct slu_info *info)
{
	struct slu_refused *r = &s->refused;

	if (s->err)
		return s->err;
	snprintf(r->command, sizeof r->command, "%s", command);
	slu_session_redact(s, r->level, sizeof r->level, info->level);
	slu_session_redact(s, r->code, sizeof r->code, info->code);
	slu_session_redact(s, r->description, sizeof r->description, info->description);
	r->redirect[0] = '\0';
	if (strcmp(command, slu_call_name(SLU_CALL_CONNECT)) == 0)
		keep_told(r, info->description);
	if (find_redirect(s, info))
		return fail_redirect(s);
	return fail_refused(s);
}

void slu_session_refusal(const struct slu_session *s, struct slu_refusal *out)
{
	const struct slu_refused *r = &s->refused;

	*out = (struct slu_refusal){.command = r->command,
				    .level = r->level,
				    .code = r->code,
				    .description = r->description,
				    .redirect = r->redirect};
}

const char *slu_session_error(const struct slu_session *s)
{
	return s->error;
}
