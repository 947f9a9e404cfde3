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
	const char *name;
	long long is, wanted;
} numbers[] = {
#define SIZE(type, ...)                  {"sizeof(" #type ")", sizeof(type), PICK(__VA_ARGS__)},
#define OFFSET(type, field, ...)         {"offsetof(" #type ", " #field ")", offsetof(type, field), PICK(__VA_ARGS__)},
#define FIELD(type, field, pointer, ...) OFFSET(type, field, __VA_ARGS__)
#define VALUE(name, value)               {#name, name, value},
#include "layout.h"
};

static const AVal literal = AVC("four");

int main(void)
{
	const AVal same = {literal.av_val, 4}, other = {literal.av_val, 3};
	const RTMPPacket ready = {.m_nBodySize = 7, .m_nBytesRead = 7};
	size_t n = sizeof numbers / sizeof numbers[0];
	int failed = 0, macros;

	for (size_t i = 0; i < n; i++) {
		int ok = numbers[i].is == numbers[i].wanted;

		printf("%s %zu - %s is %lld\n", ok ? "ok" : "not ok", i + 1, numbers[i].name, numbers[i].is);
		failed |= !ok;
	}
	macros = literal.av_len == 4 && AVMATCH(&literal, &same) && !AVMATCH(&literal, &other) &&
		 RTMPPacket_IsReady(&ready);
	printf("%s %zu - AVC, AVMATCH and RTMPPacket_IsReady\n1..%zu\n", macros ? "ok" : "not ok", n + 1, n + 1);
	return failed || !macros;
}
