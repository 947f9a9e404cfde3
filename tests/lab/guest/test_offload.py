# SPDX-License-Identifier: MIT
"""--tls-offload: the provider that is built into the command, and what it says of its work."""

import json
import re

import pytest

import support
from pushing import FULL

SETTINGS = f"devcrypto:min_size={FULL},check_first=0,check_every=0"
GOOD = {"fallbacks": 0, "checks": 0, "mismatches": 0, "abandoned": 0, "off": False}


@pytest.fixture
def serve(sluice, certificates, tmp_path):
    """serve(options...): a server with TLS; the port."""

    def serve(*options):
        folder = tmp_path / "served"
        folder.mkdir()
        process = sluice.serve("--listen", "rtmps://127.0.0.1:0", "--cert", certificates / "good.pem", "--key",
                               certificates / "good.key", *options, folder)
        return int(re.search(r"listening on rtmps://127\.0\.0\.1:(\d+)", process.text("out"))[1])

    return serve


def summary(result):
    assert result.code == support.OK, result.err
    return json.loads(result.out.splitlines()[-1])


def test_push_counts_what_the_device_did(sluice, device, serve, certificates, long_flv):
    one = device()
    url = f"rtmps://localhost:{serve()}/live"
    end = summary(sluice.run("push", "--fast", "--json", "--ca-file", certificates / "ca.pem", "--tls-offload", SETTINGS,
                             long_flv, url, "s"))
    counters = one.counters()
    told = end["tls_offload"]
    assert counters["gcm"] == told["operations"] > 200
    assert counters["gcm_bytes"] == told["bytes"]
    assert counters["sessions"] == told["sessions"] == 1
    assert told | GOOD == told
    assert told["drivers"].startswith("AES-GCM: ") and len(told["drivers"]) > len("AES-GCM: ")


def test_what_it_has_to_fall_back_for_is_counted(sluice, device, serve, certificates, long_flv):
    device("eio=every:3")
    url = f"rtmps://localhost:{serve()}/live"
    result = sluice.run("push", "-v", "--fast", "--json", "--ca-file", certificates / "ca.pem", "--tls-offload", SETTINGS,
                        long_flv, url, "s")
    told = summary(result)["tls_offload"]
    assert told["fallbacks"] > 60 and told["operations"] > 120 and not told["off"]
    assert result.err.count("/dev/crypto") == 1
    assert f"TLS offload: {told['operations']} operations of the device" in result.err


def test_serve_encrypts_for_players_by_the_device(sluice, device, serve, certificates, long_flv, tmp_path):
    one = device()
    url = f"rtmps://localhost:{serve('--tls-offload', 'devcrypto:min_size=8192,check_first=0,check_every=0')}/live"
    trust = ["--ca-file", certificates / "ca.pem"]
    assert sluice.run("push", "--fast", *trust, long_flv, url, "s").code == support.OK
    assert one.counters()["gcm"] == 0, "it only decrypted, which is software's"
    assert sluice.run("pull", "--vod", *trust, url, "s", tmp_path / "out.flv").code == support.OK
    counters = one.counters()
    assert counters["gcm_bytes"] > long_flv.stat().st_size / 2 and counters["errors"] == 0
