# SPDX-License-Identifier: MIT
"""Streams that end before they are over: what was sent until then is there, on the other side too."""
import collections
import json
import select
import signal
import socket
import threading

import pytest

import flvcmp
import streams
import support

SCHEMES = ["rtmp", "rtmps"]


def summary(result):
    return json.loads(result.out.splitlines()[-1])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_push_is_interrupted(sluice, nginx, certificates, clip, same_stream, scheme):
    """All that was sent when the signal came is in nginx's recording, and the stream was unpublished."""
    trust = ["--ca-file", certificates / "ca.pem"] if scheme == "rtmps" else []
    push = sluice.start("push", "--json", *trust, clip, f"{scheme}://localhost:{getattr(nginx, scheme)}/live/s")
    push.expect(r'"media_ms":[1-9]\d\d\d', 20, "out")
    result = push.stop(signal.SIGINT)
    assert result.code == support.INTERRUPTED, result
    sent = streams.load(clip)[: summary(result)["messages"]]
    got = nginx.recorded("s")
    assert len(flvcmp.media(sent)) > 50
    same_stream(streams.write(got.with_name("sent.flv"), sent), got)
    assert "deleteStream" in nginx.log()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_players_go_while_others_play(sluice, serving, background, clip, tmp_path, scheme):
    """One player is killed and one interrupted; the publisher and the third player notice nothing."""
    watch = sluice.start("pull", "--json", *serving.trust(scheme), serving.url(scheme), tmp_path / "watch.flv")
    goes = sluice.start("pull", "--json", *serving.trust(scheme), serving.url(scheme), tmp_path / "goes.flv")
    ffmpeg = background("ffmpeg", "-nostdin", "-v", "error", "-i", serving.url(scheme), "-c", "copy", "-f", "flv", "-")
    serving.wait("play", 3)
    push = sluice.start("push", "--json", clip, serving.url())
    goes.expect(r'"media_ms":[1-9]\d\d', 20, "out")
    ffmpeg.process.kill()
    assert goes.stop(signal.SIGTERM).code == support.INTERRUPTED
    serving.wait("close", 2)
    push.expect(r'"media_ms":[2-9]\d\d\d', 20, "out")
    sent = summary(push.stop(signal.SIGTERM))["messages"]
    assert watch.wait(20 * sluice.patience).code == support.OK
    streams.check(streams.load(clip)[:sent], streams.load(tmp_path / "watch.flv"))
    streams.check(streams.load(clip)[:sent], streams.load(serving.recorded()))
    streams.check(clip, tmp_path / "goes.flv", prefix=True)


def test_nginx_is_killed(sluice, nginx, clip):
    """A server that is gone is noticed at once, and said in a sentence."""
    push = sluice.start("push", "--json", clip, f"rtmp://localhost:{nginx.rtmp}/live/{support.KEY}")
    push.expect(r'"media_ms":[1-9]\d\d\d', 20, "out")
    nginx.child.kill()
    result = push.wait(5 * sluice.patience)
    assert result.code == support.LOST, result
    support.one_sentence(result)


def test_the_server_is_killed_while_pulling(sluice, nginx, short_clip, clip, tmp_path):
    """What was received is a whole FLV."""
    pull = sluice.start("pull", "--json", "--wait", f"rtmp://localhost:{nginx.rtmp}/live/s", tmp_path / "got.flv")
    deadline = support.time.monotonic() + 20 * sluice.patience
    while "play: name='s'" not in nginx.log() and support.time.monotonic() < deadline:
        support.time.sleep(0.05)
    sluice.start("push", clip, f"rtmp://localhost:{nginx.rtmp}/live/s")
    pull.expect(r'"media_ms":[1-9]\d\d\d', 20, "out")
    nginx.child.kill()
    result = pull.wait(5 * sluice.patience)
    assert result.code == support.LOST, result
    assert len(flvcmp.media(streams.load(tmp_path / "got.flv"))) > 50


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_proxy_that_drops_its_backlog(sluice, serving, short_clip, scheme):
    """As nginx's does: what it acknowledged and has not handed on yet, it forgets at the client's end. All the same
    nothing is lost, for the end waits until the server has said that publishing ended."""
    proxy = Proxy(serving.ports[scheme], delay=0.2)
    url = serving.url(scheme).replace(str(serving.ports[scheme]), str(proxy.port))
    pushed = sluice.run("push", "--fast", *serving.trust(scheme), short_clip, url)
    assert pushed.code == support.OK, pushed.err
    streams.check(short_clip, serving.recorded(), shift=0)


class Proxy:
    """Hands on to a port of this machine what one client sends, delay seconds later, unless the client's end is first."""

    def __init__(self, target, delay):
        self.target, self.delay = int(target), delay
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        backlog = collections.deque()
        with self.listener, client, server:
            while True:
                late = max(0, backlog[0][0] - support.time.monotonic()) if backlog else 20
                readable, _, _ = select.select([client, server], [], [], late)
                for source in readable:
                    data = source.recv(1 << 18)
                    if not data:
                        return
                    if source is server:
                        client.sendall(data)
                    else:
                        backlog.append((support.time.monotonic() + self.delay, data))
                while backlog and backlog[0][0] <= support.time.monotonic():
                    server.sendall(backlog.popleft()[1])
