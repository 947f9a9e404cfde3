/* SPDX-License-Identifier: MIT */
/*
 * RTMP as librtmp.so.1 has always offered it.
 *
 * A session is an RTMP structure that the caller owns: from RTMP_Alloc(), or in storage of its own. Its size and the
 * place of its fields are part of the binary interface. To play or, with RTMP_EnableWrite(), to publish:
 *
 *     RTMP_Init(), RTMP_SetupURL(), RTMP_Connect(), RTMP_ConnectStream(),
 *     RTMP_Read() or RTMP_Write() as often as needed, RTMP_Close()
 *
 * Functions that return int return TRUE or FALSE where nothing else is said. Strings that a function takes as an AVal,
 * and the URL of RTMP_SetupURL(), are not copied: they stay where they are until RTMP_Close().
 *
 * Thread safety: a session belongs to one thread at a time.
 */
#ifndef LIBRTMP_RTMP_H
#define LIBRTMP_RTMP_H

/* Programs ask for CRYPTO to know whether there is RTMPE. The structures are those of a library with it in any case,
 * for there is no other librtmp.so.1: NO_CRYPTO once made them smaller than the library takes them to be. */
#if !defined(NO_CRYPTO) && !defined(CRYPTO)
#define CRYPTO
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "amf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RTMP_LIB_VERSION 0x020300 /* 2.3, which 2.4 and 2.6 say too */

/* What RTMP_LNK.protocol is made of. */
#define RTMP_FEATURE_HTTP  0x01 /* tunnelled */
#define RTMP_FEATURE_ENC   0x02 /* RTMPE */
#define RTMP_FEATURE_SSL   0x04 /* TLS */
#define RTMP_FEATURE_MFP   0x08 /* RTMFP: its URLs are read, and that is all */
#define RTMP_FEATURE_WRITE 0x10 /* to publish, not to play */
#define RTMP_FEATURE_HTTP2 0x20 /* the server's end of a tunnel */

#define RTMP_PROTOCOL_UNDEFINED -1
#define RTMP_PROTOCOL_RTMP      0
#define RTMP_PROTOCOL_RTMPE     RTMP_FEATURE_ENC
#define RTMP_PROTOCOL_RTMPT     RTMP_FEATURE_HTTP
#define RTMP_PROTOCOL_RTMPS     RTMP_FEATURE_SSL
#define RTMP_PROTOCOL_RTMPTE    (RTMP_FEATURE_HTTP | RTMP_FEATURE_ENC)
#define RTMP_PROTOCOL_RTMPTS    (RTMP_FEATURE_HTTP | RTMP_FEATURE_SSL)
#define RTMP_PROTOCOL_RTMFP     RTMP_FEATURE_MFP

#define RTMP_DEFAULT_CHUNKSIZE 128
#define RTMP_BUFFER_CACHE_SIZE (16 * 1024)
#define RTMP_CHANNELS          65600 /* chunk stream identifiers are below it */

/* Names by protocol (without RTMP_FEATURE_WRITE), and what is sent as flashVer when none is given. */
extern const char RTMPProtocolStringsLower[][7];
extern const AVal RTMP_DefaultFlashVer;

/* Not 0: RTMP_UserInterrupt() was called, and what would wait gives up. */
extern int RTMP_ctrlC;

/* Milliseconds since some moment. They wrap after 49 days. */
uint32_t RTMP_GetTime(void);

/* Types of messages (Adobe, "RTMP Specification 1.0", 5.4, 6.1 and 7.1). */
#define RTMP_PACKET_TYPE_CHUNK_SIZE         0x01
#define RTMP_PACKET_TYPE_BYTES_READ_REPORT  0x03 /* acknowledgement */
#define RTMP_PACKET_TYPE_CONTROL            0x04 /* user control */
#define RTMP_PACKET_TYPE_SERVER_BW          0x05 /* window acknowledgement size */
#define RTMP_PACKET_TYPE_CLIENT_BW          0x06 /* set peer bandwidth */
#define RTMP_PACKET_TYPE_AUDIO              0x08
#define RTMP_PACKET_TYPE_VIDEO              0x09
#define RTMP_PACKET_TYPE_FLEX_STREAM_SEND   0x0F /* data in AMF3 */
#define RTMP_PACKET_TYPE_FLEX_SHARED_OBJECT 0x10
#define RTMP_PACKET_TYPE_FLEX_MESSAGE       0x11 /* command in AMF3 */
#define RTMP_PACKET_TYPE_INFO               0x12 /* data */
#define RTMP_PACKET_TYPE_SHARED_OBJECT      0x13
#define RTMP_PACKET_TYPE_INVOKE             0x14 /* command */
#define RTMP_PACKET_TYPE_FLASH_VIDEO        0x16 /* aggregate */

#define RTMP_MAX_HEADER_SIZE 18

/* Formats of chunk headers (5.3.1.2). */
#define RTMP_PACKET_SIZE_LARGE   0
#define RTMP_PACKET_SIZE_MEDIUM  1
#define RTMP_PACKET_SIZE_SMALL   2
#define RTMP_PACKET_SIZE_MINIMUM 3

/* A chunk as it came or is to be sent: RTMP_SendChunk(), and RTMP_ReadPacket() where RTMPPacket.m_chunk is set. */
typedef struct RTMPChunk {
	int c_headerSize;
	int c_chunkSize;
	char *c_chunk;
	char c_header[RTMP_MAX_HEADER_SIZE];
} RTMPChunk;

/* A message. Before m_body there is room for RTMP_MAX_HEADER_SIZE bytes: RTMPPacket_Alloc() sees to it, and whoever
 * sends a body of its own does. */
typedef struct RTMPPacket {
	uint8_t m_headerType;
	uint8_t m_packetType;
	uint8_t m_hasAbsTimestamp; /* m_nTimeStamp is no difference to the one before */
	int m_nChannel;            /* the chunk stream */
	uint32_t m_nTimeStamp;
	int32_t m_nInfoField2; /* the message stream */
	uint32_t m_nBodySize;
	uint32_t m_nBytesRead; /* of the body, so far */
	RTMPChunk *m_chunk;
	char *m_body;
} RTMPPacket;

/* A socket with what was read from it and not used yet. */
typedef struct RTMPSockBuf {
	int sb_socket; /* -1: not connected */
	int sb_size;   /* bytes from sb_start on */
	char *sb_start;
	char sb_buf[RTMP_BUFFER_CACHE_SIZE];
	int sb_timedout;
	void *sb_ssl; /* the library's */
} RTMPSockBuf;

/* Reset makes all fields 0 but the pointers, which it leaves alone: it frees nothing. Dump is one line at
 * RTMP_LOGDEBUG. Alloc makes m_body of nSize zeros, whatever it was before, and says in m_nBytesRead that none is read;
 * it leaves m_nBodySize to the caller. FALSE where memory runs out. Free frees m_body, if there is one, and makes it
 * NULL. */
void RTMPPacket_Reset(RTMPPacket *p);
void RTMPPacket_Dump(RTMPPacket *p);
int RTMPPacket_Alloc(RTMPPacket *p, uint32_t nSize);
void RTMPPacket_Free(RTMPPacket *p);

#define RTMPPacket_IsReady(a) ((a)->m_nBytesRead == (a)->m_nBodySize)

/* lFlags */
#define RTMP_LF_AUTH 0x0001 /* auth is sent */
#define RTMP_LF_LIVE 0x0002 /* a live stream: nothing to seek or resume in */
#define RTMP_LF_SWFV 0x0004 /* SWF verification */
#define RTMP_LF_PLST 0x0008 /* set_playlist before play */
#define RTMP_LF_BUFX 0x0010 /* pause and go on when the server says that its buffer is empty */
#define RTMP_LF_FTCU 0x0020 /* RTMP_Close() frees tcUrl */
#define RTMP_LF_FAPU 0x0040 /* RTMP_Close() frees app */

#define RTMP_SWF_HASHLEN 32

/* Where to, and with what: RTMP_SetupURL() and RTMP_SetupStream() fill it in. */
typedef struct RTMP_LNK {
	AVal hostname;
	AVal sockshost; /* with socksport: a proxy for SOCKS4; or a URL: socks4, socks4a, socks5 or http */
	AVal playpath0; /* of the URL: allocated */
	AVal playpath;  /* the one that is asked for */
	AVal tcUrl;
	AVal swfUrl;
	AVal pageUrl;
	AVal app;
	AVal auth;
	AVal flashVer;
	AVal subscribepath;
	AVal usherToken;
	AVal token;
	AVal pubUser;
	AVal pubPasswd;
	AMFObject extras; /* sent behind connect's own object */
	int edepth;       /* how many objects in extras are open: the next option "conn" goes into the innermost */
	int seekTime;     /* milliseconds */
	int stopTime;
	int lFlags;
	int swfAge; /* days */
	int protocol;
	int timeout; /* seconds */
	int pFlags;  /* the library's */
	unsigned short socksport;
	unsigned short port;
	void *dh; /* the library's, as the next two */
	void *rc4keyIn;
	void *rc4keyOut;
	uint32_t SWFSize;
	uint8_t SWFHash[RTMP_SWF_HASHLEN];
	char SWFVerificationResponse[RTMP_SWF_HASHLEN + 10];
} RTMP_LNK;

/* flags */
#define RTMP_READ_HEADER    0x01 /* the FLV header is written */
#define RTMP_READ_RESUME    0x02
#define RTMP_READ_NO_IGNORE 0x04
#define RTMP_READ_GOTKF     0x08 /* the key frame to resume at was seen */
#define RTMP_READ_GOTFLVK   0x10 /* likewise in an aggregate */
#define RTMP_READ_SEEKING   0x20

/* status */
#define RTMP_READ_COMPLETE -3
#define RTMP_READ_ERROR    -2
#define RTMP_READ_EOF      -1
#define RTMP_READ_IGNORE   0

/* What RTMP_Read() keeps, and where a caller says from where it resumes. */
typedef struct RTMP_READ {
	char *buf;
	char *bufpos;
	unsigned int buflen;
	uint32_t timestamp;
	uint8_t dataType;
	uint8_t flags;
	int8_t status;
	uint8_t initialFrameType; /* this and the rest: for RTMP_READ_RESUME */
	uint32_t nResumeTS;
	char *metaHeader;
	char *initialFrame;
	uint32_t nMetaHeaderSize;
	uint32_t nInitialFrameSize;
	uint32_t nIgnoredFrameCounter;
	uint32_t nIgnoredFlvFrameCounter;
} RTMP_READ;

/* A command that waits for its answer. */
typedef struct RTMP_METHOD {
	AVal name;
	int num;
} RTMP_METHOD;

typedef struct RTMP {
	int m_inChunkSize;
	int m_outChunkSize;
	int m_nBWCheckCounter;
	int m_nBytesIn;
	int m_nBytesInSent;
	int m_nBufferMS;
	int m_stream_id; /* of createStream's answer */
	int m_mediaChannel;
	uint32_t m_mediaStamp;
	uint32_t m_pauseStamp;
	int m_pausing;
	int m_nServerBW;
	int m_nClientBW;
	uint8_t m_nClientBW2;
	uint8_t m_bPlaying;
	uint8_t m_bSendEncoding;
	uint8_t m_bSendCounter;
	int m_numInvokes;
	int m_numCalls;
	RTMP_METHOD *m_methodCalls;
	int m_channelsAllocatedIn;
	int m_channelsAllocatedOut;
	RTMPPacket **m_vecChannelsIn;
	RTMPPacket **m_vecChannelsOut;
	int *m_channelTimestamp; /* of the last message of each chunk stream */
	double m_fAudioCodecs;   /* these three are sent with connect */
	double m_fVideoCodecs;
	double m_fEncoding; /* 0 or 3 */
	double m_fDuration; /* seconds, once known */
	int m_msgCounter;
	int m_polling;
	int m_resplen;
	int m_unackd;
	AVal m_clientID;
	RTMP_READ m_read;
	RTMPPacket m_write;
	RTMPSockBuf m_sb;
	RTMP_LNK Link;
} RTMP;

/* rtmp[t][e|s]://host[:port]/app[/instance][/playpath]. host and app point into url; *port is 0 where none is given.
 * playpath is allocated and the caller's to free(), {NULL, 0} where there is none; it has the form that Adobe's servers
 * want: see RTMP_ParsePlaypath(). The app is all parts of the path but the last, three at most, or the only one; or
 * "ondemand" alone, where it begins so; or all of the path where a query has slist=. FALSE: no "://", or nothing behind
 * it.
 *
 * Differs from the library that this one replaces: a host in brackets is an IPv6 address, and host is what is within;
 * *host is always set, to {NULL, 0} where there is none of under 256 bytes. */
int RTMP_ParseURL(const char *url, int *protocol, AVal *host, unsigned int *port, AVal *playpath, AVal *app);

/* A playpath out of a file name: "mp4:" or "mp3:" before it by its ending, which is taken away as ".flv" is, percent
 * escapes resolved; or what slist= says in a query. out is allocated and the caller's to free(). in ends with a NUL, or
 * the bytes of in alone are looked at, which differs from before. */
void RTMP_ParsePlaypath(AVal *in, AVal *out);

void RTMP_SetBufferMS(RTMP *r, int size);
void RTMP_UpdateBufferMS(RTMP *r); /* tells the server */

/* One option by name, in any case: see librtmp(3). arg ends with a NUL and stays where it is, for it is not copied; nor
 * is opt needed afterwards. FALSE: no such option, or a value that it does not take; the log then has what there is. */
int RTMP_SetOpt(RTMP *r, const AVal *opt, AVal *arg);

/* "URL name=value name=value...", \xx in a value stands for the byte of that hexadecimal number. Writes into url. */
int RTMP_SetupURL(RTMP *r, char *url);

/* Everything at once. What may be NULL, or empty: all AVals but hostname. What is not given keeps its value, but for
 * sockshost and playpath, which then are none, and flashVer, which is RTMP_DefaultFlashVer. swfSHA256Hash is the hash's
 * 32 bytes. port 0 is the protocol's own; dStart and dStop are milliseconds, timeout is seconds.
 *
 * Differs from the library that this one replaces: a hash of fewer bytes is left out; the port of sockshost is cut off
 * by its length, without a copy. */
void RTMP_SetupStream(RTMP *r, int protocol, AVal *hostname, unsigned int port, AVal *sockshost, AVal *playpath,
		      AVal *tcUrl, AVal *swfUrl, AVal *pageUrl, AVal *app, AVal *auth, AVal *swfSHA256Hash,
		      uint32_t swfSize, AVal *flashVer, AVal *subscribepath, AVal *usherToken, int dStart, int dStop,
		      int bLiveStream, long int timeout);

/* Connects to the server and, Connect1, on a socket that is connected (m_sb.sb_socket), does TLS, handshake and the
 * command connect; cp, where it is not NULL, is sent in its stead. Connect0 does the first part, to this address. */
int RTMP_Connect(RTMP *r, RTMPPacket *cp);
struct sockaddr;
int RTMP_Connect0(RTMP *r, struct sockaddr *svc);
int RTMP_Connect1(RTMP *r, RTMPPacket *cp);

/* The server's side: the handshake on a socket that was accepted, after RTMP_TLS_Accept() where it is TLS. */
int RTMP_Serve(RTMP *r);
int RTMP_TLS_Accept(RTMP *r, void *ctx);

/* One chunk of a message: it is complete when RTMPPacket_IsReady(packet), and RTMPPacket_Free() is called then. */
int RTMP_ReadPacket(RTMP *r, RTMPPacket *packet);

/* With queue, an answer to the command is waited for. */
int RTMP_SendPacket(RTMP *r, RTMPPacket *packet, int queue);
int RTMP_SendChunk(RTMP *r, RTMPChunk *chunk);

int RTMP_IsConnected(RTMP *r);
int RTMP_Socket(RTMP *r);
int RTMP_IsTimedout(RTMP *r);
double RTMP_GetDuration(RTMP *r);
int RTMP_ToggleStream(RTMP *r); /* pauses, waits a second, and goes on */

int RTMP_ConnectStream(RTMP *r, int seekTime);
int RTMP_ReconnectStream(RTMP *r, int seekTime);
void RTMP_DeleteStream(RTMP *r);

/* 0 at the end, 1 for a message with audio, video or data, 2 where playing is over. */
int RTMP_GetNextMediaPacket(RTMP *r, RTMPPacket *packet);

/* Does what a message asks for. 1: it has audio, video or data; 2: playing is over; else 0. */
int RTMP_ClientPacket(RTMP *r, RTMPPacket *packet);

/* Alloc only allocates and Free only frees; Init makes the structure ready whatever is in it; Close ends the
 * connection, if there is one, and leaves the structure ready for another. */
void RTMP_Init(RTMP *r);
void RTMP_Close(RTMP *r);
RTMP *RTMP_Alloc(void);
void RTMP_Free(RTMP *r);
void RTMP_EnableWrite(RTMP *r);

/* For RTMP_TLS_Accept(): a certificate and its key, both files in PEM. */
void *RTMP_TLS_AllocServerContext(const char *cert, const char *key);
void RTMP_TLS_FreeServerContext(void *ctx);

int RTMP_LibVersion(void); /* RTMP_LIB_VERSION of the library that runs */
void RTMP_UserInterrupt(void);

int RTMP_SendCtrl(RTMP *r, short nType, unsigned int nObject, unsigned int nTime);
int RTMP_SendPause(RTMP *r, int DoPause, int dTime); /* at dTime, which RTMP_Pause() knows by itself */
int RTMP_Pause(RTMP *r, int DoPause);

/* Copies to *p the first property of obj so called, looking into objects and ECMA arrays as they come. It still belongs
 * to obj. */
int RTMP_FindFirstMatchingProperty(AMFObject *obj, const AVal *name, AMFObjectProperty *p);

/* Bytes, or -1. Fill's go to sb, behind those that are there. */
int RTMPSockBuf_Fill(RTMPSockBuf *sb);
int RTMPSockBuf_Send(RTMPSockBuf *sb, const char *buf, int len);
int RTMPSockBuf_Close(RTMPSockBuf *sb); /* as close() */

int RTMP_SendCreateStream(RTMP *r);
int RTMP_SendSeek(RTMP *r, int dTime);
int RTMP_SendServerBW(RTMP *r);
int RTMP_SendClientBW(RTMP *r);

/* Forgets command i of m_methodCalls, and with freeit its name. */
void RTMP_DropRequest(RTMP *r, int i, int freeit);

/* FLV as a file has it, beginning with the header. Bytes; 0 at the end, and once before -1; or -1: m_read.status has
 * why. A message is given as soon as it is there, so it may be fewer bytes than size.
 *
 * With RTMP_READ_RESUME in m_read.flags, what follows a frame that the caller has already: initialFrame, which stands
 * at nResumeTS in its file. No header is given, and what comes before that frame is left out, up to 50 messages of it.
 * metaHeader, where nMetaHeaderSize is not 0, has to be the server's onMetaData, too. RTMP_READ_ERROR: it is another
 * stream, or does not go on there.
 *
 * Differs from the library that this one replaces: also servers whose timestamps are those of the recording, not of the
 * time since nResumeTS, can be resumed from; what came before a connection ended is given, also where the header still
 * waited for it; parts of an aggregate that are cut off or no tags are left out. */
int RTMP_Read(RTMP *r, char *buf, int size);

/* FLV as a file has it, with or without the header, cut anywhere. size, or -1 when the connection is lost or this is no
 * FLV. onMetaData is sent as @setDataFrame; all else as it is.
 *
 * Differs from the library that this one replaces: any cut is fine; messages are sent in full chunks and with one write
 * a call, and the server is answered meanwhile; the header may come again between two tags; data by another name than
 * onMetaData is no @setDataFrame. */
int RTMP_Write(RTMP *r, const char *buf, int size);

/* Size and hash of a SWF player, for SWF verification: from the cache where its entry is younger than age days. 0, or
 * -1 where it cannot be had. */
int RTMP_HashSWF(const char *url, unsigned int *size, unsigned char *hash, int age);

#ifdef __cplusplus
}
#endif
#endif
