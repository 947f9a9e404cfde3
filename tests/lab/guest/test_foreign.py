# SPDX-License-Identifier: MIT
"""OpenSSL's own devcrypto engine on our device: one mistake in ours cannot agree with itself. SLUICE_FOREIGN names the
module that tests/lab/foreign.sh built."""

import itertools
import os
import pathlib
import re
import subprocess

import pytest

KEY = {"128": "2b7e151628aed2a6abf7158809cf4f3c", "192": "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "256": "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"}
IV = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
SIZES = [16, 4096, 16384, 200000]  # the command reads 8 KiB at a time: the longer ones are several requests
CONF = """openssl_conf = init
[init]
engines = engines
[engines]
devcrypto = devcrypto
[devcrypto]
dynamic_path = %s
engine_id = devcrypto
%sdefault_algorithms = CIPHERS
init = 1
"""


@pytest.fixture(scope="session")
def module():
    path = os.environ.get("SLUICE_FOREIGN")
    if not path:
        pytest.fail("SLUICE_FOREIGN is not set: tests/lab/foreign.sh prints what it has to be")
    return path


@pytest.fixture
def openssl(module, tmp_path):
    """openssl(*arguments, engine=): with the engine it is the default for ciphers. "soft" takes unflagged drivers too."""

    def run(*arguments, engine=None, data=b""):
        conf = tmp_path / f"{engine}.cnf"
        conf.write_text(CONF % (module, "USE_SOFTDRIVERS = 1\n" if engine == "soft" else "") if engine else "")
        done = subprocess.run(
            ["openssl", *arguments], input=data, env=dict(os.environ, OPENSSL_CONF=str(conf)), capture_output=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    return run


def enc(mode, bits, decrypt=False):
    options = ["enc", f"-aes-{bits}-{mode}", "-K", KEY[bits], "-nopad", *(["-d"] if decrypt else [])]
    return options if mode == "ecb" else [*options, "-iv", IV]


def payload(size):
    return bytes(i * 7 + (i >> 8) & 255 for i in range(size))


SOFTWARE = {}  # what all devices have to come to


def differences(openssl, mode, sizes):
    """How many of the shapes, each encrypted and decrypted, the engine does otherwise than software; and how many."""
    wrong = total = 0
    for bits, size, decrypt in itertools.product(KEY, sizes, (False, True)):
        command, data = enc(mode, bits, decrypt), payload(size)
        key = (*command, size)
        if key not in SOFTWARE:
            SOFTWARE[key] = openssl(*command, data=data)
        assert len(SOFTWARE[key]) == size
        wrong += openssl(*command, engine="hard", data=data) != SOFTWARE[key]
        total += 1
    return wrong, total


@pytest.mark.parametrize("mode", ["cbc", "ctr", "ecb"])
def test_engine_agrees_with_software(device, openssl, mode):
    one = device()
    assert differences(openssl, mode, SIZES) == (0, 2 * 3 * len(SIZES))
    counters = one.counters()
    assert counters[mode] >= 2 * 3 * len(SIZES)
    # The engine does what is left of a counter's block by a request for a whole one.
    assert counters[mode + "_bytes"] >= 2 * 3 * sum(SIZES)
    assert counters["crypt"] == counters[mode]
    assert (counters["sessions_now"], counters["open_now"]) == (0, 0)


@pytest.mark.parametrize("mode", ["cbc", "ctr", "ecb"])
def test_engine_is_wrong_on_a_device_that_flips_a_bit(device, openssl, mode):
    device("flip")
    wrong, total = differences(openssl, mode, [16, 200000])
    assert wrong == total


def test_engine_on_a_device_that_does_not_chain_ivs(device, openssl):
    """The command reads 8 KiB at a time, and the engine trusts the IV that comes back."""
    device("iv-not-chained")
    data = payload(65536)
    assert openssl(*enc("cbc", "128"), engine="hard", data=data) != openssl(*enc("cbc", "128"), data=data)


def test_speed(device, openssl):
    one = device()
    out = openssl("speed", "-seconds", "1", "-bytes", "16384", "-evp", "aes-128-cbc", "-mr", engine="hard").decode()
    # "+F:22:AES-128-CBC:123456.00"
    assert re.search(r"^\+F:\d+:AES-128-CBC:[1-9]", out, re.M), out
    assert one.counters()["largest"] == 16384
    assert one.counters()["cbc"] > 0


def test_engine_leaves_software_drivers_alone_unless_told(device, openssl):
    one = device("unflagged")
    data = payload(4096)
    plain = openssl(*enc("cbc", "128"), data=data)
    assert openssl(*enc("cbc", "128"), engine="hard", data=data) == plain
    assert one.counters()["crypt"] == 0
    assert openssl(*enc("cbc", "128"), engine="soft", data=data) == plain
    assert one.counters()["cbc"] > 0


@pytest.mark.emulated
def test_engine_by_the_crypto_device(device, openssl):
    """Through CUSE and AF_ALG to virtio-crypto: CBC, and no CTR."""
    one = device(passing="afalg")
    assert pathlib.Path("/proc/crypto").read_text().find("virtio_crypto_aes_cbc") > 0
    data = payload(65536)
    for mode in ("cbc", "ctr"):
        assert openssl(*enc(mode, "256"), engine="soft", data=data) == openssl(*enc(mode, "256"), data=data)
    counters = one.counters()
    assert counters["cbc_bytes"] == 65536
    assert counters["ctr"] == 0
