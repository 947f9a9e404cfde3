# SPDX-License-Identifier: MIT
"""`sluice serve` through HTTP: tunnels over any connections, and clients that stall, lie or guess."""

import contextlib
import socket
import ssl
import time

import pytest

import rtmp
import tunnels
from test_hostile_client import serve  # noqa: F401, a fixture

AUDIO = [b"\xaf\x01" + bytes([n]) * 400 for n in range(30)]


def port_of(served, scheme="rtmp"):
    return served.ports[scheme]


def connect(served):
    return tunnels.Http(socket.create_connection(("127.0.0.1", port_of(served)), 20))


def ask(served, data):
    """What the server says to these bytes before it closes."""
    with connect(served).sock as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while more := sock.recv(65536):
                answer += more
    return answer


@pytest.mark.parametrize("apart", [False, True], ids=["one-connection", "a-connection-each"])
def test_publishing_and_playing_through_tunnels(serve, apart):
    served = serve()
    with tunnels.Client(port_of(served), apart) as publisher, tunnels.Client(port_of(served), apart) as player:
        publisher.to("created")
        assert publisher.publish("s")[3]["code"] == "NetStream.Publish.Start"
        player.to("created")
        player.play("s")
        player.until("onStatus")
        for n, body in enumerate(AUDIO):
            publisher.media(rtmp.AUDIO, body, n * 20)
        got = []
        while len(got) < len(AUDIO):
            m = player.reader.message()
            if m.type == rtmp.AUDIO:
                got.append(m.payload)
    assert got == AUDIO


def test_tls(serve, certificates):
    served = serve("--cert", certificates / "good.pem", "--key", certificates / "good.key",
                   urls=("rtmp://127.0.0.1:0", "rtmps://127.0.0.1:0"))
    trust = ssl.create_default_context(cafile=certificates / "ca.pem")
    tunnel = tunnels.Tunnel(port_of(served, "rtmps"), tls=trust)
    tunnel.sendall(b"\x03" + bytes(1536))
    assert rtmp.Reader(tunnel).exactly(1537 + 1536)[0] == 3
    tunnel.close()


def test_the_same_request_again_has_one_effect(serve):
    """A client cannot know whether its request arrived when the connection broke."""
    served = serve()
    tunnel = tunnels.Tunnel(port_of(served))
    first = tunnel.post(f"/send/{tunnel.id}/0", b"\x03" + bytes(1535))
    assert first == (200, b"\1")
    assert tunnel.post(f"/send/{tunnel.id}/0", b"\x03" + bytes(1535)) == first
    status, hello = tunnel.post(f"/send/{tunnel.id}/1", bytes(1))
    assert (status, len(hello)) == (200, 1 + 1 + 2 * 1536)
    tunnel.http = None  # another connection
    assert tunnel.post(f"/send/{tunnel.id}/1", bytes(1)) == (200, hello)
    assert tunnel.post(f"/idle/{tunnel.id}/2", b"\0") == (200, b"\1")
    tunnel.close()


def test_requests_before_answers_are_taken_in_order(serve):
    served = serve()
    tunnel = tunnels.Tunnel(port_of(served))
    hello = b"\x03" + bytes(1536)
    tunnel.http.sock.sendall(b"".join(
        b"POST /send/%s/%d HTTP/1.1\r\nContent-Length: 53\r\n\r\n%s" % (tunnel.id.encode(), n, hello[n * 53:][:53])
        for n in range(29)))
    answers = [tunnel.http.message() for _ in range(29)]
    assert all(first == "HTTP/1.1 200 OK" for first, _, _ in answers)
    assert [len(body) for _, _, body in answers] == [1] * 28 + [1 + 1 + 2 * 1536]
    tunnel.close()


def test_who_asks_without_end_waits(serve):
    """Two seconds of requests, one as soon as the last is answered: 10 waits of each of 15, 45, 75 and 135 ms, or it would
    be the work of answering thousands. What a client is told to wait grows likewise."""
    tunnel = tunnels.Tunnel(port_of(serve()))
    waits, end = [], time.monotonic() + 2
    while time.monotonic() < end:
        tunnel.number += 1
        status, answer = tunnel.post(f"/idle/{tunnel.id}/{tunnel.number}", b"\0")
        assert status == 200 and len(answer) == 1
        waits.append(answer[0])
    told = [1] * 9 + [3] * 10 + [5] * 10 + [9] * 10 + [17] * 10
    assert 15 <= len(waits) <= 40
    assert waits == told[:len(waits)]
    tunnel.close()


@pytest.mark.parametrize("request_, status", [
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"OPTIONS * HTTP/1.1\r\n\r\n", 405),
    (b"POST /fcs/ident2 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0", 404),
    (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 404),
    (b"POST /send/1/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0", 404),
    (b"POST /idle/" + b"0" * 32 + b"/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0", 404),
    (b"POST /idle/" + b"0" * 5000 + b"/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0", 404),
    (b"POST /idle/x/ HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0", 404),
    (b"POST /close/../1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0", 404),
    (b"POST /send/x/1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /send/x/1 HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 400),
    (b"POST /send/x/1 HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST /send/x/1 HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", 400),
    (b"POST /send/x/1 FTP/1.1\r\n\r\n", 400),
    (b"~~~~~~~~\r\n\r\n", 400),
], ids=lambda v: str(v)[:40] if isinstance(v, bytes) else v)
def test_what_is_no_request_of_a_tunnel_is_refused(serve, request_, status):
    answer = ask(serve(), request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_sound_request_behind_a_refused_one(serve):
    http = connect(serve())
    for _ in range(3):
        http.sock.sendall(b"POST /idle/x/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0"
                          b"POST /open/1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        assert http.message()[0] == "HTTP/1.1 404 Not Found"
        assert http.message()[0] == "HTTP/1.1 100 Continue"
        http.sock.sendall(b"\0")
        first, fields, body = http.message()
        assert first == "HTTP/1.1 200 OK" and len(body) == 33 and fields["connection"] == "Keep-Alive"
    http.sock.sendall(b"POST /open/1 HTTP/1.0\r\nContent-Length: 1\r\n\r\n\0")
    assert http.message()[1]["connection"] == "close"
    assert http.sock.recv(1) == b""


def test_names_cannot_be_guessed(serve):
    served = serve("--max-connections", "200")
    names = [tunnels.Tunnel(port_of(served)) for _ in range(40)]
    assert len({t.id for t in names}) == len({t.id[:8] for t in names}) == len({t.id[-8:] for t in names}) == 40
    for t in names:
        t.close()


def test_there_is_not_room_for_all(serve):
    served = serve("--max-per-address", "5", "--idle-timeout", "2")
    http = connect(served)
    opened = []
    for _ in range(8):
        http.sock.sendall(b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0")
        opened.append(http.message()[0])
    assert opened == ["HTTP/1.1 200 OK"] * 5 + ["HTTP/1.1 503 Service Unavailable"] * 3
    http.sock.close()
    time.sleep(3)  # they go, as idle


def test_the_tunnel_ends_with_its_session(serve):
    """A client that talks nonsense inside is told that the tunnel is no more."""
    served = serve()
    tunnel = tunnels.Tunnel(port_of(served))
    tunnel.sendall(b"\x07" + bytes(1536))
    for _ in range(20):
        if not tunnel.ended:
            tunnel.ask("idle", b"\0")
    assert tunnel.ended
    tunnel.close()


def test_an_abandoned_tunnel_is_let_go(serve):
    served = serve("--idle-timeout", "1")
    tunnel = tunnels.Tunnel(port_of(served))
    tunnel.http.sock.close()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        tunnel.http = None
        if tunnel.post(f"/idle/{tunnel.id}/1", b"\0")[0] == 404:
            break
        time.sleep(0.2)
    else:
        raise AssertionError("it is still there")


@pytest.mark.parametrize("part", [b"P", b"POST /open/1 HTTP/1.1\r\n", b"POST /open/1 HTTP/1.1\r\nContent-Length: 9\r\n\r\n1"])
def test_half_a_request_is_not_waited_for_without_end(serve, part):
    served = serve("--idle-timeout", "1")
    with connect(served).sock as sock:
        sock.sendall(part)
        sock.settimeout(20)
        assert sock.recv(100) == b""


def test_bytes_one_by_one(serve):
    served = serve()
    http = connect(served)
    for byte in b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0":
        http.sock.sendall(bytes([byte]))
    assert http.message()[0] == "HTTP/1.1 200 OK"
    http.sock.close()


def test_hanging_up_in_the_middle(serve):
    """Of requests and of answers; none of it disturbs the tunnel, nor the server."""
    served = serve()
    tunnel = tunnels.Tunnel(port_of(served))
    name = tunnel.id.encode()
    for n in range(1, 12):
        with connect(served).sock as sock:
            sock.sendall((b"POST /idle/%s/%d HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0" % (name, n))[:5 * n + 6])
    tunnel.number = 100
    tunnel.ask("idle", b"\0")
    assert not tunnel.ended
    tunnel.close()
