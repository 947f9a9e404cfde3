/* SPDX-License-Identifier: MIT */
/* A file of /proc, which has no size until it is read. */
#ifndef SLU_CRYPTO_PROC_TEXT_H
#define SLU_CRYPTO_PROC_TEXT_H

/* To be freed; NULL: it is not there, or there is no memory. */
char *slu_proc_text(const char *path);

#endif
