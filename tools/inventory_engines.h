/* SPDX-License-Identifier: MIT */
/* OpenSSL's engines as far as they can be seen without loading modules, which are code of others. */
#ifndef SLU_TOOLS_INVENTORY_ENGINES_H
#define SLU_TOOLS_INVENTORY_ENGINES_H

#include <stdbool.h>
#include <stddef.h>

enum { SLU_ENGINES_MOST = 24 };

struct slu_engine_entry {
	char id[48];
	char name[80]; /* "" for a module: it is not loaded */
	bool standard; /* it encrypts for all of OpenSSL by itself */
};

struct slu_engine_list {
	struct slu_engine_entry listed[SLU_ENGINES_MOST]; /* by OpenSSL: built in, or by its configuration */
	size_t nlisted;
	struct slu_engine_entry modules[SLU_ENGINES_MOST]; /* in its folder: "padlock" for padlock.so */
	size_t nmodules;
	bool unknown; /* OpenSSL could not be asked: the process that did ended or hung */
};

/* folder: where the modules are; "": nowhere. */
void slu_engine_list_take(struct slu_engine_list *list, const char *folder);

/* By either list. */
bool slu_engine_list_has(const struct slu_engine_list *list, const char *id);

#endif
