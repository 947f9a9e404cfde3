/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's engines, which OpenSSL 1.1.1 and 3 have. An engine is the default of the whole process: all of OpenSSL's
 * users in it encrypt by what serves, the application's own among them. So at most one serves at a time. From the first
 * slu_engine_get() to the last slu_engine_put() it does; what it was registered for before that, it is after.
 *
 * The module of an engine stays loaded until OpenSSL cleans up, as the process ends: contexts of the application that
 * were made while it served go on with its code.
 */
#ifndef SLU_CRYPTO_ENGINE_H
#define SLU_CRYPTO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

struct slu_engine;

/* what: "ID" or "ID,name=value,...". ID is a built-in engine, a module in OpenSSL's folder of engines, or with a '/' in
 * it the path of a module. Of the settings, "digests" is ours, on or off; the others are commands of the engine's.
 * Thread safe. 0, or an error with the sentence in error. */
int slu_engine_get(const char *what, struct slu_engine **out, char *error, size_t size);

/* Connections and SSL_CTX that were to use it are gone by then. */
void slu_engine_put(struct slu_engine *e);

const char *slu_engine_id(const struct slu_engine *e);
const char *slu_engine_name(const struct slu_engine *e);

/* Whether it has the cipher of this number (NID). */
bool slu_engine_has(const struct slu_engine *e, int nid);

/* For tests of it: it serves nobody but who names it, until slu_engine_put(). OpenSSL's ENGINE. */
struct engine_st *slu_engine_by_name_only(struct slu_engine *e);

#endif
