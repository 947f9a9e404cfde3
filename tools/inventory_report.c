/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <sluice/tls.h>

#include "tools/inventory.h"

/* ---- for people ---- */

enum { LABEL = 14 };

static void label(FILE *to, const char *text)
{
	fprintf(to, "  %-*s ", LABEL, text);
}

/* A list with commas: the first has none before it. */
static void item(FILE *to, bool *first, const char *text)
{
	fprintf(to, "%s%s", *first ? "" : ", ", text);
	*first = false;
}

static void print_processor(const struct slu_cpu *cpu, FILE *to)
{
	const struct {
		bool there;
		const char *name;
	} features[] = {{cpu->aes, "AES"},
			{cpu->clmul, "carry-less multiplication (GCM)"},
			{cpu->sha1, "SHA-1"},
			{cpu->sha256, "SHA-256"},
			{cpu->vector, "vectors (ChaCha20)"}};
	bool first = true;

	label(to, "processor");
	if (!cpu->model[0] && !cpu->count) {
		fputs("not told: there is no /proc/cpuinfo, so whether it has instructions for ciphers is unknown\n",
		      to);
		return;
	}
	fprintf(to, "%s, %u of them\n", cpu->model[0] ? cpu->model : "of a name that the kernel does not tell",
		cpu->count);
	label(to, "instructions");
	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		if (features[i].there)
			item(to, &first, features[i].name);
	fputs(first ? "none that are for ciphers\n" : "\n", to);
}

static void print_ciphers(const struct slu_inventory *inv, FILE *to)
{
	label(to, "its ciphers");
	if (!inv->proc_crypto)
		fputs("not told: there is no /proc/crypto\n", to);
	for (size_t i = 0; inv->proc_crypto && i < SLU_KERNEL_CIPHERS; i++) {
		const struct slu_kernel_cipher *c = &inv->ciphers[i];

		if (i)
			label(to, "");
		if (c->found)
			fprintf(to, "%s: %s, priority %ld%s\n", c->name, c->best.driver, c->best.priority,
				c->best.async ? ", asynchronous" : "");
		else
			fprintf(to, "%s: none loaded\n", c->name);
	}
}

static const char *device_advice(int error)
{
	switch (error) {
	case ENOENT:
		return "load the module cryptodev (cryptodev-linux, which is no part of Linux) and the hardware's "
		       "driver";
	case ENODEV:
	case ENXIO:
		return "the device node is there and its module is not: load the module cryptodev";
	case ENOTTY:
	case EISDIR:
	case ENOTDIR:
		return "it is no crypto device: name that with --device";
	case EACCES:
	case EPERM:
		return "let this user in: by the group that owns it, or by its mode";
	default:
		return "the kernel's log (dmesg) may say why";
	}
}

static void print_device(const struct slu_inventory *inv, FILE *to)
{
	label(to, inv->device);
	if (inv->device_error)
		fprintf(to, "cannot be used: %s; %s\n", strerror(inv->device_error), device_advice(inv->device_error));
	else
		fputs("there\n", to);
}

static void print_ktls_version(const char *version, const int *errors, FILE *to)
{
	bool first = true;

	fprintf(to, "%s by ", version);
	for (int i = 0; i < SLU_KTLS_CIPHERS; i++)
		if (!errors[i])
			item(to, &first, slu_ktls_cipher_name((enum slu_ktls_cipher)i));
	fputs(first ? "nothing\n" : "\n", to);
}

static void print_ktls(const struct slu_ktls *k, FILE *to)
{
	label(to, "kernel TLS");
	if (k->error) {
		fprintf(to, "cannot be used: %s; %s\n", strerror(k->error),
			k->error == ENOENT ? "load the module tls, or build a kernel with CONFIG_TLS"
					   : "the kernel's log (dmesg) may say why");
		return;
	}
	print_ktls_version("TLS 1.2", k->tls12, to);
	label(to, "");
	print_ktls_version("TLS 1.3", k->tls13, to);
	label(to, "");
	fputs(k->rekeys ? "takes new keys in the middle of a connection\n"
			: "takes no new keys in the middle of a connection of TLS 1.3: Linux 6.14 and later do\n",
	      to);
}

static void print_folder(FILE *to, const char *name, const char *folder)
{
	label(to, name);
	fprintf(to, "%s\n", folder[0] ? folder : "not told");
}

static void print_openssl(const struct slu_openssl_facts *f, FILE *to)
{
	const struct {
		bool there;
		const char *name, *missing;
	} options[] = {
		{f->ktls, "kernel TLS", "no kernel TLS (from 3.0 on, built with enable-ktls, it has that)"},
		{f->engines, "engines",
		 f->gone ? "no engines (OpenSSL 4 has done away with them)"
			 : "no engines (it was built with no-engine)"},
		{f->devcrypto_engine, "the engine devcrypto",
		 "no engine devcrypto (built with enable-devcryptoeng it has that)"},
	};
	bool first = true;

	label(to, "OpenSSL");
	fprintf(to, "%s\n", slu_tls_library());
	label(to, "its options");
	for (size_t i = 0; i < (f->engines ? 3 : 2); i++)
		item(to, &first, options[i].there ? options[i].name : options[i].missing);
	fputs("\n", to);
	label(to, "its processor");
	fprintf(to, "%s\n", f->cpu[0] ? f->cpu : "it does not tell what it takes this one for");
	if (f->modules_folder[0]) /* OpenSSL 3.0 and newer */
		print_folder(to, "its modules", f->modules_folder);
	if (f->engines)
		print_folder(to, "its engines", f->engines_folder);
}

static void print_engine_entries(const struct slu_engine_entry *entries, size_t n, const char *where, FILE *to)
{
	bool first = true;

	for (size_t i = 0; i < n; i++)
		item(to, &first, entries[i].id);
	fprintf(to, "%s%s\n", first ? "none " : " ", where);
}

static void print_engines(const struct slu_inventory *inv, FILE *to)
{
	const struct slu_engine_list *list = &inv->engines;

	label(to, "engines");
	if (!inv->openssl.engines) {
		fputs("none, for this OpenSSL has none: use devcrypto, the provider over /dev/crypto\n", to);
		return;
	}
	print_engine_entries(
		list->listed, list->nlisted,
		list->unknown ? "in OpenSSL's list, at whose end it hangs or crashes" : "in OpenSSL's list", to);
	label(to, "");
	print_engine_entries(list->modules, list->nmodules, "as modules; --engine ID tests one and measures it", to);
	for (size_t i = 0; i < list->nlisted; i++) {
		if (!list->listed[i].standard)
			continue;
		label(to, "");
		fprintf(to,
			"%s encrypts for all of OpenSSL by itself, with --tls-offload off, too: it is in what is "
			"measured as software\n",
			list->listed[i].id);
	}
}

void slu_inventory_print(const struct slu_inventory *inv, FILE *to)
{
	fputs("This device\n", to);
	print_processor(&inv->cpu, to);
	label(to, "kernel");
	fprintf(to, "%s\n", inv->kernel);
	print_ciphers(inv, to);
	print_openssl(&inv->openssl, to);
	fputs("Doors to other ciphers than OpenSSL's\n", to);
	print_device(inv, to);
	print_ktls(&inv->ktls, to);
	print_engines(inv, to);
}

/* ---- as JSON ---- */

static void add_processor(cJSON *to, const struct slu_cpu *cpu)
{
	cJSON *o = cJSON_AddObjectToObject(to, "cpu");

	cJSON_AddStringToObject(o, "model", cpu->model);
	cJSON_AddNumberToObject(o, "count", cpu->count);
	cJSON_AddBoolToObject(o, "aes", cpu->aes);
	cJSON_AddBoolToObject(o, "clmul", cpu->clmul);
	cJSON_AddBoolToObject(o, "sha1", cpu->sha1);
	cJSON_AddBoolToObject(o, "sha256", cpu->sha256);
	cJSON_AddBoolToObject(o, "vector", cpu->vector);
}

static void add_ciphers(cJSON *to, const struct slu_inventory *inv)
{
	cJSON *list = cJSON_AddObjectToObject(to, "kernel_ciphers");

	for (size_t i = 0; i < SLU_KERNEL_CIPHERS; i++) {
		const struct slu_kernel_cipher *c = &inv->ciphers[i];
		cJSON *o;

		if (!c->found) {
			cJSON_AddNullToObject(list, c->name);
			continue;
		}
		o = cJSON_AddObjectToObject(list, c->name);
		cJSON_AddStringToObject(o, "driver", c->best.driver);
		cJSON_AddStringToObject(o, "module", c->best.module);
		cJSON_AddNumberToObject(o, "priority", (double)c->best.priority);
		cJSON_AddBoolToObject(o, "async", c->best.async);
	}
}

static void add_ktls_version(cJSON *to, const char *version, const int *errors)
{
	cJSON *list = cJSON_AddArrayToObject(to, version);

	for (int i = 0; i < SLU_KTLS_CIPHERS; i++)
		if (!errors[i])
			cJSON_AddItemToArray(list, cJSON_CreateString(slu_ktls_cipher_name((enum slu_ktls_cipher)i)));
}

static void add_doors(cJSON *to, const struct slu_inventory *inv)
{
	cJSON *device = cJSON_AddObjectToObject(to, "devcrypto"), *ktls = cJSON_AddObjectToObject(to, "ktls");

	cJSON_AddStringToObject(device, "path", inv->device);
	cJSON_AddBoolToObject(device, "there", !inv->device_error);
	if (inv->device_error)
		cJSON_AddStringToObject(device, "error", strerror(inv->device_error));
	cJSON_AddBoolToObject(ktls, "there", !inv->ktls.error);
	if (inv->ktls.error) {
		cJSON_AddStringToObject(ktls, "error", strerror(inv->ktls.error));
		return;
	}
	add_ktls_version(ktls, "tls1_2", inv->ktls.tls12);
	add_ktls_version(ktls, "tls1_3", inv->ktls.tls13);
	cJSON_AddBoolToObject(ktls, "rekeys", inv->ktls.rekeys);
}

static void add_openssl(cJSON *to, const struct slu_openssl_facts *f)
{
	cJSON *o = cJSON_AddObjectToObject(to, "openssl_options");

	cJSON_AddBoolToObject(o, "ktls", f->ktls);
	cJSON_AddBoolToObject(o, "engines", f->engines);
	cJSON_AddBoolToObject(o, "devcrypto_engine", f->devcrypto_engine);
	cJSON_AddStringToObject(o, "cpu", f->cpu);
	cJSON_AddStringToObject(o, "engines_folder", f->engines_folder);
	cJSON_AddStringToObject(o, "modules_folder", f->modules_folder);
}

static void add_engines(cJSON *to, const struct slu_inventory *inv)
{
	const struct slu_engine_list *list = &inv->engines;
	cJSON *o = cJSON_AddObjectToObject(to, "engines"), *listed, *modules;

	cJSON_AddBoolToObject(o, "there", inv->openssl.engines);
	listed = cJSON_AddObjectToObject(o, "listed");
	for (size_t i = 0; i < list->nlisted; i++)
		cJSON_AddStringToObject(listed, list->listed[i].id, list->listed[i].name);
	for (size_t i = 0; i < list->nlisted; i++)
		if (list->listed[i].standard)
			cJSON_AddStringToObject(o, "standard", list->listed[i].id);
	modules = cJSON_AddArrayToObject(o, "modules");
	for (size_t i = 0; i < list->nmodules; i++)
		cJSON_AddItemToArray(modules, cJSON_CreateString(list->modules[i].id));
}

void slu_inventory_add_json(const struct slu_inventory *inv, struct cJSON *to)
{
	add_processor(to, &inv->cpu);
	cJSON_AddStringToObject(to, "kernel", inv->kernel);
	add_ciphers(to, inv);
	cJSON_AddStringToObject(to, "openssl", slu_tls_library());
	add_openssl(to, &inv->openssl);
	add_doors(to, inv);
	add_engines(to, inv);
}
