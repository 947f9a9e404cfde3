/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "base/bytes.h"
#include "conn/over.h"
#include "mem_transport.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "state.h"
#include "tls_kit.h"

/* ---- a session over memory ---- */

enum { HANDSHAKE = 1 + 2 * 1536 };

static struct mem_transport mem;
static RTMP r;

static void begin(void)
{
	static const char server[HANDSHAKE] = {3};
	const struct slu_conn_config config = {.session = {.by_hand = true}};
	const struct slu_url url = {.host = "live.example", .app = "live", .tc_url = "rtmp://live.example/live"};
	char error[300] = "no memory for the state";
	struct slu_compat *c;

	RTMP_Init(&r);
	r.Link.timeout = 1;
	c = slu_compat_state(&r);
	mem_init(&mem);
	mem_say_bytes(&mem, server, sizeof server);
	if (c)
		c->conn = slu_conn_over(&config, &url, &mem.base, "the memory", error, sizeof error);
	if (!c || !c->conn)
		fail_msg("%s", error);
	assert_true(slu_compat_handshake(&r));
}

static void end(void)
{
	mem.ends = true;
	RTMP_Close(&r);
	assert_true(mem.freed);
}

/* A message of the server's, in one chunk. */
static void say(uint8_t type, const void *data, size_t n)
{
	uint8_t head[12] = {3};

	assert_true(n <= 128);
	slu_put_be24(head + 4, (uint32_t)n);
	head[7] = type;
	mem_say_bytes(&mem, head, sizeof head);
	mem_say_bytes(&mem, data, n);
}

static void hear(RTMPPacket *packet, uint8_t type)
{
	memset(packet, 0, sizeof *packet);
	assert_true(RTMP_ReadPacket(&r, packet));
	assert_int_equal(packet->m_packetType, type);
}

static void ask(char *body, size_t n)
{
	RTMPPacket packet = {.m_nChannel = 3,
			     .m_headerType = RTMP_PACKET_SIZE_LARGE,
			     .m_packetType = RTMP_PACKET_TYPE_INVOKE,
			     .m_nBodySize = (uint32_t)n,
			     .m_body = body};

	assert_true(RTMP_SendPacket(&r, &packet, TRUE));
}

#define CONNECT                                                                                                        \
	"\x02\x00\x07"                                                                                                 \
	"connect\x00\x3f\xf0\0\0\0\0\0\0\x05"
#define CREATE                                                                                                         \
	"\x02\x00\x0c"                                                                                                 \
	"createStream\x00\x40\x45\0\0\0\0\0\0\x05" /* 42 */
#define RESULT                                                                                                         \
	"\x02\x00\x07"                                                                                                 \
	"_result\x00"
#define ONE "\x3f\xf0\0\0\0\0\0\0"
#define INFO                                                                                                           \
	"\x03\x00\x04"                                                                                                 \
	"code\x02\x00\x1d"                                                                                             \
	"NetConnection.Connect.Success\0\0\x09"
#define VIDEO "\x17\x01\0\0\0frame"

/* While the window goes out to a server whose socket is full, its next message comes. */
static void no_message_is_lost_on_connecting(void **state)
{
	static char connect[] = CONNECT;
	RTMPPacket packet;

	(void)state;
	begin();
	ask(connect, sizeof connect - 1);
	say(RTMP_PACKET_TYPE_INVOKE, RESULT ONE "\x05" INFO, sizeof(RESULT ONE "\x05" INFO) - 1);
	hear(&packet, RTMP_PACKET_TYPE_INVOKE);
	mem.room = 0;
	mem.eases = true;
	say(RTMP_PACKET_TYPE_VIDEO, VIDEO, sizeof VIDEO - 1);
	assert_int_equal(RTMP_ClientPacket(&r, &packet), 0);
	RTMPPacket_Free(&packet);
	hear(&packet, RTMP_PACKET_TYPE_VIDEO);
	assert_int_equal(packet.m_nBodySize, sizeof VIDEO - 1);
	RTMPPacket_Free(&packet);
	end();
}

/* The session learns of the first message's fault at the second, and is closed there. */
static void a_session_that_fails_at_media_is_closed(void **state)
{
	static char cut[11] = {RTMP_PACKET_TYPE_VIDEO, 0, 0, 99}, video[] = VIDEO;
	RTMPPacket packet = {.m_packetType = RTMP_PACKET_TYPE_FLASH_VIDEO, .m_body = cut, .m_nBodySize = sizeof cut};

	(void)state;
	begin();
	assert_int_equal(RTMP_ClientPacket(&r, &packet), 1);
	packet = (RTMPPacket){.m_packetType = RTMP_PACKET_TYPE_VIDEO, .m_body = video, .m_nBodySize = sizeof video - 1};
	assert_int_equal(RTMP_ClientPacket(&r, &packet), 1);
	assert_false(RTMP_IsConnected(&r));
	assert_true(mem.freed);
	RTMP_Close(&r);
}

/* In RTMP_Read(), whose caller is told before the session goes. */
static void who_publishes_cannot_be_told(void **state)
{
	static const char error[] = "\x02\x00\x06"
				    "_error\x00" ONE "\x05\x03\x00\x0b"
				    "description\x02\x00\x18"
				    "authmod=adobe need auth.\0\0\x09";
	static char connect[] = CONNECT, host[] = "live.example", user[] = "ann", proxy[] = "none://here";
	char buf[64];

	(void)state;
	begin();
	r.Link.hostname = (AVal)AVC(host);
	r.Link.pubUser = r.Link.pubPasswd = (AVal)AVC(user);
	r.Link.sockshost = (AVal)AVC(proxy);
	r.Link.socksport = 1080;
	ask(connect, sizeof connect - 1);
	say(RTMP_PACKET_TYPE_INVOKE, error, sizeof error - 1);
	assert_int_equal(RTMP_Read(&r, buf, sizeof buf), 0);
	assert_true(mem.freed);
	assert_int_equal(RTMP_Read(&r, buf, sizeof buf), 0);
	assert_false(RTMP_IsConnected(&r));
	assert_null(slu_compat_has_state(&r));
	RTMP_Close(&r);
}

/* It is freed there, so nothing points to it any more; one that is the caller's stays. */
static void a_name_of_the_urls_goes_with_the_session(void **state)
{
	char url[] = "rtmp://host/app/name", again[] = "rtmp://host/app/name", mine[] = "mine";
	AVal option = AVC("playpath"), value = {mine, 4};

	(void)state;
	RTMP_Init(&r);
	assert_true(RTMP_SetupURL(&r, url));
	assert_int_equal(r.Link.playpath.av_len, 4);
	RTMP_Close(&r);
	assert_null(r.Link.playpath.av_val);
	assert_int_equal(r.Link.playpath.av_len, 0);
	assert_true(RTMP_SetupURL(&r, again));
	assert_true(RTMP_SetOpt(&r, &option, &value));
	RTMP_Close(&r);
	assert_ptr_equal(r.Link.playpath.av_val, mine);
	assert_int_equal(r.Link.playpath.av_len, 4);
}

static void a_stream_is_created(void **state)
{
	static const char command[] = "\x02\x00\x0c"
				      "createStream\x00" ONE "\x05";
	char answer[] = RESULT ONE "\x05\x00\x40\x1c\0\0\0\0\0"; /* 7, with the NUL */
	RTMPPacket packet = {.m_packetType = RTMP_PACKET_TYPE_INVOKE, .m_body = answer, .m_nBodySize = sizeof answer};
	const char *heard;
	size_t n;

	(void)state;
	begin();
	mem_heard(&mem);
	assert_true(RTMP_SendCreateStream(&r));
	n = mem.nsent;
	heard = mem_heard(&mem);
	assert_true(n > sizeof command - 1);
	assert_memory_equal(heard + n - (sizeof command - 1), command, sizeof command - 1);
	RTMP_ClientPacket(&r, &packet);
	assert_int_equal(r.m_stream_id, 7);
	end();
}

/* Numbers of messages are double, and anything may stand there. */
static void numbers_that_are_no_int(void **state)
{
	static const struct {
		char number[9];
		int stream;
	} answers[] = {
		{"\x40\x08\0\0\0\0\0\0", 3},
		{"\x7f\xe0\0\0\0\0\0\0", INT_MAX},
		{"\xff\xe0\0\0\0\0\0\0", INT_MIN},
		{"\x7f\xf8\0\0\0\0\0\0", 0}, /* no number */
	};
	static char create[] = CREATE, far[] = CREATE;
	char body[sizeof(RESULT) - 1 + 8 + 1 + 1 + 8];
	RTMPPacket packet = {.m_packetType = RTMP_PACKET_TYPE_INVOKE, .m_body = body, .m_nBodySize = sizeof body};

	(void)state;
	begin();
	memcpy(body, RESULT "\x40\x45\0\0\0\0\0\0\x05\x00", sizeof body - 8);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		ask(create, sizeof create - 1);
		assert_int_equal(r.m_numCalls, 1);
		memcpy(body + sizeof body - 8, answers[i].number, 8);
		RTMP_ClientPacket(&r, &packet);
		assert_int_equal(r.m_numCalls, 0);
		assert_int_equal(r.m_stream_id, answers[i].stream);
	}
	memcpy(far + 16, "\x7f\xe0\0\0\0\0\0\0", 8);
	ask(far, sizeof far - 1);
	assert_int_equal(r.m_methodCalls[0].num, INT_MAX);
	assert_int_equal(r.m_numInvokes, INT_MAX);
	end();
}

/* ---- a session that pauses by itself ---- */

static void say_user(uint8_t event)
{
	const uint8_t data[6] = {0, event, 0, 0, 0, 1};
	RTMPPacket packet;

	say(RTMP_PACKET_TYPE_CONTROL, data, sizeof data);
	hear(&packet, RTMP_PACKET_TYPE_CONTROL);
	assert_int_equal(RTMP_ClientPacket(&r, &packet), 0);
	RTMPPacket_Free(&packet);
}

static void say_command(const char *body, size_t n)
{
	RTMPPacket packet;

	say(RTMP_PACKET_TYPE_INVOKE, body, n);
	hear(&packet, RTMP_PACKET_TYPE_INVOKE);
	RTMP_ClientPacket(&r, &packet);
	RTMPPacket_Free(&packet);
}

#define STATUS                                                                                                         \
	"\x02\x00\x08"                                                                                                 \
	"onStatus\x00\0\0\0\0\0\0\0\0\x05\x03\x00\x04"                                                                 \
	"code\x02\x00"
#define SAY_STATUS(code) say_command(STATUS code "\0\0\x09", sizeof(STATUS code "\0\0\x09") - 1)

/* Whether a pause, true or false, was sent since this was asked last. */
static bool paused(bool on)
{
	const char pause[] = {'p', 'a', 'u', 's', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, (char)on};
	const size_t n = mem.nsent;

	return memmem(mem_heard(&mem), n, pause, sizeof pause);
}

/* A server that has filled the buffer, for rtmpdump: what its loop goes by is in m_pausing. */
static void a_pause_of_the_sessions_own(void **state)
{
	static char connect[] = CONNECT, name[] = "movie";

	(void)state;
	begin();
	r.Link.playpath = (AVal)AVC(name);
	r.Link.lFlags = RTMP_LF_BUFX;
	ask(connect, sizeof connect - 1);
	say_command(RESULT ONE "\x05" INFO, sizeof(RESULT ONE "\x05" INFO) - 1);
	say_command(RESULT "\x40\0\0\0\0\0\0\0\x05\x00" ONE, sizeof(RESULT "\x40\0\0\0\0\0\0\0\x05\x00" ONE) - 1);
	SAY_STATUS("\x14NetStream.Play.Start");
	assert_true(r.m_bPlaying);
	say_user(31);
	assert_true(paused(true));
	assert_int_equal(r.m_pausing, 1);
	say_user(1);
	assert_int_equal(r.m_pausing, 2);
	assert_false(paused(false));
	say_user(31);
	assert_true(paused(false));
	assert_int_equal(r.m_pausing, 3);
	SAY_STATUS("\x16NetStream.Pause.Notify"); /* late */
	say_user(31);
	assert_int_equal(r.m_pausing, 3);
	assert_int_equal(mem.nsent, 0);
	end();
}

/* The server pauses for the caller, whose business that is. */
static void a_pause_of_the_callers(void **state)
{
	(void)state;
	begin();
	r.m_pausing = 1;
	say_user(1);
	assert_int_equal(r.m_pausing, 2);
	end();
}

/* ---- without a connection ---- */

static unsigned lines;

static void count_line(int level, const char *format, va_list args)
{
	char line[2048];

	vsnprintf(line, sizeof line, format, args);
	assert_int_equal(level, RTMP_LOGERROR);
	assert_non_null(strstr(line, "there is no connection: RTMP_Connect() comes first"));
	lines++;
}

static int write_some(void)
{
	return RTMP_Write(&r, "FLV", 3);
}

static int send_packet(void)
{
	static char block[RTMP_MAX_HEADER_SIZE + 1];
	RTMPPacket packet = {.m_nChannel = 3, .m_nBodySize = 1, .m_body = block + RTMP_MAX_HEADER_SIZE};

	return RTMP_SendPacket(&r, &packet, FALSE);
}

static int send_chunk(void)
{
	RTMPChunk chunk = {.c_headerSize = 1};

	return RTMP_SendChunk(&r, &chunk);
}

static int read_packet(void)
{
	RTMPPacket packet = {0};

	return RTMP_ReadPacket(&r, &packet);
}

static int read_some(void)
{
	char buf[64];

	return RTMP_Read(&r, buf, sizeof buf);
}

static int pause_it(void)
{
	return RTMP_Pause(&r, TRUE);
}

static int toggle(void)
{
	return RTMP_ToggleStream(&r);
}

static int seek(void)
{
	return RTMP_SendSeek(&r, 1);
}

static int connect_stream(void)
{
	return RTMP_ConnectStream(&r, 0);
}

static int reconnect_stream(void)
{
	return RTMP_ReconnectStream(&r, 0);
}

static int send_control(void)
{
	return RTMP_SendCtrl(&r, 3, 1, 1);
}

/* One line each. */
static void calls_that_need_a_connection(void **state)
{
	static const struct {
		int (*call)(void);
		int returns;
	} calls[] = {
		{write_some, -1},      {send_packet, FALSE},    {send_chunk, FALSE},       {read_packet, FALSE},
		{read_some, 0},        {pause_it, FALSE},       {toggle, FALSE},           {seek, FALSE},
		{send_control, FALSE}, {connect_stream, FALSE}, {reconnect_stream, FALSE},
	};

	(void)state;
	RTMP_Init(&r);
	RTMP_LogSetCallback(count_line);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		lines = 0;
		assert_int_equal(calls[i].call(), calls[i].returns);
		assert_int_equal(lines, 1);
	}
	RTMP_LogSetCallback(NULL);
	RTMP_Close(&r);
}

/* ---- TLS on a socket of the caller's ---- */

static int listener;
static struct sockaddr_in address;

static void *connect_tls(void *ctx)
{
	const struct slu_tcp_config tcp = {.user_timeout_ms = 0};
	int fd = socket(AF_INET, SOCK_STREAM, 0), opened = 0;
	struct slu_transport *t = NULL;
	char c;

	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		t = slu_tls_over(ctx, slu_tcp_accept(&tcp, fd), "live.example", 10000);
	while (t && opened == 0)
		opened = t->ops->open(t, slu_now_ms());
	while (t && opened == 1 && t->ops->recv(t, &c, 1) == 0)
		usleep(1000);
	if (t)
		t->ops->free(t);
	return NULL;
}

static void *server_ctx, *client_ctx;

static pthread_t accept_tls(void)
{
	pthread_t client;

	assert_int_equal(pthread_create(&client, NULL, connect_tls, client_ctx), 0);
	RTMP_Init(&r);
	r.m_sb.sb_socket = accept(listener, NULL, NULL);
	assert_true(r.m_sb.sb_socket >= 0);
	assert_true(RTMP_TLS_Accept(&r, server_ctx));
	assert_non_null(r.m_sb.sb_ssl);
	return client;
}

/* Whoever ends it, it ends once. */
static void tls_that_was_accepted_ends_once(void **state)
{
	const struct slu_tls_config trust = {.insecure = true};
	socklen_t size = sizeof address;
	pthread_t client;

	(void)state;
	server_ctx = RTMP_TLS_AllocServerContext(kit_server.cert, kit_server.key);
	client_ctx = kit_ctx(&trust);
	assert_non_null(server_ctx);
	address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);

	client = accept_tls();
	assert_false(RTMP_TLS_Accept(&r, server_ctx)); /* the socket is not the caller's any more */
	assert_int_equal(RTMPSockBuf_Close(&r.m_sb), 0);
	assert_null(r.m_sb.sb_ssl);
	RTMP_Close(&r);
	pthread_join(client, NULL);
	client = accept_tls();
	RTMP_Close(&r);
	assert_null(r.m_sb.sb_ssl);
	assert_false(RTMP_IsConnected(&r));
	pthread_join(client, NULL);

	close(listener);
	RTMP_TLS_FreeServerContext(server_ctx);
	slu_tls_ctx_free(client_ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_message_is_lost_on_connecting),
		cmocka_unit_test(a_session_that_fails_at_media_is_closed),
		cmocka_unit_test(who_publishes_cannot_be_told),
		cmocka_unit_test(a_name_of_the_urls_goes_with_the_session),
		cmocka_unit_test(a_stream_is_created),
		cmocka_unit_test(numbers_that_are_no_int),
		cmocka_unit_test(a_pause_of_the_sessions_own),
		cmocka_unit_test(a_pause_of_the_callers),
		cmocka_unit_test(calls_that_need_a_connection),
		cmocka_unit_test(tls_that_was_accepted_ends_once),
	};

	return cmocka_run_group_tests_name("compat_session", tests, kit_setup, kit_teardown);
}
