# SPDX-License-Identifier: MIT
"""RTMPS by OpenSSL's own devcrypto engine over /dev/crypto: --tls-offload engine:ID. SLUICE_ENGINE is that ID: the path of
a module, or "devcrypto" for an OpenSSL 1.1.1 that has it built in."""

import json
import os
import re

import pytest

import pushing
import support
from pushing import Suite

ENGINE = os.environ.get("SLUICE_ENGINE", "")
TOLD = {"door": "engine", "drivers": "devcrypto: /dev/crypto engine"}
# OpenSSL has AES-CBC and HMAC in one, in software, for CPUs with AES instructions and MAC-then-encrypt alone; an engine
# cannot take its place.
NO_AES_INSTRUCTIONS = {"OPENSSL_ia32cap": "~0x200000200000000"}
SUITES = [Suite("ECDHE-RSA-AES128-SHA", etm=True), Suite("ECDHE-RSA-AES128-SHA"), Suite("AES256-SHA256")]
ENOUGH = 150  # full records


@pytest.fixture
def push(sluice, serve_suite, long_flv):
    """push(suite): to its end, with what was stored identical."""

    def push(suite, engine=ENGINE):
        environment = dict(os.environ) | ({} if suite.etm else NO_AES_INSTRUCTIONS)
        return pushing.Push(sluice, serve_suite(suite), long_flv, "-v", "--tls-offload", f"engine:{engine}",
                            environment=environment).wait()

    return push


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_each_record_by_the_engine(device, push, suite):
    one = device()
    done = push(suite)
    counters = one.counters()
    assert done.full_records() > ENOUGH
    assert counters["cbc"] >= len(done.records)  # and its trials of what there is
    assert counters["cbc_bytes"] >= sum(record.length - 16 - 32 for record in done.records)
    assert counters["sessions_now"] == 0
    assert done.summary() == TOLD
    assert "TLS offload: engine devcrypto: /dev/crypto engine, which keeps no counters" in done.result.err
    assert "warning" not in done.result.err


def test_a_suite_that_it_lacks_is_softwares(device, push):
    one = device()
    done = push(Suite("TLS_AES_128_GCM_SHA256"))
    assert one.counters()["cbc"] == 0
    assert done.result.err.count("the engine devcrypto has no cipher for TLS_AES_128_GCM_SHA256") == 1
    assert done.summary() == TOLD


def test_serve_encrypts_by_the_engine(sluice, device, certificates, long_flv, tmp_path):
    one = device()
    (tmp_path / "served").mkdir()
    suites = "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
    server = sluice.serve("--listen", "rtmps://127.0.0.1:0", "--cert", certificates / "good.pem", "--key",
                          certificates / "good.key", "--tls-max", "1.2", "--ciphers", suites, "--tls-offload",
                          f"engine:{ENGINE}", tmp_path / "served")
    url = "rtmps://localhost:" + re.search(r"listening on rtmps://127\.0\.0\.1:(\d+)", server.text("out"))[1] + "/live"
    trust = ["--ca-file", certificates / "ca.pem"]
    assert sluice.run("push", "--fast", *trust, long_flv, url, "s").code == support.OK
    received = one.counters()["cbc_bytes"]
    assert received > long_flv.stat().st_size, "an engine decrypts, too"
    assert sluice.run("pull", "--vod", *trust, url, "s", tmp_path / "out.flv").code == support.OK
    counters = one.counters()
    assert counters["cbc_bytes"] > received + long_flv.stat().st_size / 2


def refused(sluice, long_flv, engine):
    """The one sentence."""
    result = sluice.run("push", "--json", "--tls-offload", f"engine:{engine}", long_flv, "rtmps://localhost:9/live/s")
    assert result.code == support.TLS and result.err.count("\n") == 1
    return result.err


def test_without_a_device(sluice, long_flv):
    """Built in it is not even listed then."""
    said = refused(sluice, long_flv, ENGINE)
    assert f"the engine '{ENGINE}' does not start" in said or f"OpenSSL has no engine '{ENGINE}'" in said
    assert "device" in said


@pytest.mark.module
def test_drivers_that_do_not_say_that_they_are_hardware(sluice, device, push, long_flv):
    one = device("unflagged")
    assert "the engine 'devcrypto' offers no ciphers here" in refused(sluice, long_flv, ENGINE)
    push(SUITES[0], engine=f"{ENGINE},USE_SOFTDRIVERS=1,CIPHERS=AES-128-CBC")
    counters = one.counters()
    assert counters["cbc"] > ENOUGH and counters["ctr"] + counters["ecb"] == 0, "random numbers are made without it"
