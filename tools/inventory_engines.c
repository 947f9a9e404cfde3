/* SPDX-License-Identifier: MIT */
#include "tools/inventory_engines.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/openssl_facts.h"
#include "tools/doctor_child.h"

enum { DEADLINE_MS = 5000 };

static void set_entry(struct slu_engine_entry *e, const char *id, size_t n, const char *name)
{
	memset(e, 0, sizeof *e);
	snprintf(e->id, sizeof e->id, "%.*s", (int)n, id);
	snprintf(e->name, sizeof e->name, "%s", name);
}

/* ---- OpenSSL's list, in a process of its own ---- */

static void tell(void *line, const char *id, const char *name, bool standard)
{
	struct slu_engine_entry e;

	set_entry(&e, id, strlen(id), name ? name : "");
	e.standard = standard;
	slu_child_say(line, 0, false, &e, sizeof e);
}

static void ask(const struct slu_child_line *line, void *arg)
{
	(void)arg;
	slu_openssl_engines(tell, (void *)line);
}

static void hear(void *arg, unsigned lane, const uint8_t *data, size_t n)
{
	struct slu_engine_list *list = arg;

	(void)lane;
	if (n == sizeof *list->listed && list->nlisted < SLU_ENGINES_MOST)
		memcpy(&list->listed[list->nlisted++], data, n);
}

/* ---- modules ---- */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct slu_engine_entry *)a)->id, ((const struct slu_engine_entry *)b)->id);
}

static void take_modules(struct slu_engine_list *list, const char *folder)
{
	static const char ending[] = ".so";
	DIR *dir = *folder ? opendir(folder) : NULL;
	const struct dirent *d;

	while (dir && list->nmodules < SLU_ENGINES_MOST && (d = readdir(dir))) {
		const size_t n = strlen(d->d_name), end = sizeof ending - 1;

		if (n > end && strcmp(d->d_name + n - end, ending) == 0)
			set_entry(&list->modules[list->nmodules++], d->d_name, n - end, "");
	}
	if (dir)
		closedir(dir);
	qsort(list->modules, list->nmodules, sizeof *list->modules, by_id);
}

void slu_engine_list_take(struct slu_engine_list *list, const char *folder)
{
	struct slu_child child = {.run = ask, .heard = hear, .arg = list};

	memset(list, 0, sizeof *list);
	slu_children_run(&child, 1, DEADLINE_MS, 0);
	list->unknown = child.end != SLU_CHILD_DONE;
	take_modules(list, folder);
}

bool slu_engine_list_has(const struct slu_engine_list *list, const char *id)
{
	for (size_t i = 0; i < list->nlisted; i++)
		if (strcmp(list->listed[i].id, id) == 0)
			return true;
	for (size_t i = 0; i < list->nmodules; i++)
		if (strcmp(list->modules[i].id, id) == 0)
			return true;
	return false;
}
