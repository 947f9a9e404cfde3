/* SPDX-License-Identifier: MIT */
/*
 * Logging: a callback that the caller puts into a configuration. The library holds no global state and writes to no
 * stream of its own. Lines are ASCII, without a newline, shorter than SLU_LOG_LINE bytes, free of control characters
 * (what a peer sent is escaped), and never contain a stream key, a token or a password.
 *
 * The callback runs in the thread that called into the library, and must not call back into the object that logs.
 */
#ifndef SLUICE_LOG_H
#define SLUICE_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

#define SLU_LOG_LINE 1024

enum slu_log_level {
	SLU_LOG_ERROR = 1, /* something failed for good */
	SLU_LOG_WARN = 2,  /* odd, and survived */
	SLU_LOG_INFO = 3,  /* once per connection: connected, published, closed */
	SLU_LOG_DEBUG = 4  /* each command and control message, never one line per media message */
};

struct slu_log {
	void (*fn)(void *arg, enum slu_log_level level, const char *line); /* NULL: no logging */
	void *arg;
	enum slu_log_level level; /* lines above this level are not even formatted */
};

#ifdef __cplusplus
}
#endif
#endif
