/* SPDX-License-Identifier: MIT */
/* The tests of /dev/crypto, for those of the device in user space: selftest ALGORITHM [quick|whole [DEADLINE_MS
 * [SOAK]]]. Prints the verdict's kind, whether a process was left, the operations, and the sentence, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/doctor_device.h"

int main(int argc, char **argv)
{
	struct slu_doctor_device device = {.quick = true, .deadline_ms = 3000};
	struct slu_verdict v;
	char sentence[1000];
	int a = 0;

	while (argc > 1 && a < SLU_DC_ALGORITHMS &&
	       strcmp(argv[1], slu_dc_algorithm_name((enum slu_dc_algorithm)a)) != 0)
		a++;
	if (argc < 2 || a == SLU_DC_ALGORITHMS) {
		fprintf(stderr, "selftest: name an algorithm, like AES-CBC\n");
		return 2;
	}
	if (argc > 2)
		device.quick = strcmp(argv[2], "quick") == 0;
	if (argc > 3)
		device.deadline_ms = (unsigned)strtoul(argv[3], NULL, 10);
	if (argc > 4)
		device.soak_seconds = (unsigned)strtoul(argv[4], NULL, 10);
	slu_doctor_device_test(&device, (enum slu_dc_algorithm)a, &v);
	printf("%s\n%s\n%llu\n%s\n", slu_verdict_kind_name(v.kind), v.left ? "left" : "none left",
	       (unsigned long long)v.operations, slu_verdict_sentence(&v, sentence, sizeof sentence));
	return slu_verdict_usable(&v) ? 0 : 1;
}
