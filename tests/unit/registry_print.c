/* SPDX-License-Identifier: MIT */
/* The registry in lines, for registry_names.py: "suite C02F TLS_..." and the versions that may have it, "group 001D
 * x25519", "scheme 0804 rsa_pss_rsae_sha256", "alert 0028 handshake_failure". */
#include <stdio.h>
#include <string.h>

#include "probe/registry.h"

/* Whatever has a name. */
static void print_named(const char *what, const char *(*name_of)(uint16_t id, char *out, size_t size))
{
	char name[SLU_REG_NAME];

	for (unsigned id = 0; id <= UINT16_MAX; id++)
		if (strncmp(name_of((uint16_t)id, name, sizeof name), "0x", 2) != 0)
			printf("%s %04X %s\n", what, id, name);
}

int main(void)
{
	const struct slu_reg_suite *all;
	char name[SLU_REG_NAME];
	size_t n;

	all = slu_reg_suites(&n);
	for (size_t i = 0; i < n; i++) {
		printf("suite %04X %s", all[i].id, slu_reg_suite_name(all[i].id, name, sizeof name));
		for (uint16_t v = SLU_SSL_3_0; v <= 0x0304; v++)
			if (slu_reg_suite_in(&all[i], v))
				printf(" %04X", v);
		printf("\n");
	}
	print_named("group", slu_reg_group_name);
	print_named("scheme", slu_reg_scheme_name);
	for (unsigned alert = 0; alert <= UINT8_MAX; alert++)
		if (slu_reg_alert_name((uint8_t)alert))
			printf("alert %04X %s\n", alert, slu_reg_alert_name((uint8_t)alert));
	return 0;
}
