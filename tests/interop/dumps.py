# SPDX-License-Identifier: MIT
"""rtmpdump, ours and Debian's: Debian's gets the short options and ours the long ones, so that both spellings are shown
to be the same."""
import pathlib
import re

import flv
import flvcmp
import peers
import rtmp
import support

DEBIANS = pathlib.Path("/usr/bin/rtmpdump")
META = (rtmp.DATA, 0, rtmp.amf0("onMetaData", {"duration": 8.0}))
FRAMES = flv.frames(50)
WHOLE = [META] + flv.frames(200)  # a key frame each second
URL = ["-r", "rtmp://127.0.0.1:{port}/live/stream"]

LONG = {"h": "help", "i": "url", "r": "rtmp", "n": "host", "c": "port", "S": "socks", "l": "protocol", "y": "playpath",
        "Y": "playlist", "s": "swfUrl", "t": "tcUrl", "p": "pageUrl", "a": "app", "w": "swfhash", "x": "swfsize",
        "W": "swfVfy", "X": "swfAge", "u": "auth", "C": "conn", "f": "flashVer", "v": "live", "d": "subscribe",
        "R": "realtime", "o": "flv", "e": "resume", "m": "timeout", "A": "start", "B": "stop", "T": "token", "j": "jtv",
        "#": "hashes", "b": "buffer", "k": "skip", "q": "quiet", "V": "verbose", "z": "debug"}


class Dump:
    """One rtmpdump, and what it did."""

    def __init__(self, program, folder, patience, long=False):
        self.program, self.folder, self.patience, self.long = program, folder, patience, long
        self.got = folder / "got.flv"
        self.result = None
        folder.mkdir(exist_ok=True)

    def start(self, *args, output=True, **options):
        args = list(args) + (["-o", str(self.got)] if output else [])
        if self.long:
            args = [f"--{LONG.get(a[1], a[1])}" if re.fullmatch("-[a-zA-Z#]", a) else a for a in args]
        return support.Process([self.program, *args], env={"HOME": str(self.folder)}, **options)

    def run(self, *args, **options):
        with self.start(*args, **options) as process:
            self.result = process.wait(25 * self.patience)
        return self.result

    def play(self, *args, plays=None, setup=None, **options):
        """Plays from a server of its own; returns what that one heard."""
        with peers.Server(*(setup or ()), plays=flv.messages(FRAMES if plays is None else plays)) as server:
            self.run(*(a.format(port=server.port) for a in args), **options)
            session = server.session()
        return heard(session, server.port)

    def tags(self):
        return flvcmp.read(self.got)

    @property
    def code(self):
        return self.result.code


def heard(session, port):
    """Connect's values, the commands up to play, and the player's buffer. Ports are the server's own."""
    connect, *rest = session.calls
    info = {name: str(value).replace(str(port), "PORT") for name, value in connect[2].items()}
    calls = [(call[0], *call[2:]) for call in rest if call[0] not in ("deleteStream", "closeStream")]
    # Debian's says its buffer once more before there is a stream.
    controls = [c for c in session.controls if c[:6] != b"\0\3\0\0\0\0"]
    return {"info": info, "extras": connect[3:], "calls": calls, "controls": controls}
