/* SPDX-License-Identifier: MIT */
/*
 * TLS settings (OpenSSL 1.1.1 to 4.0 does the work). One context serves any number of connections.
 *
 * Thread safety: a context may be used by connections of many threads at once; slu_tls_reload() too. Configurations
 * are read only during the call.
 */
#ifndef SLUICE_TLS_H
#define SLUICE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/error.h>
#include <sluice/log.h>

#ifdef __cplusplus
extern "C" {
#endif

struct slu_tls_ctx;

enum slu_tls_version {
	SLU_TLS_DEFAULT = 0, /* minimum: 1.2; maximum: the newest that OpenSSL has */
	SLU_TLS_1_0 = 0x0301,
	SLU_TLS_1_1 = 0x0302,
	SLU_TLS_1_2 = 0x0303,
	SLU_TLS_1_3 = 0x0304
};

/* "1.2", "TLSv1.2" and the like; false when text is none. */
bool slu_tls_version_parse(const char *text, enum slu_tls_version *out);

/* A certificate that a server has besides its first one. */
struct slu_tls_identity {
	const char *cert_file, *key_file; /* as those of slu_tls_config */
};

/* Whether a server asks its clients for certificates. One that does not hold ends the handshake either way. */
enum slu_tls_client_cert {
	SLU_TLS_CLIENT_CERT_NONE,     /* no */
	SLU_TLS_CLIENT_CERT_OPTIONAL, /* who has none goes on without: slu_conn_stats.tls_client tells */
	SLU_TLS_CLIENT_CERT_REQUIRED  /* who has none is refused */
};

/* 0 or NULL in a field stands for its default. */
struct slu_tls_config {
	bool server;

	/* Client: the server's certificate and its name (host name or IP address) are verified, against ca_file and
	 * ca_path when either is given, else against the system's store. */
	const char *ca_file;     /* PEM */
	const char *ca_path;     /* folder of hashed PEM files */
	const char *pin;         /* "sha256//" and the base64 of SHA-256 of the SubjectPublicKeyInfo, several with ';'.
				    Checked besides the chain; with insecure, alone */
	bool insecure;           /* accept any certificate: said as a warning on every connection */
	const char *server_name; /* SNI and the name to verify, where it is not the URL's host */

	/* Client: what to identify with, optional. Server: what to serve, required. PEM files; the certificate's may
	 * hold the chain, the key's defaults to the certificate's. */
	const char *cert_file;
	const char *key_file;

	/* Server: more of them. A client that names a host (SNI) gets the certificate that has the name, one without a
	 * wildcard before one with, and the first, that of cert_file, when none has. Of several for the same names,
	 * with keys of different kinds, RSA and ECDSA, it gets the one that it can make use of. */
	const struct slu_tls_identity *more;
	size_t more_count;

	/* Server: clients are asked for certificates, which those of ca_file and ca_path must have issued. */
	enum slu_tls_client_cert client_cert;

	enum slu_tls_version min_version, max_version;
	const char *cipher_list;  /* TLS 1.2 and below, OpenSSL's syntax; or "auto", for TLS 1.3 too: see below */
	const char *ciphersuites; /* TLS 1.3, names with ':' between */
	const char *groups;       /* "X25519:P-256" */
	int security_level;       /* 0: as OpenSSL was built, and level 0 when TLS 1.0 or 1.1 is allowed, which OpenSSL
				     otherwise does not speak; else 1..5; -1: level 0 */
	bool no_resumption;       /* client: offer no earlier session; server: issue no tickets */
	const char *keylog_file;  /* NSS key log for Wireshark. Only ever written when set here */

	/* Who encrypts. NULL or "off": OpenSSL, as it is set up. "devcrypto": the crypto hardware behind /dev/crypto,
	 * where the negotiated suite has AES-CBC or AES-GCM, for records that are worth it; whatever the hardware
	 * lacks, refuses or does wrong is done in software, and said once as a warning in log. Without a /dev/crypto
	 * this is software, with that warning. "devcrypto:min_size=4096,check_every=64": with settings, which
	 * devcrypto(7) lists. Needs OpenSSL 3.0 or newer. The application's own use of OpenSSL stays as it is.
	 *
	 * "ktls": the kernel's TLS, for what is sent over TCP with TLS 1.2 or 1.3 and AES-GCM or ChaCha20-Poly1305.
	 * What comes in stays with OpenSSL. It is chosen for each connection when its handshake is done; where it
	 * cannot be, the connection goes on in software, and the first one of a context that has this reason says it as
	 * a warning in log. With TLS 1.3 it is used where keys can be changed, which the other end may ask for at any
	 * time: that takes Linux 6.14 and OpenSSL 3.5. "ktls:tls13" uses it also without; when keys are due, the
	 * connection then ends in order, and fails with SLU_ERR_RENEW.
	 *
	 * "engine:ID": one of OpenSSL's engines, up to OpenSSL 3: built in, a module in OpenSSL's folder of engines, or
	 * with a '/' in ID the path of a module. It encrypts what it has ciphers for, and a suite that it lacks is said
	 * once as a warning. "engine:ID,NAME=VALUE": with settings: "digests=on" has it make digests too, and the
	 * others are the engine's own commands. An engine is the whole process's: from the first context that names it
	 * to the last, all of OpenSSL's users in the process get it, even for random numbers where it has AES-CTR or
	 * ECB; another engine, or other settings, are refused meanwhile. Make this context before any other SSL_CTX
	 * that is to use the engine. Nothing is checked, and an engine that fails ends the connection. With OpenSSL's
	 * own devcrypto engine, a process that forks after the engine has worked may crash in the child. */
	const char *offload;

	/* offload "auto" and cipher_list "auto" choose by what each way of encrypting costs on this device. `sluice
	 * doctor` tests and measures that, and keeps it in a file, which is read when the context is made; where there
	 * is none, or it is of another device, kernel or OpenSSL, all is done in software, in the order that a
	 * measurement of some milliseconds gives. "auto" for the list picks suites, for the offload both, and who
	 * encrypts, unless cipher_list or ciphersuites is given, which then stands as it is. slu_tls_chosen() says what
	 * was chosen and why, and the log does, as info.
	 *
	 * A client offers the cheapest suites alone, those of one kind of record, and when the server takes none of
	 * them it connects once more and offers all, which is a warning in the log; its context does so from then on.
	 * A server goes by its own order, cheapest first, and those of CBC last unless allow_weak is set, for which of
	 * its clients lack encrypt-then-MAC it learns too late. Nothing is chosen that has not passed its tests, and of
	 * weak suites, those without forward secrecy and those of CBC without encrypt-then-MAC, only with allow_weak.
	 */
	bool allow_weak;
	bool receives;        /* most of what it encrypts comes in, as with a player: software's costs count */
	const char *measured; /* the file; NULL: the user's own or the system's, as in sluice-doctor(1) */
	struct slu_log log;
};

/* A context, or NULL and in error, which has size bytes, the sentence that says why and what to do. */
struct slu_tls_ctx *slu_tls_ctx_new(const struct slu_tls_config *config, char *error, size_t size);

/* What "auto" chose, and why, in one sentence; "" where nothing was to be chosen. Valid as long as ctx. */
const char *slu_tls_chosen(const struct slu_tls_ctx *ctx);

/* Another reference to ctx, which it returns; slu_tls_ctx_free() gives one back. */
struct slu_tls_ctx *slu_tls_ctx_get(struct slu_tls_ctx *ctx);

/* Connections that still use it keep it alive. NULL is fine. */
void slu_tls_ctx_free(struct slu_tls_ctx *ctx);

/* Reads certificates, keys and CA files again; new connections use them, and no session is resumed that was made under
 * the old ones. On failure all the old ones stay, and error says which file it was. */
int slu_tls_reload(struct slu_tls_ctx *ctx, char *error, size_t size);

/* What the offload of a context did. The counters of devcrypto are the device's: since the process began, for all
 * contexts that use it, connections that are gone included. Those of ktls, the last two, are of this context. */
struct slu_tls_offload_stats {
	const char *door;     /* "devcrypto", "ktls" or "engine"; static; NULL without one */
	bool on;              /* the context has one; all else is 0 without */
	bool off;             /* the device was turned off for the process: wrong bytes, a hang, errors, or not there */
	char drivers[256];    /* "AES-CBC: virtio_crypto_aes_cbc", those used so far, with ", " between; or "". Of an
				 engine its ID and name, "devcrypto: /dev/crypto engine" */
	bool counted;         /* there are counters; an engine has none, so that what follows is 0 */
	uint64_t operations;  /* that the device carried out: about one for each record, or one for several */
	uint64_t bytes;       /* in these */
	uint64_t checks;      /* compared with software before they were sent */
	uint64_t mismatches;  /* of these, different: the device is off since */
	uint64_t abandoned;   /* did not end before their deadline: the device is off since */
	uint64_t sessions;    /* opened: one for each direction and key that had a record for the device */
	uint64_t fallbacks;   /* meant for the device, and done in software: it failed, or gave wrong bytes; ktls:
				 connections that the kernel does not encrypt for */
	uint64_t connections; /* ktls: those that it does */
};

void slu_tls_offload(const struct slu_tls_ctx *ctx, struct slu_tls_offload_stats *out);

/* What a session of one's own takes of OpenSSL for digest handshakes: slu_session_config.crypto. (Connections have it.)
 * Static, and for any thread. */
struct slu_cryptops;
const struct slu_cryptops *slu_cryptops_openssl(void);

/* The OpenSSL that runs, "OpenSSL 3.0.19 27 Jan 2026", and the one that this was built against. Static strings. */
const char *slu_tls_library(void);
const char *slu_tls_library_built(void);

#ifdef __cplusplus
}
#endif
#endif
