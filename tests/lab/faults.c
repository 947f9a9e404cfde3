/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "provider/cryptodev.h"

enum argument { NOTHING, WHEN, NUMBER, OPTIONAL, RANGE };

static const char *const arguments[] = {
	[NOTHING] = "", [WHEN] = "[=after:N|every:N|at:N]", [NUMBER] = "=N", [OPTIONAL] = "[=N]", [RANGE] = "=N|N-M",
};

static const struct {
	const char *name;
	enum argument argument;
	const char *what;
} faults[LAB_FAULTS] = {
	[LAB_NO_GCM] = {"no-gcm", NOTHING, "the device has no GCM"},
	[LAB_NO_TLS] = {"no-tls", NOTHING, "no session has a MAC: no TLS mode"},
	[LAB_NO_AUTHCRYPT] = {"no-authcrypt", NOTHING, "no CIOCAUTHCRYPT, as for 32-bit programs on a 64-bit kernel"},
	[LAB_ECB_ONLY] = {"ecb-only", NOTHING, "AES-ECB and nothing else"},
	[LAB_CTR_ONLY] = {"ctr-only", NOTHING, "AES-CTR and nothing else"},
	[LAB_CBC_ONLY] = {"cbc-only", NOTHING, "no cipher but AES-CBC; the kernel has its MACs still"},
	[LAB_FLIP] = {"flip", OPTIONAL, "one bit of byte N (default 0) of every result is flipped"},
	[LAB_WRONG] = {"wrong", WHEN, "wrong bytes"},
	[LAB_WRONG_LENGTH] = {"wrong-length", RANGE, "wrong bytes when the payload has N to M bytes"},
	[LAB_WRONG_ALIGN] = {"wrong-align", RANGE, "wrong bytes when the source lies N to M bytes into 64"},
	[LAB_WRONG_ABOVE] = {"wrong-above", NUMBER, "wrong bytes at the end of requests of more than N bytes"},
	[LAB_IV_NOT_CHAINED] = {"iv-not-chained", NOTHING, "the IV written back is the one that came"},
	[LAB_CTR16] = {"ctr16", NOTHING, "the counter of CTR carries no further than 16 bits"},
	[LAB_CTR32] = {"ctr32", NOTHING, "the counter of CTR carries no further than 32 bits"},
	[LAB_LEAK_AAD] = {"leak-aad", NOTHING, "GCM: wrong tag after an operation without associated data"},
	[LAB_LEAK_SESSION] = {"leak-session", NOTHING, "wrong bytes after an operation of another session"},
	[LAB_LARGEST] = {"largest", NUMBER, "EINVAL for requests of more than N bytes"},
	[LAB_EIO] = {"eio", WHEN, "EIO"},
	[LAB_ENOSPC] = {"enospc", WHEN, "ENOSPC"},
	[LAB_EINVAL] = {"einval", WHEN, "EINVAL"},
	[LAB_VANISH] = {"vanish", WHEN, "ENODEV for good, on opening too"},
	[LAB_SLOW] = {"slow", NUMBER, "each operation takes N ms longer"},
	[LAB_HANG] = {"hang", WHEN, "operations do not return before they are released"},
	[LAB_LATE_WRITE] = {"late-write", OPTIONAL, "those write to their buffers, after N ms or when released"},
	[LAB_UNFLAGGED] = {"unflagged", NOTHING, "CIOCGSESSINFO calls the driver software"},
};

void lab_faults_list(FILE *out)
{
	for (size_t i = 0; i < LAB_FAULTS; i++)
		fprintf(out, "%s%s: %s\n", faults[i].name, arguments[faults[i].argument], faults[i].what);
}

/* Decimal digits up to the end, or to stop when that is not NUL. */
static bool parse_number(const char *text, char stop, uint64_t *n, const char **end)
{
	char *after;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*n = strtoull(text, &after, 10);
	*end = after;
	return errno == 0 && (*after == '\0' || *after == stop);
}

static bool parse_when(const char *text, struct lab_fault *f)
{
	static const char *const words[] = {[LAB_AFTER] = "after:", [LAB_EVERY] = "every:", [LAB_AT] = "at:"};
	const char *end;

	for (size_t i = LAB_AFTER; i <= LAB_AT; i++) {
		size_t n = strlen(words[i]);

		if (strncmp(text, words[i], n) != 0)
			continue;
		f->when = (enum lab_when)i;
		return parse_number(text + n, '\0', &f->n, &end) && (i == LAB_AFTER || f->n > 0);
	}
	return false;
}

static bool parse_range(const char *text, struct lab_fault *f)
{
	const char *end;

	if (!parse_number(text, '-', &f->n, &end))
		return false;
	f->upto = f->n;
	return *end == '\0' || (parse_number(end + 1, '\0', &f->upto, &end) && f->upto >= f->n);
}

static bool parse_argument(enum argument argument, const char *text, struct lab_fault *f)
{
	const char *end;

	if (!text)
		return argument == NOTHING || argument == WHEN || argument == OPTIONAL;
	switch (argument) {
	case WHEN:
		return parse_when(text, f);
	case RANGE:
		return parse_range(text, f);
	case NUMBER:
	case OPTIONAL:
		return parse_number(text, '\0', &f->n, &end);
	case NOTHING:
		break;
	}
	return false;
}

int lab_faults_set(struct lab_faults *f, const char *spec, uint64_t begun, char *error, size_t size)
{
	const char *argument = strchr(spec, '=');
	size_t length = argument ? (size_t)(argument - spec) : strlen(spec), i;
	struct lab_fault fault = {.on = true, .since = begun};

	if (strcmp(spec, "none") == 0) {
		memset(f, 0, sizeof *f);
		return 0;
	}
	for (i = 0; i < LAB_FAULTS; i++)
		if (strlen(faults[i].name) == length && memcmp(faults[i].name, spec, length) == 0)
			break;
	if (i == LAB_FAULTS) {
		snprintf(error, size, "There is no fault \"%s\".", spec);
		return -1;
	}
	if (argument && strcmp(argument, "=off") == 0) {
		f->at[i].on = false;
		return 0;
	}
	if (!parse_argument(faults[i].argument, argument ? argument + 1 : NULL, &fault)) {
		snprintf(error, size, "\"%s\" is not of the form %s%s.", spec, faults[i].name,
			 arguments[faults[i].argument]);
		return -1;
	}
	f->at[i] = fault;
	return 0;
}

bool lab_fault_strikes(const struct lab_faults *f, enum lab_fault_name name, uint64_t op)
{
	const struct lab_fault *fault = &f->at[name];
	uint64_t nth = op - fault->since;

	if (!fault->on || op <= fault->since)
		return false;
	switch (fault->when) {
	case LAB_AFTER:
		return nth > fault->n;
	case LAB_EVERY:
		return nth % fault->n == 0;
	case LAB_AT:
		return nth == fault->n;
	case LAB_ALWAYS:
		break;
	}
	return true;
}

int lab_faults_refuse(const struct lab_faults *f, uint64_t op, size_t n)
{
	static const struct {
		enum lab_fault_name name;
		int error;
	} refusals[] = {{LAB_EIO, EIO}, {LAB_ENOSPC, ENOSPC}, {LAB_EINVAL, EINVAL}};

	if (f->at[LAB_LARGEST].on && n > f->at[LAB_LARGEST].n)
		return -EINVAL;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (lab_fault_strikes(f, refusals[i].name, op))
			return -refusals[i].error;
	return 0;
}

bool lab_faults_lack(const struct lab_faults *f, uint32_t cipher, uint32_t mac)
{
	static const struct {
		enum lab_fault_name name;
		uint32_t cipher;
	} only[] = {{LAB_ECB_ONLY, SLU_DC_AES_ECB}, {LAB_CTR_ONLY, SLU_DC_AES_CTR}, {LAB_CBC_ONLY, SLU_DC_AES_CBC}};

	for (size_t i = 0; i < sizeof only / sizeof *only; i++)
		if (f->at[only[i].name].on && cipher != only[i].cipher)
			return true;
	return (f->at[LAB_NO_GCM].on && cipher == SLU_DC_AES_GCM) || (f->at[LAB_NO_TLS].on && mac != 0);
}

static bool in_range(const struct lab_fault *fault, uint64_t n)
{
	return fault->on && n >= fault->n && n <= fault->upto;
}

bool lab_faults_spoil(const struct lab_faults *f, const struct lab_trace *t, uint8_t *out, size_t total,
		      size_t tag_length)
{
	const struct lab_fault *at = f->at;
	bool spoilt = false;

	if (total == 0)
		return false;
	/* Each in bits of its own: no two that meet in one byte undo one another. */
	if (at[LAB_FLIP].on) {
		out[at[LAB_FLIP].n % total] ^= 1;
		spoilt = true;
	}
	if (lab_fault_strikes(f, LAB_WRONG, t->op) || in_range(&at[LAB_WRONG_LENGTH], t->n) ||
	    in_range(&at[LAB_WRONG_ALIGN], (uintptr_t)t->src % 64) || (at[LAB_LEAK_SESSION].on && t->other_session)) {
		out[total / 2] ^= 0x55;
		spoilt = true;
	}
	if (at[LAB_WRONG_ABOVE].on && t->n > at[LAB_WRONG_ABOVE].n) {
		out[total - 1] ^= 0x33;
		spoilt = true;
	}
	if (at[LAB_LEAK_AAD].on && t->after_no_aad && tag_length > 0) {
		out[total - tag_length] ^= 0x0f;
		spoilt = true;
	}
	return spoilt;
}
