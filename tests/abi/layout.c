/* SPDX-License-Identifier: MIT */
/*
 * Holds librtmp's headers to layout.h. A wrong number does not compile, on whatever processor that is; run, it says in
 * TAP what a program of this processor finds. abi/debian.py compiles it against Debian's headers too.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <librtmp/rtmp.h>
#include <librtmp/amf.h>
#include <librtmp/http.h>
#include <librtmp/log.h>

#if __SIZEOF_POINTER__ == 8
#define PICK(lp64, ilp32, i386) (lp64)
#elif defined(__i386__)
#define PICK(lp64, ilp32, i386) (i386)
#else
#define PICK(lp64, ilp32, i386) (ilp32)
#endif

#define IS(expression, type) _Static_assert(_Generic((expression), type : 1, default : 0), #expression)

#define SIZE(type, ...)          _Static_assert(sizeof(type) == PICK(__VA_ARGS__), "size of " #type);
#define OFFSET(type, field, ...) _Static_assert(offsetof(type, field) == PICK(__VA_ARGS__), #field " of " #type);
#define FIELD(type, field, pointer, ...)                                                                               \
	OFFSET(type, field, __VA_ARGS__)                                                                               \
	IS(&((type *)0)->field, pointer);
#define VALUE(name, value) _Static_assert((name) == (value), #name);
#include "layout.h"

/* The union's members, and the variables. */
IS(&((AMFObjectProperty *)0)->p_vu.p_number, double *);
IS(&((AMFObjectProperty *)0)->p_vu.p_aval, AVal *);
IS(&((AMFObjectProperty *)0)->p_vu.p_object, AMFObject *);
IS(&RTMPProtocolStringsLower[0], const char (*)[7]);
IS(&RTMP_DefaultFlashVer, const AVal *);
IS(&RTMP_ctrlC, int *);
IS(&RTMP_debuglevel, RTMP_LogLevel *);

static const struct number {
	const char *group, *name;
	long long is, wanted;
} numbers[] = {
#define SIZE(type, ...)                  {#type, "its size", sizeof(type), PICK(__VA_ARGS__)},
#define OFFSET(type, field, ...)         {#type, #field, offsetof(type, field), PICK(__VA_ARGS__)},
#define FIELD(type, field, pointer, ...) OFFSET(type, field, __VA_ARGS__)
#define VALUE(name, value)               {"constants", #name, name, value},
#include "layout.h"
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static int tests, failed;

static void tell(int ok, const char *what, int n)
{
	printf("%s %d - %s: %d\n", ok ? "ok" : "not ok", ++tests, what, n);
	failed |= !ok;
}

/* A test for each type, and one for all constants. */
static void compare(void)
{
	for (int i = 0, n = 0, ok = 1; i < NUMBERS; i++) {
		const struct number *v = &numbers[i];

		if (v->is != v->wanted)
			printf("# %s: %s is %lld, not %lld\n", v->group, v->name, v->is, v->wanted);
		ok &= v->is == v->wanted;
		n++;
		if (i + 1 == NUMBERS || strcmp(v->group, v[1].group) != 0) {
			tell(ok, v->group, n);
			ok = 1;
			n = 0;
		}
	}
}

static const AVal literal = AVC("four");

int main(void)
{
	const AVal same = {literal.av_val, 4}, other = {literal.av_val, 3};
	const RTMPPacket ready = {.m_nBodySize = 7, .m_nBytesRead = 7};

	compare();
	tell(literal.av_len == 4 && AVMATCH(&literal, &same) && !AVMATCH(&literal, &other) &&
		     RTMPPacket_IsReady(&ready),
	     "macros that take something", 3);
	printf("1..%d\n", tests);
	return failed;
}
