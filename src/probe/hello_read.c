/* SPDX-License-Identifier: MIT */
/* The answer to a hello: records, alerts, and where messages begin and end. */
#include "probe/hello_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/bytes.h"

int slu_hello_wrong(struct slu_hello_reader *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->answer.wrong, sizeof r->answer.wrong, format, ap);
	va_end(ap);
	return SLU_HELLO_MALFORMED;
}

/* ---- messages ---- */

/* The server's first flight (RFC 5246, 7.3): each at most once, in this order. */
static const struct {
	uint8_t type;
	const char *name;
	int (*read)(struct slu_hello_reader *r, struct slu_cursor body);
} flight[] = {
	{SLU_MSG_SERVER_HELLO, "ServerHello", slu_hello_server_hello},
	{SLU_MSG_CERTIFICATE, "Certificate", slu_hello_certificate},
	{SLU_MSG_CERTIFICATE_STATUS, "CertificateStatus", slu_hello_status},
	{SLU_MSG_SERVER_KEY_EXCHANGE, "ServerKeyExchange", slu_hello_key_exchange},
	{SLU_MSG_CERTIFICATE_REQUEST, "CertificateRequest", slu_hello_request},
	{SLU_MSG_SERVER_HELLO_DONE, "ServerHelloDone", slu_hello_done},
};

enum { STAGES = sizeof flight / sizeof *flight };

static unsigned stage_of(uint8_t type)
{
	unsigned i = 0;

	while (i < STAGES && flight[i].type != type)
		i++;
	return i;
}

/* May a message of that type and length come now? */
static int check_message(struct slu_hello_reader *r, uint8_t type, uint32_t len)
{
	const unsigned stage = stage_of(type);

	if (len > SLU_HELLO_MOST)
		return slu_hello_wrong(r, "announced a handshake message of %lu bytes", (unsigned long)len);
	if (type == SLU_MSG_HELLO_REQUEST && len == 0) /* RFC 5246, 7.4.1.1: of no meaning now */
		return SLU_HELLO_MORE;
	if (stage == STAGES)
		return slu_hello_wrong(r, "sent a handshake message of type %u where %s belongs", type,
				       r->stage ? "one of its first flight" : "ServerHello");
	if (r->stage == 0 && stage != 0)
		return slu_hello_wrong(r, "sent %s before ServerHello", flight[stage].name);
	if (stage < r->stage)
		return slu_hello_wrong(r, "sent %s after %s", flight[stage].name, flight[r->stage - 1].name);
	return SLU_HELLO_MORE;
}

static int read_message(struct slu_hello_reader *r, uint8_t type, struct slu_cursor body)
{
	const unsigned stage = stage_of(type);

	if (stage == STAGES)
		return SLU_HELLO_MORE;
	r->stage = stage + 1;
	return flight[stage].read(r, body);
}

static int read_messages(struct slu_hello_reader *r)
{
	int end = SLU_HELLO_MORE;

	while (end == SLU_HELLO_MORE && r->messages.len - r->at >= SLU_MESSAGE_HEADER) {
		const uint8_t *p = r->messages.data + r->at;
		const uint32_t len = slu_be24(p + 1);

		end = check_message(r, p[0], len);
		if (end != SLU_HELLO_MORE || r->messages.len - r->at - SLU_MESSAGE_HEADER < len)
			return end;
		r->at += SLU_MESSAGE_HEADER + len;
		end = read_message(r, p[0], slu_cursor(p + SLU_MESSAGE_HEADER, len));
	}
	return end;
}

/* ---- alerts ---- */

enum { WARNING = 1, FATAL = 2, CLOSE_NOTIFY = 0 };

/* A warning, unrecognized_name above all (RFC 6066, 3), is followed by what one waits for. */
static int take_alert(struct slu_hello_reader *r)
{
	const uint8_t level = r->alert[0], alert = r->alert[1];

	if (level != WARNING && level != FATAL)
		return slu_hello_wrong(r, "sent an alert of level %u", level);
	if (level == WARNING && alert != CLOSE_NOTIFY) {
		r->answer.warned = true;
		r->answer.warning = alert;
		return SLU_HELLO_MORE;
	}
	r->answer.alert_level = level;
	r->answer.alert = alert;
	if (r->stage == 0)
		r->answer.version = slu_be16(r->header + 1);
	return SLU_HELLO_ALERT;
}

static int read_alerts(struct slu_hello_reader *r, const uint8_t *p, size_t n)
{
	int end = SLU_HELLO_MORE;

	for (size_t i = 0; i < n && end == SLU_HELLO_MORE; i++) {
		r->alert[r->nalert++] = p[i];
		if (r->nalert == sizeof r->alert) {
			r->nalert = 0;
			end = take_alert(r);
		}
	}
	return end;
}

/* ---- records ---- */

static int check_header(struct slu_hello_reader *r)
{
	static const char *const names[] = {"ChangeCipherSpec", "an alert", "a handshake message", "data",
					    "a heartbeat"};
	const uint8_t type = r->header[0];

	r->left = slu_be16(r->header + 3);
	if (type < SLU_RECORD_CHANGE_CIPHER || type > SLU_RECORD_HEARTBEAT)
		return slu_hello_wrong(r, "sent a record of type %u", type);
	if (r->header[1] != 3)
		return slu_hello_wrong(r, "sent a record of version %u.%u", r->header[1], r->header[2]);
	if (type != SLU_RECORD_ALERT && type != SLU_RECORD_HANDSHAKE)
		return slu_hello_wrong(r, "sent %s amid its hello", names[type - SLU_RECORD_CHANGE_CIPHER]);
	if (r->left == 0)
		return slu_hello_wrong(r, "sent an empty record");
	if (r->left > SLU_RECORD_MOST)
		return slu_hello_wrong(r, "sent a record of %zu bytes, more than TLS allows", r->left);
	return SLU_HELLO_MORE;
}

static int read_payload(struct slu_hello_reader *r, const uint8_t *p, size_t n)
{
	if (r->header[0] == SLU_RECORD_ALERT)
		return read_alerts(r, p, n);
	r->err = slu_buf_append(&r->messages, p, n);
	return r->err ? SLU_HELLO_MORE : read_messages(r);
}

/* Takes some of n bytes, at least one. */
static int read_record(struct slu_hello_reader *r, const uint8_t *p, size_t n, size_t *used)
{
	int end;

	if (r->nheader < SLU_RECORD_HEADER) {
		r->header[r->nheader++] = *p;
		*used = 1;
		return r->nheader == SLU_RECORD_HEADER ? check_header(r) : SLU_HELLO_MORE;
	}
	*used = n < r->left ? n : r->left;
	end = read_payload(r, p, *used);
	r->left -= *used;
	if (r->left == 0)
		r->nheader = 0;
	return end;
}

/* The first bytes are also those of the first header, once they are known to be. */
static int read_greeting(struct slu_hello_reader *r, uint8_t c)
{
	int end;

	r->greeting[r->ngreeting++] = c;
	end = slu_hello_greeting(r->greeting, r->ngreeting, false, r->answer.wrong, sizeof r->answer.wrong);
	if (end != SLU_HELLO_CHOSEN)
		return end;
	r->tls = true;
	r->nheader = r->ngreeting;
	memcpy(r->header, r->greeting, r->nheader);
	return SLU_HELLO_MORE;
}

/* ---- the reader ---- */

static int settle(struct slu_hello_reader *r, int end)
{
	if (r->err)
		return r->err;
	r->answer.end = (enum slu_hello_end)end;
	if (end != SLU_HELLO_MORE)
		for (size_t i = 0; i < r->answer.ncertificates; i++)
			r->answer.certificates[i].der = r->messages.data + r->der[i];
	return end;
}

int slu_hello_read(struct slu_hello_reader *r, const void *data, size_t n)
{
	const size_t room = SLU_HELLO_MOST - r->answer.bytes;
	const bool over = n > room;
	const uint8_t *p = data;
	size_t left = over ? room : n;
	int end = SLU_HELLO_MORE;

	if (r->err || r->answer.end != SLU_HELLO_MORE)
		return r->err ? r->err : (int)r->answer.end;
	r->answer.bytes += n;
	while (left && end == SLU_HELLO_MORE && !r->err) {
		size_t used = 1;

		end = r->tls ? read_record(r, p, left, &used) : read_greeting(r, *p);
		p += used;
		left -= used;
	}
	if (end == SLU_HELLO_MORE && over && !r->err)
		end = slu_hello_wrong(r, "sent more than %u bytes without coming to an end", SLU_HELLO_MOST);
	return settle(r, end);
}

int slu_hello_ended(struct slu_hello_reader *r, enum slu_hello_end how)
{
	struct slu_hello_answer *a = &r->answer;
	int end = (int)how;

	if (r->err || a->end != SLU_HELLO_MORE)
		return r->err ? r->err : (int)a->end;
	if (!r->tls && r->ngreeting) {
		end = slu_hello_greeting(r->greeting, r->ngreeting, true, a->wrong, sizeof a->wrong);
		end = end == SLU_HELLO_CHOSEN ? (int)how : end;
	} else if (a->warned && r->stage == 0 && how != SLU_HELLO_SILENT) {
		/* No more than a warning, and yet it hung up: that was the reason. */
		a->alert_level = WARNING;
		a->alert = a->warning;
		end = SLU_HELLO_ALERT;
	}
	return settle(r, end);
}

const struct slu_hello_answer *slu_hello_answer(const struct slu_hello_reader *r)
{
	return &r->answer;
}

static int keep_alpn(struct slu_hello_reader *r, const struct slu_hello *asked)
{
	int err = 0;

	for (size_t i = 0; i < asked->nalpn && !err; i++) {
		const uint8_t n = (uint8_t)strlen(asked->alpn[i]);

		err = slu_buf_append(&r->alpn, &n, 1);
		if (!err)
			err = slu_buf_append(&r->alpn, asked->alpn[i], n);
	}
	return err;
}

/* Copies what the answer is held against. */
static int keep_asked(struct slu_hello_reader *r, const struct slu_hello *asked)
{
	const size_t n = asked->nsuites + asked->ngroups + asked->nschemes;
	uint16_t *to = malloc((n ? n : 1) * sizeof *to);

	if (!to)
		return SLU_ERR_NOMEM;
	r->asked = *asked;
	r->numbers = to;
	r->asked.suites = to;
	r->asked.groups = to + asked->nsuites;
	r->asked.schemes = to + asked->nsuites + asked->ngroups;
	for (size_t i = 0; i < asked->nsuites; i++)
		*to++ = asked->suites[i];
	for (size_t i = 0; i < asked->ngroups; i++)
		*to++ = asked->groups[i];
	for (size_t i = 0; i < asked->nschemes; i++)
		*to++ = asked->schemes[i];
	r->asked.alpn = NULL;
	r->asked.server_name = slu_hello_has_name(asked) ? "" : NULL; /* that there was one */
	return keep_alpn(r, asked);
}

struct slu_hello_reader *slu_hello_reader_new(const struct slu_hello *asked, bool whole)
{
	struct slu_hello_reader *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	slu_buf_init(&r->messages, SLU_HELLO_MOST);
	slu_buf_init(&r->alpn, 1 << 16);
	r->whole = whole;
	if (keep_asked(r, asked) < 0) {
		slu_hello_reader_free(r);
		return NULL;
	}
	return r;
}

void slu_hello_reader_free(struct slu_hello_reader *r)
{
	if (!r)
		return;
	free(r->numbers);
	slu_buf_clear(&r->alpn);
	slu_buf_clear(&r->messages);
	free(r);
}
