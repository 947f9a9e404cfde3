# SPDX-License-Identifier: MIT
"""The configurations, each with its table."""
import functools
import re
import subprocess

from servers import (
    ASKED, CHACHA, CLIENT, EMS, ETM, FFDHE, MAX_FRAGMENT, NIST, RENEGOTIATION, REQUIRED, SSL30, TICKET, TLS10, TLS11, TLS12,
    TLS13, Configuration, Table, gnutls, go, mbedtls, nginx, nss, openssl)

BOTH = ("RSA", "ECDSA")
X = frozenset({"x25519"})
X448 = frozenset({"x448"})
OPENSSL_12 = frozenset({EMS, RENEGOTIATION, TICKET, MAX_FRAGMENT})

GCM = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
       "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
TLS13_THREE = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]

# NSS cannot be told an order: it has its own.
NSS_OLD = ["TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
           "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
           "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_RC4_128_MD5"]
NSS_ECDHE = ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
             "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"]
NSS_12 = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
          "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
          "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
          "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
          "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA",
          "TLS_RSA_WITH_AES_128_CBC_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA256",
          "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_RC4_128_MD5"]

EVERYTHING = "ALL:COMPLEMENTOFALL:-PSK:-SRP:-aDSS:@SECLEVEL=0"


@functools.lru_cache(maxsize=None)
def everything():
    """What EVERYTHING is to this OpenSSL with TLS 1.2, in its order."""
    text = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "-stdname", "-v", EVERYTHING], capture_output=True,
                          text=True, check=True, timeout=20).stdout
    return re.findall(r"^(TLS_\S+) ", text, re.M)


CONFIGURATIONS = [
    Configuration(
        "openssl: one suite",
        openssl("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256", "-groups", "P-256"),
        Table({TLS12: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]}, groups={TLS12: {"secp256r1"}}, extensions=OPENSSL_12)),
    Configuration(
        "openssl: TLS 1.0 alone",
        openssl("-tls1", "-serverpref", "-cipher", "AES256-SHA:ECDHE-RSA-AES128-SHA:DHE-RSA-CAMELLIA256-SHA:@SECLEVEL=0"),
        Table({TLS10: ["TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                       "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"]},
              groups={TLS12: NIST | X | X448}, dh_bits={2048}, extensions=OPENSSL_12 | {ETM})),
    Configuration(
        "openssl: TLS 1.1 alone, the client's order",
        openssl("-tls1_1", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", "-no_ticket",
                keys=["ECDSA"]),
        Table({TLS11: ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"]}, order=CLIENT,
              groups={TLS12: NIST | X | X448}, keys=("ECDSA",), extensions=(OPENSSL_12 | {ETM}) - {TICKET})),
    Configuration(
        "openssl: two certificates, the client's order",
        openssl("-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
                "DHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256", keys=BOTH),
        Table({TLS12: ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                       "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
                       "TLS_RSA_WITH_AES_128_GCM_SHA256"],
               TLS13: TLS13_THREE},
              order=CLIENT, groups={TLS12: NIST | X | X448, TLS13: NIST | X | X448 | FFDHE}, keys=BOTH, dh_bits={2048},
              extensions=OPENSSL_12)),
    Configuration(
        "openssl: ChaCha20 first for those who put it first",
        openssl("-serverpref", "-prioritize_chacha", "-cipher", ":".join([
            "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256"]),
            "-groups", "X25519:P-256"),
        Table({TLS12: GCM, TLS13: TLS13_THREE}, order=CHACHA, groups={TLS12: X | {"secp256r1"}, TLS13: X | {"secp256r1"}},
              extensions=OPENSSL_12),
        # It asks twice, and has ChaCha20 first in one of them: it takes what it sees for the client's order.
        mistaken={"nmap": {"order": {TLS13: "client"}}}),
    Configuration(
        "openssl: everything but PSK and SRP",
        openssl("-tls1_2", "-serverpref", "-cipher", EVERYTHING, keys=BOTH),
        Table({TLS12: everything()}, groups={TLS12: NIST | X | X448}, keys=BOTH, dh_bits={1024, 2048, 3072},
              old_hashes=("sha1", "sha224"), extensions=OPENSSL_12 | {ETM})),
    Configuration(
        "openssl: a client certificate required",
        openssl("-Verify", "1", "-serverpref", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384", "-ciphersuites",
                "TLS_AES_128_GCM_SHA256"),
        Table({TLS12: GCM[:1], TLS13: ["TLS_AES_128_GCM_SHA256"]}, client_certificate=REQUIRED,
              groups={TLS12: NIST | X | X448, TLS13: NIST | X | X448 | FFDHE}, extensions=OPENSSL_12),
        mistaken={"sslscan": {"suites": {TLS12: None}}}),  # it wants a whole handshake, which it does not get
    Configuration(
        "nginx: twelve suites",
        nginx("ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on; ssl_ecdh_curve X25519:P-256;"
              "ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256:"
              "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:"
              "AES128-GCM-SHA256;"),
        Table({TLS12: GCM + ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
                             "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                             "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_GCM_SHA256"],
               TLS13: TLS13_THREE},
              groups={TLS12: X | {"secp256r1"}, TLS13: X | {"secp256r1"}}, 
              extensions=OPENSSL_12 | {ETM}, alpn="http/1.1")),
    Configuration(
        "nginx: CBC alone, the client's order",
        nginx("ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_session_tickets off;"
              "ssl_ciphers ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-SHA256:AES128-SHA:@SECLEVEL=0;",
              keys=BOTH),
        Table({**{v: ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                      "TLS_RSA_WITH_AES_128_CBC_SHA"] for v in (TLS10, TLS11)},
               TLS12: ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                       "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"]},
              order=CLIENT, groups={TLS12: NIST | X | X448}, keys=BOTH, extensions=(OPENSSL_12 | {ETM}) - {TICKET},
              alpn="http/1.1", old_hashes=("sha1", "sha224"))),
    Configuration(
        "nginx: TLS 1.3 alone",
        nginx("ssl_protocols TLSv1.3; ssl_prefer_server_ciphers on; ssl_ecdh_curve X448:P-521:ffdhe2048;"
              "ssl_ciphers DEFAULT:@SECLEVEL=0; ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256:"
              "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384;"),
        # One is left out: sslscan goes on for ever with a server that takes all five of TLS 1.3.
        Table({TLS13: ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_SHA256",
                       "TLS_AES_256_GCM_SHA384"]},
              groups={TLS13: X448 | {"secp521r1", "ffdhe2048"}}, alpn="http/1.1")),
    Configuration(
        "nginx: no server without its name",
        nginx("ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_prefer_server_ciphers on;",
              refuses_others=True),
        Table({TLS12: GCM[2:], TLS13: TLS13_THREE}, needs_name=True,
              groups={TLS12: NIST | X | X448, TLS13: NIST | X | X448 | FFDHE}, extensions=OPENSSL_12, alpn="http/1.1")),
    Configuration(
        "nginx: a client certificate asked for",
        nginx("ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256; ssl_verify_client optional;"
              "ssl_client_certificate {ca}; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;"),
        Table({TLS12: GCM[2:], TLS13: ["TLS_AES_128_GCM_SHA256"]}, client_certificate=ASKED, alpn="http/1.1",
              groups={TLS12: NIST | X | X448, TLS13: NIST | X | X448 | FFDHE}, extensions=OPENSSL_12)),
    Configuration(
        "gnutls: TLS 1.0 and 1.1",
        gnutls("NONE:+VERS-TLS1.1:+VERS-TLS1.0:+RSA:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-CBC:+CAMELLIA-256-CBC:+3DES-CBC:+SHA1:"
               "+SIGN-ALL:+GROUP-SECP256R1:+GROUP-X25519:+COMP-NULL:%SERVER_PRECEDENCE", "--disable-client-cert", keys=BOTH),
        Table({v: ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
                   "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
                   "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"] for v in (TLS10, TLS11)},
              groups={TLS12: X | {"secp256r1"}}, keys=BOTH,
              extensions=frozenset({EMS, ETM, RENEGOTIATION, TICKET, MAX_FRAGMENT}))),
    Configuration(
        "gnutls: a client certificate required",
        gnutls("NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+DHE-RSA:+CHACHA20-POLY1305:+AES-128-CCM:+AES-256-GCM:+AEAD:"
               "+SIGN-ALL:+GROUP-X25519:+GROUP-SECP384R1:+GROUP-FFDHE3072:+COMP-NULL:%SERVER_PRECEDENCE",
               "--require-client-cert", keys=BOTH, ca=True),
        Table({TLS12: ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
                       "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                       "TLS_DHE_RSA_WITH_AES_128_CCM", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"],
               TLS13: ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_256_GCM_SHA384"]},
              groups={TLS12: X | {"secp384r1"}, TLS13: X | {"secp384r1", "ffdhe3072"}}, keys=BOTH, dh_bits={3072},
              dhe_group="ffdhe3072", client_certificate=REQUIRED, old_hashes=("sha1",),
              extensions=frozenset({EMS, RENEGOTIATION, TICKET, MAX_FRAGMENT})),
        # It takes DHE from those who offer the group (RFC 7919), which nmap does not.
        mistaken={"nmap": {"suites": {TLS12: ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                              "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
                                              "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]},
                           "dh_bits": frozenset()},
                  "sslscan": {"suites": {TLS12: None}, "dh_bits": frozenset()}}),  # as above
    Configuration(
        "gnutls: the client's order",
        gnutls("NONE:+VERS-TLS1.2:+ECDHE-RSA:+RSA:+AES-256-CCM-8:+CAMELLIA-128-GCM:+AES-128-GCM:+AES-256-CBC:+AEAD:+SHA256:"
               "+SHA384:+SHA1:+SIGN-ALL:+GROUP-ALL:+COMP-NULL", "--noticket", "--disable-client-cert"),
        Table({TLS12: ["TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                       "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                       "TLS_RSA_WITH_AES_256_CCM_8", "TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256",
                       "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA"]},
              order=CLIENT, old_hashes=("sha1",), groups={TLS12: NIST | X | X448},
              extensions=frozenset({EMS, ETM, RENEGOTIATION, MAX_FRAGMENT}))),
    Configuration(
        "nss: SSL 3.0 alone",
        nss("ssl3:ssl3"),
        Table({SSL30: NSS_OLD}, dh_bits={2048})),
    Configuration(
        "nss: SSL 3.0 to TLS 1.2, two certificates",
        nss("ssl3:tls1.2", keys=BOTH),
        Table({SSL30: NSS_OLD, TLS10: NSS_ECDHE + NSS_OLD, TLS11: NSS_ECDHE + NSS_OLD, TLS12: NSS_12},
              groups={TLS12: NIST | X}, keys=BOTH, dh_bits={2048}, dhe_group="ffdhe2048", old_hashes=("sha1",),
              extensions=frozenset({EMS, RENEGOTIATION}))),
    Configuration(
        "nss: TLS 1.2 and 1.3, a client certificate required",
        nss("tls1.2:tls1.3", "-r", "-r", "-u", "-G", "-I", "P384,FF2048", "-c", ":1301:1303:C030:009E"),
        Table({TLS12: ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"],
               TLS13: ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]},
              groups={TLS12: {"secp384r1"}, TLS13: {"secp384r1", "ffdhe2048"}}, dh_bits={2048}, dhe_group="ffdhe2048",
              client_certificate=REQUIRED, old_hashes=("sha1",), extensions=frozenset({EMS, RENEGOTIATION, TICKET})),
        mistaken={"sslscan": {"suites": {TLS12: None}, "dh_bits": frozenset()}}),  # as above
    Configuration(
        "mbedtls: TLS 1.0 to 1.2",
        mbedtls({"MinProtocol": "TLSv1.0", "Groups": "secp384r1:x25519", "CipherString": ":".join([
            "TLS-ECDHE-RSA-WITH-CHACHA20-POLY1305-SHA256", "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
            "TLS-ECDHE-RSA-WITH-AES-256-CBC-SHA", "TLS-DHE-RSA-WITH-AES-128-CCM", "TLS-RSA-WITH-CAMELLIA-128-CBC-SHA",
            "TLS-RSA-WITH-3DES-EDE-CBC-SHA"])}),
        Table({**{v: ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
                      "TLS_RSA_WITH_3DES_EDE_CBC_SHA"] for v in (TLS10, TLS11)},
               TLS12: ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                       "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_DHE_RSA_WITH_AES_128_CCM",
                       "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]},
              groups={TLS12: X | {"secp384r1"}}, dh_bits={2048}, alpn="h2", marks=False, pss=False,
              extensions=frozenset({EMS, ETM, RENEGOTIATION, TICKET, MAX_FRAGMENT}))),
    Configuration(
        "go: two certificates",
        go({"protocol_min": "tls1.2", "curves": ["secp256r1", "x25519"], "cipher_suites": [
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]}, keys=BOTH),
        Table({TLS12: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                       "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
               TLS13: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]},
              order=CHACHA, old_hashes=("sha1",), groups={TLS12: X | {"secp256r1"}, TLS13: X | {"secp256r1"}}, keys=BOTH,
              alpn="http/1.1", extensions=frozenset({RENEGOTIATION, TICKET}))),
]
