# SPDX-License-Identifier: MIT
"""Streams through proxies that others made: they are what they were, and the server saw the proxy."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

import pytest

import dropin
import proxies
import streams
import support
from support import one_sentence


@pytest.fixture(params=sorted(proxies.KINDS))
def proxy(request, tmp_path):
    with proxies.KINDS[request.param](tmp_path) as running:
        yield running


def test_stream_is_identical(sluice, serving, proxy, short_clip, same_stream, tmp_path):
    """Publishes through the proxy, and plays what is published through it too."""
    out, scheme = tmp_path / "out.flv", "rtmps"
    with sluice.start("pull", "--wait", "--proxy", proxy.url, *serving.trust(scheme), serving.url(scheme), out) as pull:
        result = sluice.run("push", "-v", "--json", "--proxy", proxy.url, *serving.trust(scheme), short_clip,
                            serving.url(scheme))
        assert result.code == support.OK, result.err
        assert pull.wait(20 * sluice.patience).code == support.OK
    kind = {"http": "HTTP", "socks4": "SOCKS4", "socks4a": "SOCKS4a", "socks5": "SOCKS5"}[proxy.url.split(":")[0]]
    where = proxy.url.rpartition("@")[2].rpartition("/")[2]
    port = serving.ports[scheme]
    assert f"the {kind} proxy {where} has made a connection to localhost:{port}" in result.err
    assert json.loads(result.out.splitlines()[-1])["peer"] == f"localhost:{port}"
    assert proxies.PASSWORD not in result.err
    same_stream(short_clip, serving.recorded())
    same_stream(short_clip, out)


def test_nginx_through_a_proxy(sluice, nginx, proxy, short_clip, same_stream, certificates):
    for scheme, port in ("rtmp", nginx.rtmp), ("rtmps", nginx.rtmps):
        result = sluice.run("push", "--fast", "--proxy", proxy.url, "--ca-file", certificates / "ca.pem", short_clip,
                            f"{scheme}://localhost:{port}/live", scheme)
        assert result.code == support.OK, result.err
        same_stream(short_clip, nginx.recorded(scheme))


@pytest.mark.parametrize("scheme", ["rtmpe", "rtmpt", "rtmpts"])
def test_other_transports_on_top(sluice, serving, proxy, short_clip, same_stream, scheme):
    port = serving.ports["rtmps" if scheme.endswith("s") else "rtmp"]
    result = sluice.run("push", "--fast", "--proxy", proxy.url, *serving.trust("rtmps"), short_clip,
                        f"{scheme}://localhost:{port}/live/s")
    assert result.code == support.OK, result.err
    same_stream(short_clip, serving.recorded())


def test_the_variable_stands_for_the_option(sluice, serving, short_clip, tmp_path):
    with proxies.microsocks(tmp_path, auth=True) as proxy:
        result = sluice.run("push", "-v", "--fast", short_clip, serving.url(), env={"SLUICE_PROXY": proxy.url})
        assert result.code == support.OK and "the SOCKS5 proxy" in result.err
        result = sluice.run("push", "-v", "--fast", short_clip, serving.url(), env={"SLUICE_PROXY": ""})
        assert result.code == support.OK and "proxy" not in result.err
        other = sluice.run("push", "--proxy", "socks5://127.0.0.1:1", short_clip, serving.url(),
                           env={"SLUICE_PROXY": proxy.url})
        assert other.code == support.CONNECT
        one_sentence(other, "the proxy is out of reach", "127.0.0.1:1 ")


def test_who_resolves_the_name(sluice, serving, short_clip, tmp_path):
    """SOCKS4 is told an address where the name has one here, SOCKS4a always the name."""
    with proxies.perl(tmp_path) as proxy:
        for scheme, host, asked in (("socks4a", "localhost", "localhost"), ("socks4", "localhost", "127.0.0.1"),
                                    ("socks4", "no-such-name.invalid", "no-such-name.invalid")):
            result = sluice.run("push", "-vv", "--fast", "--proxy", proxy.url.replace("socks4a", scheme), short_clip,
                                serving.url().replace("localhost", host))
            assert result.code == (support.CONNECT if "invalid" in host else support.OK)
            assert ("no IPv4 address here" in result.err) == ("invalid" in host)
            proxy.process.expect(rf"asked for {re.escape(asked)} \d+\n$", name="out")


@pytest.mark.parametrize("kind,wrong,part", [
    ("microsocks", f"{proxies.USER}:wrong@", "does not take this user and password"),
    ("microsocks", "", "wants to know who asks"),
    ("tinyproxy", f"{proxies.USER}:wrong@", "does not take this user and password"),
    ("tinyproxy", "", "wants to know who asks"),
])
def test_who_asks_is_not_let_in(sluice, short_clip, tmp_path, kind, wrong, part):
    with getattr(proxies, kind)(tmp_path, auth=True) as proxy:
        url = re.sub("//.*@", "//" + wrong, proxy.url)
        result = sluice.run("push", "--proxy", url, short_clip, "rtmp://127.0.0.1:1/live", "s")
    assert result.code == support.CONNECT and "wrong" not in result.err
    # tinyproxy answers a wrong password as one that it does not want to hear of: 401.
    one_sentence(result, part if kind == "microsocks" or not wrong else "")


def test_nothing_listens_behind_it(sluice, proxy, short_clip):
    result = sluice.run("push", "--proxy", proxy.url, short_clip, "rtmp://127.0.0.1:1/live", "s")
    assert result.code == support.CONNECT
    words = {"http": r"HTTP status 50\d, ", "socks4": "SOCKS4 reply 91, request rejected or failed",
             "socks4a": "SOCKS4a reply 91, request rejected or failed", "socks5": "SOCKS5 reply 5, connection refused"}
    assert re.search(words[proxy.url.split(":")[0]], one_sentence(result, "made no connection to 127.0.0.1:1"))


def test_ipv6_behind_it(sluice, short_clip, tmp_path):
    """Addresses of both kinds, and that SOCKS4 has none of the second."""
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    sluice.need("serve")
    for name, proxy in ("a", proxies.microsocks(tmp_path)), ("b", proxies.tinyproxy(tmp_path)):
        with proxy, sluice.start("serve", "--no-record", "--listen", "rtmp://[::1]:0", "--listen",
                                         "rtmp://127.0.0.1:0") as serve:
            for host, pattern in ("[::1]", r"listening on \S*\[::1\]:(\d+)"), ("127.0.0.1", r"listening on \S*0\.0\.1:(\d+)"):
                port = serve.expect(pattern)[1]
                result = sluice.run("push", "--fast", "--proxy", proxy.url, short_clip, f"rtmp://{host}:{port}/live", name)
                assert result.code == support.OK, result.err
    for scheme in "socks4", "socks4a":
        result = sluice.run("push", "--proxy", f"{scheme}://127.0.0.1:1", short_clip, "rtmp://[::1]:1/live", "s")
        assert result.code == support.USAGE
        one_sentence(result, "IPv6")


# ---- what is said, against curl ----


class Listener:
    """Takes what one client after another says, answering as a proxy that lets all in, until its tunnel stands."""

    def __init__(self, kind):
        self.kind, self.said = kind, []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            with conn:
                conn.settimeout(10)
                self.said.append(getattr(self, self.kind)(conn))

    @staticmethod
    def http(conn):
        said = b""
        while not said.endswith(b"\r\n\r\n"):
            said += conn.recv(1)
        return said

    @staticmethod
    def socks4(conn):
        said = b""
        while len(said) < 9 or not said.endswith(b"\0") or (said[4:7] == bytes(3) and said[8:].count(b"\0") < 2):
            said += conn.recv(1)
        return said

    socks4a = socks4

    @staticmethod
    def socks5(conn):
        hello = conn.recv(2)
        said = hello + conn.recv(hello[1])
        if said[2:].count(2):
            conn.sendall(b"\5\2")
            head = conn.recv(2)
            user = conn.recv(head[1])
            size = conn.recv(1)
            said += head + user + size + conn.recv(size[0])
            conn.sendall(b"\1\0")
        else:
            conn.sendall(b"\5\0")
        head = conn.recv(5)
        return said + head + conn.recv({1: 5, 3: head[4] + 2, 4: 17}[head[3]])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(10)


def essence(kind, said):
    """A request of HTTP has lines that each client words as it likes."""
    if kind != "http":
        return said
    wanted = (b"connect ", b"host:", b"proxy-authorization:")
    return sorted(line for line in said.split(b"\r\n") if line.lower().startswith(wanted))


CASES = [(scheme, host, credentials)
         for scheme, hosts in (("socks4", ["192.0.2.77"]), ("socks4a", ["live.example"]),
                               ("socks5", ["live.example", "192.0.2.77", "[2001:db8::7]"]),
                               ("http", ["live.example", "192.0.2.77", "[2001:db8::7]"]))
         for host in hosts for credentials in ("", "user@" if "socks4" in scheme else "user:p%40ss%3aword@")]


@pytest.mark.parametrize("scheme,host,credentials", CASES)
def test_says_what_curl_says(sluice, short_clip, scheme, host, credentials):
    """Bytes of the requests, for names and addresses of both kinds, with and without a password."""
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    with Listener(scheme) as listener:
        at = f"{credentials}127.0.0.1:{listener.port}"
        ours = sluice.run("push", "--proxy", f"{scheme}://{at}", short_clip, f"rtmp://{host}:8443/live", "s")
        assert ours.code == support.CONNECT
        name = {"socks5": "socks5h"}.get(scheme, scheme)
        with support.Process(["curl", "-q", "-s", "--socks5-basic", "-x", f"{name}://{at}", f"https://{host}:8443/"]) as curl:
            curl.process.wait(20)
    assert len(listener.said) == 2
    assert essence(scheme, listener.said[0]) == essence(scheme, listener.said[1])
    assert len(listener.said[0]) > 8


# ---- librtmp.so.1 ----


@pytest.fixture(params=dropin.libraries())
def either(request):
    return dropin.Library(request.param)


@pytest.fixture
def ours(sluice_path):
    return dropin.Library("ours")


def rtmpdump(library, *args):
    """Debian's. It is never quite content with what the metadata says of the duration: status 2."""
    if not shutil.which("rtmpdump"):
        pytest.skip("rtmpdump is not installed")
    done = subprocess.run(["rtmpdump", *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
                          env={**os.environ, **library.environment})
    assert done.returncode in (0, 2), done.stderr.decode(errors="replace")
    return done.stderr.decode(errors="replace")


def test_rtmpdump_through_a_proxy(nginx, short_clip, tmp_path, either):
    """Debian's rtmpdump, on either library, says the same to a proxy for SOCKS4: an address."""
    shutil.copy(short_clip, nginx.dir / "vod" / "c.flv")
    with proxies.perl(tmp_path) as proxy:
        where = proxy.url.rpartition("/")[2]
        rtmpdump(either, "-q", "-r", f"rtmp://localhost:{nginx.rtmp}/vod/c", "-S", where, "-o", tmp_path / "out.flv")
        proxy.process.expect(rf"asked for 127\.0\.0\.1 {nginx.rtmp}\n$", name="out")
    streams.check(streams.large_enough(short_clip), streams.large_enough(tmp_path / "out.flv"))


@pytest.mark.parametrize("kind", ["microsocks with a password", "tinyproxy with a password", "perl, SOCKS4a"])
def test_urls_of_proxies_in_the_option_socks(nginx, short_clip, tmp_path, ours, kind):
    shutil.copy(short_clip, nginx.dir / "vod" / "c.flv")
    with proxies.KINDS[kind](tmp_path) as proxy:
        said = rtmpdump(ours, "-V", "-i", f"rtmp://localhost:{nginx.rtmp}/vod/c socks={proxy.url}", "-o", tmp_path / "out.flv")
    assert f"{proxy.url.rpartition('@')[2].rpartition('/')[2]} has made a connection to localhost:{nginx.rtmp}" in said
    assert proxies.PASSWORD not in said
    streams.check(streams.large_enough(short_clip), streams.large_enough(tmp_path / "out.flv"))


CONNECT0 = """
import ctypes, socket, struct, sys
lib = ctypes.CDLL(sys.argv[1])
rtmp = ctypes.create_string_buffer(65536)
lib.RTMP_Init(rtmp)
url = ctypes.create_string_buffer(sys.argv[2].encode())
assert lib.RTMP_SetupURL(rtmp, url) == 1
address = struct.pack("=HHI8x", socket.AF_INET, socket.htons(int(sys.argv[3])), struct.unpack("=I", bytes([127, 0, 0, 1]))[0])
first = lib.RTMP_Connect0(rtmp, ctypes.create_string_buffer(address, 16))
print(first, first and lib.RTMP_Connect1(rtmp, None))
lib.RTMP_Close(rtmp)
"""


def connect0(library, url, port):
    done = subprocess.run([sys.executable, "-c", CONNECT0, library.path, url, str(port)], capture_output=True, timeout=60,
                          check=False, env={**os.environ, **library.environment})
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.split(), done.stderr.decode()


def test_connecting_to_the_proxys_own_address(nginx, tmp_path, either):
    """RTMP_Connect0() takes the address of the proxy, and has it connect."""
    with proxies.perl(tmp_path) as proxy:
        port = proxy.url.rpartition(":")[2]
        options = f"socks=127.0.0.1:{port} timeout=5"
        assert connect0(either, f"rtmp://localhost:{nginx.rtmp}/live/s {options}", port)[0] == [b"1", b"1"]
        proxy.process.expect(rf"asked for 127\.0\.0\.1 {nginx.rtmp}\n$", name="out")
        done, said = connect0(either, f"rtmp://127.0.0.1:1/live/s {options}", port)
        assert done == [b"0", b"0"] and ("SOCKS4 reply 91" in said or not either.ours)


@pytest.mark.parametrize("answer,part", [(b"", "hung up"), (b"\0\x5a\0\0", "hung up"), (b"\0\x5c" + bytes(6), "SOCKS4 reply 92"),
                                         (None, "in time")])
def test_a_proxy_that_does_not_do_it(ours, answer, part):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def once():
            conn, _ = listener.accept()
            with conn:
                conn.recv(100)
                conn.sendall(answer or b"")
                if answer is None:
                    conn.recv(100)

        thread = threading.Thread(target=once)
        thread.start()
        url = f"rtmp://127.0.0.1:1/live/s socks=127.0.0.1:{port} timeout=1"
        done, said = connect0(ours, url, port)
        thread.join(20)
    assert done == [b"0", b"0"] and part in said
