# SPDX-License-Identifier: MIT
"""A server under siege: `sluice serve` with a good stream that is published, played and recorded all the while, what it
costs the server, and clients that go to any step of the protocol, over any carrier, to misbehave there."""

import contextlib
import os
import pathlib
import random
import re
import select
import signal
import socket
import ssl
import struct
import threading
import time

import flvcmp
import peers
import rtmp
import support
import tunnels

OPTIONS = ("--idle-timeout", "2", "--publish-timeout", "2", "--stall-timeout", "3", "--max-queue", "1024",
           "--max-connections", "3000")
CHUNK = 60000
TICKS = os.sysconf("SC_CLK_TCK")


class Stream:
    """Is published by one sound client and played by another, in threads, until it is told to end. Every tag differs
    from every other; one in 25 is a key frame."""

    def __init__(self, served, name="good", source=None):
        self.name, self.sent, self.got, self.error = name, [], [], None
        self.interval, self.size = 0.01, 700
        self.over = threading.Event()
        self.publisher, self.player = (served.client(source=source) for _ in range(2))
        self.publisher.to("created")
        assert self.publisher.publish(name)[3]["code"] == "NetStream.Publish.Start"
        self.publisher.send(rtmp.control(rtmp.SET_CHUNK_SIZE, CHUNK))
        self.player.to("created")
        self.player.play(name)
        self.player.until("onStatus")
        self.threads = [threading.Thread(target=self._guard, args=(run,), daemon=True)
                        for run in (self._publish, self._play)]
        for thread in self.threads:
            thread.start()
        self.reach(1)

    def _guard(self, run):
        try:
            run()
        except Exception as e:  # pylint: disable=broad-except
            self.error = e if not self.over.is_set() else self.error

    def _tag(self, n):
        if n < 2:
            return (rtmp.VIDEO, b"\x17\0\0\0\0config") if n == 0 else (rtmp.AUDIO, b"\xaf\0\x12\x10")
        body = struct.pack(">I", n) + random.Random(n).randbytes(n * 7 % self.size)
        if n % 3 == 0:
            return rtmp.AUDIO, b"\xaf\1" + body
        return rtmp.VIDEO, (b"\x17" if n % 25 == 2 else b"\x27") + b"\1\0\0\0" + body

    def _publish(self):
        while not self.over.is_set():
            n = len(self.sent)
            kind, body = self._tag(n)
            # Before it goes out: what is played is never more than what is kept here.
            self.sent.append(flvcmp.Tag(kind, n * 10, body, n))
            self.publisher.send(rtmp.message(kind, body, 6, n * 10, self.publisher.stream, CHUNK))
            time.sleep(self.interval)
            while len(self.sent) > len(self.got) + 20 and not self.over.is_set():
                time.sleep(0.001)  # so that nothing is lost for want of a quick player

    def _play(self):
        while True:
            m = self.player.reader.message()
            if m.type in (rtmp.AUDIO, rtmp.VIDEO):
                self.got.append(flvcmp.Tag(m.type, m.timestamp, m.payload, len(self.got)))

    def reach(self, n, timeout=60):
        """Waits until n tags have been played."""
        end = time.monotonic() + timeout
        while len(self.got) < n:
            assert not self.error, f"the good stream broke: {self.error!r}"
            assert time.monotonic() < end, f"the good stream stands still at tag {len(self.got)}, {n} were wanted"
            time.sleep(0.01)

    def check(self):
        """All that was sent until now is played, tag by tag."""
        n = len(self.sent)
        self.reach(n)
        assert not (found := flvcmp.difference(self.sent[:n], self.got[:n], 0)), found

    def end(self, recording):
        """Ends it in order; all that was sent was played and recorded."""
        self.over.set()
        self.threads[0].join(20)
        self.check()
        self.publisher.call("deleteStream", None, self.publisher.stream)
        self.publisher.call("createStream", None)
        self.publisher.until("_result")
        with contextlib.suppress(OSError):
            self.player.sock.shutdown(socket.SHUT_RDWR)
        self.threads[1].join(20)
        self.player.close()
        self.publisher.close()
        assert not self.error
        end = time.monotonic() + 20
        while True:  # what records may be behind
            tags = []
            with contextlib.suppress(OSError, flvcmp.NotFLV):
                tags = flvcmp.media(flvcmp.read(recording))
            if len(tags) >= len(self.sent) or time.monotonic() > end:
                break
            time.sleep(0.05)
        assert not (found := flvcmp.difference(self.sent, tags, 0)), found


class Client(peers.Client):
    """A client that may come from any loopback address, and stop reading early."""

    def __init__(self, port, tls=None, timeout=20, source=None, receive_buffer=0):  # pylint: disable=super-init-not-called
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect(("127.0.0.1", port))
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="127.0.0.1")
        self.raw = socket.socket(fileno=os.dup(self.sock.fileno()))  # below TLS
        self.raw.settimeout(timeout)
        self.reader = rtmp.Reader(self.sock)
        self.transactions, self.stream = 0, 1
        self.host, self.port = "127.0.0.1", port

    def __exit__(self, *_):
        self.close()

    def trickle(self):
        """A byte of what it has begun with, or of what it may begin with."""
        self.sock.sendall(b"\0")

    def close(self):
        self.sock.close()
        self.raw.close()

    def reset(self):
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class Served:
    """A running server with a good stream."""

    def __init__(self, path, folder, *options, urls=("rtmp://127.0.0.1:0",), certificates=None, prefix=()):
        self.folder, self.trust = folder, None
        if certificates:
            options += ("--cert", certificates / "good.pem", "--key", certificates / "good.key")
            self.trust = ssl.create_default_context(cafile=certificates / "ca.pem")
        listen = [a for url in urls for a in ("--listen", url)]
        self.process = support.Process([*prefix, path, "serve", *listen, *options, folder])
        for _ in range(500):
            said = self.process.text("out") + self.process.text("err")
            self.ports = {k: int(p) for k, p in re.findall(r"listening on (rtmps?)://[^:/]+:(\d+)", said)}
            if len(self.ports) == len(urls):
                break
            time.sleep(0.02)
        assert len(self.ports) == len(urls), said
        self.sanitized = support.sanitized(path) or "SLUICE_EMULATED" in os.environ
        self._warm_up(tunnels.Client)
        if self.trust:
            self._warm_up(lambda _: self.client("rtmps"))
        self.stream = Stream(self)

    def client(self, scheme="rtmp", **options):
        return Client(self.ports[scheme], self.trust if scheme == "rtmps" else None, **options)

    def _warm_up(self, client):
        """What the first of all costs, it costs once."""
        with client(self.ports["rtmp"]) as one:
            one.to("started", "first")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self, name="VmRSS"):
        """kB"""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])

    def cpu(self):
        """Seconds, of the process and not of the kernel's work for it."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def settle(self, descriptors, timeout=30):
        """Waits until it has let go of all but so many descriptors."""
        end = time.monotonic() + timeout
        while self.descriptors() > descriptors:
            assert self.process.process.poll() is None, f"it ended: {self.process.text()!r}"
            assert time.monotonic() < end, f"{self.descriptors()} descriptors are open, and there were {descriptors}"
            time.sleep(0.02)

    def end(self):
        assert self.process.process.poll() is None, f"it ended: {self.process.text()!r}"
        self.stream.end(self.folder / "live" / f"{self.stream.name}.flv")
        result = self.process.stop(signal.SIGTERM, 20)
        assert result.code == support.OK, result.err

    @contextlib.contextmanager
    def attacked(self, cpu, peak=16000, memory=8000):
        """Whatever is done to it in here costs it no more than so much CPU time (s) and, meanwhile, memory (kB); and
        afterwards it has let go of all descriptors and of all but so much memory, and the good stream goes on and is
        whole."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")  # VmHWM begins anew
        descriptors, resident, before = self.descriptors(), self.resident(), self.cpu()
        yield
        self.settle(descriptors)
        most = self.resident("VmHWM") - resident
        spent, patience = self.cpu() - before, 4 if self.sanitized else 1
        self.stream.reach(len(self.stream.sent) + 5)
        self.stream.check()
        end = time.monotonic() + 5  # what is not yet in a file is let go of later
        while (grown := self.resident() - resident) >= memory and time.monotonic() < end:
            time.sleep(0.1)
        print(f"{spent:.2f} s of CPU, {most} kB more for a while, {grown} kB in the end")
        assert spent < cpu * patience, f"{spent:.2f} s of CPU time, and {cpu} should do"
        assert self.sanitized or most < peak, f"{most} kB more while it went on"
        assert self.sanitized or grown < memory, f"{grown} kB more than before"


# ---- how far a client goes ----


def _start(client, *_):
    client.send(b"\x03" + bytes(1536))


def _answer(client, *_):
    client.answer = client.reader.exactly(1 + 2 * peers.HANDSHAKE)


def _connect(client, *_):
    client.call("connect", {"app": "live", "type": "nonprivate", "tcUrl": "rtmp://127.0.0.1/live"})


def _asks(name, *args):
    return lambda client, stream: client.call(name, *(stream if a is KEY else a for a in args), stream=client.stream)


def _half(make):
    return lambda client, _: client.send(make(client)[:-3])


def _hears(*names):
    return lambda client, *_: client.until(*names)


KEY = object()
HANDSHAKE = [("c0c1", _start), ("s0s1", _answer), ("handshaken", lambda c, *_: c.send(c.answer[1:1537]))]
SESSION = HANDSHAKE + [("connect", _connect), ("connected", _hears("_result")), ("create", _asks("createStream", None)),
                       ("created", _hears("_result"))]
PUBLISH = SESSION + [("publish", _asks("publish", None, KEY, "live")), ("publishing", _hears("onStatus")),
                     ("in a frame", _half(lambda c: rtmp.message(rtmp.VIDEO, b"\x17\1" + bytes(1000), 6, 0, c.stream)))]
PLAY = SESSION + [("play", _asks("play", None, "good", -2000)), ("playing", _hears("onStatus"))]
WAIT = SESSION + [("ask for nothing", _asks("play", None, KEY, -2000)), ("waiting", _hears("onStatus"))]
PATHS = {
    "accepted": [],
    "c0": [("", lambda c, *_: c.send(b"\x03"))],
    "half of C1": [("", lambda c, *_: c.send(b"\x03" + bytes(700)))],
    "half of C2": HANDSHAKE[:2] + [("", lambda c, *_: c.send(c.answer[1:800]))],
    "half of connect": HANDSHAKE + [("", _half(lambda c: rtmp.command("connect", 1, {"app": "live"})))],
    "a header": SESSION + [("", lambda c, *_: c.send(rtmp.header(rtmp.VIDEO, 0xFFFFFF, 6, 0, 1)[:7]))],
    "a huge message": PUBLISH[:-1] + [("", lambda c, *_: c.send(rtmp.header(rtmp.VIDEO, 0xFFFFFF, 6, 0, 1) + bytes(99)))],
}
for path in (PUBLISH, PLAY, WAIT):
    for i, (step, _) in enumerate(path):
        PATHS.setdefault(step, path[: i + 1])
# Where nobody has to end them: they get something, or wait for it. (Through HTTP, who does not ask gets nothing.)
AT_PEACE = [f"{step}, {over}" for step in ("play", "playing", "ask for nothing", "waiting") for over in ("TCP", "TLS")]


def reach(client, step, name):
    for _, act in PATHS[step]:
        act(client, name)
    return client


# ---- TLS and HTTP before there is any RTMP ----


def client_hello(trust):
    """(its bytes, the object and what it reads from and writes to)"""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trust.wrap_bio(inward, outward, server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outward.read(), tls, inward, outward


def tls_steps(served):
    """Clients amid a TLS handshake, by step."""
    for step in ("nothing", "a byte", "half a ClientHello", "a ClientHello", "a ServerHello", "half a Finished"):
        client = Client(served.ports["rtmps"])
        hello, tls, inward, outward = client_hello(served.trust)
        sent = {"nothing": b"", "a byte": hello[:1], "half a ClientHello": hello[: len(hello) // 2]}.get(step, hello)
        client.send(sent)
        if step in ("a ServerHello", "half a Finished"):
            inward.write(client.raw.recv(65536))
        if step == "half a Finished":
            with contextlib.suppress(ssl.SSLWantReadError):
                while True:
                    tls.do_handshake()
                    break
            client.send(outward.read()[:-20])
        yield step, client


HTTP = {
    "a letter": b"P",
    "half a line": b"POST /open/1 HT",
    "half a head": b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n",
    "no body": b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
    "half a body": b"POST /open/1 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000),
    "opened": b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0",
    "opened often": b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0" * 20,
}


class Tunnelled(tunnels.Client):
    """As Client, through a tunnel; raw is the connection that it has just then."""

    @property
    def raw(self):
        return self.sock.http.sock

    def trickle(self):
        """A byte of no request."""
        self.raw.sendall(b"~")

    def close(self):
        self.raw.close()

    def reset(self):
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def clients(served, steps=None, tls=True, http=True):
    """(where, client): at every step, over TCP, TLS and HTTP."""
    for n, step in enumerate(steps or PATHS):
        yield f"{step}, TCP", reach(served.client(), step, f"siege-{n}")
        if tls and step not in ("accepted", "c0"):
            yield f"{step}, TLS", reach(served.client("rtmps"), step, f"siege-tls-{n}")
        if http:
            yield f"{step}, HTTP", reach(Tunnelled(served.ports["rtmp"]), step, f"siege-http-{n}")
    if steps:
        return
    for step, client in tls_steps(served):
        yield f"{step}, TLS", client
    for step, data in HTTP.items():
        client = served.client()
        client.send(data)
        yield f"{step}, HTTP", client


# ---- what it does there ----


def wait_for_ends(them, timeout, peaceful=(), each=None):
    """Reads from all clients ([(where, client)]) until the server has ended each but those at peaceful. Where those are
    that it has not ended, when that is all, or the time is over. each(client) is called once a second."""
    poll, left, end = select.poll(), {c.raw.fileno(): (where, c) for where, c in them}, time.monotonic() + timeout
    tick = time.monotonic()
    for fd in left:
        poll.register(fd, select.POLLIN)
    while {where for where, _ in left.values()} - set(peaceful) and time.monotonic() < end:
        for fd, _ in poll.poll(100):
            data = b""
            with contextlib.suppress(OSError):
                data = os.read(fd, 65536)
            if not data:
                poll.unregister(fd)
                left.pop(fd)[1].close()
        if each and time.monotonic() >= tick:
            tick += 1
            for _, client in left.values():
                with contextlib.suppress(OSError):
                    each(client)
    for _, client in left.values():
        client.close()
    return sorted(where for where, _ in left.values())


def _drain(client):
    with contextlib.suppress(OSError):
        while client.sock.recv(1 << 20):
            pass


def _unread(client):
    """Bytes of the client's that the server has not read; None when the connection is gone."""
    try:
        ours, theirs = (f":{sock[1]:04X}" for sock in (client.raw.getsockname(), client.raw.getpeername()))
    except OSError:
        return None
    for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(theirs) and fields[2].endswith(ours) and fields[3] == "01":
            return int(fields[4].split(":")[1], 16)
    return None


def flood(client, data, megabytes, listens):
    """Writes so much, or until the server takes no more for a second, or ends it. Unless it listens it never reads, and
    breaks off once all was taken; else it reads all the while, to the server's end. Bytes taken."""
    first, again = FLOODS[data]
    again *= max(1, 65536 // len(again))
    reader, taken = threading.Thread(target=_drain, args=(client,), daemon=True), 0
    client.sock.settimeout(20 if listens else 1)
    if listens:
        reader.start()
    with contextlib.suppress(OSError):
        client.send(first)
        while taken < megabytes << 20:
            client.send(again)
            taken += len(again)
        if listens:
            client.sock.shutdown(socket.SHUT_WR)
    if listens:
        reader.join(30)
        assert not reader.is_alive(), f"{data}: the server neither answers nor ends"
        client.close()
    else:
        end = time.monotonic() + 1
        while _unread(client) and time.monotonic() < end:
            time.sleep(0.005)
        client.reset()
    return taken


def _ping(event, *values):
    return rtmp.message(rtmp.USER_CONTROL, struct.pack(f">H{len(values)}I", event, *values), 2)


def _commands(*names):
    return b"".join(rtmp.command(name, 7, None, "x", 0, stream=1) for name in names)


def _audio(body, chunk_size=128):
    return rtmp.message(rtmp.AUDIO, body, 6, 0, 1, chunk_size)


def _video(body, chunk_size=128):
    return rtmp.message(rtmp.VIDEO, body, 6, 0, 1, chunk_size)


def _arguments(data):
    return rtmp.message(rtmp.COMMAND, rtmp.amf0("xyzzy", 1) + data)


# name: (what comes first, what comes again and again)
FLOODS = {
    "pings": (b"", _ping(6, 7)),
    "pongs": (b"", _ping(7, 7)),
    "buffer lengths": (b"", _ping(3, 1, 100)),
    "acknowledgements": (b"", rtmp.control(rtmp.ACK, 5)),
    "windows": (b"", rtmp.control(rtmp.WINDOW_ACK_SIZE, 1)),
    "a window of a byte": (rtmp.control(rtmp.WINDOW_ACK_SIZE, 1), _audio(b"\xaf\1")),
    "bandwidths": (b"", b"".join(rtmp.message(rtmp.PEER_BANDWIDTH, struct.pack(">IB", n, 0), 2) for n in (1, 2))),
    "chunk sizes": (b"", rtmp.control(rtmp.SET_CHUNK_SIZE, 99) + rtmp.control(rtmp.SET_CHUNK_SIZE, 128)),
    "tiny chunks": (rtmp.control(rtmp.SET_CHUNK_SIZE, 1), _video(b"\x27\1" + bytes(9000), 1)),
    "empty messages": (b"", _audio(b"")),
    "messages of a byte": (b"", _video(b"\x17")),
    "key frames": (b"", _video(b"\x17\1\0\0\0")),
    "configurations": (b"", _video(b"\x17\0\0\0\0") + _video(b"\x17\0\0\0\1")),
    "metadata": (b"", rtmp.message(rtmp.DATA, rtmp.amf0("@setDataFrame", "onMetaData", {"a": 1}), 6, 0, 1)),
    "aggregates": (b"", rtmp.message(rtmp.AGGREGATE, (b"\x08\0\0\0" + bytes(11)) * 100, 6, 0, 1)),
    "aborts": (b"", rtmp.control(rtmp.ABORT, 6)),
    "unknown commands": (b"", _commands("xyzzy")),
    "streams": (b"", _commands("createStream", "deleteStream", "closeStream", "releaseStream")),
    "lengths": (b"", _commands("getStreamLength")),
    "seeks": (b"", _commands("seek")),
    "pauses": (b"", _commands("pause")),
    "wishes": (b"", _commands("receiveAudio", "receiveVideo")),
    "plays": (b"", _commands("play", "closeStream")),
    "publishes": (b"", _commands("publish", "closeStream", "FCPublish", "FCUnpublish")),
    "zeros": (b"", bytes(1000)),
    "ones": (b"", b"\xff" * 1000),
    "many chunk streams": (b"", b"".join(rtmp.header(rtmp.AUDIO, 900, n, 0, 1) + bytes(128) for n in range(3, 250))),
    "deep arrays": (b"", _arguments(b"\x0a\0\0\0\1" * 60000 + b"\5")),
    "flat arrays": (b"", _arguments(b"\x0a\0\0\x40\0" + b"\5" * 0x4000)),
    "wide objects": (b"", _arguments(b"\3" + b"\0\1a\5" * 60000 + b"\0\0\x09")),
}
