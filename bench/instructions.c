/* SPDX-License-Identifier: MIT */
/*
 * A plugin of QEMU's user emulation: how many instructions a program carried out, on all its threads together, to the
 * end. For processors that are not at hand.
 *
 *     qemu-arm -plugin libinstructions.so -d plugin -D FILE PROGRAM...
 *
 * writes "instructions N" to FILE. PLUGIN_VERSION is QEMU's of the interface: 1 up to QEMU 8 (docs/devel/tcg-plugins).
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif

/* Of QEMU's interface, which Debian has no header of. */
struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t id, struct qemu_plugin_tb *block));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, void (*call)(unsigned cpu, void *arg),
					  int registers, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*call)(uint64_t id, void *arg), void *arg);
void qemu_plugin_outs(const char *text);

extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

int qemu_plugin_version = PLUGIN_VERSION;

static atomic_uint_fast64_t instructions;

/* arg: how many the block has. */
static void carried_out(unsigned cpu, void *arg)
{
	(void)cpu;
	atomic_fetch_add_explicit(&instructions, (uintptr_t)arg, memory_order_relaxed);
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(block, carried_out, 0, (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void tell(uint64_t id, void *arg)
{
	char text[64];

	(void)id;
	(void)arg;
	snprintf(text, sizeof text, "instructions %llu\n", (unsigned long long)atomic_load(&instructions));
	qemu_plugin_outs(text);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, tell, NULL);
	return 0;
}
