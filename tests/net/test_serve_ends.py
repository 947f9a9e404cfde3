# SPDX-License-Identifier: MIT
"""What sluice serve ends: each deadline and limit says so once, as text and as JSON, with a word for machines and a
sentence for people; others go on."""

import contextlib
import json
import re
import time

import pytest

import peers
import rtmp
import support

KEYFRAME = b"\x17\1\0\0\0"


def publishing(client):
    client.to("created")
    assert client.publish("cam")[3]["code"] == "NetStream.Publish.Start"


def playing(client):
    client.to("created")
    client.play("cam")


def nothing(client, _):
    client.to("half")


def half_a_command(client, _):
    client.to("handshaken")
    client.send(rtmp.command("connect", 1, {"app": "live", "tcUrl": "x" * 200})[:-50])


def publish_and_be_silent(client, _):
    publishing(client)


def publish_and_send_no_media(client, _):
    publishing(client)
    client.call("FCPublish", None, "cam")


def wait_for_nobody(client, _):
    playing(client)


def publish_too_long_a_message(client, _):
    publishing(client)
    client.send(rtmp.header(rtmp.VIDEO, 70000, 6, 0, client.stream) + bytes(128))


def begin_messages_without_end(client, _):
    publishing(client)
    client.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 59999))
    with contextlib.suppress(OSError):
        for i in range(60):
            client.send(rtmp.header(rtmp.VIDEO, 60000, 70 + i, 0, client.stream) + bytes(59999))


def guess_keys(client, _):
    client.to("created")
    for _ in range(3):
        assert client.publish("n0-such-key")[3]["code"] == "NetStream.Publish.BadName"


def take_nothing(client, server):
    """It plays what another one publishes, in megabytes."""
    client.sock.setsockopt(peers.socket.SOL_SOCKET, peers.socket.SO_RCVBUF, 4096)
    playing(client)
    other = server.client()
    publishing(other)
    end = time.monotonic() + 20
    for i in range(100000):
        if "is ended" in server.said() or '"end"' in server.said() or time.monotonic() > end:
            break
        other.media(rtmp.VIDEO, KEYFRAME + bytes(50000), i)
        time.sleep(0.01)


# What a client does, the options, the reason, the sentence.
ENDS = {
    "a handshake that stops": (nothing, ["--idle-timeout", "1"], "idle-timeout", r"it neither published nor played for 1000 ms"),
    "half a command": (half_a_command, ["--idle-timeout", "1"], "idle-timeout", r"it neither published nor played for 1000 ms"),
    "a silent publisher": (publish_and_be_silent, ["--publish-timeout", "1"], "publish-timeout", r"it published nothing for 1000 ms"),
    "commands, no media": (publish_and_send_no_media, ["--publish-timeout", "1"], "publish-timeout", r"it published nothing for 1000 ms"),
    "no publisher": (wait_for_nobody, ["--wait-timeout", "1"], "wait-timeout", r"what it plays was not published for 1000 ms"),
    "a long message": (publish_too_long_a_message, ["--max-message", "64"], "incoming-limit",
                       r"a message of 70000 bytes; at most 65536 are taken"),
    "messages without end": (begin_messages_without_end, ["--max-connection-memory", "1024"], "incoming-limit",
                             r"unfinished messages exceed the cap of 1048576 bytes"),
    "keys that are guessed": (guess_keys, ["--keys", "KEYS"], "wrong-keys", r"it tried keys that may not publish again and again"),
    "a player that takes nothing": (take_nothing, ["--stall-timeout", "1", "--max-queue", "1048576"], "stall-timeout",
                                    r"took no data for 1000 ms"),
    "a player that is slow": (take_nothing, ["--slow-timeout", "1", "--max-queue", "64"], "slow-timeout",
                              r"it was too slow for 1000 ms, and lost \d+ messages of \d+ bytes"),
}


class Served:
    def __init__(self, process):
        self.process = process
        self.port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])
        self.clients = []

    def client(self):
        self.clients.append(peers.Client("127.0.0.1", self.port))
        return self.clients[-1]

    def said(self):
        return self.process.text("out") + self.process.text("err")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("what", ENDS)
def test_an_end_is_said_once_with_its_reason(sluice, tmp_path, what, form):
    sluice.need("serve")
    act, options, reason, sentence = ENDS[what]
    (tmp_path / "keys").write_text("0" * 64 + "\n")
    options = [str(tmp_path / "keys") if word == "KEYS" else word for word in options]
    with sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0", *options, *(["--json"] if form == "json" else [])) as process:
        served = Served(process)
        act(served.client(), served)
        ended = r'"event":"end".*\n' if form == "json" else r"#1, \S+?(?:, at \"live\")?, is ended: .*\n"
        process.expect(ended, 20 * sluice.patience, "out" if form == "json" else "err")
        for client in served.clients:
            client.sock.close()
        result = process.stop()
    assert result.code == support.OK
    if form == "json":
        ends = [e for e in map(json.loads, result.out.decode().splitlines()) if e["event"] == "end" and e["client"] == 1]
        assert [(e["reason"], e["count"]) for e in ends] == [(reason, 1)]
        assert re.search(sentence, ends[0]["text"])
    else:
        ends = [line for line in result.err.splitlines() if "is ended" in line and " #1, " in line]
        assert len(ends) == 1 and re.search(sentence + rf".* \({reason}\)$", ends[0]), result.err
        assert 'at ""' not in result.err
