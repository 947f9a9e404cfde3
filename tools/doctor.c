/* SPDX-License-Identifier: MIT */
/* sluice doctor: what this device has for TLS. */
#include <stddef.h>
#include <stdio.h>

#include "tools/exit.h"
#include "tools/inventory.h"
#include "tools/options.h"
#include "tools/say.h"
#include "tools/verbs.h"

struct doctor_options {
	const char *device;
	bool json;
};

#define DOCTOR(field) offsetof(struct doctor_options, field)
static const struct slu_opt doctor_opts[] = {
	{"device", 0, SLU_OPT_TEXT, false, "PATH", "the crypto device (/dev/crypto)", DOCTOR(device), 0, 0},
	{"json", 0, SLU_OPT_FLAG, false, NULL, "one JSON object instead of a table", DOCTOR(json), 0, 0},
};

int slu_verb_doctor(int argc, char **argv)
{
	struct doctor_options options = {.device = "/dev/crypto"};
	const struct slu_opt_group groups[] = {
		{"", doctor_opts, sizeof doctor_opts / sizeof doctor_opts[0], &options, false}};
	const struct slu_usage usage = {
		.verb = "doctor",
		.operands = "[options]",
		.what = "List what this device has for TLS, and what is missing and how to get it.",
		.groups = groups,
		.ngroups = sizeof groups / sizeof groups[0],
	};
	struct slu_inventory inv;
	int first, status = slu_options_parse(&usage, argc, argv, &first);

	if (status >= 0)
		return status;
	slu_inventory_take(&inv, options.device);
	if (options.json)
		slu_inventory_print_json(&inv, stdout);
	else
		slu_inventory_print(&inv, stdout);
	if (fflush(stdout) == 0)
		return SLU_EXIT_OK;
	slu_say("the report cannot be written");
	return SLU_EXIT_OUTPUT;
}
