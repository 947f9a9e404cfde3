/* SPDX-License-Identifier: MIT */
/* Pins: SHA-256 digests of SubjectPublicKeyInfo (RFC 7469, 2.4), in curl's notation "sha256//BASE64;sha256//BASE64". */
#ifndef SLU_CRYPTO_PINS_H
#define SLU_CRYPTO_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SLU_PIN_SIZE = 32,
	SLU_PIN_TEXT = 8 + 44 + 1, /* "sha256//", base64 of 32 bytes, NUL */
	SLU_PINS_MAX = 16
};

struct slu_pins {
	uint8_t digest[SLU_PINS_MAX][SLU_PIN_SIZE];
	size_t count;
};

/* 0, or SLU_ERR_INVALID with the reason in error. NULL and "" are no pins. */
int slu_pins_parse(struct slu_pins *pins, const char *text, char *error, size_t size);

bool slu_pins_match(const struct slu_pins *pins, const uint8_t digest[SLU_PIN_SIZE]);

/* The pin as text. Returns out. */
char *slu_pin_format(char out[SLU_PIN_TEXT], const uint8_t digest[SLU_PIN_SIZE]);

#endif
