/* SPDX-License-Identifier: MIT */
/*
 * How much of the machine's CPU a piece of work takes, interrupts and the kernel's threads included: a thread on each
 * processor, of the lowest priority there is (SCHED_IDLE), counts what is left over. What it loses against an idle
 * machine went to the work, wherever it was done. Accounting of processes misses what happens in interrupts, and much
 * of what drivers do happens there.
 *
 * A measurement is as good as the machine is idle otherwise: slu_spinner_start() calibrates, and says how even it was.
 */
#ifndef SLU_TOOLS_SPINNER_H
#define SLU_TOOLS_SPINNER_H

struct slu_spinner;

/* Of the whole machine, between two calls of slu_spinner_read(). */
struct slu_spinner_cost {
	double wall; /* seconds */
	double busy; /* seconds of CPU, summed over the processors, that the spinners lost */
	double stat; /* the same by /proc/stat: user, system and interrupts less the spinners' own; -1 when it cannot be
			read */
};

/* Calibrates for so many seconds. unevenness: the largest difference between parts of that time, as a share (0.02 is
 * a quiet machine). NULL: no threads or no processors to be had; errno says why. */
struct slu_spinner *slu_spinner_start(double seconds, double *unevenness);

/* What was lost since the last call, or since the start. A process that was forked meanwhile may call it too; the last
 * call is then the parent's or a sibling's, so the first one there only begins. */
void slu_spinner_read(struct slu_spinner *s, struct slu_spinner_cost *out);

void slu_spinner_stop(struct slu_spinner *s); /* NULL is fine */

#endif
