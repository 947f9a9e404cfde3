/* SPDX-License-Identifier: MIT */
#include "crypto/cpu.h"

#include <stddef.h>
#include <string.h>

/* Lines whose words are features: x86, Arm, POWER. */
static const char *const feature_lines[] = {"flags", "Features", "cpu"};

/* Lines that name the processor, the best first: an Arm kernel has "Hardware" or nothing but numbers. */
static const char *const model_lines[] = {"model name", "cpu model", "Hardware", "machine", "uarch", "CPU part"};

static const struct {
	const char *word;
	size_t offset;
} features[] = {
	/* x86: arch/x86/include/asm/cpufeatures.h */
	{"aes", offsetof(struct slu_cpu, aes)}, /* Arm's has the same name */
	{"pclmulqdq", offsetof(struct slu_cpu, clmul)},
	{"sha_ni", offsetof(struct slu_cpu, sha1)},
	{"sha_ni", offsetof(struct slu_cpu, sha256)},
	{"ssse3", offsetof(struct slu_cpu, vector)},
	/* Arm: arch/arm/kernel/setup.c, arch/arm64/kernel/cpuinfo.c */
	{"pmull", offsetof(struct slu_cpu, clmul)},
	{"sha1", offsetof(struct slu_cpu, sha1)},
	{"sha2", offsetof(struct slu_cpu, sha256)},
	{"neon", offsetof(struct slu_cpu, vector)},
	{"asimd", offsetof(struct slu_cpu, vector)},
	/* POWER */
	{"altivec", offsetof(struct slu_cpu, vector)},
};

/* The value of the line at p when it is called name, and how long it is: "model name\t: AMD ...". */
static const char *line_value(const char *p, const char *name, size_t *n)
{
	const size_t length = strlen(name), line = strcspn(p, "\n");
	const char *end = p + line;

	if (line <= length || memcmp(p, name, length) != 0)
		return NULL;
	p += length;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p != ':')
		return NULL;
	for (p++; p < end && *p == ' ';)
		p++;
	*n = (size_t)(end - p);
	return p;
}

static void read_features(struct slu_cpu *out, const char *words, size_t n)
{
	const char *end = words + n;

	while (words < end) {
		size_t length = strcspn(words, " \t\n");

		for (size_t i = 0; i < sizeof features / sizeof *features; i++)
			if (strlen(features[i].word) == length && memcmp(words, features[i].word, length) == 0)
				*(bool *)((char *)out + features[i].offset) = true;
		words += length;
		words += strspn(words, " \t");
	}
}

static void read_line(struct slu_cpu *out, const char *line, size_t *rank)
{
	const char *value;
	size_t n;

	if (line_value(line, "processor", &n))
		out->count++;
	for (size_t i = 0; i < sizeof feature_lines / sizeof *feature_lines; i++) {
		value = line_value(line, feature_lines[i], &n);
		if (value)
			read_features(out, value, n);
	}
	for (size_t i = 0; i < *rank; i++) {
		value = line_value(line, model_lines[i], &n);
		if (!value || !n)
			continue;
		n = n < sizeof out->model ? n : sizeof out->model - 1;
		memcpy(out->model, value, n);
		out->model[n] = '\0';
		*rank = i;
	}
}

void slu_cpu_read(struct slu_cpu *out, const char *cpuinfo)
{
	size_t rank = sizeof model_lines / sizeof *model_lines; /* better than this is still wanted */

	memset(out, 0, sizeof *out);
	while (*cpuinfo) {
		read_line(out, cpuinfo, &rank);
		cpuinfo += strcspn(cpuinfo, "\n");
		cpuinfo += *cpuinfo == '\n';
	}
}
