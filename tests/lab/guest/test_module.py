# SPDX-License-Identifier: MIT
"""devcrypto.so in programs that know nothing of it, over a /dev/crypto that counts: tests/test_module.py without one."""

import re
import ssl

import pytest

import programs

PUSHED = 8 * 65536  # by key_updates_of_*: two before the first update, and two after each


@pytest.fixture
def module(build, tmp_path):
    path = build / "provider/devcrypto.so"
    if not path.exists():
        pytest.skip("this build has no provider: it needs OpenSSL 3.0")
    return programs.Module(path, tmp_path, min_size=1024, check_first=0, check_every=0)


@pytest.fixture
def counting(device):
    """A device that any user may open, as the kernel's may be."""
    one = device()
    one.path.chmod(0o666)
    return one


def quiet(said):
    return b"devcrypto: " not in said


def carried(one):
    """The payload of TLS 1.3 that it encrypted: a byte of each record is the type of its content."""
    counters = one.counters()
    assert counters["errors"] == 0 and counters["crypt"] + counters["authcrypt"] == counters["gcm"]
    return counters["gcm_bytes"] - counters["gcm"]


def nothing_left(one):
    counters = one.counters()
    return counters["open_now"] == 0 and counters["sessions_now"] == 0


def test_speed(module, counting):
    done = module.run("openssl", "speed", "-seconds", "1", "-bytes", "16384", "-mr", "-evp", "aes-128-gcm")
    counters = counting.counters()
    times = int(re.search(rb"^\+R:(\d+):", done.stderr, re.M)[1])
    assert counters["gcm"] == times > 0 and counters["gcm_bytes"] == 16384 * times
    assert quiet(done.stderr) and nothing_left(counting)


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("decrypt", ["off", "on"])
def test_enc(module, counting, bits, decrypt):
    assert quiet(programs.enc(module, bits, decrypt=decrypt))
    counters = counting.counters()
    ways = 2 if decrypt == "on" else 1
    assert counters["sessions"] == ways and counters["errors"] == 0
    assert ways * 251 * 4000 * 0.98 <= counters["cbc_bytes"] <= ways * 251 * 4016, "all but the last, small piece"
    assert counters["cbc"] <= ways * 251 * 4000 / 4096 + 1, "what openssl reads from a pipe"


def test_key_update_of_a_client(module, counting, certificates):
    # Whatever pieces it reads, and sends as records.
    assert quiet(programs.key_updates_of_a_client(module, certificates, min_size=0))
    assert carried(counting) == PUSHED
    assert counting.counters()["sessions"] == 4, "one for each key"
    assert nothing_left(counting)


def test_key_update_of_a_server(module, counting, certificates):
    assert quiet(programs.key_updates_of_a_server(module, certificates, min_size=0))
    assert carried(counting) == PUSHED - 2 * 65536
    assert counting.counters()["sessions"] == 3


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_resumption(module, counting, certificates, tmp_path, version):
    assert quiet(programs.resumption(module, certificates, tmp_path, version))
    counters = counting.counters()
    assert counters["sessions"] == 4, "two connections, each with two ends"
    assert counters["gcm"] >= 4 and counters["gcm_bytes"] >= 4 * 8000 and counters["errors"] == 0


def test_s_client_that_reconnects(module, counting, certificates):
    """Of six handshakes, five of them resumed, the device hears nothing: only of a request and a page in the end."""
    assert quiet(programs.reconnects(module, certificates, min_size=0))
    counters = counting.counters()
    assert counters["opens"] == counters["sessions"] == 2, "one for each end of the last connection"
    assert counters["gcm"] >= 2 and counters["gcm_bytes"] > 1000 and counters["errors"] == 0
    assert counters["crypt"] + counters["authcrypt"] == counters["gcm"]


def test_reconnecting(module, counting, certificates):
    with programs.s_server(module, certificates, "-tls1_2", "-rev") as server:
        session = None
        for i in range(6):
            context = programs.client_context(ssl.TLSVersion.TLSv1_2) if i == 0 else context
            with context.wrap_socket(programs.plain(server.port), session=session) as conn:
                assert conn.session_reused == (i > 0)
                session = conn.session
                conn.sendall(b"a" * 4000 + b"b\n")
                assert programs.exactly(conn, 4002) == b"b" + b"a" * 4000 + b"\n"
        assert counting.counters()["sessions"] == 6
        assert quiet(server.said)


@pytest.mark.parametrize("decrypt", ["off", "on"])
def test_nginx_and_curl(module, counting, certificates, tmp_path, decrypt):
    ways = 2 if decrypt == "on" else 1
    with programs.Nginx(module, tmp_path / "nginx", certificates, tls="ssl_protocols TLSv1.3;") as nginx:
        # What a record holds is known to its receiver only afterwards: the first ones under a key are not the device's.
        least = len(nginx.content) - 4096 + (len(nginx.content) - 4 * 16384) * (ways - 1)
        for i in range(4):
            assert quiet(programs.curl(module, nginx, decrypt=decrypt))
            assert carried(counting) >= (i + 1) * least
        assert counting.counters()["sessions"] == 4 * ways
        assert quiet(nginx.said())
    assert nothing_left(counting)


@pytest.mark.parametrize("suite, options, counter", [
    ("ECDHE-ECDSA-AES128-SHA", "EncryptThenMac", "cbc"),
    ("ECDHE-ECDSA-AES128-SHA", "-EncryptThenMac", "tls_sha1"),
    ("ECDHE-ECDSA-AES256-SHA384", "-EncryptThenMac", "cbc"),
    ("ECDHE-ECDSA-AES128-SHA256", "-EncryptThenMac", "tls_sha256"),
])
def test_nginx_with_cbc(module, counting, certificates, tmp_path, suite, options, counter):
    tls = f"ssl_protocols TLSv1.2; ssl_ciphers {suite}:@SECLEVEL=0; ssl_conf_command Options {options};"
    with programs.Nginx(module, tmp_path / "nginx", certificates, tls=tls) as nginx:
        assert quiet(programs.curl(module, nginx))
        counters = counting.counters()
        assert counters[counter + "_bytes"] >= len(nginx.content) - 4096 and counters["errors"] == 0
        assert counters["crypt"] + counters["authcrypt"] == counters[counter] <= len(nginx.content) / 16384 + 1
        assert quiet(nginx.said())


def test_nginx_goes_on_when_bytes_are_wrong(module, counting, certificates, tmp_path):
    with programs.Nginx(module, tmp_path / "nginx", certificates, check_first=16) as nginx:
        assert quiet(programs.curl(module, nginx))
        counting.fault("flip")
        for _ in range(6):
            assert quiet(programs.curl(module, nginx))
        counters = counting.counters()
        assert 1 <= counters["faulty"] <= 2, "each of two workers was wrong once, and no more asked"
        assert nginx.said().count(b"devcrypto: ") == counters["faulty"]


@pytest.mark.parametrize("mode", ["own", "inherit"])
def test_server_that_forks(module, counting, certificates, mode):
    """A child's own contexts use the device; those that it inherited are its parent's, and in software from then on."""
    assert quiet(programs.forking(module, certificates, mode))
    assert carried(counting) == 3 * (1 << 18) * (2 if mode == "own" else 1)
    assert counting.counters()["sessions"] == 3
    assert nothing_left(counting)
