/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's configuration file, for a library context besides the default one. Of the modules that it may name, only
 * those that belong to a library context are run: the others set what the whole process shares (object identifiers,
 * engines, and up to 3.5 the table of TLS settings, which another thread may be reading), and have been run when
 * OpenSSL started. The TLS settings for the whole system ("system_default") apply to all contexts anyway.
 */
#include "crypto/offload_conf.h"

#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#define OUR_CONF "sluice_offload_conf"

static const char *const modules[] = {"providers", "alg_section", "random"};

/* The same file, with a section more that names just these, in out. A configuration cannot be added to. */
static bool select_modules(const CONF *all, const char *file, CONF *out)
{
	const char *section = NCONF_get_string(all, NULL, "openssl_conf");
	BIO *text = BIO_new(BIO_s_mem());
	bool ok = text && BIO_printf(text, OUR_CONF " = " OUR_CONF "\n.include \"%s\"\n[" OUR_CONF "]\n", file) > 0;

	for (size_t i = 0; ok && section && i < sizeof modules / sizeof *modules; i++) {
		const char *value = NCONF_get_string(all, section, modules[i]);

		if (value)
			ok = BIO_printf(text, "%s = %s\n", modules[i], value) > 0;
	}
	ok = ok && NCONF_load_bio(out, text, NULL) > 0;
	BIO_free(text);
	return ok;
}

bool slu_offload_configure(OSSL_LIB_CTX *libctx)
{
	char *file = CONF_get1_default_config_file();
	CONF *all = NCONF_new_ex(libctx, NULL), *ours = NCONF_new_ex(libctx, NULL);
	bool ok = file && all && ours;

	if (ok && *file && NCONF_load(all, file, NULL) <= 0)
		ok = ERR_GET_REASON(ERR_peek_last_error()) == CONF_R_NO_SUCH_FILE;
	else if (ok && *file)
		ok = select_modules(all, file, ours) && CONF_modules_load(ours, OUR_CONF, 0) > 0;
	if (ok)
		ERR_clear_error(); /* of what was looked for and is not there */
	NCONF_free(all);
	NCONF_free(ours);
	OPENSSL_free(file);
	return ok;
}
