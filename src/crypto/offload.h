/* SPDX-License-Identifier: MIT */
/*
 * Who encrypts for a TLS context. Each way is a door, and slu_tls_config.offload names one and its settings,
 * "NAME:settings". Includes OpenSSL's header.
 */
#ifndef SLU_CRYPTO_OFFLOAD_H
#define SLU_CRYPTO_OFFLOAD_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include <sluice/tls.h>

struct slu_offload_door;
struct slu_offload_library;
struct slu_engine;

/* One TLS context's use of a door. Must not move while open. All zeros: closed. */
struct slu_offload {
	const struct slu_offload_door *door;
	const struct slu_log *log;
	struct slu_offload_library *library; /* devcrypto's; NULL: software */
	struct slu_offload *next;            /* of the library's users */
	struct {
		bool on;                      /* the kernel's TLS, where it can; src/net does it */
		bool any_tls13;               /* with TLS 1.3 also where keys cannot be changed */
		int only[4];                  /* NIDs of the ciphers that are for it; none: all */
		atomic_uint told;             /* a bit for each reason why not that was told */
		atomic_uint taken, not_taken; /* connections */
	} ktls;
	struct slu_engine *engine; /* engine's */
	atomic_bool said;          /* what its connections are told once */
};

struct slu_offload_door {
	const char *name;
	const char *usage; /* what its text looks like, for the sentence about one that is unknown */
	/* settings is what stands behind the name and a colon, or "". o is zeroed but for its log, where the door's
	 * warnings go. 0, or an error with the sentence in error, and o is left closed. */
	int (*open)(struct slu_offload *o, const char *settings, char *error, size_t size);
	/* The rest may be NULL: nothing special. */
	SSL_CTX *(*ssl_ctx)(const struct slu_offload *o, const SSL_METHOD *method);
	void (*connected)(struct slu_offload *o, const SSL *ssl);
	/* Whether it has the cipher of the connection's suite. */
	bool (*serves)(const struct slu_offload *o, const SSL *ssl);
	/* out is zeroed but for what all doors have. */
	void (*stats)(const struct slu_offload *o, struct slu_tls_offload_stats *out);
	void (*refused)(const struct slu_offload *o); /* as slu_offload_refused() */
	void (*close)(struct slu_offload *o);
};

/* The provider over a crypto device, or, where OpenSSL has no providers, the sentence that says so. */
extern const struct slu_offload_door slu_offload_devcrypto;

/* The kernel's TLS. */
extern const struct slu_offload_door slu_offload_ktls;

/* A connection's handshake is done, and the kernel has taken its keys or not. */
void slu_offload_ktls_count(struct slu_offload *o, bool taken);

/* Where o is the kernel's TLS: other ciphers than those of these NIDs, up to a 0, are not for it. */
void slu_offload_ktls_only(struct slu_offload *o, const int ciphers[4]);

bool slu_offload_ktls_serves(const struct slu_offload *o, int cipher);

/* True once for each reason, a number below 32. */
bool slu_offload_ktls_first(struct slu_offload *o, unsigned reason);

/* One of OpenSSL's engines, or the sentence that says that there are none. */
extern const struct slu_offload_door slu_offload_engine;

/* what is slu_tls_config.offload. What the door has to say goes to log, as warnings, until the end. 0, or an error with
 * the sentence in error. */
int slu_offload_open(struct slu_offload *o, const char *what, const struct slu_log *log, char *error, size_t size);

/* NULL as SSL_CTX_new() gives it. */
SSL_CTX *slu_offload_ssl_ctx(const struct slu_offload *o, const SSL_METHOD *method);

/* A connection's handshake is done. Any thread. */
void slu_offload_connected(struct slu_offload *o, const SSL *ssl);

/* Whether it is known to have no cipher for the connection's suite. */
bool slu_offload_lacks(const struct slu_offload *o, const SSL *ssl);

void slu_offload_stats(const struct slu_offload *o, struct slu_tls_offload_stats *out);

/* A peer said bad_record_mac: what it was sent was wrong, and the device may have made it. */
void slu_offload_refused(const struct slu_offload *o);

/* Closed already is fine. The SSL_CTX and its connections are gone by then. */
void slu_offload_close(struct slu_offload *o);

#endif
