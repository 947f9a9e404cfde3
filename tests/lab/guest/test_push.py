# SPDX-License-Identifier: MIT
"""An RTMPS push through /dev/crypto to nginx and to OpenSSL's own server, in every suite that the device serves: the
stored stream is identical, and the device is asked as often as it should be, no more."""

import shutil

import pytest

import programs
import pushing
from pushing import Suite

import streams  # of tests/interop: pushing knows where that is
import support

STITCHED = ["AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA256",
            "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA256"]
CBC = STITCHED + ["ECDHE-RSA-AES256-SHA384"]  # there is no ECDHE-RSA-AES256-SHA256
GCM = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
       "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]
SUITES = [Suite(name, etm) for name in CBC for etm in (False, True)] + [Suite(name) for name in GCM]
AEAD = [Suite(name) for name in GCM[-3:]]

ENOUGH = 150  # full records


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_one_request_a_full_record(device, push, suite):
    one = device()
    done = push(suite, min_size=16384)
    full = done.full_records()
    counters = one.counters()
    assert full > ENOUGH
    assert counters[suite.algorithm()] == full
    assert counters["crypt"] + counters["authcrypt"] == full
    assert counters["errors"] == 0
    assert counters["open_now"] == 0
    assert not done.said()
    summary = done.summary()
    assert (summary["operations"], summary["fallbacks"], summary["mismatches"]) == (full, 0, 0)
    assert (summary["bytes"], summary["off"]) == (counters["bytes"], False)


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_to_openssls_own_server(device, push_to_openssl, suite):
    one = device()
    done = push_to_openssl(suite, min_size=16384)
    full = done.full_records()
    counters = one.counters()
    assert full > 20
    assert counters[suite.algorithm()] == counters["crypt"] + counters["authcrypt"] == full
    assert (counters["errors"], counters["open_now"]) == (0, 0)
    assert not done.said()


@pytest.mark.parametrize("suite", AEAD, ids=str)
@pytest.mark.parametrize("fault, algorithm", [("ecb-only", "ecb"), ("no-gcm", "ecb")])
def test_key_stream_for_eight_records_a_request(device, push, suite, fault, algorithm):
    one = device(fault)
    done = push(suite, min_size=16384)
    full = done.full_records()
    counters = one.counters()
    assert full > ENOUGH
    assert 0 < counters[algorithm] + counters["errors"] <= full / 8
    assert counters["crypt"] + counters["authcrypt"] == counters[algorithm]
    assert counters[algorithm + "_bytes"] >= full * 16384, "most of it was made by the device"
    assert not done.said()


@pytest.mark.parametrize("suite", AEAD, ids=str)
def test_key_stream_for_two_records_a_request_of_at_most_38016_bytes(device, push, suite):
    one = device("ecb-only", "largest=38016")
    done = push(suite, min_size=16384)
    full = done.full_records()
    counters = one.counters()
    assert full > ENOUGH
    assert 0 < counters["ecb"] <= full / 2
    assert counters["ecb_bytes"] >= (full - 2) * 16384
    assert counters["errors"] <= 4, "what it takes to find out: no session of GCM, and the requests that were too large"
    assert not done.said()


@pytest.mark.parametrize("suite", AEAD, ids=str)
def test_key_stream_by_ctr_is_a_request_a_record(device, push, suite):
    one = device("ctr-only")
    done = push(suite, min_size=16384)
    full = done.full_records()
    counters = one.counters()
    assert full > ENOUGH
    assert full <= counters["ctr"] <= full + 8


@pytest.mark.parametrize("suite", [Suite("ECDHE-RSA-AES128-GCM-SHA256"), Suite("TLS_AES_128_GCM_SHA256"),
                                   Suite("ECDHE-RSA-AES128-SHA"), Suite("ECDHE-RSA-AES128-SHA", etm=True)], ids=str)
def test_none_for_the_handshake(device, push, suite):
    """With every record meant for the device: as many requests as there are records of application data. TLS 1.3's
    records all look like these; the client's Finished and its close_notify are two of them. With encrypt-then-MAC the
    cipher cannot tell the alert at the end from data; for its size it would not go to the device by default."""
    one = device()
    done = push(suite, min_size=0)
    assert one.counters()[suite.algorithm()] == len(done.records) - (2 if suite.tls13 else 0) + (1 if suite.etm else 0)


def test_nothing_is_asked_of_it_for_small_records(device, push):
    one = device()
    push(Suite("TLS_AES_128_GCM_SHA256"), min_size=20000)
    counters = one.counters()
    assert (counters["opens"], counters["ioctls"]) == (0, 0)


def test_by_openssl_configuration(device, sluice, build, serve_suite, long_flv, tmp_path):
    """Any program has it, by the module; this one, without the option."""
    environment = programs.Module(build / "provider/devcrypto.so", tmp_path).environment(min_size=16384)
    one = device()
    done = pushing.Push(sluice, serve_suite(AEAD[0]), long_flv, environment=environment).wait()
    assert one.counters()["gcm"] == done.full_records() > ENOUGH
    assert not done.said()


def test_a_server_that_sends_through_it(device, sluice, certificate, long_flv, tmp_path):
    """`sluice serve` plays a recording to `sluice pull`, which has no device."""
    (tmp_path / "served" / "live").mkdir(parents=True)
    shutil.copy(long_flv, tmp_path / "served" / "live" / "s.flv")
    one = device()
    server = sluice.start("serve", "--listen", "rtmps://127.0.0.1:0", "--cert", certificate[0], "--key", certificate[1],
                          "--tls-offload", pushing.option(min_size=16384), tmp_path / "served")
    port = server.expect(r"listening on rtmps://127\.0\.0\.1:(\d+)")[1]
    done = sluice.run("pull", "--vod", "--ca-file", certificate[0], f"rtmps://localhost:{port}/live/s", tmp_path / "got.flv")
    assert done.code == support.OK, done.err
    streams.check(long_flv, tmp_path / "got.flv")
    assert one.counters()["gcm"] > ENOUGH
    assert "/dev/crypto" not in server.stop().err


@pytest.mark.emulated
@pytest.mark.parametrize("suite", [Suite("ECDHE-RSA-AES128-SHA256", etm=True), Suite("AES256-SHA")], ids=str)
def test_over_an_emulated_crypto_device(device, push, suite):
    """Through /dev/crypto to virtio-crypto, which has AES-CBC and nothing else."""
    one = device(passing="afalg")
    done = push(suite, min_size=16384)
    full = done.full_records()
    counters = one.counters()
    assert full > ENOUGH
    assert counters[suite.algorithm()] == full
    assert not done.said()
    assert "virtio_crypto" in done.summary()["drivers"]
