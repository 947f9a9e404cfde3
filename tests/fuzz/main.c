/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over each file of the folders named on the command line, and reports in TAP. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *data;
	long size;
	FILE *f;
	int ok = 0;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f)
		return 0;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
		data = malloc((size_t)size ? (size_t)size : 1);
		if (data && fread(data, 1, (size_t)size, f) == (size_t)size)
			ok = LLVMFuzzerTestOneInput(data, (size_t)size) == 0;
		free(data);
	}
	fclose(f);
	return ok;
}

int main(int argc, char **argv)
{
	struct dirent *e;
	DIR *d;
	int n = 0, failed = 0;

	for (int i = 1; i < argc; i++) {
		d = opendir(argv[i]);
		if (!d) {
			perror(argv[i]);
			return 1;
		}
		while ((e = readdir(d))) {
			if (e->d_name[0] == '.')
				continue;
			if (run_file(argv[i], e->d_name)) {
				printf("ok %d - %s\n", ++n, e->d_name);
			} else {
				printf("not ok %d - %s\n", ++n, e->d_name);
				failed = 1;
			}
		}
		closedir(d);
	}
	printf("1..%d\n", n);
	return failed || n == 0;
}
