/* SPDX-License-Identifier: MIT */
/* The groups that several verbs share: how to speak, the network, TLS. */
#include "tools/options.h"

#include <stddef.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { MAX_MS = 86400000 };

static const struct slu_opt common_opts[] = {
	{"json", 0, SLU_OPT_FLAG, false, NULL, "one JSON object a second, and one at the end",
	 offsetof(struct slu_common_options, json), 0, 0},
	{"verbose", 'v', SLU_OPT_COUNT, false, NULL, "say what happens; twice: each command too",
	 offsetof(struct slu_common_options, verbose), 0, 0},
	{"quiet", 'q', SLU_OPT_FLAG, false, NULL, "no status line, no warnings",
	 offsetof(struct slu_common_options, quiet), 0, 0},
};

/* How many of a table's first options have a group of their own, for what has no use for the others. */
enum { TCP_OPTS = 6, TRUST_OPTS = 3 };

#define NET(field) offsetof(struct slu_net_options, field)
static const struct slu_opt net_opts[] = {
	{"ipv4", '4', SLU_OPT_SET, false, NULL, "IPv4 only", NET(ip), SLU_IPV4, 0},
	{"ipv6", '6', SLU_OPT_SET, false, NULL, "IPv6 only", NET(ip), SLU_IPV6, 0},
	{"address", 0, SLU_OPT_TEXT, false, "IP", "connect there, not to where the URL's host is", NET(address), 0, 0},
	{"bind", 0, SLU_OPT_TEXT, false, "IP", "connect from this local address", NET(bind), 0, 0},
	{"interface", 0, SLU_OPT_TEXT, false, "NAME", "connect through this network interface", NET(interface), 0, 0},
	{"connect-timeout", 0, SLU_OPT_MS, false, "S", "seconds for name and connection (10)", NET(connect_ms), 1,
	 MAX_MS},
	{"proxy", 0, SLU_OPT_TEXT, false, "URL", "connect through it: socks4, socks4a, socks5 or http", NET(proxy), 0,
	 0},
	{"send-buffer", 0, SLU_OPT_NUMBER, false, "BYTES", "the socket's send buffer (the kernel's choice)",
	 NET(send_buffer), 1, 1 << 30},
	{"digest", 0, SLU_OPT_SET, false, NULL, "handshake with digests, as Flash Player 9 does", NET(digest), 1, 0},
	{"rtmpe-type", 0, SLU_OPT_RTMPE, false, "TYPE", "of RTMPE, for rtmpe URLs: 6, 8 or 9 (6)", NET(rtmpe), 0, 0},
	{"tls-timeout", 0, SLU_OPT_MS, false, "S", "seconds for the TLS handshake (10)", NET(tls_ms), 1, MAX_MS},
	{"reply-timeout", 0, SLU_OPT_MS, false, "S", "seconds for each answer of the server (10)", NET(reply_ms), 1,
	 MAX_MS},
	{"stall-timeout", 0, SLU_OPT_MS, false, "S", "seconds without any data acknowledged (15)", NET(stall_ms), 1,
	 MAX_MS},
};

#define CONNECT(field) offsetof(struct slu_connect_options, field)
static const struct slu_opt connect_opts[] = {
	{"swf-url", 0, SLU_OPT_TEXT, false, "URL", "say that this player connects", CONNECT(swf_url), 0, 0},
	{"page-url", 0, SLU_OPT_TEXT, false, "URL", "say that it is on this page", CONNECT(page_url), 0, 0},
	{"flash-ver", 0, SLU_OPT_TEXT, false, "TEXT", "say that it has this version", CONNECT(flash_ver), 0, 0},
	{"swf-verify", 0, SLU_OPT_TEXT, false, "HASH:SIZE", "show that it is this one, to servers that ask",
	 CONNECT(swf_verify), 0, 0},
	{"swf-player", 0, SLU_OPT_TEXT, false, "URL", "fetch it, and show that it is this one", CONNECT(swf_player), 0,
	 0},
	{"swf-age", 0, SLU_OPT_NUMBER, false, "DAYS", "ask for it again after so many (30)", CONNECT(swf_age), 0,
	 36500},
	{"secure-token", 0, SLU_OPT_TEXT, false, "KEY", "of the secure tokens that servers send", CONNECT(secure_token),
	 0, 0},
};

#define TLS(field) offsetof(struct slu_tls_options, field)
static const struct slu_opt certificate_opts[] = {
	{"ca-file", 0, SLU_OPT_TEXT, false, "FILE", "trust these CA certificates (PEM), not the system's", TLS(ca_file),
	 0, 0},
	{"ca-path", 0, SLU_OPT_TEXT, false, "DIR", "trust those in this folder of hashed names", TLS(ca_path), 0, 0},
	{"server-name", 0, SLU_OPT_TEXT, false, "NAME", "name to ask for and to verify, not the URL's",
	 TLS(server_name), 0, 0},
	{"pin", 0, SLU_OPT_TEXT, false, "PIN", "sha256//BASE64 of the server's key; several with ;", TLS(pin), 0, 0},
	{"cert", 0, SLU_OPT_TEXT, false, "FILE", "identify with this certificate (PEM, chain too)", TLS(cert), 0, 0},
	{"cert-key", 0, SLU_OPT_TEXT, false, "FILE", "its private key, when not in the same file", TLS(cert_key), 0, 0},
	{"insecure", 0, SLU_OPT_FLAG, false, NULL, "accept any certificate: anyone can listen in", TLS(insecure), 0, 0},
};

static const struct slu_opt tls_opts[] = {
	{"tls-min", 0, SLU_OPT_TLS, false, "VER", "lowest TLS version (1.2)", TLS(min), 0, 0},
	{"tls-max", 0, SLU_OPT_TLS, false, "VER", "highest TLS version (the newest there is)", TLS(max), 0, 0},
	{"ciphers", 0, SLU_OPT_TEXT, false, "LIST", "of TLS 1.2 and below, OpenSSL's syntax; or auto", TLS(ciphers), 0,
	 0},
	{"ciphersuites", 0, SLU_OPT_TEXT, false, "LIST", "ciphersuites of TLS 1.3, with : between", TLS(ciphersuites),
	 0, 0},
	{"groups", 0, SLU_OPT_TEXT, false, "LIST", "key exchange groups, with : between", TLS(groups), 0, 0},
	{"security-level", 0, SLU_OPT_NUMBER, false, "N", "OpenSSL's security level, 0 to 5", TLS(security_level), 0,
	 5},
	{"no-resumption", 0, SLU_OPT_FLAG, false, NULL, "no sessions to resume: none taken, none given",
	 TLS(no_resumption), 0, 0},
	{"keylog", 0, SLU_OPT_TEXT, false, "FILE", "write the secrets for Wireshark: ends all secrecy", TLS(keylog), 0,
	 0},
	{"tls-offload", 0, SLU_OPT_TEXT, false, "WHAT", "who encrypts: off, devcrypto, ktls, engine:ID, auto",
	 TLS(offload), 0, 0},
	{"allow-weak", 0, SLU_OPT_FLAG, false, NULL, "auto may choose weak suites, and says what it saves",
	 TLS(allow_weak), 0, 0},
	{"tls-measured", 0, SLU_OPT_TEXT, false, "FILE", "what auto goes by, as 'sluice doctor' keeps it",
	 TLS(measured), 0, 0},
};

struct slu_opt_group slu_options_common(struct slu_common_options *into)
{
	return (struct slu_opt_group){"", common_opts, COUNT(common_opts), into, false};
}

struct slu_opt_group slu_options_net(struct slu_net_options *into)
{
	return (struct slu_opt_group){"Network", net_opts, COUNT(net_opts), into, true};
}

struct slu_opt_group slu_options_tcp(struct slu_net_options *into)
{
	return (struct slu_opt_group){"Network", net_opts, TCP_OPTS, into, true};
}

struct slu_opt_group slu_options_connect(struct slu_connect_options *into)
{
	into->swf_age = -1;
	return (struct slu_opt_group){"Player", connect_opts, COUNT(connect_opts), into, true};
}

struct slu_opt_group slu_options_certificates(struct slu_tls_options *into)
{
	return (struct slu_opt_group){"Certificates", certificate_opts, COUNT(certificate_opts), into, true};
}

struct slu_opt_group slu_options_trust(struct slu_tls_options *into)
{
	return (struct slu_opt_group){"Certificates", certificate_opts, TRUST_OPTS, into, true};
}

struct slu_opt_group slu_options_tls(struct slu_tls_options *into)
{
	into->security_level = -1;
	return (struct slu_opt_group){"TLS", tls_opts, COUNT(tls_opts), into, true};
}

int slu_options_verbosity(const struct slu_common_options *common)
{
	return common->quiet ? -1 : common->verbose;
}

void slu_options_to_tls(const struct slu_tls_options *from, struct slu_tls_config *to)
{
	to->ca_file = from->ca_file;
	to->ca_path = from->ca_path;
	to->pin = from->pin;
	to->insecure = from->insecure;
	to->server_name = from->server_name;
	to->cert_file = from->cert;
	to->key_file = from->cert_key;
	to->min_version = from->min;
	to->max_version = from->max;
	to->cipher_list = from->ciphers;
	to->ciphersuites = from->ciphersuites;
	to->groups = from->groups;
	/* The library's 0 is "as OpenSSL was built", its -1 is level 0. */
	to->security_level = from->security_level == 0 ? -1 : from->security_level < 0 ? 0 : (int)from->security_level;
	to->no_resumption = from->no_resumption;
	to->keylog_file = from->keylog;
	to->offload = from->offload;
	to->allow_weak = from->allow_weak;
	to->measured = from->measured;
}

void slu_options_to_conn(const struct slu_net_options *from, struct slu_conn_config *to)
{
	to->ip = (enum slu_ip)from->ip;
	/* What stands in the command line is seen by all users, and a proxy's URL may have a password. */
	to->proxy = from->proxy ? from->proxy : secure_getenv(SLU_PROXY_VARIABLE);
	if (to->proxy && !*to->proxy)
		to->proxy = NULL;
	to->bind_address = from->bind;
	to->bind_interface = from->interface;
	to->send_buffer = (int)from->send_buffer;
	to->connect_timeout_ms = (unsigned)from->connect_ms;
	to->tls_timeout_ms = (unsigned)from->tls_ms;
	to->stall_timeout_ms = (unsigned)from->stall_ms;
	to->session.handshake = from->rtmpe ? from->rtmpe : from->digest ? SLU_HANDSHAKE_DIGEST : SLU_HANDSHAKE_PLAIN;
	to->session.handshake_timeout_ms = (unsigned)from->reply_ms;
	to->session.command_timeout_ms = (unsigned)from->reply_ms;
}
