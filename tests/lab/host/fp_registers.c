/* SPDX-License-Identifier: MIT */
/*
 * Preloaded to user-mode Linux. Up to 6.13 that has room for the floating-point registers of older processors only (to
 * AVX-512), reads as many as fit, and writes those back. A host takes all or none: where a processor has more, such as
 * AMX's tiles, that fails, and the guest's first process with it. The rest is left as it is.
 */
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { ALL = 64 * 1024 };

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(int request, ...);
	static char all[ALL];
	struct iovec whole = {all, sizeof all}, *some;
	va_list ap;
	pid_t pid;
	void *at, *data;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	at = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ptrace");
	some = data;
	if ((int)request == PTRACE_SETREGSET && at == (void *)NT_X86_XSTATE &&
	    next(PTRACE_GETREGSET, pid, at, &whole) == 0 && whole.iov_len > some->iov_len) {
		memcpy(all, some->iov_base, some->iov_len);
		data = &whole;
	}
	return next((int)request, pid, at, data);
}
