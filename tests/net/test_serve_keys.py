# SPDX-License-Identifier: MIT
"""Who may publish to `sluice serve`: stream keys of which it knows the hash, clients of its own machine, or any."""

import contextlib
import hashlib
import json
import re
import shutil
import signal
import subprocess
import time

import pytest

import flv
import peers
import rtmp
import support
from support import KEY, OK, REFUSED, USAGE, one_sentence

OTHER = "0th3r-k3y-d0e1f2"
STRANGER = "str4nger-k3y-77aa"
SECRETS = (KEY, OTHER, STRANGER)
START = "NetStream.Publish.Start"


def line(key, name=""):
    return f"{hashlib.sha256(key.encode()).hexdigest()} {name}".rstrip() + "\n"


class Served:
    def __init__(self, process, folder, file):
        self.process, self.folder, self.file = process, folder, file
        self.port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])

    def url(self, app="live"):
        return f"rtmp://127.0.0.1:{self.port}/{app}"

    def client(self, app="live"):
        """One that may ask to publish."""
        client = peers.Client("127.0.0.1", self.port)
        client.handshake()
        assert client.connect(app)[0] == "_result"
        client.create_stream()
        return client

    def reload(self, text):
        self.file.write_text(text)
        self.process.process.send_signal(signal.SIGHUP)

    def said(self):
        return self.process.text("out") + self.process.text("err")

    def remembers(self, secret):
        """Whether it is in what the server holds in its memory. (The stack has what the C library left there.)"""
        with open(f"/proc/{self.process.pid}/maps", encoding="ascii") as maps, open(f"/proc/{self.process.pid}/mem", "rb") as memory:
            for area in re.finditer(r"^([0-9a-f]+)-([0-9a-f]+) rw\S+ \S+ \S+ \d+ *(\S*)$", maps.read(), re.M):
                first, last = int(area[1], 16), int(area[2], 16)
                memory.seek(first)
                if area[3] != "[stack]" and secret.encode() in memory.read(last - first):
                    return True
        return False

    def ends_without_secrets(self):
        """No key that was sent is in what it said, in the names of its files or in what it keeps of the file."""
        assert self.process.stop().code == OK
        names = "\n".join(str(p) for p in self.folder.rglob("*"))
        for secret in SECRETS:
            assert secret not in self.said() and secret not in names
        assert not re.search("[0-9a-f]{64}", self.said())


@pytest.fixture
def serve(sluice, tmp_path):
    sluice.need("serve")

    def start(text, *options):
        file, folder = tmp_path / "keys", tmp_path / "recorded"
        file.write_text(text)
        file.chmod(0o600)
        folder.mkdir(exist_ok=True)
        return Served(sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--keys", file, *options, folder), folder, file)

    return start


@pytest.mark.parametrize("options", [["-vvv"], ["--json", "-vvv"], []])
def test_a_key_publishes_under_its_name(serve, sluice, short_clip, tmp_path, options):
    """Who plays asks for the name, and what is stored has it; the key is seen nowhere."""
    served = serve(line(OTHER) + line(KEY, "cameras/front door".replace(" ", "-")), *options)
    with sluice.start("pull", "--wait=20", served.url("cameras"), "front-door", tmp_path / "out.flv") as player:
        served.process.expect('plays from|"play"', 20)
        assert sluice.run("push", "--fast", short_clip, served.url(), KEY + "?token=5").code == OK
        assert player.wait(20 * sluice.patience).code == OK
    served.process.expect('published|"unpublish"', 20)
    served.ends_without_secrets()
    assert "cameras/front-door" in served.said()
    stored = [str(p.relative_to(served.folder)) for p in served.folder.rglob("*.flv")]
    assert stored == ["cameras/front-door.flv"]
    if "--json" in options:
        events = [json.loads(text) for text in served.process.text("out").splitlines()]
        assert {e["stream"] for e in events if e["event"] in ("publish", "unpublish")} == {"cameras/front-door"}
        assert all("stream" not in e for e in events if e["event"] in ("connect", "play"))


def test_a_key_without_a_name_is_the_name(serve, sluice, short_clip):
    served = serve(line(KEY))
    assert sluice.run("push", "--fast", short_clip, served.url("studio"), KEY).code == OK
    served.process.expect("published")
    assert served.process.stop().code == OK
    assert KEY not in served.said()
    assert (served.folder / "studio" / f"{KEY}.flv").exists()


def test_others_may_not(serve, sluice, short_clip):
    served = serve(line(KEY, "live/cam"), "-vvv")
    result = sluice.run("push", "--fast", short_clip, served.url(), STRANGER)
    assert result.code == REFUSED
    assert STRANGER not in one_sentence(result, "NetStream.Publish.BadName", "ask the server's operator")
    # The name that it is played under is no key.
    assert sluice.run("push", "--fast", short_clip, served.url(), "cam").code == REFUSED
    served.process.expect("was refused")
    served.ends_without_secrets()
    assert not list(served.folder.rglob("*.flv"))


def test_guesses_are_slow_and_few(serve):
    """Each answer to a wrong key comes a second late, and the third is the last; another client may publish."""
    served = serve(line(KEY, "live/cam"))
    with served.client() as guesser, served.client() as publisher:
        began = time.monotonic()
        for n in range(3):
            assert guesser.publish(f"{STRANGER}{n}")[3]["code"] == "NetStream.Publish.BadName"
            assert time.monotonic() - began >= 0.99 * (n + 1)
        assert guesser.ended(10)
        served.process.expect("again and again")
        assert publisher.publish(STRANGER)[3]["code"] == "NetStream.Publish.BadName"
        assert publisher.publish(KEY)[3]["code"] == START
    served.ends_without_secrets()


def test_guesses_in_haste_are_not_more(serve):
    """Who takes back what it asked for, and asks again at once, has three keys looked at all the same, and goes."""
    served = serve(line(KEY, "live/cam"))
    with served.client() as guesser:
        for name in ("a", "b", "c", KEY, KEY):
            guesser.call("publish", None, name, "live", stream=guesser.stream)
            guesser.call("closeStream", None, stream=guesser.stream)
        guesser.call("publish", None, KEY, "live", stream=guesser.stream)
        assert guesser.until("onStatus")[3]["code"] == "NetStream.Publish.BadName"
        assert guesser.ended(10)
        served.process.expect("again and again")
    with served.client() as publisher:
        publisher.call("publish", None, "a", "live", stream=publisher.stream)
        publisher.call("closeStream", None, stream=publisher.stream)
        assert publisher.publish(KEY)[3]["code"] == START
        assert publisher.publish(KEY)[3]["code"] == START  # it is what it publishes
        assert publisher.publish(STRANGER)[3]["code"] == "NetStream.Publish.BadName"
    served.ends_without_secrets()


def test_what_who_published_plays_is_not_said(serve):
    """A key that a player asks for is none of the list's, though the player published under a name of the list."""
    served = serve(line(KEY, "live/cam"))
    with served.client() as client:
        assert client.publish(KEY)[3]["code"] == START
        client.call("closeStream", None, stream=client.stream)
        assert client.until("onStatus")[3]["code"] == "NetStream.Unpublish.Success"
        client.call("play", None, STRANGER, 0, stream=client.stream)
        assert client.until("onStatus")[3]["code"] == "NetStream.Play.StreamNotFound"
        served.process.expect("was refused")
    served.ends_without_secrets()


def test_a_reload_takes_all_or_nothing(serve):
    """A file that cannot be used leaves the old keys; one that can ends those whose key is gone, and nobody else."""
    served = serve(line(KEY, "live/a") + line(OTHER, "live/b"))
    with served.client() as first, served.client() as second:
        assert first.publish(KEY)[3]["code"] == START
        assert second.publish(OTHER)[3]["code"] == START
        served.reload(line(STRANGER) + "nonsense\n")
        served.process.expect("the old keys stay: line 2 of .* cannot be used")
        with served.client() as late:
            assert late.publish(STRANGER)[3]["code"] == "NetStream.Publish.BadName"
        served.reload(line(STRANGER) + line(OTHER, "live/b"))
        status = first.until("onStatus")[3]
        assert (status["level"], status["code"]) == ("error", "NetStream.Publish.BadName")
        assert first.ended(10)
        served.process.expect("#1, .*its stream key was taken out of the list")
        with served.client() as late:
            assert late.publish(STRANGER)[3]["code"] == START
        second.media(rtmp.AUDIO, b"\xaf\x01on", 5)
        with served.client() as player:
            player.play("b")
            second.media(rtmp.AUDIO, b"\xaf\x01and on", 9)
            while player.reader.message().payload != b"\xaf\x01and on":
                pass
        # A name that changes is another stream.
        served.reload(line(STRANGER) + line(OTHER, "live/c"))
        assert second.ended(10)
        served.process.expect("has another name now")


@pytest.mark.parametrize("text", ["", "# nobody any more\n"])
def test_the_last_key_can_be_taken_out(serve, text):
    served = serve(line(KEY, "live/a"))
    with served.client() as first:
        assert first.publish(KEY)[3]["code"] == START
        served.reload(text)
        assert first.ended(10)
        served.process.expect("the keys were read again, and there are none: nobody may publish")
        with served.client() as late:
            assert late.publish(KEY)[3]["code"] == "NetStream.Publish.BadName"
        served.reload("\ufeff" + line(KEY, "live/a"))
        served.process.expect("the keys were read again\n")
        with served.client() as late:
            assert late.publish(KEY)[3]["code"] == START


def test_a_reload_of_users(sluice, short_clip, tmp_path):
    users = tmp_path / "users"
    users.write_text("alice:old-p4ss\n")
    process = sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0", "--auth", "adobe", "--users", users)
    port = process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]

    def push(password):
        return sluice.run("push", "--fast", short_clip, f"rtmp://alice:{password}@127.0.0.1:{port}/live", KEY).code

    assert push("old-p4ss") == OK
    users.write_text("no colon")
    process.process.send_signal(signal.SIGHUP)
    process.expect("the old users stay: line 1 of")
    assert push("old-p4ss") == OK
    users.write_text("# nobody\n")
    process.process.send_signal(signal.SIGHUP)
    process.expect("the users were read again, and there are none: nobody may publish")
    assert push("old-p4ss") == REFUSED
    users.write_text("\ufeffalice:new-p4ss\r\n")
    process.process.send_signal(signal.SIGHUP)
    process.expect("the users were read again\n")
    assert push("old-p4ss") == REFUSED
    assert push("new-p4ss") == OK
    assert "p4ss" not in process.stop().err


def test_users_that_are_gone_publish_no_more(sluice, tmp_path):
    """As soon as the file is read again: who was taken out, and whose password is another; who stays goes on."""
    users, source = tmp_path / "users", tmp_path / "long.flv"
    source.write_bytes(flv.flv(flv.frames(1500)))
    users.write_text("alice:p4ss-a\nbob:p4ss-b\ncarol:p4ss-c\n")
    process = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--auth", "llnw", "--users", users, "--no-record", "--json")
    port = process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]
    pushes = {}
    for name, password in (("alice", "p4ss-a"), ("bob", "p4ss-b"), ("carol", "p4ss-c")):
        pushes[name] = sluice.start("push", source, f"rtmp://{name}:{password}@127.0.0.1:{port}/{name}", KEY)
        process.expect(rf'"publish".*"app":"{name}"', 20, "out")
    users.write_text("# the others\ncarol:p4ss-c\nbob:an0ther-p4ss\n")
    process.process.send_signal(signal.SIGHUP)
    for name in ("alice", "bob"):
        assert pushes[name].wait(20 * sluice.patience).code == REFUSED
        assert "may not publish here any more" in pushes[name].text("err")
    # Read again as it is, and she goes on all the while.
    process.process.send_signal(signal.SIGHUP)
    process.expect(r"(?s)were read again.*were read again")
    assert pushes["carol"].process.poll() is None
    pushes["carol"].stop()
    process.expect(r'"unpublish".*"app":"carol"', 20, "out")
    events = [json.loads(text) for text in process.stop().out.decode().splitlines()]
    ends = [(e["app"], e["reason"]) for e in events if e["event"] == "end"]
    assert sorted(ends) == [("alice", "user-gone"), ("bob", "user-gone")]
    assert "p4ss" not in process.text("out") + process.text("err")


@pytest.mark.parametrize("user, key, code", [("alice:p4ss@", KEY, OK), ("alice:p4ss@", STRANGER, REFUSED), ("", KEY, REFUSED),
                                             ("alice:wrong@", KEY, REFUSED)])
def test_users_and_keys_must_both_hold(serve, sluice, short_clip, tmp_path, user, key, code):
    (tmp_path / "users").write_text("alice:p4ss\n")
    served = serve(line(KEY, "live/cam"), "--auth", "llnw", "--users", tmp_path / "users", "-vvv")
    assert sluice.run("push", "--fast", short_clip, f"rtmp://{user}127.0.0.1:{served.port}/live", key).code == code
    served.ends_without_secrets()


def test_the_default_is_this_machine(sluice, short_clip, netns):
    """In a network of its own: from the address of a link only --open lets publish; playing is open to all."""
    script = """ip link set lo up
ip link add veth0 type veth peer name veth1
ip addr add 192.0.2.1/24 dev veth0
ip link set veth0 up
"$1" serve --listen rtmp://:19350 --no-record $3 >/dev/null &
trap "kill $!" EXIT
tries=100
until (: </dev/tcp/127.0.0.1/19350) 2>/dev/null || [ $((tries -= 1)) = 0 ]; do sleep 0.1; done
for host in 127.0.0.1 "[::1]" 192.0.2.1; do
	"$1" push --fast "$2" "rtmp://$host:19350/live" key && echo "$host may"
done
"""
    for option, may in (("", ["127.0.0.1 may", "[::1] may"]), ("--open", ["127.0.0.1 may", "[::1] may", "192.0.2.1 may"])):
        with support.Process(["unshare", "-n", "bash", "-c", script, "sh", sluice.path, short_clip, option]) as process:
            result = process.wait(60 * sluice.patience)
        assert result.out.decode().splitlines() == may, result.err
        assert ("Only clients on the server's own machine may publish" in result.err) == (not option)


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps", "rtmpe", "rtmpt"])
def test_a_key_is_not_kept(serve, sluice, short_clip, certificates, scheme):
    """Nor is one that was refused, nor what comes with it; while the clients are still there."""
    if sluice.sanitized:
        pytest.skip("memory that was freed is kept from being used again")
    served = serve(line(KEY, "live/cam"), "--idle-timeout", "60", "--listen", "rtmps://127.0.0.1:0", "--cert",
                   certificates / "good.pem", "--key", certificates / "good.key")
    port = served.process.expect(r"rtmps://127\.0\.0\.1:(\d+)", 20, "out")[1] if scheme == "rtmps" else served.port
    url = f"{scheme}://localhost:{port}/live"
    with sluice.start("push", "--ca-file", certificates / "ca.pem", short_clip, url, KEY), contextlib.ExitStack() as stack:
        served.process.expect("publishes")
        stranger = stack.enter_context(sluice.start("push", "--ca-file", certificates / "ca.pem", short_clip, url, STRANGER))
        assert stranger.wait(20 * sluice.patience).code == REFUSED
        client = stack.enter_context(served.client())
        client.call("releaseStream", None, OTHER)
        client.call("FCPublish", None, OTHER)
        assert client.publish(OTHER + "?token=0")[3]["code"] == "NetStream.Publish.BadName"
        assert served.remembers("live/cam")
        for secret in SECRETS:
            assert not served.remembers(secret)


# ---- the file ----


@pytest.mark.parametrize("text, said", [
    ("", "names no key"),
    ("# nobody\n", "names no key"),
    (f"{STRANGER} live/cam\n", "line 1 of"),
    (line(KEY) + "\n" + line(KEY, "live/x"), "line 3 of"),
    (line(KEY, "cam"), "APP/NAME"),
    (line(KEY, "live/../cam"), "APP/NAME"),
])
def test_files_that_cannot_be(sluice, tmp_path, text, said):
    (tmp_path / "keys").write_text(text)
    result = sluice.run("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0", "--keys", tmp_path / "keys")
    assert result.code == USAGE
    sentence = one_sentence(result._replace(err="\n".join(t for t in result.err.splitlines() if "chmod" not in t) + "\n"), said)
    assert STRANGER not in sentence


def test_options_that_contradict(sluice, tmp_path):
    (tmp_path / "keys").write_text(line(KEY))
    (tmp_path / "keys").chmod(0o600)
    result = sluice.run("serve", "--no-record", "--open", "--keys", tmp_path / "keys")
    assert result.code == USAGE
    one_sentence(result, "--open")
    result = sluice.run("serve", "--no-record", "--keys", tmp_path / "none")
    assert result.code == USAGE
    one_sentence(result, "cannot read the keys from", "No such file")


@pytest.mark.parametrize("mode, word", [(0o604, "read"), (0o606, "change"), (0o640, None)])
def test_a_file_that_others_read_is_warned_of(serve, tmp_path, mode, word):
    served = serve(line(KEY))
    served.file.chmod(mode)
    served.process.process.send_signal(signal.SIGHUP)
    served.process.expect("the keys were read again")
    assert (f"warning: all users of this machine can {word} " in served.said()) == bool(word)
    assert ("warning" in served.said()) == bool(word)


def test_make_key_makes_what_keys_takes(serve, sluice, short_clip):
    made = [sluice.run("serve", "--make-key", *name).out.decode() for name in ([], ["live/cam"], ["live/cam"])]
    keys, lines = zip(*(re.fullmatch(r"key:  ([0-9a-f]{32})\nline: (.*)\n", text).groups() for text in made))
    assert len(set(keys)) == 3
    assert lines[1] == line(keys[1], "live/cam").rstrip()
    told = json.loads(sluice.run("serve", "--make-key", "--json", "a/b").out)
    assert told["line"] == line(told["key"], "a/b").rstrip()
    served = serve("\n".join(lines[:2]))
    for key in keys[:2]:
        assert sluice.run("push", "--fast", short_clip, served.url(), key).code == OK
    assert sluice.run("push", "--fast", short_clip, served.url(), keys[2]).code == REFUSED
    for name in ("", "cam", "live/../cam", "live/a b", " live/a", "live/a\n"):
        result = sluice.run("serve", "--make-key", name)
        assert result.code == USAGE and not result.out
        one_sentence(result, "APP/NAME")


# ---- other people's publishers ----


@pytest.mark.parametrize("key, fine", [(KEY, True), (STRANGER, False)])
def test_ffmpeg(serve, short_clip, key, fine):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    served = serve(line(KEY, "live/cam"), "-vvv")
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", short_clip, "-c", "copy", "-f", "flv", f"{served.url()}/{key}"],
                          capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) == fine, done.stderr
    assert fine or b"may not publish here" in done.stderr
    served.ends_without_secrets()
    assert (served.folder / "live" / "cam.flv").exists() == fine


@pytest.mark.parametrize("key, fine", [(KEY, True), (STRANGER, False)])
def test_gstreamer(serve, short_clip, key, fine):
    if not shutil.which("gst-launch-1.0") or subprocess.run(["gst-inspect-1.0", "rtmp2sink"], capture_output=True,
                                                            check=False).returncode:
        pytest.skip("GStreamer's rtmp2sink is not installed")
    served = serve(line(KEY, "live/cam"), "-vvv")
    done = subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={short_clip}", "!", "flvdemux", "name=d", "flvmux", "name=m",
                           "streamable=true", "!", "rtmp2sink", f"location={served.url()}/{key}", "d.video", "!", "queue", "!",
                           "h264parse", "!", "m.video", "d.audio", "!", "queue", "!", "aacparse", "!", "m.audio"],
                          capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) == fine, done.stderr
    served.process.expect("published" if fine else "was refused")
    served.ends_without_secrets()
    assert (served.folder / "live" / "cam.flv").exists() == fine
