/* SPDX-License-Identifier: MIT */
/* Pins: what is taken must come out as the same text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pins.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), pin[SLU_PIN_TEXT], error[160];
	struct slu_pins pins;
	const char *at;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (slu_pins_parse(&pins, text, error, sizeof error) == 0) {
		at = text;
		for (size_t i = 0; i < pins.count; i++, at += SLU_PIN_TEXT)
			if (strncmp(at, slu_pin_format(pin, pins.digest[i]), SLU_PIN_TEXT - 1) != 0 ||
			    !slu_pins_match(&pins, pins.digest[i]))
				abort();
	} else if (strlen(error) < 20) {
		abort();
	}
	free(text);
	return 0;
}
