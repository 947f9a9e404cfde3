/* SPDX-License-Identifier: MIT */
/*
 * The RTMP handshake (RTMP 1.0, 5.2), plain and with Flash Player 9's digests, for both ends, without I/O.
 *
 * Plain: C0 C1 / S0 S1 S2 / C2; the echoes are checked for length only, as every known peer does, since many echo
 * wrongly. Digest: C1 and S1 carry an HMAC-SHA256 at an offset that one of two schemes (0: base 8, 1: base 772)
 * derives from four of their bytes, and S2 and C2 are signed with a key made from the peer's digest. A server answers
 * a C1 whose digest verifies in either scheme with digests of the same scheme, else plainly. A digest client whose
 * server answers plainly goes on plainly.
 *
 * RTMPE: as with digests, which have to be there, and in other versions than 3. C1 and S1 carry Diffie-Hellman keys of
 * 1024 bits too, at an offset of the scheme's, and both directions are RC4 from behind C2 and S2 on. Types 8 and 9
 * differ from 6 in that the signatures are encrypted with keys that are well known. The peer is not authenticated, and
 * RC4 is broken: this keeps out nobody but who does not try. A client takes any type for an answer, and nothing plain.
 */
#ifndef SLU_PROTO_HANDSHAKE_H
#define SLU_PROTO_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h> /* enum slu_role, enum slu_handshake */

#include "base/cryptops.h"
#include "proto/rc4.h"

enum { SLU_HS_SIZE = 1536 };

struct slu_handshake_config {
	enum slu_role role;
	enum slu_handshake kind; /* client: what to begin with; server: the type for whoever asks for RTMPE, or PLAIN */
	uint32_t time;           /* that the hello begins with (RTMP 1.0, 5.2.3) */
	int (*random)(void *arg, void *out, size_t n); /* NULL: zeros */
	void *random_arg;
	const struct slu_cryptops *crypto; /* NULL: plain only, and no RTMPE */
};

struct slu_hs;

/* NULL when out of memory, or when kind takes crypto that is not there. */
struct slu_hs *slu_hs_new(const struct slu_handshake_config *config);
void slu_hs_free(struct slu_hs *hs);

/* Consumes up to n bytes of the peer's handshake and no byte beyond it. 1: done; 0: more is needed; SLU_ERR_HANDSHAKE
 * or the crypto's error. *used takes how many bytes were consumed. */
int slu_hs_in(struct slu_hs *hs, const uint8_t *data, size_t n, size_t *used);

/* Bytes for the peer since the last call; none right after slu_hs_in() that returned an error. Valid until the next
 * call on hs. A client has some at once. */
size_t slu_hs_out(struct slu_hs *hs, const uint8_t **data);

/* What took place, once done. */
enum slu_handshake slu_hs_kind(const struct slu_hs *hs);

/* Once done: the last bytes of the server's S1, which SWF verification is keyed with. */
void slu_hs_s1_tail(const struct slu_hs *hs, uint8_t out[SLU_SHA256_SIZE]);

/* Once done, and when RTMPE took place: what everything from here on is encrypted with, in either direction. */
bool slu_hs_ciphers(const struct slu_hs *hs, struct slu_rc4 *in, struct slu_rc4 *out);

/* One sentence after an error: for instance that the peer answered with HTTP, with a TLS record or alert (a TLS port
 * behind an rtmp URL), or with an unknown version. */
const char *slu_hs_error(const struct slu_hs *hs);

#endif
