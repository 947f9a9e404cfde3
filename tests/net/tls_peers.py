# SPDX-License-Identifier: MIT
"""TLS servers written by hand, as far as ServerHelloDone: one that behaves, and others that do not.

A Peer answers each connection by answer(client, hello, number), where hello is the ClientHello's record and number counts
the connections from 0."""

import contextlib
import os
import socket
import struct
import threading

import hellos

TLS_1_2 = 0x0303
HANDSHAKE_FAILURE, PROTOCOL_VERSION, INTERNAL_ERROR = 40, 70, 80
# RSA key exchange: what the server says of its keys is in its certificate, and nothing has to be signed.
GCM_128, GCM_256, CBC_128, CBC_256 = 0x009C, 0x009D, 0x002F, 0x0035


def record(kind, payload):
    return struct.pack(">BHH", kind, TLS_1_2, len(payload)) + payload


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def alert(number, level=2):
    return record(21, bytes([level, number]))


def server_hello(suite):
    """Without extensions but for secure renegotiation's (RFC 5746, 3.6)."""
    extensions = b"\xff\x01\x00\x01\x00"
    return message(2, struct.pack(">H", TLS_1_2) + os.urandom(32) + b"\x00" + struct.pack(">HB", suite, 0) +
                   struct.pack(">H", len(extensions)) + extensions)


def flight(suite, der):
    """ServerHello to ServerHelloDone (RFC 5246, 7.4), in messages without records."""
    entry = len(der).to_bytes(3, "big") + der
    return server_hello(suite) + message(11, len(entry).to_bytes(3, "big") + entry) + message(14, b"")


def pieces(data, size):
    """Records of so many bytes."""
    return b"".join(record(22, data[at : at + size]) for at in range(0, len(data), size))


def version_of(hello):
    """What a ClientHello asks for: the model knows no other than TLS 1.2."""
    return 0x0304 if all(s >> 8 == 0x13 for s in hellos.suites(hello)) else struct.unpack_from(">H", hello, 9)[0]


def model(supported, der, size=16384):
    """A server with an order of its own."""

    def answer(client, hello, _):
        chosen = [s for s in supported if s in hellos.suites(hello)]
        if version_of(hello) != TLS_1_2:
            client.sendall(alert(PROTOCOL_VERSION))
        elif not chosen:
            client.sendall(alert(HANDSHAKE_FAILURE))
        else:
            client.sendall(pieces(flight(chosen[0], der), size))

    return answer


# ---- what a misbehaving one does ----


def sends(data):
    def answer(client, *_):
        client.sendall(data)

    return answer


def stalls(client, *_):
    """Reads on, and says nothing."""
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


def closes(client, *_):
    client.shutdown(socket.SHUT_WR)


def resets(client, *_):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def endless(client, *_):
    """A message that is announced with 16 MB, and comes."""
    client.sendall(record(22, b"\x02\xff\xff\xff" + bytes(16380)))
    with contextlib.suppress(OSError):
        for _ in range(1024):
            client.sendall(record(22, bytes(16384)))


def first(count, answer, then):
    """Changes its mind after so many connections."""

    def both(client, hello, number):
        (answer if number < count else then)(client, hello, number)

    return both


def in_turn(*answers):
    def one(client, hello, number):
        answers[number % len(answers)](client, hello, number)

    return one


class Peer:
    """Listens on a free port of host: "0.0.0.0" has a whole network of names on loopback."""

    def __init__(self, answer, host="127.0.0.1"):
        self.answer = answer
        self.count = 0
        self.lock = threading.Lock()
        self.open, self.most = {}, 0  # connections by the address that they were made to; of how many at a time
        self.listener = socket.create_server((host, 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def target(self, host="127.0.0.1"):
        return f"{host}:{self.port}"

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(client,), daemon=True).start()

    def _enter(self, address, by):
        with self.lock:
            self.open[address] = self.open.get(address, 0) + by
            if not self.open[address]:
                del self.open[address]
            self.most = max(self.most, len(self.open))

    def _run(self, client):
        with contextlib.suppress(OSError), client:
            client.settimeout(60)
            address = client.getsockname()[0]
            self._enter(address, 1)
            with contextlib.suppress(OSError):
                self._talk(client)
            self._enter(address, -1)

    def _talk(self, client):
        head = client.recv(5, socket.MSG_WAITALL)
        if len(head) < 5:
            return
        hello = head + client.recv(int.from_bytes(head[3:5], "big"), socket.MSG_WAITALL)
        with self.lock:
            number, self.count = self.count, self.count + 1
        self.answer(client, hello, number)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
