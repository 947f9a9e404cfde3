/* SPDX-License-Identifier: MIT */
/*
 * Runs what may never return. An ioctl that hangs in the kernel cannot be interrupted, not even by SIGKILL, and may
 * write to its buffers later: so it runs on a thread that a deadline can abandon, together with all that it may still
 * write to. Idle threads are kept for the next run; a forked child starts with none.
 */
#ifndef SLU_PROVIDER_WORKER_H
#define SLU_PROVIDER_WORKER_H

/*
 * Runs run(arg) on another thread and waits for at most deadline_ms: what run returned, -ETIMEDOUT, or -EAGAIN when no
 * thread can be had. With deadline_ms 0 it runs here. After -ETIMEDOUT, arg and all that run may touch belong to that
 * thread for ever: the caller neither frees, reuses nor reads it.
 */
int slu_dc_worker_run(int (*run)(void *arg), void *arg, unsigned deadline_ms);

#endif
