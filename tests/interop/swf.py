# SPDX-License-Identifier: MIT
"""Flash players made on the spot, a web server for them, and librtmp's functions about them, run in a process of their own
with a library of the test's choice."""
import email.utils
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
import zlib

MODIFIED = 1700000000
DATE = email.utils.formatdate(MODIFIED, usegmt=True)


def player(size=70000, compressed=False, seed=b"x"):
    """What a player looks like from outside: the bytes of the file, and those of it uncompressed."""
    rest = (hashlib.sha256(seed).digest() * (size // 32 + 1))[:size - 8]
    plain = b"FWS\x0a" + size.to_bytes(4, "little") + rest
    return (b"CWS" + plain[3:8] + zlib.compress(rest) if compressed else plain), plain


def hash_of(plain):
    return hmac.new(b"Genuine Adobe Flash Player 001", plain, "sha256").hexdigest()


def response(body, status="200 OK", *lines, length=None):
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Web:
    """Answers each request with what `answer(head)` returns, bytes; what was asked is in `heads`. After the answer it
    closes, or, where `stays`, waits for the client to do so. pours: sends the answer's last byte for ever."""

    def __init__(self, answer, stays=False, pours=False, tls=None):
        self.answer, self.stays, self.pours, self.tls = answer, stays, pours, tls
        self.heads = []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def url(self, path="player.swf", host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/{path}"

    def run(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            try:
                conn.settimeout(30)
                self.serve(self.tls.wrap_socket(conn, server_side=True) if self.tls else conn)
            except OSError:
                pass
            conn.close()

    def serve(self, conn):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = conn.recv(1)
            if not data:
                return
            head += data
        self.heads.append(head.decode())
        answer = self.answer(head.decode())
        conn.sendall(answer)
        while self.pours:
            conn.sendall(answer[-1:] * 4096)
        if self.stays:
            while conn.recv(4096):
                pass
        else:
            conn.shutdown(socket.SHUT_WR)
            conn.close()

    def stop(self):
        if self.sock.fileno() >= 0:
            self.sock.shutdown(socket.SHUT_RDWR)
            self.sock.close()
            self.thread.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def modified(body, date=DATE):
    """A server that knows since when its file is as it is."""
    def answer(head):
        if f"If-Modified-Since: {date}\r\n" in head:
            return b"HTTP/1.1 304 Not Modified\r\n\r\n"
        return response(body, "200 OK", f"Last-Modified: {date}")

    return answer


CALLS = """
import ctypes, json, sys
lib = ctypes.CDLL(sys.argv[1])
lib.RTMP_LogSetLevel(3)  # warnings too
class Ctx(ctypes.Structure):
    _fields_ = [("date", ctypes.c_char_p), ("size", ctypes.c_int), ("status", ctypes.c_int), ("data", ctypes.c_void_p)]
def hash_swf(url, age):
    size, digest = ctypes.c_uint(0), ctypes.create_string_buffer(32)
    r = lib.RTMP_HashSWF(url.encode(), ctypes.byref(size), digest, age)
    return [r, size.value, digest.raw.hex()]
def get(url, date):
    room, got = ctypes.create_string_buffer(date.encode(), 64), []
    kind = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
    def take(ptr, size, n, data):
        got.append(ctypes.string_at(ptr, size * n))
        return size * n
    ctx = Ctx(ctypes.cast(room, ctypes.c_char_p), 0, 0, None)
    r = lib.HTTP_get(ctypes.byref(ctx), url.encode(), kind(take))
    return [r, ctx.status, ctx.size, room.value.decode(), b"".join(got).hex()]
def setup_url(url):
    rtmp = ctypes.create_string_buffer(65536)
    lib.RTMP_Init(rtmp)
    text = ctypes.create_string_buffer(url.encode())
    r = lib.RTMP_SetupURL(rtmp, text)
    link = int(sys.argv[4])
    return [r, int.from_bytes(rtmp.raw[link + 320:link + 324], sys.byteorder), rtmp.raw[link + 324:link + 356].hex()]
print(json.dumps(globals()[sys.argv[2]](*json.loads(sys.argv[3]))))
"""
LINK = 16688  # in RTMP, on 64 bits; tests/abi/layout.h


class Library:
    """dropin.Library, and the home of who uses it."""

    def __init__(self, library, home):
        self.path, self.environment, self.home = library.path, library.environment, home
        self.said = ""

    def call(self, function, *arguments, **environment):
        done = subprocess.run([sys.executable, "-c", CALLS, self.path, function, json.dumps(arguments), str(LINK)],
                              capture_output=True, timeout=100, check=False,
                              env={**os.environ, **self.environment, "HOME": str(self.home), **environment})
        self.said = done.stderr.decode(errors="replace")
        assert done.returncode == 0, self.said
        assert "Sanitizer" not in self.said
        return json.loads(done.stdout)

    def hash_swf(self, url, age=30, **environment):
        return self.call("hash_swf", url, age, **environment)

    def get(self, url, date="", **environment):
        return self.call("get", url, date, **environment)

    def info(self):
        return (self.home / ".swfinfo").read_text(encoding="ascii")
