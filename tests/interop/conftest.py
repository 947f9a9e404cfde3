# SPDX-License-Identifier: MIT
"""Other people's software as peers."""
import pathlib
import shutil
import ssl
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / "net", HERE.parent, HERE):
    sys.path.insert(0, str(folder))

import dropin  # noqa: E402
import dumps  # noqa: E402
import flv  # noqa: E402
import flvcmp  # noqa: E402
import gateways  # noqa: E402
import nginx as nginx_module  # noqa: E402
import peers  # noqa: E402
import serving as serving_module  # noqa: E402
import streams  # noqa: E402
import stubs  # noqa: E402
import support  # noqa: E402


@pytest.fixture
def nginx(tmp_path, certificates):
    """A running nginx with RTMP, and RTMPS through its own TLS."""
    if not nginx_module.available():
        pytest.skip("nginx with its RTMP module is not installed (nginx, libnginx-mod-rtmp)")
    tmp_path.chmod(0o755)
    peer = nginx_module.Nginx(tmp_path / "nginx", certificates / "good.pem", certificates / "good.key")
    yield peer
    peer.stop()


@pytest.fixture
def serving(sluice, tmp_path, certificates):
    """A running `sluice serve`."""
    server = serving_module.Serving(sluice, tmp_path / "served", certificates)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory, clip):
    """The first 3 s of the sample clip, as FFmpeg writes them."""
    path = tmp_path_factory.mktemp("clip") / "short.flv"
    foreign("ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-t", "3", "-c", "copy", path)
    return path


def foreign(program, *args, timeout=60):
    """Runs a foreign program to its end; it has to end well."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                          check=False)
    assert done.returncode == 0, f"{program}: {done.stderr.decode(errors='replace')}"
    return done


@pytest.fixture(scope="session")
def own_ffmpeg():
    """own_ffmpeg(kind): the folder of an FFmpeg that Debian does not build, see ffmpeg.sh."""

    def build(kind):
        for program in ("make", "gcc"):
            if not shutil.which(program):
                pytest.skip(f"{program} is not installed")
        built = subprocess.run([HERE / "ffmpeg.sh", kind], capture_output=True, text=True, timeout=1500, check=False)
        if built.returncode == 3:
            pytest.skip(f"the source of FFmpeg is not to be had: {built.stderr.splitlines()[-1]}")
        assert built.returncode == 0, built.stderr[-2000:]
        return pathlib.Path(built.stdout.strip())

    return build


@pytest.fixture(name="foreign")
def foreign_fixture():
    return foreign


@pytest.fixture
def background():
    """Starts foreign programs that go on while the test does; none outlives it."""
    running = []

    def start(program, *args):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
        running.append(support.Process([program, *args]))
        return running[-1]

    yield start
    for process in running:
        process.__exit__()


@pytest.fixture
def ours(sluice, tmp_path):
    """Our rtmpdump."""
    return dumps.Dump(stubs.beside(sluice, "rtmpdump"), tmp_path / "ours", sluice.patience, long=True)


@pytest.fixture
def debians(sluice, tmp_path):
    """Debian's rtmpdump."""
    if not dumps.DEBIANS.exists():
        pytest.skip("rtmpdump is not installed")
    return dumps.Dump(dumps.DEBIANS, tmp_path / "debians", sluice.patience)


@pytest.fixture
def suck(sluice, tmp_path):
    """Starts our rtmpsuck; none outlives the test."""
    running = []

    def start(*options, **settings):
        running.append(stubs.Stub(sluice, "rtmpsuck", tmp_path / f"suck{len(running)}", *options, **settings))
        return running[-1]

    yield start
    for stub in running:
        stub.__exit__()


@pytest.fixture(scope="session", params=dropin.libraries())
def library(request):
    """librtmp.so.1, Debian's and ours."""
    return dropin.Library(request.param)


@pytest.fixture
def programs(library, own_ffmpeg, sluice):
    """Programs of others on that library."""
    found = dropin.Programs(library, own_ffmpeg, sluice.patience)
    yield found
    found.stop()


@pytest.fixture
def sent():
    """sent(name, programs, clip, folder): what a program makes of the clip before librtmp gets it."""

    def make(name, programs, clip, folder):
        if name not in ("gstreamer", "ffmpeg"):
            return clip
        path = folder / "sent.flv"
        if name == "gstreamer":
            argv = ["gst-launch-1.0", "-q", *dropin.gstreamer_remux(), "filesink", f"location={path}"]
        else:
            argv = dropin.ffmpeg_publish(programs.own_ffmpeg, path)
        with open(clip, "rb") as data:
            subprocess.run(argv, stdin=data, check=True, timeout=60, capture_output=True)
        return path

    return make


@pytest.fixture
def same_stream():
    """Asserts that two FLV files carry the same stream. With apart, audio and video are compared each for itself, with
    one shift for both: nginx sends a player its video up to the first key frame before any audio."""

    def check(wanted, got, apart=False):
        wanted, got = [streams.without_repeated_headers(streams.load(path)) for path in (wanted, got)]
        assert len(wanted) > 100 and got
        shift = streams.earliest(got) - streams.earliest(wanted)
        for kinds in [(flvcmp.AUDIO,), (flvcmp.VIDEO,)] if apart else [(flvcmp.AUDIO, flvcmp.VIDEO)]:
            pair = [[t for t in tags if t.type in kinds] for tags in (wanted, got)]
            found = flvcmp.difference(*pair, shift=shift)
            assert not found, found

    return check


@pytest.fixture(scope="session")
def tls(certificates):
    """A server's side of TLS, with the certificate that is good."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    return context


@pytest.fixture(scope="session")
def few(tmp_path_factory, short_clip):
    """The first 40 tags of the sample clip."""
    data = short_clip.read_bytes()
    path = tmp_path_factory.mktemp("clip") / "few.flv"
    path.write_bytes(data[: flvcmp.parse(data)[40].offset])
    return path


@pytest.fixture
def gateway(sluice, tmp_path):
    """Starts an rtmpgw, ours or Debian's."""
    running = []

    def start(*options, debians=False, **settings):
        process = gateways.Gateway(sluice, tmp_path, *options, debians=debians, **settings)
        running.append(process)
        return process.ready()

    yield start
    for process in running:
        process.__exit__()
        said = process.text()
        if not process.debians:
            assert "Sanitizer" not in said and "process of a client ended" not in said and support.KEY not in said, said


@pytest.fixture
def server():
    """Plays gateways.TAGS."""
    with peers.Server(plays=flv.messages(gateways.TAGS)) as peer:
        yield peer


@pytest.fixture
def srv(sluice, tmp_path):
    """Starts an rtmpsrv of ours."""
    running = []

    def start(*options, **settings):
        running.append(stubs.Stub(sluice, "rtmpsrv", tmp_path / f"srv{len(running)}", *options, **settings))
        return running[-1]

    yield start
    for stub in running:
        stub.__exit__()
