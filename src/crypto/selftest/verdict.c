/* SPDX-License-Identifier: MIT */
/* Verdicts in words. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/opensslv.h>

#include "crypto/selftest/shape.h"

enum { SHAPE = 256, RECORD_MOST = 16384 + 2048 }; /* RFC 5246, 6.2.3 */

/* What an engine serves, it serves for all of OpenSSL. Besides TLS that is what makes random numbers: by AES-ECB, and
 * from OpenSSL 3.0 on by AES-CTR, too. */
static bool engine_usable(const struct slu_verdict *v)
{
	const bool asked = v->algorithm != SLU_DC_CTR || OPENSSL_VERSION_NUMBER >= 0x30000000L;

	return v->kind == SLU_PASSED || (v->kind == SLU_LIMITED && v->largest >= RECORD_MOST) ||
	       (!asked && (v->kind == SLU_WRONG || v->kind == SLU_ERROR));
}

bool slu_verdict_usable(const struct slu_verdict *v)
{
	if (v->engine)
		return engine_usable(v);
	return v->kind == SLU_PASSED || v->kind == SLU_LIMITED ||
	       ((v->kind == SLU_WRONG || v->kind == SLU_ERROR) && v->avoided);
}

const char *slu_verdict_kind_name(enum slu_verdict_kind kind)
{
	static const char *const names[] = {
		[SLU_PASSED] = "passed",     [SLU_LIMITED] = "refused above a size",
		[SLU_LACKING] = "lacking",   [SLU_WRONG] = "wrong bytes",
		[SLU_ERROR] = "error",       [SLU_HANGS] = "hangs",
		[SLU_GONE] = "gone",         [SLU_CRASHED] = "crashed",
		[SLU_UNTESTED] = "untested",
	};

	return names[kind];
}

/* The sentence as far as it is written. */
struct text {
	char *out;
	size_t size, at;
};

static __attribute__((format(printf, 2, 3))) void say(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at < t->size ? t->out + t->at : NULL, t->at < t->size ? t->size - t->at : 0, format, args);
	va_end(args);
	t->at += n > 0 ? (size_t)n : 0;
}

static const char *smallest(const struct slu_verdict *v)
{
	return v->tries > 0 ? "seen when" : "the smallest request that shows it:";
}

static void say_shape(struct text *t, const struct slu_verdict *v)
{
	const char *(*describe)(enum slu_dc_algorithm a, const struct slu_shape *shape, char *out, size_t size) =
		v->engine ? slu_shape_describe_evp : slu_shape_describe;
	char shape[SHAPE];

	if (!v->has_shape) {
		say(t, "%s.", slu_selftest_step_name(v->step));
		return;
	}
	say(t, "%s", describe(v->algorithm, &v->shape, shape, sizeof shape));
	if (v->has_previous)
		say(t, ", right after %s", describe(v->algorithm, &v->previous, shape, sizeof shape));
	if (v->crowded)
		say(t, ", while other sessions work at the same time");
	if (v->tries > 0)
		say(t, ", %u of %u times", v->failed, v->tries);
	say(t, ".");
}

/* ---- one each kind ---- */

static void say_passed(struct text *t, const struct slu_verdict *v)
{
	say(t, "is right: %llu requests of up to %u bytes were as in software", (unsigned long long)v->operations,
	    v->largest);
	if (!(v->keys & slu_key_bit(24)))
		say(t, "; it takes no keys of 192 bits");
	say(t, ".");
}

static void say_limited(struct text *t, const struct slu_verdict *v)
{
	if (v->engine)
		say(t, "is right, but refuses more than %u bytes at once (%s), and records of TLS have %s.", v->largest,
		    strerror(v->error), slu_verdict_usable(v) ? "fewer" : "more: do not use it");
	else
		say(t,
		    "is right, but refuses requests of more than %u bytes (%s): the provider finds that out, and with "
		    "largest=%u it need not.",
		    v->largest, strerror(v->error), v->largest);
}

static void say_lacking(struct text *t, const struct slu_verdict *v)
{
	if (v->engine)
		say(t, "is not there: the engine has it, and refuses each request.");
	else if (v->error)
		say(t,
		    "is not there: the kernel opens a session for it and refuses each request (%s), as a 64-bit kernel "
		    "does with a 32-bit program.",
		    strerror(v->error));
	else
		say(t, "is not there: neither a driver nor the kernel's own code for it is loaded.");
}

static void say_use(struct text *t, const struct slu_verdict *v)
{
	if (v->engine && slu_verdict_usable(v))
		say(t, " OpenSSL's TLS never asks for it; other users of OpenSSL in a process may.");
	else if (v->engine && (v->algorithm == SLU_DC_CTR || v->algorithm == SLU_DC_ECB))
		say(t, " Do not use it: random numbers would be made by it. Some engines can be told to leave it out: "
		       "engine:devcrypto,CIPHERS=AES-128-CBC.");
	else if (v->avoided)
		say(t, " Sluice and its provider never ask for such a request; other programs may.");
	else
		say(t, " Do not use it, and tell whoever maintains the driver.");
}

static void say_wrong(struct text *t, const struct slu_verdict *v)
{
	static const char *const flaws[] = {
		[SLU_FLAW_BYTES] = "gives wrong bytes",
		[SLU_FLAW_AROUND] = "writes outside of the result",
		[SLU_FLAW_SOURCE] = "writes to the source",
		[SLU_FLAW_IV] = "writes to the IV unasked",
		[SLU_FLAW_TAG] = "takes a wrong tag for a right one",
	};

	say(t, "%s; %s ", flaws[v->flaw], smallest(v));
	say_shape(t, v);
	say_use(t, v);
}

static void say_error(struct text *t, const struct slu_verdict *v)
{
	say(t, "fails: %s; %s ", strerror(v->error), smallest(v));
	say_shape(t, v);
	say_use(t, v);
}

static void say_hangs(struct text *t, const struct slu_verdict *v)
{
	say(t, "hangs; what did not end in time: ");
	say_shape(t, v);
	say(t, " Do not use it; the kernel's log (dmesg) may say why%s.",
	    v->left ? ", and the process that waits for it stays until the machine is restarted" : "");
}

static void say_gone(struct text *t, const struct slu_verdict *v)
{
	if (v->engine)
		say(t, "ended in the middle: the engine, or its device, is gone (%s). Do not rely on it.",
		    strerror(v->error));
	else if (v->error == EACCES || v->error == EPERM)
		say(t, "cannot be tested: %s. Give this user the right to read and write /dev/crypto.",
		    strerror(v->error));
	else if (v->operations > 0)
		say(t,
		    "ended in the middle: the device is gone (%s). Load the kernel's module cryptodev and the "
		    "hardware's driver again, and do not rely on it.",
		    strerror(v->error));
	else
		say(t,
		    "cannot be tested: there is no device (%s). Load the kernel's module cryptodev and the hardware's "
		    "driver.",
		    strerror(v->error));
}

static void say_crashed(struct text *t, const struct slu_verdict *v)
{
	say(t, "cannot be judged: its tests ended with %s%s while ", v->error ? "the signal " : "no verdict",
	    v->error ? strsignal(v->error) : "");
	say_shape(t, v);
	say(t, " Do not use it.");
}

static void say_untested(struct text *t, const struct slu_verdict *v)
{
	if (v->error)
		say(t, "was not tested: %s. Try again when less else is running.", strerror(v->error));
	else
		say(t,
		    "was not tested: OpenSSL's own software does not give the published answers. Reinstall OpenSSL.");
}

const char *slu_verdict_sentence(const struct slu_verdict *v, char *out, size_t size)
{
	static void (*const kinds[])(struct text * t, const struct slu_verdict *v) = {
		[SLU_PASSED] = say_passed, [SLU_LIMITED] = say_limited, [SLU_LACKING] = say_lacking,
		[SLU_WRONG] = say_wrong,   [SLU_ERROR] = say_error,     [SLU_HANGS] = say_hangs,
		[SLU_GONE] = say_gone,     [SLU_CRASHED] = say_crashed, [SLU_UNTESTED] = say_untested,
	};
	struct text t = {.out = out, .size = size};

	say(&t, "%s", slu_dc_algorithm_name(v->algorithm));
	if (strcmp(v->driver, "?") != 0)
		say(&t, v->engine ? " by the engine %s" : " by driver %s", v->driver);
	say(&t, " ");
	kinds[v->kind](&t, v);
	return out;
}
