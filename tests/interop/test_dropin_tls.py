# SPDX-License-Identifier: MIT
"""Programs of others on librtmp.so.1 over RTMPS. They know nothing of certificates: a variable says whom to trust."""
import pytest

import dropin
import nginx as nginx_module
import serving as serving_module
import streams

TLS13 = "TLSv1.3"
# Those that pass on what the library says of errors. GStreamer and curl keep it for themselves.
TALKATIVE = ["rtmpdump", "python", "ffmpeg"]


@pytest.fixture
def trust(certificates):
    return {"LIBRTMP_TLS_CA_FILE": str(certificates / "ca.pem")}


@pytest.fixture
def tls13(tmp_path, certificates):
    """nginx with TLS 1.3 as it comes, which sends two session tickets behind the handshake."""
    if not nginx_module.available():
        pytest.skip("nginx with its RTMP module is not installed (nginx, libnginx-mod-rtmp)")
    tmp_path.chmod(0o755)
    server = nginx_module.Nginx(tmp_path / "tls13", certificates / "good.pem", certificates / "good.key", protocols=TLS13)
    yield server
    server.stop()


def url(server, app="live", stream="s"):
    return f"rtmps://localhost:{server.rtmps}/{app}/{stream}"


@pytest.mark.parametrize("name", dropin.PUBLISHERS)
def test_publishes(tls13, library, programs, trust, short_clip, same_stream, sent, tmp_path, name):
    publisher = programs.publish(name, url(tls13), trust)
    if library.ours:
        programs.feed(publisher, short_clip, lambda: tls13.said("publish: name='s'"))
        result = publisher.wait(20 * programs.patience)
        assert result.code == 0, result
        same_stream(sent(name, programs, short_clip, tmp_path), tls13.recorded("s"))
    else:
        # It takes each ticket for 28 bytes less than nothing.
        publisher.process.stdin.close()
        assert publisher.wait(20).code != 0
        assert "publish: name=" not in tls13.log()


@pytest.mark.parametrize("library", ["ours"], indirect=True)
@pytest.mark.parametrize("name", dropin.PLAYERS)
def test_plays(tls13, programs, trust, short_clip, tmp_path, name):
    (tls13.dir / "vod" / "clip.flv").write_bytes(short_clip.read_bytes())
    player = programs.play(name, url(tls13, "vod", "clip.flv"), tmp_path / "got.flv", environment=trust)
    result = player.wait(20 * programs.patience)
    assert result.code in dropin.codes(name), result
    streams.check(streams.large_enough(short_clip), streams.large_enough(tmp_path / "got.flv"), shift=0)


@pytest.mark.parametrize("name", ["gstreamer", "ffmpeg"])
def test_publishes_over_tls12(sluice, certificates, library, programs, trust, short_clip, sent, tmp_path, name):
    """What both libraries can."""
    server = serving_module.Serving(sluice, tmp_path / "tls12", certificates, "--tls-max", "1.2")
    publisher = programs.publish(name, server.url("rtmps"), trust if library.ours else ())
    programs.feed(publisher, short_clip, lambda: server.wait("publish"))
    assert publisher.wait(20 * programs.patience).code == 0
    streams.check(sent(name, programs, short_clip, tmp_path), server.recorded(), shift=0)
    assert server.events("connect")[0]["tls_version"] == "TLSv1.2"
    server.stop()


@pytest.mark.parametrize("library", ["ours"], indirect=True)
@pytest.mark.parametrize("name", dropin.PLAYERS)
def test_refuses_whom_nobody_vouches_for(serving, programs, tmp_path, name):
    """Nothing is asked of the server, and whoever can see the library's words learns which option to use."""
    result = programs.play(name, serving.url("rtmps"), tmp_path / "got.flv").wait(20 * programs.patience)
    assert result.code != 0
    serving.wait("close")
    assert not serving.events("connect")
    if name in TALKATIVE:
        assert "tlsCAFile" in result.err and "certificate" in result.err, result.err


@pytest.mark.parametrize("library", ["ours"], indirect=True)
def test_another_name(sluice, certificates, programs, trust, tmp_path):
    server = serving_module.Serving(sluice, tmp_path / "other", certificates, certificate="wrong-name")
    result = programs.play("rtmpdump", server.url("rtmps"), tmp_path / "got.flv", environment=trust).wait(
        20 * programs.patience)
    assert result.code != 0 and "localhost" in result.err and not server.events("connect")
    server.stop()
