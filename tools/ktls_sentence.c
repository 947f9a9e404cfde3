/* SPDX-License-Identifier: MIT */
/* Verdicts on the kernel's TLS in words. */
#include <stdio.h>
#include <string.h>

#include "tools/ktls_tests.h"

enum { WHERE = 300 };

/* What was under way, or fails. Returns out. */
static const char *say_where(const struct slu_ktls_verdict *v, char *out, size_t size)
{
	char shape[WHERE - 80];

	if (v->has_shape)
		snprintf(out, size, "%s%s", slu_ktls_shape_describe(&v->shape, shape, sizeof shape),
			 v->crowded  ? ", while other connections are at work"
			 : v->seldom ? ", once, and not when it was repeated"
				     : "");
	else
		snprintf(out, size, "%s", slu_ktls_step_name(v->step));
	return out;
}

static const char *say_smallest(const struct slu_ktls_verdict *v)
{
	if (v->crowded)
		return "seen with";
	return v->seldom ? "seen when" : "the smallest call that shows it:";
}

#define NOT_TO_USE "Do not use it, and tell whoever maintains the driver."

static void say_what(const struct slu_ktls_verdict *v, char *out, size_t size)
{
	char where[WHERE];

	say_where(v, where, sizeof where);
	switch (v->kind) {
	case SLU_PASSED:
		snprintf(out, size,
			 "is right: the records of %llu calls of up to %u bytes were as OpenSSL's software makes them.",
			 (unsigned long long)v->operations, v->largest);
		break;
	case SLU_LACKING:
		snprintf(out, size,
			 "is not there: the kernel refused the keys (%s), maybe for want of the cipher's module.",
			 strerror(v->error));
		break;
	case SLU_WRONG:
		snprintf(out, size, "makes wrong records; %s %s. " NOT_TO_USE, say_smallest(v), where);
		break;
	case SLU_ERROR:
		snprintf(out, size, "fails: %s; %s %s. " NOT_TO_USE, strerror(v->error), say_smallest(v), where);
		break;
	case SLU_HANGS:
		snprintf(out, size,
			 "hangs; what did not end in time: %s. Do not use it; the kernel's log (dmesg) may say why%s.",
			 where,
			 v->left ? ", and the process that waits for it stays until the machine is restarted" : "");
		break;
	case SLU_CRASHED:
		snprintf(out, size, "cannot be judged: its tests ended with %s%s while %s. Do not use it.",
			 v->error ? "the signal " : "no verdict", v->error ? strsignal(v->error) : "", where);
		break;
	default:
		snprintf(out, size, "was not tested: %s. Try again when less else is running.", strerror(v->error));
	}
}

const char *slu_ktls_sentence(const struct slu_ktls_verdict *v, const char *driver, char *out, size_t size)
{
	char what[500];

	say_what(v, what, sizeof what);
	snprintf(out, size, "TLS 1.%d with %s%s%s %s", v->tls13 ? 3 : 2, slu_ktls_cipher_name(v->cipher),
		 *driver ? " by driver " : "", driver, what);
	return out;
}
