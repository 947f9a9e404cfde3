/* SPDX-License-Identifier: MIT */
/*
 * A conversation over librtmp.so.1's lower half, to be linked with Debian's library or with ours:
 *
 *     talk serve               listens, prints its port, then each message that comes; answers by hand
 *     talk MODE PORT           what a program of each kind does, and what it sees: see modes
 *
 * What is printed does not depend on the library, but where tests/abi/talk.py says so.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

enum { ROOM = 4096, BIG = 5000, CHUNK = 1000 };

static AVal text(const char *s)
{
	return (AVal){(char *)s, (int)strlen(s)};
}

/* FNV-1a */
static unsigned sum(const char *p, size_t n)
{
	unsigned h = 2166136261U;

	while (n--)
		h = (h ^ (unsigned char)*p++) * 16777619U;
	return h;
}

static void show(const char *who, const RTMPPacket *p)
{
	printf("%s type %d stream %d time %u size %u", who, p->m_packetType, p->m_nInfoField2, p->m_nTimeStamp,
	       p->m_nBodySize);
	if (p->m_nBodySize <= 16)
		for (unsigned i = 0; i < p->m_nBodySize; i++)
			printf(" %02x", (unsigned char)p->m_body[i]);
	else
		printf(" sum %08x", sum(p->m_body, p->m_nBodySize));
	printf("\n");
	fflush(stdout);
}

/* ---- messages ---- */

struct draft {
	char block[RTMP_MAX_HEADER_SIZE + ROOM], *p, *end;
	RTMPPacket packet;
};

static void begin(struct draft *d, int type, int channel, int stream, uint32_t time)
{
	*d = (struct draft){.packet = {.m_packetType = (uint8_t)type,
				       .m_nChannel = channel,
				       .m_nInfoField2 = stream,
				       .m_nTimeStamp = time,
				       .m_hasAbsTimestamp = TRUE}};
	d->packet.m_body = d->block + RTMP_MAX_HEADER_SIZE;
	d->p = d->packet.m_body;
	d->end = d->block + sizeof d->block;
}

static void put_text(struct draft *d, const char *s)
{
	const AVal v = text(s);

	d->p = AMF_EncodeString(d->p, d->end, &v);
}

static void put_member(struct draft *d, const char *name, const char *value)
{
	const AVal n = text(name), v = text(value);

	d->p = AMF_EncodeNamedString(d->p, d->end, &n, &v);
}

static void begin_command(struct draft *d, const char *name, double transaction, int stream)
{
	begin(d, RTMP_PACKET_TYPE_INVOKE, 3, stream, 0);
	put_text(d, name);
	d->p = AMF_EncodeNumber(d->p, d->end, transaction);
	*d->p++ = AMF_NULL;
}

static void put_status(struct draft *d, const char *code)
{
	*d->p++ = AMF_OBJECT;
	put_member(d, "level", "status");
	put_member(d, "code", code);
	put_member(d, "description", "so it is");
	d->p = AMF_EncodeInt24(d->p, d->end, AMF_OBJECT_END);
}

static void end(RTMP *r, struct draft *d, int queue)
{
	d->packet.m_nBodySize = (uint32_t)(d->p - d->packet.m_body);
	if (!RTMP_SendPacket(r, &d->packet, queue))
		printf("not sent\n");
}

static void send_status(RTMP *r, int stream, const char *code)
{
	struct draft d;

	begin_command(&d, "onStatus", 0, stream);
	put_status(&d, code);
	end(r, &d, FALSE);
}

static void send_media(RTMP *r, int type, uint32_t time, unsigned size)
{
	char *block = calloc(1, RTMP_MAX_HEADER_SIZE + size);
	RTMPPacket packet = {.m_packetType = (uint8_t)type,
			     .m_nChannel = type == RTMP_PACKET_TYPE_AUDIO ? 4 : 6,
			     .m_nInfoField2 = 1,
			     .m_nTimeStamp = time,
			     .m_nBodySize = size,
			     .m_hasAbsTimestamp = TRUE,
			     .m_body = block + RTMP_MAX_HEADER_SIZE};

	for (unsigned i = 0; i < size; i++)
		packet.m_body[i] = (char)(i * 7 + time);
	RTMP_SendPacket(r, &packet, FALSE);
	free(block);
}

/* ---- the server ---- */

static void on_connect(RTMP *r, double transaction)
{
	struct draft d;

	RTMP_SendServerBW(r);
	RTMP_SendClientBW(r);
	begin(&d, RTMP_PACKET_TYPE_CHUNK_SIZE, 2, 0, 0);
	d.p = AMF_EncodeInt32(d.p, d.end, CHUNK);
	end(r, &d, FALSE);
	r->m_outChunkSize = CHUNK;
	RTMP_SendCtrl(r, 0, 0, 0);
	begin_command(&d, "_result", transaction, 0);
	put_status(&d, "NetConnection.Connect.Success");
	end(r, &d, FALSE);
}

static void on_create(RTMP *r, double transaction)
{
	struct draft d;

	begin_command(&d, "_result", transaction, 0);
	d.p = AMF_EncodeNumber(d.p, d.end, 1);
	end(r, &d, FALSE);
}

static void on_play(RTMP *r, double transaction)
{
	const AVal duration = text("duration");
	struct draft d;

	(void)transaction;
	RTMP_SendCtrl(r, 4, 1, 0);
	RTMP_SendCtrl(r, 0, 1, 0);
	send_status(r, 1, "NetStream.Play.Reset");
	send_status(r, 1, "NetStream.Play.Start");
	begin(&d, RTMP_PACKET_TYPE_INFO, 5, 1, 0);
	put_text(&d, "onMetaData");
	*d.p++ = AMF_OBJECT;
	d.p = AMF_EncodeNamedNumber(d.p, d.end, &duration, 12.5);
	d.p = AMF_EncodeInt24(d.p, d.end, AMF_OBJECT_END);
	end(r, &d, FALSE);
	send_media(r, RTMP_PACKET_TYPE_AUDIO, 0, 10);
	send_media(r, RTMP_PACKET_TYPE_VIDEO, 40, BIG);
	send_media(r, RTMP_PACKET_TYPE_VIDEO, 0xffffff, BIG);
	send_media(r, RTMP_PACKET_TYPE_VIDEO, 0x1000001, 300);
}

static void on_pause(RTMP *r, double transaction)
{
	(void)transaction;
	send_status(r, 1, "NetStream.Pause.Notify");
	send_media(r, RTMP_PACKET_TYPE_AUDIO, 0x1000002, 11);
}

static void on_seek(RTMP *r, double transaction)
{
	(void)transaction;
	send_status(r, 1, "NetStream.Seek.Notify");
	send_media(r, RTMP_PACKET_TYPE_AUDIO, 5000, 12);
	send_status(r, 1, "NetStream.Play.Stop");
}

static void on_publish(RTMP *r, double transaction)
{
	(void)transaction;
	send_status(r, 1, "NetStream.Publish.Start");
}

static void on_ask(RTMP *r, double transaction)
{
	struct draft d;

	RTMP_SendCtrl(r, 6, 4711, 0);
	begin_command(&d, "_result", transaction, 0);
	put_text(&d, "told");
	end(r, &d, FALSE);
}

/* What Adobe's servers say of a client's buffer. */
static void on_empty(RTMP *r, double transaction)
{
	(void)transaction;
	RTMP_SendCtrl(r, 31, 1, 0);
}

static void on_finish(RTMP *r, double transaction)
{
	(void)transaction;
	RTMP_SendCtrl(r, 1, 1, 0);
}

static const struct {
	const char *name;
	void (*act)(RTMP *r, double transaction);
} commands[] = {
	{"connect", on_connect}, {"createStream", on_create}, {"play", on_play},
	{"pause", on_pause},     {"seek", on_seek},           {"publish", on_publish},
	{"ask", on_ask},         {"empty", on_empty},         {"finish", on_finish},
};

static void on_command(RTMP *r, const RTMPPacket *p)
{
	AMFObject values;
	AVal name;

	if (AMF_Decode(&values, p->m_body, (int)p->m_nBodySize, FALSE) < 0)
		printf("cannot be read\n");
	AMFProp_GetString(AMF_GetProp(&values, NULL, 0), &name);
	printf("command %.*s\n", name.av_len, name.av_len ? name.av_val : "");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		const AVal known = text(commands[i].name);

		if (AVMATCH(&known, &name))
			commands[i].act(r, AMFProp_GetNumber(AMF_GetProp(&values, NULL, 1)));
	}
	AMF_Reset(&values);
}

static int serve(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof address;
	RTMPPacket packet = {0};
	RTMP r;

	if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		return 1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	RTMP_Init(&r);
	r.m_sb.sb_socket = accept(fd, NULL, NULL);
	if (!RTMP_Serve(&r))
		return 1;
	while (RTMP_IsConnected(&r) && RTMP_ReadPacket(&r, &packet)) {
		if (!RTMPPacket_IsReady(&packet))
			continue;
		show("got", &packet);
		if (packet.m_packetType == RTMP_PACKET_TYPE_CHUNK_SIZE)
			r.m_inChunkSize = (int)AMF_DecodeInt32(packet.m_body);
		if (packet.m_packetType == RTMP_PACKET_TYPE_INVOKE)
			on_command(&r, &packet);
		RTMPPacket_Free(&packet);
	}
	printf("end\n");
	RTMP_Close(&r);
	close(fd);
	return 0;
}

/* ---- clients ---- */

static void fields(const RTMP *r, const char *when)
{
	printf("%s: connected %d playing %d stream %d bandwidth %d %d %d chunks %d duration %.1f pausing %d\n", when,
	       RTMP_IsConnected((RTMP *)r), r->m_bPlaying, r->m_stream_id, r->m_nServerBW, r->m_nClientBW,
	       r->m_nClientBW2, r->m_inChunkSize, r->m_fDuration, r->m_pausing);
}

/* Media until n have come, or it is over. */
static int media(RTMP *r, int n)
{
	RTMPPacket packet = {0};
	int got = 0;

	for (int i = 0; i < n && (got = RTMP_GetNextMediaPacket(r, &packet)) == 1; i++) {
		show("media", &packet);
		printf("channel %d at %u\n", r->m_mediaChannel, r->m_mediaStamp);
		RTMPPacket_Free(&packet);
	}
	return got;
}

static void play(RTMP *r)
{
	if (!RTMP_ConnectStream(r, 0))
		return;
	fields(r, "begun");
	media(r, 5);
	fields(r, "played");
	printf("pause %d\n", RTMP_Pause(r, TRUE));
	media(r, 1);
	printf("pausing %d\n", r->m_pausing);
	printf("buffer %d\n", RTMP_SendCtrl(r, 3, 1, 777));
	RTMP_SetBufferMS(r, 888);
	RTMP_UpdateBufferMS(r);
	printf("seek %d %d\n", RTMP_SendSeek(r, 1234), r->m_read.flags & RTMP_READ_SEEKING);
	printf("over %d\n", media(r, 5));
	printf("seeking %d\n", r->m_read.flags & RTMP_READ_SEEKING);
}

static void publish(RTMP *r)
{
	if (!RTMP_ConnectStream(r, 0))
		return;
	fields(r, "begun");
	send_media(r, RTMP_PACKET_TYPE_AUDIO, 1, 100);
	send_media(r, RTMP_PACKET_TYPE_VIDEO, 2, BIG);
	send_media(r, RTMP_PACKET_TYPE_VIDEO, 3, 1);
}

/* As a relay reads: a chunk at a time. */
static void chunks(RTMP *r)
{
	RTMPChunk chunk = {0};
	RTMPPacket packet = {.m_chunk = &chunk};
	int n = 0;

	if (!RTMP_ConnectStream(r, 0))
		return;
	while (n < 5 && RTMP_ReadPacket(r, &packet)) {
		printf("chunk of type %d: header %d body %d, %u of %u\n", packet.m_packetType,
		       (unsigned char)chunk.c_header[0] >> 6, chunk.c_chunkSize, packet.m_nBytesRead,
		       packet.m_nBodySize);
		if (!RTMPPacket_IsReady(&packet))
			continue;
		n += packet.m_packetType == RTMP_PACKET_TYPE_AUDIO || packet.m_packetType == RTMP_PACKET_TYPE_VIDEO ||
		     packet.m_packetType == RTMP_PACKET_TYPE_INFO;
		show("whole", &packet);
		RTMPPacket_Free(&packet);
		packet.m_chunk = &chunk;
	}
}

/* A chunk that is made elsewhere, and a command whose answer is awaited. */
static void call(RTMP *r)
{
	static char body[] = "\x02\x00\x05hello\x00\x3f\xf0\0\0\0\0\0\0";
	RTMPChunk chunk = {.c_headerSize = 12, .c_chunkSize = sizeof body - 1, .c_chunk = body};
	RTMPPacket packet = {0};
	struct draft d;
	int meaning = 0;

	if (!RTMP_ConnectStream(r, 0))
		return;
	memcpy(chunk.c_header, "\x0b\0\0\x09\0\0\x11\x14\0\0\0\0", 12);
	printf("chunk %d\n", RTMP_SendChunk(r, &chunk));
	begin_command(&d, "ask", 99, 0);
	end(r, &d, TRUE);
	for (int i = 0; i < r->m_numCalls; i++)
		if (r->m_methodCalls[i].num == 99)
			printf("waits for %.*s\n", r->m_methodCalls[i].name.av_len, r->m_methodCalls[i].name.av_val);
	while (meaning != 2 && RTMP_ReadPacket(r, &packet)) {
		if (!RTMPPacket_IsReady(&packet))
			continue;
		if (packet.m_packetType == RTMP_PACKET_TYPE_INVOKE && memcmp(packet.m_body + 3, "_result", 7) == 0)
			meaning = 2;
		RTMP_ClientPacket(r, &packet);
		RTMPPacket_Free(&packet);
	}
	for (int i = 0; i < r->m_numCalls; i++)
		if (r->m_methodCalls[i].num == 99)
			printf("still waits\n");
}

/* One stream after another on a connection. */
static void again(RTMP *r)
{
	if (!RTMP_ConnectStream(r, 0))
		return;
	media(r, 2);
	RTMP_DeleteStream(r);
	fields(r, "deleted");
	printf("again %d\n", RTMP_ReconnectStream(r, 4000));
	media(r, 1);
}

/* Until a command has been answered; what comes is the library's to handle, or nobody's. FALSE: it was not. */
static int await_answer(RTMP *r, int handle)
{
	static const char answer[] = "\x02\x00\x07_result";
	RTMPPacket packet = {0};
	int found = FALSE;

	while (!found && RTMP_ReadPacket(r, &packet)) {
		if (!RTMPPacket_IsReady(&packet))
			continue;
		found = packet.m_packetType == RTMP_PACKET_TYPE_INVOKE && packet.m_nBodySize > sizeof answer &&
			memcmp(packet.m_body, answer, sizeof answer - 1) == 0;
		if (handle)
			RTMP_ClientPacket(r, &packet);
		RTMPPacket_Free(&packet);
	}
	return found;
}

/* A stream that was made by hand, and another one in its place. */
static void by_hand(RTMP *r)
{
	printf("accepted %d\n", await_answer(r, TRUE));
	printf("create %d\n", RTMP_SendCreateStream(r));
	printf("made %d %d\n", await_answer(r, TRUE), await_answer(r, TRUE));
	fields(r, "made");
	RTMP_DeleteStream(r);
	fields(r, "deleted");
	printf("again %d\n", RTMP_ReconnectStream(r, 0));
	media(r, 1);
}

/* Another stream before there is one. */
static void early(RTMP *r)
{
	printf("create %d\n", RTMP_SendCreateStream(r));
	RTMP_DeleteStream(r);
	fields(r, "deleted");
	printf("again %d\n", RTMP_ReconnectStream(r, 0));
	media(r, 1);
}

/* What the server says of the client's buffer, and what the client makes of it. */
static void say_it(RTMP *r, const char *name, int n)
{
	RTMPPacket packet = {0};
	struct draft d;

	begin_command(&d, name, 0, 0);
	end(r, &d, FALSE);
	while (n && RTMP_ReadPacket(r, &packet)) {
		if (!RTMPPacket_IsReady(&packet))
			continue;
		RTMP_ClientPacket(r, &packet);
		RTMPPacket_Free(&packet);
		n--;
	}
	printf("%s: pausing %d at %u\n", name, r->m_pausing, r->m_pauseStamp);
}

/* Faster than the clock: the library pauses and goes on. */
static void hurry(RTMP *r)
{
	r->Link.lFlags |= RTMP_LF_BUFX;
	if (!RTMP_ConnectStream(r, 0))
		return;
	media(r, 5);
	say_it(r, "empty", 1);
	say_it(r, "nothing", 1); /* Pause.Notify */
	media(r, 2);
	fields(r, "on");
	say_it(r, "empty", 1);
	say_it(r, "nothing", 4); /* and what pauses bring here */
}

/* None of them is for one that is not connected. */
static void closed(RTMP *r)
{
	static char block[RTMP_MAX_HEADER_SIZE + 64],
		flv[] = "FLV\x01\x05\0\0\0\x09\0\0\0\0\x09\0\0\x01\0\0\0\0\0\0\0x\0\0\0\x0c";
	RTMPPacket packet = {
		.m_nChannel = 3, .m_packetType = 20, .m_nBodySize = 1, .m_body = block + RTMP_MAX_HEADER_SIZE};
	RTMPPacket got = {0};
	RTMPChunk chunk = {.c_headerSize = 1};

	printf("accepted %d\n", await_answer(r, FALSE));
	RTMP_Close(r);
	printf("write %d\n", RTMP_Write(r, flv, sizeof flv - 1));
	printf("packet %d\n", RTMP_SendPacket(r, &packet, FALSE));
	printf("chunk %d\n", RTMP_SendChunk(r, &chunk));
	printf("received %d\n", RTMP_ReadPacket(r, &got));
	printf("media %d\n", RTMP_GetNextMediaPacket(r, &got));
	printf("pause %d %d\n", RTMP_Pause(r, TRUE), RTMP_SendPause(r, FALSE, 1));
	printf("seek %d\n", RTMP_SendSeek(r, 1));
	printf("toggle %d\n", RTMP_ToggleStream(r));
	printf("stream %d %d\n", RTMP_ConnectStream(r, 0), RTMP_ReconnectStream(r, 0));
	printf("control %d\n", RTMP_SendCtrl(r, 3, 1, 1));
	printf("create %d\n", RTMP_SendCreateStream(r));
	printf("read %d status %d\n", RTMP_Read(r, block, sizeof block), r->m_read.status);
}

static const struct {
	const char *name;
	void (*act)(RTMP *r);
	const char *options;
} modes[] = {
	{"play", play, ""},
	{"publish", publish, ""},
	{"chunks", chunks, ""},
	{"call", call, ""},
	{"part", play, "start=1001 stop=5002 buffer=4711 playlist=1"},
	{"live", play, "live=1 subscribe=other jtv=usher"},
	{"again", again, ""},
	{"by-hand", by_hand, ""},
	{"early", early, ""},
	{"hurry", hurry, ""},
	{"closed", closed, ""},
};

int main(int argc, char **argv)
{
	static char url[400];
	size_t mode = 0;
	RTMP r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	if (argc < 3)
		return serve();
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, argv[1]) == 0)
			mode = i;
	RTMP_Init(&r);
	snprintf(url, sizeof url,
		 "rtmp://127.0.0.1:%s/live/cam tcUrl=rtmp://h/live pageUrl=http://p swfUrl=http://s "
		 "conn=S:more conn=O:1 conn=NN:n:5 conn=O:0 %s",
		 argv[2], modes[mode].options);
	if (!RTMP_SetupURL(&r, url))
		return 1;
	if (modes[mode].act == publish)
		RTMP_EnableWrite(&r);
	if (!RTMP_Connect(&r, NULL))
		return 1;
	fields(&r, "connected");
	modes[mode].act(&r);
	RTMP_Close(&r);
	printf("closed: connected %d stream %d\n", RTMP_IsConnected(&r), r.m_stream_id);
	return 0;
}
