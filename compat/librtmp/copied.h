/* SPDX-License-Identifier: MIT */
#ifndef COMPAT_LIBRTMP_COPIED_H
#define COMPAT_LIBRTMP_COPIED_H

/* Of a variable that programs have copies of, of the size that it had when they were linked: a sanitizer must not put
 * anything behind it. gcc's does not count that in its size. */
#ifdef __clang__
#define LIBRTMP_COPIED __attribute__((no_sanitize("address")))
#else
#define LIBRTMP_COPIED
#endif

#endif
