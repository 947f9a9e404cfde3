# SPDX-License-Identifier: MIT
"""A server that hangs in the middle of a stream until it is told to pause and to play on, and a client that waits for it,
with an rtmpsuck at port 1935 between them: prints what both heard, as JSON."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / "net", HERE.parent, HERE):
    sys.path.insert(0, str(folder))

import peers  # noqa: E402
import rtmp  # noqa: E402
import sucking  # noqa: E402


def pauses(server):
    return [c for c in server.commands() if c[0] == "pause"]


def frames(server, stamps):
    for stamp in stamps:
        server.media(rtmp.AUDIO, b"\xaf\x01" + b"%09d" % stamp, stamp)


def heard(messages):
    """Commands without their transactions, which count differently, and frames."""
    return [[c[0], *c[2:]] if m.type == rtmp.COMMAND and (c := rtmp.amf0_decode(m.payload)) else [m.type, m.timestamp]
            for m in messages]


def main():
    with sucking.End() as server, peers.Client("127.0.0.1", 1935, None, 100) as client:
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": server.url})
        server.wait(1)  # for Debian's, busy as it is, may get stuck where the next comes before that
        # Where librtmp's clients have it: what Debian's says itself can be told only where such a chunk came before.
        client.send(rtmp.command("play", 2, None, "s", stream=1, csid=8))
        server.wait(2)
        server.status("NetStream.Play.Start")
        frames(server, range(0, 500, 100))
        for count, code in (1, "Pause"), (2, "Unpause"):
            sucking.until(lambda: len(pauses(server)) == count, 100)  # pylint: disable=cell-var-from-loop
            server.status(f"NetStream.{code}.Notify")
        frames(server, range(300, 800, 100))
        server.status("NetStream.Play.Stop")
        got = [client.reader.message()]
        while got[-1].type != rtmp.COMMAND or b"Play.Stop" not in got[-1].payload:
            got.append(client.reader.message())
        print(json.dumps({"server": heard(server.messages)[1:], "client": heard(got)}))


main()
