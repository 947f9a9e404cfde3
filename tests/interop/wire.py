# SPDX-License-Identifier: MIT
"""What a publisher puts on the wire, seen from outside: the bytes and TLS records that pass a relay, and the write
calls that strace sees. Nothing here is what the publisher says of itself."""
import re
import socket
import threading
from collections import namedtuple

APPLICATION_DATA = 23
FULL_13 = 16384 + 1 + 16  # TLS 1.3: the plaintext, its type, and the tag
ONE_BYTE_13 = 1 + 1 + 16

Record = namedtuple("Record", "type length start end")  # offsets in the stream, header included
Write = namedtuple("Write", "asked done")


class Relay:
    """Passes one connection on to a port of this machine, and keeps what the client sent."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sent = bytearray()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        back = threading.Thread(target=self._pass, args=(server, client, None), daemon=True)
        back.start()
        self._pass(client, server, self.sent)
        back.join()
        client.close()
        server.close()

    @staticmethod
    def _pass(source, sink, kept):
        try:
            while data := source.recv(1 << 18):
                if kept is not None:
                    kept += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def bytes(self):
        """All that the client sent, when the connection has ended."""
        self.thread.join(30)
        assert not self.thread.is_alive()
        self.listener.close()
        return bytes(self.sent)


def records(data):
    """The TLS records of a stream, which must be whole."""
    found, at = [], 0
    while at < len(data):
        end = at + 5 + int.from_bytes(data[at + 3 : at + 5], "big")
        assert 20 <= data[at] <= 23 and end <= len(data), f"no whole TLS record at byte {at} of {len(data)}"
        found.append(Record(data[at], end - at - 5, at, end))
        at = end
    return found


def strace(path):
    """What to put before a command so that its writes to TCP sockets are kept in a file."""
    calls = "trace=write,writev,sendto,sendmsg"
    return ["strace", "-f", "-v", "-yy", "-s", "0", "-e", "signal=none", "-e", calls, "-o", path]


def whole_calls(text):
    """strace's lines; those that another thread's has torn in two are put together."""
    torn = {}
    for line in text.splitlines():
        pid = line.split(" ", 1)[0]
        if line.endswith(" <unfinished ...>"):
            torn[pid] = line.removesuffix(" <unfinished ...>")
        elif (resumed := re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line)) and pid in torn:
            yield torn.pop(pid) + resumed[1]
        else:
            yield line


def writes(path):
    """The write calls to TCP sockets, in their order; done is -1 where the socket took nothing."""
    found = []
    for line in whole_calls(path.read_text(encoding="ascii", errors="replace")):
        call = re.match(r"\d+ +(write|writev|sendto|sendmsg)\(\d+<TCP(?:v6)?:.* = (-?\d+)", line)
        if not call:
            continue
        if call[1] in ("writev", "sendmsg"):
            asked = sum(map(int, re.findall(r"iov_len=(\d+)", line)))
        else:
            asked = int(re.search(r', "".*?, (\d+)[,)]', line)[1])
        found.append(Write(asked, int(call[2])))
    return found


def flushes(calls):
    """Where in the stream each flush ends: after a write that took all. What comes before was taken in parts."""
    at, ends = 0, []
    for call in calls:
        at += max(call.done, 0)
        if call.done == call.asked:
            ends.append(at)
    return ends
