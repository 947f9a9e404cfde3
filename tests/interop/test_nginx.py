# SPDX-License-Identifier: MIT
"""nginx's RTMP module as the server, plainly and behind nginx's TLS: push to it, pull from it."""

import support


def url(nginx, scheme, stream, app="live"):
    return f"{scheme}://localhost:{getattr(nginx, scheme)}/{app}/{stream}"


def trust(certificates, scheme):
    return ["--ca-file", certificates / "ca.pem"] if scheme == "rtmps" else []


def check_push(sluice, nginx, certificates, same_stream, short_clip, scheme, *options):
    result = sluice.run("push", *options, *trust(certificates, scheme), short_clip, url(nginx, scheme, "s"))
    assert result.code == support.OK, result.err
    same_stream(short_clip, nginx.recorded("s"))


def test_push_rtmp(sluice, nginx, certificates, same_stream, short_clip):
    check_push(sluice, nginx, certificates, same_stream, short_clip, "rtmp")


def test_push_rtmps(sluice, nginx, certificates, same_stream, short_clip):
    check_push(sluice, nginx, certificates, same_stream, short_clip, "rtmps")


def test_push_fast(sluice, nginx, certificates, same_stream, short_clip):
    check_push(sluice, nginx, certificates, same_stream, short_clip, "rtmps", "--fast")


def test_push_digest(sluice, nginx, certificates, same_stream, short_clip):
    check_push(sluice, nginx, certificates, same_stream, short_clip, "rtmp", "--fast", "--digest")


def test_push_small_chunks(sluice, nginx, certificates, same_stream, short_clip):
    check_push(sluice, nginx, certificates, same_stream, short_clip, "rtmps", "--fast", "--chunk-size", "128")


def check_pull(sluice, nginx, certificates, same_stream, short_clip, tmp_path, scheme):
    got = tmp_path / "got.flv"
    pull = sluice.start("pull", "--wait", "--media-timeout", "3", *trust(certificates, scheme), url(nginx, scheme, "p"),
                        got)
    deadline = support.time.monotonic() + 20 * sluice.patience
    while "play: name='p'" not in nginx.log() and support.time.monotonic() < deadline:
        support.time.sleep(0.05)
    pushed = sluice.run("push", short_clip, url(nginx, "rtmp", "p"))
    assert pushed.code == support.OK, pushed.err
    result = pull.wait(30 * sluice.patience)
    assert result.code == support.OK, result.err
    same_stream(short_clip, got, apart=True)


def test_pull_rtmp(sluice, nginx, certificates, same_stream, short_clip, tmp_path):
    check_pull(sluice, nginx, certificates, same_stream, short_clip, tmp_path, "rtmp")


def test_pull_rtmps(sluice, nginx, certificates, same_stream, short_clip, tmp_path):
    check_pull(sluice, nginx, certificates, same_stream, short_clip, tmp_path, "rtmps")


def test_pull_recording(sluice, nginx, same_stream, short_clip, tmp_path):
    stored = nginx.dir / "vod" / "stored.flv"
    stored.write_bytes(short_clip.read_bytes())
    stored.chmod(0o644)
    got = tmp_path / "got.flv"
    result = sluice.run("pull", "--vod", url(nginx, "rtmp", "stored.flv", "vod"), got)
    assert result.code == support.OK, result.err
    same_stream(short_clip, got)


def test_pull_the_rest_of_a_recording(sluice, nginx, same_stream, short_clip, tmp_path):
    """nginx finds its way by an index that this file has not, and so begins at the beginning."""
    stored = nginx.dir / "vod" / "stored.flv"
    stored.write_bytes(short_clip.read_bytes())
    stored.chmod(0o644)
    out = tmp_path / "out.flv"
    out.write_bytes(stored.read_bytes()[: stored.stat().st_size // 3 * 2])
    result = sluice.run("pull", "--resume", f"rtmp://127.0.0.1:{nginx.rtmp}/vod/stored.flv", out)
    assert result.code == support.OK, result
    same_stream(short_clip, out)


def test_second_publisher_is_refused(sluice, nginx, clip):
    first = sluice.start("push", "--loop", clip, url(nginx, "rtmp", support.KEY))
    deadline = support.time.monotonic() + 20 * sluice.patience
    while "publish: name=" not in nginx.log() and support.time.monotonic() < deadline:
        support.time.sleep(0.05)
    second = sluice.run("push", clip, url(nginx, "rtmp", support.KEY))
    assert second.code == support.REFUSED
    support.one_sentence(second, "NetStream.Publish.BadName")
    assert first.stop().code == support.INTERRUPTED


def test_app_that_denies(sluice, nginx, clip):
    """nginx says yes, and hangs up then."""
    result = sluice.run("push", clip, url(nginx, "rtmp", support.KEY, "closed"))
    assert result.code == support.REFUSED
    support.one_sentence(result, "closed", "stream name or key")


def test_app_that_is_not_there(sluice, nginx, clip):
    result = sluice.run("push", clip, url(nginx, "rtmp", support.KEY, "nowhere"))
    assert result.code in (support.REFUSED, support.LOST, support.CONNECT), result
    support.one_sentence(result, "nowhere")
