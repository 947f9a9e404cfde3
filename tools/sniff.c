/* SPDX-License-Identifier: MIT */
#include "tools/sniff.h"

#include <string.h>

static const struct {
	size_t at;
	size_t size;
	const char *bytes;
	const char *what;
} signatures[] = {
	{4, 4, "ftyp", "an MP4 or MOV file"},
	{4, 4, "moov", "a MOV file"},
	{4, 4, "mdat", "a MOV file"},
	{0, 4, "\x1a\x45\xdf\xa3", "a Matroska or WebM file"},
	{8, 4, "AVI ", "an AVI file"},
	{8, 4, "WAVE", "a WAV file"},
	{0, 4, "OggS", "an Ogg file"},
	{0, 4, "fLaC", "a FLAC file"},
	{0, 4, "\x30\x26\xb2\x75", "an ASF or WMV file"},
	{0, 4, "\x00\x00\x01\xba", "an MPEG program stream"},
	{0, 4, "\x00\x00\x00\x01", "a raw H.264 or H.265 stream"},
	{0, 3, "\x00\x00\x01", "a raw video stream"},
	{0, 3, "ID3", "an MP3 file"},
	{0, 7, "#EXTM3U", "an HLS playlist"},
	{0, 3, "FWS", "a Flash program (SWF)"},
	{0, 3, "CWS", "a Flash program (SWF)"},
	{0, 4, "%PDF", "a PDF"},
	{0, 4,
	 "\x7f"
	 "ELF",
	 "a program"},
	{0, 5, "<?xml", "XML"},
	{0, 1, "<", "HTML or XML"},
	{0, 1, "{", "JSON"},
};

/* ISO 13818-1: packets of 188 bytes, each begins with 0x47. */
static int is_transport_stream(const uint8_t *data, size_t n)
{
	return n >= 189 ? data[0] == 0x47 && data[188] == 0x47 : n >= 4 && data[0] == 0x47 && data[1] == 0x40;
}

const char *slu_sniff(const uint8_t *data, size_t n)
{
	if (is_transport_stream(data, n))
		return "an MPEG transport stream";
	for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (n >= signatures[i].at + signatures[i].size &&
		    memcmp(data + signatures[i].at, signatures[i].bytes, signatures[i].size) == 0)
			return signatures[i].what;
	/* ADTS: twelve set bits, then layer 0. */
	if (n >= 2 && data[0] == 0xff && (data[1] & 0xf6) == 0xf0)
		return "a raw AAC stream";
	return NULL;
}
