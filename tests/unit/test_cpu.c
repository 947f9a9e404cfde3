/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "crypto/cpu.h"

/* As kernels print them, the lines that do not matter left out. */
static const struct {
	const char *text;
	struct slu_cpu cpu;
} known[] = {
	{"processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 60\nmodel name\t: Intel(R) Xeon(R) CPU\n"
	 "flags\t\t: fpu sse2 pni pclmulqdq ssse3 aes avx2 sha_ni\nvmx flags\t: vnmi\n\nprocessor\t: 1\n"
	 "model name\t: Intel(R) Xeon(R) CPU\nflags\t\t: fpu sse2 pclmulqdq ssse3 aes sha_ni\n",
	 {"Intel(R) Xeon(R) CPU", 2, true, true, true, true, true}},
	/* a Raspberry Pi 2 */
	{"processor\t: 0\nmodel name\t: ARMv7 Processor rev 5 (v7l)\nBogoMIPS\t: 38.40\n"
	 "Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm \n"
	 "CPU implementer\t: 0x41\nCPU part\t: 0xc07\n\nHardware\t: BCM2835\n",
	 {"ARMv7 Processor rev 5 (v7l)", 1, false, false, false, false, true}},
	/* an i.MX 8M */
	{"processor\t: 0\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid\nCPU implementer\t: 0x41\n"
	 "CPU architecture: 8\nCPU part\t: 0xd03\n\n",
	 {"0xd03", 1, true, true, true, true, true}},
	/* a router */
	{"system type\t\t: MediaTek MT7621 ver:1 eco:3\nmachine\t\t\t: Some Router\nprocessor\t\t: 0\n"
	 "cpu model\t\t: MIPS 1004Kc V2.15\nASEs implemented\t: mips16 dsp mt\n",
	 {"MIPS 1004Kc V2.15", 1, false, false, false, false, false}},
	{"processor\t: 0\ncpu\t\t: 7447A, altivec supported\nmachine\t\t: PowerBook6,8\n",
	 {"PowerBook6,8", 1, false, false, false, false, true}},
	{"", {"", 0, false, false, false, false, false}},
	{"processor\nprocessor:\nmodel name\t:\nflags : aesni xaes aes2", {"", 1, false, false, false, false, false}},
};

static void test_known(void **state)
{
	struct slu_cpu cpu;

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct slu_cpu *k = &known[i].cpu;

		slu_cpu_read(&cpu, known[i].text);
		assert_string_equal(cpu.model, k->model);
		assert_int_equal(cpu.count, k->count);
		assert_int_equal(cpu.aes, k->aes);
		assert_int_equal(cpu.clmul, k->clmul);
		assert_int_equal(cpu.sha1, k->sha1);
		assert_int_equal(cpu.sha256, k->sha256);
		assert_int_equal(cpu.vector, k->vector);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
