/* SPDX-License-Identifier: MIT */
/*
 * What `sluice doctor` found out about this device, kept in a file for programs that have to choose a cipher suite and
 * who encrypts: what each way costs, for the ways that passed their tests. Text, a line each; sluice-doctor(1) has the
 * format. It belongs to one device, kernel and OpenSSL, and where one of these is another now it is not used.
 */
#ifndef SLU_CRYPTO_KEPT_H
#define SLU_CRYPTO_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/tls.h>

#include "base/buf.h"

/* Where root keeps it; other users have $XDG_STATE_HOME/sluice/measured, or ~/.local/state/sluice/measured. */
#define SLU_KEPT_SYSTEM "/var/lib/sluice/measured"

enum {
	SLU_KEPT_SIZES = 8,
	SLU_KEPT_WAYS = 64,
	SLU_KEPT_DRIVERS = 24,
	SLU_KEPT_RECORD_MOST = 16384, /* a record's payload: RFC 8446, section 5.1 */
	SLU_KEPT_COST_MOST = 1000000, /* ms per MB */
	SLU_KEPT_MOST = 65536         /* bytes of a file */
};

/* What the costs belong to. */
struct slu_kept_device {
	char cpu[160];     /* model, number of processors, instructions for ciphers */
	char kernel[320];  /* its build: uname()'s release, version and machine */
	char openssl[240]; /* the one that runs: version, when it was built, and what the environment tells it about the
			      processor, if anything */
};

/* Who did the work of a door: an algorithm of a /dev/crypto by CIOCGSESSINFO, or one of the kernel by /proc/crypto. */
struct slu_kept_driver {
	char door[16];      /* "devcrypto", "ktls" */
	char algorithm[48]; /* slu_dc_algorithm_name(): "AES-CBC"; or "gcm(aes)" */
	char driver[64];    /* "?": the device does not say */
};

/* One way of making records: it has passed, and been measured. */
struct slu_kept_way {
	char door[64];  /* as slu_tls_config.offload, with no settings: "off", "devcrypto", "ktls", "engine:ID" */
	char suite[48]; /* OpenSSL's name; one of TLS 1.2 with ECDSA stands for the same with RSA */
	enum slu_tls_version version;
	bool etm;                         /* CBC with encrypt-then-MAC; other CBC is MAC-then-encrypt */
	double ms_per_mb[SLU_KEPT_SIZES]; /* CPU of the whole machine, by record size, for the records alone: what
					     sending them over TCP costs comes on top. 0 to SLU_KEPT_COST_MOST */
};

struct slu_kept {
	struct slu_kept_device device;
	int64_t made;   /* Unix time */
	bool quick;     /* by `sluice doctor --quick` */
	char path[256]; /* of the crypto device */
	struct slu_kept_driver drivers[SLU_KEPT_DRIVERS];
	size_t ndrivers;
	size_t sizes[SLU_KEPT_SIZES]; /* bytes of a record's payload, rising */
	size_t nsizes;
	struct slu_kept_way ways[SLU_KEPT_WAYS];
	size_t nways;
};

/* This device. */
void slu_kept_device(struct slu_kept_device *out);

/* Whether door, with settings or without, is OpenSSL's engine over /dev/crypto, by its ID or its module's path. */
bool slu_kept_is_device_engine(const char *door);

/* Whether k is of this device, kernel and OpenSSL, and its drivers are those of now: those of a crypto device, which is
 * asked where a way goes through it (devcrypto, and the engine of that name), and those of ktls as far as the kernel
 * has loaded them. False: why has the reason, "it was made with OpenSSL 3.0.2, and this is …". */
bool slu_kept_fits(const struct slu_kept *k, char *why, size_t size);

/* Appends the text. 0, SLU_ERR_NOMEM or SLU_ERR_LIMIT of out, or SLU_ERR_INVALID: the text could not be read again. */
int slu_kept_encode(const struct slu_kept *k, struct slu_buf *out);

/* 0, or SLU_ERR_INVALID and what is wrong, with the line's number. Lines whose first word is unknown are passed over:
 * a later version's. */
int slu_kept_decode(struct slu_kept *k, const char *text, size_t n, char *error, size_t size);

/* The file's place: given, or else for root SLU_KEPT_SYSTEM, and for others their own where that exists or is to be
 * written, or else SLU_KEPT_SYSTEM. False: there is none, for want of a home, or its name is too long. */
bool slu_kept_place(const char *given, bool write, char *out, size_t size);

/* Writes it whole or not at all, mode 0644; the usual place's folders are made where they are missing. given: NULL for
 * the usual place. 0, or SLU_ERR_IO, SLU_ERR_NOMEM or SLU_ERR_INVALID with the sentence; where has the file's name
 * either way, or "". */
int slu_kept_write(const struct slu_kept *k, const char *given, char *where, size_t wsize, char *error, size_t size);

/* 1: read; 0: nothing is kept, and a file that was given is SLU_ERR_IO then. Else an error, with the sentence: it
 * cannot be read, is no such file, or could have been changed by another user (it must belong to root or to this
 * process's user, and be writable by nobody else). Whether it fits is not looked at. */
int slu_kept_read(struct slu_kept *k, const char *given, char *error, size_t size);

#endif
