# SPDX-License-Identifier: MIT
"""The handshake of RTMPE, type 6, once more and from the other side: for peers that get it right, and for those that get
one thing wrong. Shares nothing with the library."""

import contextlib
import hashlib
import hmac
import os
import struct

import peers
import rtmp

SIZE = peers.HANDSHAKE
P = int("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)
TAIL = bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")
KEYS = {"client": b"Genuine Adobe Flash Player 001", "server": b"Genuine Adobe Flash Media Server 001"}

# Public numbers that give the secret away: what an eavesdropper guesses, or a mistake.
BAD_NUMBERS = {"zero": 0, "one": 1, "p-1": P - 1, "p": P, "no-square": 5, "ones": 2**1024 - 1}


class Rc4:
    def __init__(self, key):
        self.s, self.i, self.j = list(range(256)), 0, 0
        j = 0
        for i in range(256):
            j = (j + self.s[i] + key[i % len(key)]) & 255
            self.s[i], self.s[j] = self.s[j], self.s[i]

    def apply(self, data):
        out = bytearray(data)
        for n, byte in enumerate(data):
            self.i = (self.i + 1) & 255
            self.j = (self.j + self.s[self.i]) & 255
            self.s[self.i], self.s[self.j] = self.s[self.j], self.s[self.i]
            out[n] = byte ^ self.s[(self.s[self.i] + self.s[self.j]) & 255]
        return bytes(out)


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def offset(packet, at, span, base):
    return base + sum(packet[at : at + 4]) % span


def number(value):
    return value.to_bytes(128, "big")


class End:
    """One end: its hello, and what it makes of the other's. The client's has the second scheme, the server's the first."""

    def __init__(self, role, public=None, digest=True, signature=True):
        self.role, self.other = role, "server" if role == "client" else "client"
        self.secret = int.from_bytes(os.urandom(128), "big")
        self.public = number(pow(2, self.secret, P) if public is None else public)
        self.signature = signature
        hello = bytearray(struct.pack(">I", 1) + (b"\x80\0\3\2" if role == "client" else b"\3\5\1\1") + os.urandom(SIZE - 8))
        at = self.key_at(hello, role)
        hello[at : at + 128] = self.public
        at = self.digest_at(hello, role)
        self.digest = mac(KEYS[role], bytes(hello[:at] + hello[at + 32 :])) if digest else os.urandom(32)
        hello[at : at + 32] = self.digest
        self.hello = bytes(hello)

    @staticmethod
    def key_at(hello, role):
        return offset(hello, 768, 632, 8) if role == "client" else offset(hello, 1532, 632, 772)

    @staticmethod
    def digest_at(hello, role):
        return offset(hello, 772, 728, 776) if role == "client" else offset(hello, 8, 728, 12)

    def answer(self, hello):
        """The packet that answers the other's hello, signed; and with it, the ciphers."""
        at = self.digest_at(hello, self.other)
        assert mac(KEYS[self.other], hello[:at] + hello[at + 32 :]) == hello[at : at + 32]
        key = mac(KEYS[self.role] + TAIL, hello[at : at + 32])
        noise = os.urandom(SIZE - 32)
        at = self.key_at(hello, self.other)
        theirs = hello[at : at + 128]
        shared = number(pow(int.from_bytes(theirs, "big"), self.secret, P))
        self.out, self.into = Rc4(mac(shared, theirs)[:16]), Rc4(mac(shared, self.public)[:16])
        self.out.apply(bytes(SIZE))
        self.into.apply(bytes(SIZE))
        return noise + (mac(key, noise) if self.signature else os.urandom(32))

    def check(self, packet):
        key = mac(KEYS[self.other] + TAIL, self.digest)
        return mac(key, packet[:-32]) == packet[-32:]


class Wire:
    """A socket with RC4 on it, as far as rtmp.Reader needs one."""

    def __init__(self, sock, end):
        self.sock, self.end = sock, end

    def recv(self, n):
        return self.end.into.apply(self.sock.recv(n))

    def __getattr__(self, name):
        return getattr(self.sock, name)


def encrypted(reader, end):
    """What goes on where reader has come to the end of the handshake, and maybe read further."""
    on = rtmp.Reader(Wire(reader.sock, end))
    on.buffer = end.into.apply(reader.buffer)
    return on


class Client(peers.Client):
    """peers.Client over RTMPE. How its End is made says what is wrong with it."""

    end = None
    how = {}

    def send(self, data):
        super().send(self.end.out.apply(data) if self.end else data)

    def handshake(self):
        end = End("client", **self.how)
        self.send(b"\6" + end.hello)
        answer = self.reader.exactly(1 + 2 * SIZE)
        assert answer[0] == 6
        self.send(end.answer(answer[1 : 1 + SIZE]))
        assert end.check(answer[1 + SIZE :])
        self.end = end
        self.reader = encrypted(self.reader, end)


def server(**how):
    """For peers.Server at "c0c1": the answer of a server that is wrong in this way, and its end once the client ends."""

    def act(conn):
        end = End("server", **how)
        conn.send(b"\6" + end.hello + end.answer(conn.c0c1[1:]))
        conn.drain()

    return act


def cut_server(n):
    """The same of one that is right, and breaks off after n bytes."""

    def act(conn):
        end = End("server")
        with contextlib.suppress(OSError):
            conn.send((b"\6" + end.hello + end.answer(conn.c0c1[1:]))[:n])
            peers.close(conn)

    return act


def noisy_server(conn):
    """Behind the handshake, what it says means nothing."""
    end = End("server")
    conn.send(b"\6" + end.hello + end.answer(conn.c0c1[1:]))
    conn.reader.exactly(SIZE)
    with contextlib.suppress(OSError):
        conn.send(os.urandom(100000))
        conn.drain()
