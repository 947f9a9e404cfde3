# SPDX-License-Identifier: MIT
"""rtmpsuck between other people's clients and servers, ours and Debian's; its options, and how it ends."""
import concurrent.futures
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

import flv
import flvcmp
import rtmp
import streams
import stubs
import support
from sucking import TAGS, play, push, recording, tc_url, through, until

QUIET = ["-nostdin", "-v", "error"]


# ---- what is played, and what is recorded ----


@pytest.mark.parametrize("scheme", ["rtmp", "rtmpe"])
def test_rtmpdump_plays_through_it(sluice, suck, serving, background, clip, tmp_path, scheme):
    stub, got = suck(), tmp_path / "got.flv"
    url = tc_url(serving).replace("rtmp:", f"{scheme}:")
    player = background("rtmpdump", "-r", stub.url(scheme=scheme), "-t", url, "-y", "s", "--live", "-o", got)
    serving.wait("play")
    push(sluice, serving, clip)
    player.process.wait(60)
    stub.expect("done!")
    streams.check(clip, stub.folder / "s", shift=0)
    streams.check(streams.large_enough(clip), got, shift=0)
    assert len(flvcmp.media(recording(stub, "s"))) > 500
    assert [e["rtmpe"] for e in serving.events("connect")][0] == (8 if scheme == "rtmpe" else 0) or scheme == "rtmpe"
    for line in ("Processing connect", "app: live", f"tcUrl: {url}", "Playpath: s", "Saving as: s",
                 "Closing connection... done!"):
        assert f"\n{line}\n" in stub.text()


def test_ffmpeg_plays_through_it_from_nginx(suck, nginx, foreign, short_clip, tmp_path):
    stub, got = suck(), tmp_path / "got.flv"
    shutil.copy(short_clip, nginx.dir / "vod" / "s.flv")
    foreign("ffmpeg", *QUIET, "-rtmp_tcurl", f"rtmp://127.0.0.1:{nginx.rtmp}/vod", "-i", stub.url("vod/s.flv"), "-c", "copy",
            "-copyts", got)
    stub.expect("done!")
    wanted, *have = ([[t.body for t in streams.without_repeated_headers(streams.load(p)) if t.type == kind]
                      for kind in (flvcmp.AUDIO, flvcmp.VIDEO)] for p in (short_clip, got, stub.folder / "s"))  # FFmpeg takes ".flv" away
    assert have == [wanted, wanted] and min(map(len, wanted)) > 50


def test_what_is_published_goes_through(suck, serving, foreign, short_clip):
    stub = suck()
    foreign("ffmpeg", *QUIET, "-i", short_clip, "-c", "copy", "-f", "flv", "-rtmp_tcurl", tc_url(serving),
            stub.url("live/s"))
    streams.check(short_clip, serving.recorded(), shift=0)
    stub.expect("done!")
    assert stub.files() == []


def test_as_debians_does(sluice, tmp_path, short_clip):
    """The same session through both: what they say of it, and what they record but for tags that Debian's leaves out."""
    seen = []
    for n, program in enumerate(stubs.both(sluice, "rtmpsuck")):
        folder = tmp_path / f"at{n}"
        script = (f"mkdir served; {sluice.path} serve -l rtmp://127.0.0.1:1936 served >said 2>&1 & server=$!\n"
                  "for i in $(seq 100); do ss -Htln sport = 1936 | grep -q . && break; sleep 0.1; done\n"
                  "timeout 30 rtmpdump -q -r rtmp://127.0.0.1/live -t rtmp://127.0.0.1:1936/live -y 'mp4:a/s1?k=v' --live -o got & player=$!\n"
                  "for i in $(seq 100); do grep -q Playpath err && break; sleep 0.1; done; sleep 0.5\n"
                  f"timeout 30 {sluice.path} push --fast {short_clip} rtmp://127.0.0.1:1936/live 'mp4:a/s1?k=v'\n"
                  "wait $player; sleep 0.5; kill $server")
        code, out, err = stubs.apart(program, folder, script, sluice.patience)
        assert code == 0 and out == b""
        lines = [re.sub(r"^RTMP Proxy Server.*|^\(c\).*", "", line) for line in err.splitlines()]
        seen.append((set(filter(None, lines)), streams.load(folder / "s1"), (folder / "listening").read_text()))
    assert {"Streaming on rtmp://0.0.0.0:1935", "Processing connect", "app: live", "Playpath: mp4:a/s1?k=v",
            "Saving as: s1", "Closing connection... done!", "Exiting"} <= seen[0][0] & seen[1][0]
    assert "0.0.0.0:1935" in seen[0][2] and "0.0.0.0:1935" in seen[1][2]
    theirs, ours = (flvcmp.media(tags) for _, tags, _ in seen)
    streams.check(theirs, [tag for tag in ours if not streams.is_too_small(tag)])
    streams.check(streams.load(short_clip), seen[1][1], shift=0)


def test_where_netfilter_takes_it_from(sluice, tmp_path, short_clip):
    """A client that means another machine, and whose tcUrl names a third: the server is the one that it meant."""
    program = stubs.beside(sluice, "rtmpsuck")
    for needed in ("nft", "setpriv", "rtmpdump"):
        if not shutil.which(needed):
            pytest.skip(f"{needed} is not installed")
    rule = "nft add rule ip nat output ip daddr 192.0.2.9 tcp dport 1935 meta skuid != 65534 redirect to :29999"
    network = ("ip link set lo up && ip addr add 192.0.2.9/32 dev lo && nft add table ip nat && "
               f"nft 'add chain ip nat output {{ type nat hook output priority -100; }}' && {rule}")
    if subprocess.run(["unshare", "--net", "sh", "-c", network], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces with netfilter are not to be had here")
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(0o755)
    taken = tmp_path / "taken"
    taken.mkdir()
    taken.chmod(0o777)
    shutil.copy(program, tmp_path / "rtmpsuck")
    script = (f"{network}\nmkdir served; {sluice.path} serve -l rtmp://192.0.2.9:1935 -l rtmp://127.0.0.1:1936 served >said 2>&1 & server=$!\n"
              "(cd taken; exec setpriv --reuid 65534 --regid 65534 --clear-groups ../rtmpsuck -D 127.0.0.1 -g 29999 "
              "</dev/null 2>../err) & stub=$!\n"
              "for i in $(seq 100); do grep -q Streaming err && break; sleep 0.1; done\n"
              "timeout 30 rtmpdump -q -r rtmp://192.0.2.9/live -t rtmp://third.invalid/live -y s --live -o got & player=$!\n"
              "for i in $(seq 100); do grep -q Playpath err && break; sleep 0.1; done; sleep 0.5\n"
              f"timeout 30 {sluice.path} push --fast {short_clip} rtmp://127.0.0.1:1936/live s\n"
              "wait $player; sleep 0.5; kill $stub $server; wait")
    subprocess.run(["unshare", "--net", "sh", "-c", script], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=120 * sluice.patience, check=False)
    said = (tmp_path / "err").read_text()
    assert "tcUrl: rtmp://third.invalid/live\nPlaypath: s\n" in said, said
    streams.check(short_clip, taken / "s", shift=0)


def test_a_client_that_dies_leaves_the_recording_to_go_on(suck, sluice, serving, background, short_clip, tmp_path):
    stub = suck()
    player = background("rtmpdump", "-q", "-r", stub.url(), "-t", tc_url(serving), "-y", "s", "--live", "-o", tmp_path / "got")
    serving.wait("play")
    with sluice.start("push", short_clip, serving.url()) as publisher:
        until(lambda: stub.files() == ["s"])
        player.process.kill()
        assert publisher.wait(60).code == support.OK
    stub.expect("done!", 30)
    streams.check(short_clip, stub.folder / "s", shift=0)


def test_several_at_once(suck):
    stub = suck()

    def one(n):
        with through(stub) as (client, server):
            client.call("play", None, f"name{n}", stream=1)
            server.wait(2)
            server.status("NetStream.Play.Start")
            sent = [struct.pack(">BBHI", 0xAF, 1, n, i) * 20 for i in range(50)]
            for i, body in enumerate(sent):
                server.media(rtmp.AUDIO, body, i)
            server.status("NetStream.Play.Stop")
            while client.until("onStatus")[3]["code"] != "NetStream.Play.Stop":
                pass
            until(lambda: (stub.folder / f"name{n}").read_bytes()[-4:] == struct.pack(">I", 11 + len(sent[-1])))
        return [t.body for t in recording(stub, f"name{n}")] == sent

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert all(pool.map(one, range(24)))


# ---- where it goes ----


@pytest.mark.parametrize("tc_url", [None, "", "nonsense", "http://127.0.0.1/", "rtmp://", "rtmp://host:99999/x", "rtmp://a b/"])
def test_a_tcurl_that_names_no_server(suck, tc_url):
    stub = suck()
    with stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", **({} if tc_url is None else {"tcUrl": tc_url})})
        assert client.ended(20)
    stub.expect("ERROR: A client's tcUrl names no server: ")
    stub.ends()


def test_a_server_that_is_not_there(suck):
    stub = suck()
    with stub.client() as client, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": f"rtmp://127.0.0.1:{taken.getsockname()[1]}/live"})
        assert client.ended(20)
    stub.expect("ERROR: .*Connection refused|ERROR: .*refused")
    stub.ends()


def test_a_tcurl_that_names_itself(suck):
    """The one connection that finds that out is the last."""
    stub = suck()
    with stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": stub.url()})
        assert client.ended(30)
    stub.expect("ERROR: A client's tcUrl names this proxy: ")
    until(lambda: stub.text().count("done!\n") == 2)
    with through(stub) as (client, server):
        assert server.commands()
    stub.ends()


def test_rtmps_behind_it(sluice, suck, serving, certificates, short_clip):
    """A tcUrl of rtmps: the certificate is verified, here against the folder that OpenSSL takes for the system's."""
    push(sluice, serving, short_clip)
    serving.recorded()
    url = serving.url("rtmps", stream="").rstrip("/")
    for trusted in (False, True):
        stub = suck(env={"SSL_CERT_FILE": str(certificates / "ca.pem")} if trusted else None)
        with stub.client() as client:
            client.handshake()
            client.call("connect", {"app": "live", "tcUrl": url})
            if trusted:
                assert client.until("_result", "_error")[0] == "_result"
            else:
                assert client.ended(20)
                stub.expect("ERROR: .*certificate")


# ---- its options ----


def test_device_and_port(sluice, tmp_path):
    program = stubs.beside(sluice, "rtmpsuck")
    with support.Process([program, "--device", "127.0.0.2", "--sport", "0"], cwd=tmp_path) as stub:
        port = stub.expect(r"Streaming on rtmp://127\.0\.0\.2:(\d+)\n")[1]
        with support.Process([program, "-D", "127.0.0.2", "-g", port]) as second:
            result = second.wait(20)
        assert result.code == 1 and "ERROR: Failed to start RTMP server, exiting!" in result.err


@pytest.mark.parametrize("options", [["--nonsense"], ["operand"], ["-g"], ["-g", "70000"], ["-D", "no.such.host.invalid"]])
def test_what_cannot_be(sluice, options):
    with support.Process([stubs.beside(sluice, "rtmpsuck"), "-D", "127.0.0.1", "-g", "0", *options]) as stub:
        result = stub.wait(20 * sluice.patience)
    assert result.code == 1 and result.out == b"" and len(result.err.splitlines()) > 2


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(sluice, option):
    with support.Process([stubs.beside(sluice, "rtmpsuck"), option]) as stub:
        result = stub.wait(20)
    assert result.code == 0
    assert set(re.findall(r"--[a-z-]+", result.err)) == {"--help", "--device", "--sport", "--debug"}


def test_debug_as_debians_has_it(sluice, tmp_path):
    script = "timeout 20 rtmpdump -q -r rtmp://127.0.0.1/live -t rtmp://127.0.0.1:1/live -y s -m 2 -o got"
    for n, program in enumerate(stubs.both(sluice, "rtmpsuck")):
        for option, says in ("", False), ("-z", True):
            _, _, err = stubs.apart(f"{program} {option}", tmp_path / f"at{n}{option}", script, sluice.patience)
            assert "Processing connect" in err and ("DEBUG: " in err) == says


@pytest.mark.parametrize("option", ["-z", "--debug"])
def test_debug(suck, option):
    for stub in (quiet := suck()), (verbose := suck(option)):
        with through(stub) as (client, server):
            server.media(rtmp.AUDIO, b"x")
            client.reader.message()
        stub.expect("done!")
    assert "DEBUG" not in quiet.ends().err
    assert "DEBUG2: The server sent a message of type 08, 1 bytes" in verbose.ends().err


# ---- how it ends ----


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signals(suck, sig):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code="NetStream.Play.Reset")
        assert stub.stop(sig, 15 * stub.patience).code == 0
        assert client.ended(5) and server.closed.wait(5)
    assert (stub.folder / "x").read_bytes() == flv.flv(TAGS)


def test_the_console(suck):
    stub = suck(stdin=subprocess.PIPE)
    with through(stub):
        stub.process.stdin.write(b"x\nq")
        stub.process.stdin.flush()
        result = stub.wait(15 * stub.patience)
    assert result.code == 0 and "Unknown command 'x', ignoring\n" in result.err and "Exiting\n" in result.err
    stub.process.stdin.close()


def test_a_console_that_ends_is_no_command(suck):
    stub = suck()
    before = stub.cpu()
    time.sleep(1)
    assert stub.cpu() - before < 0.3
    stub.ends()
