# SPDX-License-Identifier: MIT
"""No network, no name, nobody there, the wrong thing there, a slow line: each is said in one sentence."""

import socket
import subprocess

import pytest

import flvcmp
import peers
import rtmp
import support
from support import CONNECT, KEY, OK, one_sentence

VERBS = ("push", "pull")


def arguments(verb, url, clip, tmp_path, *options):
    if verb == "push":
        return ["push", "--fast", *options, clip, url, KEY]
    return ["pull", *options, url, KEY, tmp_path / "out.flv"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_port_that_refuses(sluice, clip, tmp_path, verb):
    sluice.need(verb)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        result = sluice.run(*arguments(verb, f"rtmp://127.0.0.1:{port}/live", clip, tmp_path))
    assert result.code == CONNECT
    one_sentence(result, f"127.0.0.1:{port}", "Connection refused", "check the port")


@pytest.mark.parametrize("verb", VERBS)
def test_a_name_that_does_not_exist(sluice, clip, tmp_path, verb):
    sluice.need(verb)
    result = sluice.run(*arguments(verb, "rtmp://no-such-host.invalid/live", clip, tmp_path, "--connect-timeout", "5"))
    assert result.code == CONNECT
    one_sentence(result, "no-such-host.invalid:1935", "check")


@pytest.mark.parametrize("verb", VERBS)
def test_an_address_of_the_other_family(sluice, clip, tmp_path, verb):
    sluice.need(verb)
    result = sluice.run(*arguments(verb, "rtmp://[::1]/live", clip, tmp_path, "-4"))
    assert result.code == CONNECT
    one_sentence(result, "[::1]:1935", "no IPv4 address")


def test_an_address_that_takes_no_connection(sluice, clip, tmp_path):
    """A listener with a full backlog answers nothing, as a firewall that drops does."""
    sluice.need("push")
    waiting = []
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(full.getsockname())
            waiting.append(one)
        url = f"rtmp://127.0.0.1:{full.getsockname()[1]}/live"
        result = sluice.run(*arguments("push", url, clip, tmp_path, "--connect-timeout", "1"), timeout=10)
        for one in waiting:
            one.close()
    assert result.code == CONNECT
    one_sentence(result, url.split("/")[2], "within 1000 ms")
    assert result.seconds < 5 * sluice.patience


def test_the_second_address_is_tried(sluice, clip):
    """localhost is ::1 first, where nobody listens: that costs nothing and is not complained about."""
    sluice.need("push")
    with peers.Server() as server:
        result = sluice.run("push", "--fast", clip, server.url(host="localhost"), KEY)
        session = server.session()
    assert (result.code, result.err) == (OK, "")
    assert session.ended == "closed"


# ---- in namespaces of their own ----


def in_namespace(sluice, script, *args, timeout=60):
    """Runs a shell script where there is no network but what it makes; $@ is the command."""
    with sluice.start(*args) if script is None else support.Process(
            ["unshare", "-n", "sh", "-ec", script, "sh", sluice.path, *args]) as process:
        return process.wait(timeout * sluice.patience)


def test_no_network_at_all(sluice, clip, tmp_path, netns):
    sluice.need("push")
    result = in_namespace(sluice, '"$@"', *arguments("push", "rtmp://192.0.2.1/live", clip, tmp_path))
    assert result.code == CONNECT
    one_sentence(result, "192.0.2.1:1935", "unreachable", "check its network connection")


def test_no_name_server(sluice, clip, tmp_path, netns):
    sluice.need("push")
    result = in_namespace(sluice, '"$@"', *arguments("push", "rtmp://live.example.com/live", clip, tmp_path,
                                                     "--connect-timeout", "3"), timeout=15)
    assert result.code == CONNECT
    one_sentence(result, "live.example.com:1935", "/etc/resolv.conf")


def test_an_unreachable_host(sluice, clip, tmp_path, netns):
    """On the right network, but nobody has that address: the neighbour is not found."""
    sluice.need("push")
    script = """ip link add veth0 type veth peer name veth1
ip addr add 192.0.2.1/24 dev veth0
ip link set veth0 up
ip link set veth1 up
"""
    result = in_namespace(sluice, script + '"$@"', *arguments("push", "rtmp://192.0.2.2/live", clip, tmp_path,
                                                              "--connect-timeout", "4"))
    assert result.code == CONNECT
    one_sentence(result, "192.0.2.2:1935", "check")


# An MTU as on a real line: tbf drops what is larger than its burst.
SHAPED = """
ip link set lo mtu 1500 up
tc qdisc add dev lo root tbf rate 1mbit burst 16k latency 300ms
"""


def four_megabytes(path):
    """An FLV of 4 MB of video, in frames of 20 KB that tell themselves apart."""
    body = b"".join(
        tag(flvcmp.VIDEO, n * 40, bytes([0x17 if n % 25 == 0 else 0x27, 1, 0, 0, 0]) + n.to_bytes(4, "big") * 5000)
        for n in range(210)
    )
    path.write_bytes(b"FLV\x01\x01\0\0\0\x09\0\0\0\0" + body)
    return path


def tag(kind, timestamp, body):
    head = bytes([kind]) + len(body).to_bytes(3, "big") + (timestamp & 0xFFFFFF).to_bytes(3, "big")
    return head + bytes([timestamp >> 24]) + bytes(3) + body + (11 + len(body)).to_bytes(4, "big")


SHAPED_SERVER = """
import json, pathlib, sys
sys.path[:0] = sys.argv[1:3]
import peers
with peers.Server() as server:
    print("listening on", server.url(), flush=True)
    session = server.session(110)
    pathlib.Path(sys.argv[3]).write_bytes(b"".join(m.payload for m in session.media))
    print(json.dumps({"ended": session.ended, "commands": session.commands}))
"""


def test_4_mb_at_1_mbit_arrive_whole(sluice, tmp_path, netns):
    """The queue outlives the last frame by half a minute: closing waits as long as bytes are acknowledged."""
    sluice.need("push")
    flv = four_megabytes(tmp_path / "big.flv")
    wanted = b"".join(t.body for t in flvcmp.parse(flv.read_bytes()))
    assert len(wanted) > 4_000_000
    here = support.ROOT / "tests"
    script = SHAPED + f""": > {tmp_path}/server
/usr/bin/python3 -c '{SHAPED_SERVER}' {here} {here}/net {tmp_path}/got > {tmp_path}/server &
for i in 1 2 3 4 5 6 7 8 9 10; do grep -q listening {tmp_path}/server && break; sleep 0.3; done
"$@" push --fast {flv} "$(sed -n 's/listening on //p' {tmp_path}/server)" {KEY}
wait
"""
    with support.Process(["unshare", "-n", "sh", "-ec", script, "sh", sluice.path]) as process:
        result = process.wait(120)
    assert (result.code, result.err) == (OK, ""), (tmp_path / "server").read_text()
    assert (tmp_path / "got").read_bytes() == wanted
    assert '"closed"' in (tmp_path / "server").read_text()
    assert result.seconds > 30  # or else the line was not as slow as it was meant to be
