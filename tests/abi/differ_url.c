/* SPDX-License-Identifier: MIT */
/* URLs and options on Debian's librtmp.so.1 and on ours. */
#include <stdlib.h>
#include <string.h>

#include "differ.h"

enum { URLS = 600, TEXT_MAX = 400 };

static uint32_t seed = 1935;

static uint32_t random_below(uint32_t n)
{
	return differ_random(&seed, n);
}

static void print_at(const char *what, const struct input *in, const AVal *v, FILE *out)
{
	if (!v->av_len)
		fprintf(out, "%s: -\n", what);
	else if (v->av_val >= in->data && v->av_val + v->av_len <= in->data + in->n)
		fprintf(out, "%s at %td: %.*s\n", what, v->av_val - in->data, v->av_len, v->av_val);
	else
		fprintf(out, "%s elsewhere: %.*s\n", what, v->av_len, v->av_val);
}

static void parse_url(const struct api *lib, const struct input *in, FILE *out)
{
	AVal host = {NULL, 0}, playpath = {NULL, 0}, app = {NULL, 0};
	unsigned port = 7;
	int protocol = 7;

	fprintf(out, "%d\n", lib->RTMP_ParseURL(in->data, &protocol, &host, &port, &playpath, &app));
	fprintf(out, "%d %u %d\n", protocol, port, playpath.av_len);
	print_at("host", in, &host, out);
	print_at("app", in, &app, out);
	fprintf(out, "%.*s\n", playpath.av_len, playpath.av_val);
	free(playpath.av_val);
}

static void parse_playpath(const struct api *lib, const struct input *in, FILE *out)
{
	AVal path = {(char *)in->data, in->n - 1}, playpath;

	lib->RTMP_ParsePlaypath(&path, &playpath);
	fprintf(out, "%d %.*s\n", playpath.av_len, playpath.av_len, playpath.av_val);
	free(playpath.av_val);
}

static void print_extras(const AMFObject *obj, FILE *out)
{
	for (int i = 0; i < obj->o_num; i++) {
		const AMFObjectProperty *p = &obj->o_props[i];

		fprintf(out, "  %.*s: %d ", p->p_name.av_len, p->p_name.av_val, p->p_type);
		if (p->p_type == AMF_STRING)
			fprintf(out, "%.*s\n", p->p_vu.p_aval.av_len, p->p_vu.p_aval.av_val);
		else if (p->p_type == AMF_OBJECT)
			print_extras(&p->p_vu.p_object, out);
		else if (p->p_type != AMF_NULL)
			fprintf(out, "%g\n", p->p_vu.p_number);
	}
	fprintf(out, "  end\n");
}

static void print_link(const struct input *in, RTMP *r, FILE *out)
{
	RTMP_LNK *l = &r->Link;

	print_at("host", in, &l->hostname, out);
	fprintf(out, "socks %.*s %d\n", l->sockshost.av_len, l->sockshost.av_val, l->socksport);
	fprintf(out, "playpath %.*s %.*s\n", l->playpath.av_len, l->playpath.av_val, l->playpath0.av_len,
		l->playpath0.av_val);
	print_at("tcUrl", in, &l->tcUrl, out);
	print_at("swfUrl", in, &l->swfUrl, out);
	print_at("pageUrl", in, &l->pageUrl, out);
	print_at("app", in, &l->app, out);
	print_at("flashVer", in, &l->flashVer, out);
	print_at("subscribe", in, &l->subscribepath, out);
	print_at("usher", in, &l->usherToken, out);
	print_at("token", in, &l->token, out);
	print_at("user", in, &l->pubUser, out);
	print_at("password", in, &l->pubPasswd, out);
	fprintf(out, "%d %d %d %x %d %d %d %d %d\n", l->edepth, l->seekTime, l->stopTime, (unsigned)l->lFlags,
		l->swfAge, l->protocol, l->timeout, l->port, r->m_nBufferMS);
	print_extras(&l->extras, out);
}

static void setup_url(const struct api *lib, const struct input *in, FILE *out)
{
	RTMP *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	fprintf(out, "%d\n", lib->RTMP_SetupURL(r, (char *)in->data));
	print_link(in, r, out);
	if (r->Link.lFlags & RTMP_LF_FTCU)
		free(r->Link.tcUrl.av_val);
	lib->AMF_Reset(&r->Link.extras);
	free(r->Link.playpath0.av_val);
	free(r);
}

static void set_option(const struct api *lib, const struct input *in, FILE *out)
{
	size_t at = strcspn(in->data, "=");
	AVal name = {(char *)in->data, (int)at}, value = {(char *)in->data + at + 1, in->n - (int)at - 2};
	RTMP *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	name.av_val[at] = '\0';
	fprintf(out, "%d\n", lib->RTMP_SetOpt(r, &name, &value));
	print_link(in, r, out);
	lib->AMF_Reset(&r->Link.extras);
	free(r);
}

/* number's bits say what is given; the others are NULL or empty in turn. */
static AVal *given(const struct input *in, int bit, AVal *text)
{
	static AVal nothing;

	if (in->number & 1 << bit)
		return text;
	return bit % 2 ? &nothing : NULL;
}

static void setup_stream(const struct api *lib, const struct input *in, FILE *out)
{
	static AVal texts[] = {AVC("host"),      AVC("proxy:77"), AVC("play"),
			       AVC("rtmp://tc"), AVC("http://s"), AVC("http://p"),
			       AVC("app"),       AVC("auth"),     AVC("01234567890123456789012345678901"),
			       AVC("WIN 9"),     AVC("channel"),  AVC("usher")};
	AVal *t[sizeof texts / sizeof texts[0]], empty = {NULL, 0};
	RTMP *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	for (int i = 0; i < 12; i++)
		t[i] = given(in, i, &texts[i]);
	lib->RTMP_SetupStream(r, in->number % 8, &texts[0], in->number & 1 ? 99 : 0, t[1] ? t[1] : &empty,
			      t[2] ? t[2] : &empty, t[3], t[4], t[5], t[6], t[7], t[8], 1000, t[9], t[10], t[11], 5, 6,
			      in->number & 4, 33);
	print_link(in, r, out);
	fprintf(out, "auth %.*s\n%u %.32s\n", r->Link.auth.av_len, r->Link.auth.av_val, r->Link.SWFSize,
		r->Link.SWFSize ? (char *)r->Link.SWFHash : "");
	free(r);
}

static void url(const char *text, const char *intended)
{
	differ(text, parse_url, text, (int)strlen(text) + 1, 0, intended);
}

static void playpath(const char *text, const char *intended)
{
	differ(text[0] ? text : "an empty playpath", parse_playpath, text, (int)strlen(text) + 1, 0, intended);
}

static void setup(const char *text, const char *intended)
{
	differ(text, setup_url, text, (int)strlen(text) + 1, 0, intended);
}

static void option(const char *text, const char *intended)
{
	differ(text, set_option, text, (int)strlen(text) + 1, 0, intended);
}

/* Percent signs with no two digits behind them leave to chance what Debian's makes of them. */
static bool has_bad_escape(const char *text)
{
	for (; (text = strchr(text, '%')); text++)
		if (strspn(text + 1, "0123456789abcdefABCDEF") < 2)
			return true;
	return false;
}

static const char *url_reason(const struct input *in, const char *debians, const char *ours)
{
	const char *mark = strstr(in->data, "://");

	(void)debians;
	(void)ours;
	if (has_bad_escape(in->data))
		return "a percent sign that begins no escape is one";
	if (mark && strcspn(mark + 3, "?") < strcspn(mark + 3, "/"))
		return "a question mark in the host begins no query of the path";
	return NULL;
}

static void random_urls(differ_scenario *scenario, const char *scheme, const char *test)
{
	static const char *const parts[] = {"/",    "/",    "/",    "/",  "a",     "bc",  "live", "?",  "slist=",
					    "&",    ":",    ".mp4", ".",  ".flv",  "%20", "%4a",  "%",  "ondemand/",
					    "mp4:", "mp3:", ".mp3", "=x", ":1935", "xyz", ".f4v", "://"};
	char text[TEXT_MAX];

	for (int i = 0; i < URLS; i++) {
		strcpy(text, scheme);
		for (uint32_t n = 1 + random_below(11); n; n--)
			strcat(text, parts[random_below(sizeof parts / sizeof parts[0])]);
		differ_many(scenario, text, (int)strlen(text) + 1, 0, url_reason);
	}
	differ_many_end(test);
}

static void urls(void)
{
	static const char *const same[] = {
		"rtmp://host/app/play",
		"RTMPT://host:81/app/instance/play",
		"rtmpe://host/a/b/c/d/e",
		"rtmpte://host/only",
		"rtmps://host/",
		"rtmpts://host",
		"rtmfp://host/a/b",
		"http://host/a/b",
		"://host/a/b",
		"host/a/b",
		"rtmp://",
		"rtmp:///a/b",
		"rtmp://host:0/a/b",
		"rtmp://host:65535/a/b",
		"rtmp://host:65536/a/b",
		"rtmp://host:-1/a/b",
		"rtmp://host:19x/a/b",
		"rtmp://host:/a/b",
		"rtmp://h/ondemand/mp4:dir/file.mp4",
		"rtmp://h/app/?slist=one.flv&x=y",
		"rtmp://h/app/inst?x=y&slist=dir/one.mp4",
		"rtmp://h/app/file.mp4?key=a/b",
		"rtmp://h/app/file.flv?key=1",
		"rtmp://h/app/mp4:file.mp4",
		"rtmp://h/app/f%20%41%zz.mp3",
		"rtmp://user:secret@h/app/x",
	};

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		url(same[i], has_bad_escape(same[i]) ? "a percent sign that begins no escape is one" : NULL);
	url("rtmp://[::1]:1936/app/x", "a host in brackets is an IPv6 address");
	url("rtmp://[2001:db8::1]/app/x", "a host in brackets is an IPv6 address");
	random_urls(parse_url, "rtmp://h", "URLs");
}

static void playpaths(void)
{
	static const char *const same[] = {"",
					   "x",
					   "abc.mp4",
					   "mp4:abc.mp4",
					   "abc.mp3",
					   "abc.f4v",
					   "abc.flv",
					   "abc.flv?a=b.mp4",
					   "?slist=a.flv",
					   "?slist=b.mp4&c",
					   "a%20b",
					   "abc.MP4",
					   "?x",
					   "abc?slist=d.mp4"};

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		playpath(same[i], NULL);
	random_urls(parse_playpath, "", "playpaths");
}

static void options(void)
{
	static const char *const same[] = {
		"app=x",
		"tcUrl=rtmp://x/y",
		"pageUrl=http://p",
		"swfUrl=http://s",
		"flashver=WIN 1",
		"FLASHVER=WIN 1",
		"conn=S:text",
		"conn=B:1",
		"conn=B:2",
		"conn=N:1.5",
		"conn=Z:",
		"conn=O:1",
		"conn=X:1",
		"conn=NS:a:b",
		"conn=text",
		"conn=",
		"playpath=p",
		"playlist=1",
		"playlist=0",
		"live=TRUE",
		"live=on",
		"live=Yes",
		"live=2",
		"live=",
		"subscribe=s",
		"jtv=j",
		"token=t",
		"swfVfy=1",
		"swfAge=30",
		"swfAge=0x10",
		"start=100",
		"stop=-1",
		"buffer=x",
		"timeout=12",
		"pubUser=u",
		"pubPasswd=p",
		"nothing=1",
		"liv=1",
		"lives=1",
	};

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		option(same[i], NULL);
	option("socks=proxy:1081", "Debian's takes it apart in URLs only, and goes without a proxy else");
}

static void setups(void)
{
	static const char *const same[] = {
		"rtmp://h/app/play",
		"rtmps://h/app/play live=1",
		"rtmpt://h/app/play live=1   timeout=3  ",
		"rtmp://h:1936/app/play app=other",
		"rtmp://h/app/play app=other tcUrl=rtmp://x/other",
		"rtmp://h playpath=y",
		"rtmp://h/app/play playpath=other.mp4 pageUrl=http://a\\20b\\5cc swfUrl=http://x",
		"rtmp://h/app/play playpath=a\\2",
		"rtmp://h/app/play unknown=1",
		"rtmp://h/app/play word",
		"rtmp://h/app/play word live=1",
		"rtmp://h/a/b conn=B:1 conn=S:authMe conn=O:1 conn=NN:code:1.23 conn=NS:flag:ok conn=O:0 conn=Z:",
		"rtmp://h/a/b conn=O:1 conn=NO:in:1 conn=NB:x:1 conn=O:0 conn=NZ:y: conn=O:0",
		"rtmp://h/a/b conn=O:1 conn=NO:in:1 conn=NB:x:1 conn=O:0 conn=NS:y:z:w conn=O:0",
		"rtmp://h/a/b socks=proxy",
		"rtmp://h/a/b socks=proxy:99",
		"rtmp://h/a/b app=",
		"rtmp://h/a/b swfAge=\\31\\322 timeout=1\\3",
		"rtmp://h/a/b swfAge=\\31\\322",
		"nothing",
	};

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		setup(same[i], NULL);
	setup("rtmp://h/app/play app=other", "Debian's makes a tcUrl with port 0");
	setup("rtmp://h/a/b socks=socks5://proxy:99", "Debian's knows no proxies but those for SOCKS4");
	setup("rtmp://h/app/play conn=O:0", "Debian's ends an object that nobody began");
	setup("rtmp://h/app/play   live=1", "Debian's takes blanks before the first option for part of its name");
}

static void streams(void)
{
	for (int given_bits = 0; given_bits < 4096; given_bits += 37)
		differ_many(setup_stream, "", 0, given_bits, NULL);
	differ_many_end("streams");
}

int main(void)
{
	if (!differ_begin())
		return 0;
	urls();
	playpaths();
	options();
	setups();
	streams();
	return differ_end();
}
