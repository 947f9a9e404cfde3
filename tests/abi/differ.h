/* SPDX-License-Identifier: MIT */
/*
 * The same calls on Debian's librtmp.so.1 and on ours. A scenario makes calls through an api and prints what came of
 * them; differ() runs it on both, Debian's in a process of its own, because it may end there, and compares the text.
 */
#ifndef SLU_TESTS_ABI_DIFFER_H
#define SLU_TESTS_ABI_DIFFER_H

#include <stdbool.h>
#include <stdio.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

/* Exported, and in no header. */
int AMF3ReadInteger(const char *data, int32_t *valp);
int AMF3ReadString(const char *data, AVal *str);
int RTMP_FindPrefixProperty(AMFObject *obj, const AVal *name, AMFObjectProperty *p);

#define DIFFER_FUNCTIONS(X)                                                                                            \
	X(AMF3CD_AddProp)                                                                                              \
	X(AMF3CD_GetProp)                                                                                              \
	X(AMF3Prop_Decode)                                                                                             \
	X(AMF3ReadInteger)                                                                                             \
	X(AMF3ReadString)                                                                                              \
	X(AMF3_Decode)                                                                                                 \
	X(AMFProp_Decode)                                                                                              \
	X(AMFProp_Dump)                                                                                                \
	X(AMFProp_Encode)                                                                                              \
	X(AMFProp_GetBoolean)                                                                                          \
	X(AMFProp_GetName)                                                                                             \
	X(AMFProp_GetNumber)                                                                                           \
	X(AMFProp_GetObject)                                                                                           \
	X(AMFProp_GetString)                                                                                           \
	X(AMFProp_GetType)                                                                                             \
	X(AMFProp_IsValid)                                                                                             \
	X(AMFProp_Reset)                                                                                               \
	X(AMFProp_SetName)                                                                                             \
	X(AMF_AddProp)                                                                                                 \
	X(AMF_CountProp)                                                                                               \
	X(AMF_Decode)                                                                                                  \
	X(AMF_DecodeArray)                                                                                             \
	X(AMF_DecodeBoolean)                                                                                           \
	X(AMF_DecodeInt16)                                                                                             \
	X(AMF_DecodeInt24)                                                                                             \
	X(AMF_DecodeInt32)                                                                                             \
	X(AMF_DecodeLongString)                                                                                        \
	X(AMF_DecodeNumber)                                                                                            \
	X(AMF_DecodeString)                                                                                            \
	X(AMF_Dump)                                                                                                    \
	X(AMF_Encode)                                                                                                  \
	X(AMF_EncodeArray)                                                                                             \
	X(AMF_EncodeBoolean)                                                                                           \
	X(AMF_EncodeEcmaArray)                                                                                         \
	X(AMF_EncodeInt16)                                                                                             \
	X(AMF_EncodeInt24)                                                                                             \
	X(AMF_EncodeInt32)                                                                                             \
	X(AMF_EncodeNamedBoolean)                                                                                      \
	X(AMF_EncodeNamedNumber)                                                                                       \
	X(AMF_EncodeNamedString)                                                                                       \
	X(AMF_EncodeNumber)                                                                                            \
	X(AMF_EncodeString)                                                                                            \
	X(AMF_GetProp)                                                                                                 \
	X(AMF_Reset)                                                                                                   \
	X(RTMPPacket_Alloc)                                                                                            \
	X(RTMPPacket_Dump)                                                                                             \
	X(RTMPPacket_Free)                                                                                             \
	X(RTMPPacket_Reset)                                                                                            \
	X(RTMP_FindFirstMatchingProperty)                                                                              \
	X(RTMP_FindPrefixProperty)                                                                                     \
	X(RTMP_LibVersion)                                                                                             \
	X(RTMP_Log)                                                                                                    \
	X(RTMP_LogGetLevel)                                                                                            \
	X(RTMP_LogHex)                                                                                                 \
	X(RTMP_LogHexString)                                                                                           \
	X(RTMP_LogPrintf)                                                                                              \
	X(RTMP_LogSetCallback)                                                                                         \
	X(RTMP_LogSetLevel)                                                                                            \
	X(RTMP_LogSetOutput)                                                                                           \
	X(RTMP_LogStatus)                                                                                              \
	X(RTMP_ParsePlaypath)                                                                                          \
	X(RTMP_ParseURL)                                                                                               \
	X(RTMP_SetOpt)                                                                                                 \
	X(RTMP_SetupStream)                                                                                            \
	X(RTMP_SetupURL)

struct api {
#define X(name) __typeof__(name) *name;
	DIFFER_FUNCTIONS(X)
#undef X
	const AVal *flash_version;
	const char (*protocols)[7], (*lower)[7];
};

extern const struct api differ_ours;

/* False: Debian's librtmp.so.1 is not here, or not for this processor. It has said so in TAP. */
bool differ_begin(void);

/* What a scenario works on. */
struct input {
	const char *data; /* in a copy of its own, with more bytes of fill behind it */
	int n;
	int number;
};

typedef void differ_scenario(const struct api *lib, const struct input *in, FILE *out);

/* Says in TAP whether both printed the same. An intended difference has a name, and then they must differ: Debian's has
 * printed something else, ended by a signal, or read bytes behind the input. */
void differ(const char *test, differ_scenario *scenario, const void *data, int n, int number, const char *intended);

/* How a difference on an input that nobody chose is called; NULL: not at all. */
typedef const char *differ_reason(const struct input *in, const char *debians, const char *ours);

/* The same quietly, as one of many; differ_many_end() says it for all. */
void differ_many(differ_scenario *scenario, const void *data, int n, int number, differ_reason *reason);
void differ_many_end(const char *test);

/* Below n, and the same sequence everywhere. */
uint32_t differ_random(uint32_t *seed, uint32_t n);

/* The plan, and main()'s return value. */
int differ_end(void);

#endif
