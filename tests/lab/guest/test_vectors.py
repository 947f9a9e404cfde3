# SPDX-License-Identifier: MIT
"""OpenSSL's own test vectors through the module, as the configuration loads it, and a real /dev/crypto. SLUICE_VECTORS
is the folder they are in. ../test_vectors.py says what they are held to."""

import os
import pathlib
import re
import subprocess

import pytest

UNSUPPORTED = pathlib.Path(__file__).resolve().parent.parent / "unsupported.txt"
FILES = ["evpciph_aes_common.txt", "evpciph_aes_stitched.txt"]
CONF = """openssl_conf = init
[init]
providers = providers
[providers]
default = software
devcrypto = hardware
[software]
activate = 1
[hardware]
module = %s
activate = 1
min_size = 0
largest = 65536
check_first = 0
check_every = 0
decrypt = on
fallback = off
"""


@pytest.fixture
def vectors(build, tmp_path):
    """vectors(*options) runs them, and returns what is said of each class that is not as it should be, and the last count."""
    folder = os.environ.get("SLUICE_VECTORS")
    if not folder:
        pytest.fail("SLUICE_VECTORS is not set: tests/lab/openssl_source.sh says where OpenSSL's source is")
    conf = tmp_path / "openssl.cnf"
    conf.write_text(CONF % (build / "provider/devcrypto.so"))

    def run(*options):
        done = subprocess.run(
            [build / "tests/lab/run_vectors", "--module", "--unsupported", UNSUPPORTED, *options, *(pathlib.Path(folder, f) for f in FILES)],
            env=dict(os.environ, OPENSSL_CONF=str(conf)), capture_output=True, text=True, timeout=500, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        wrong = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
        assert bool(wrong) == bool(done.returncode), done.stdout
        return wrong, int(re.search(r"^# operations: (\d+)$", done.stdout, re.M)[1])

    return run


@pytest.mark.parametrize("faults, only", [((), ""), (("no-tls",), "CBC"), (("ecb-only",), "GCM")])
def test_vectors(device, vectors, faults, only):
    crypto = device(*faults)
    wrong, operations = vectors("--only", only)
    assert not wrong
    counters = crypto.counters()
    assert counters["crypt"] + counters["authcrypt"] == operations > 100
    assert counters["sessions_now"] == 0


def test_vectors_fail_on_a_device_that_flips_a_bit(device, vectors):
    """Of one that makes key stream the provider notices it, and turns it off: ../test_vectors.py has a way around."""
    crypto = device("flip")
    wrong, _ = vectors("--spoilt")
    assert not wrong
    assert crypto.counters()["faulty"] > 100
