# SPDX-License-Identifier: MIT
"""sluice doctor over a /dev/crypto that is right, and over one that is not."""

import json
import os
import re
import subprocess

import pytest

from device import Device

ENGINE = os.environ.get("SLUICE_ENGINE", "")  # OpenSSL's over /dev/crypto
SUITES_BY_CBC = {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA"}


@pytest.fixture
def doctor(build):
    def doctor():
        command = [build / "tools/sluice", "doctor", "--quick", "--json", "--no-keep", "--engine", ENGINE]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120)
        return json.loads(done.stdout)

    return doctor


def check_ktls(found):
    """Each cipher with each version is right, and its driver is the kernel's."""
    tests = [test for test in found["tests"] if test["door"] == "ktls"]
    names = {"AES-128-GCM": "gcm(aes)", "AES-256-GCM": "gcm(aes)", "ChaCha20-Poly1305": "rfc7539(chacha20,poly1305)"}
    assert [test["algorithm"] for test in tests] == [f"{name} with TLS 1.{n}" for name in names for n in (2, 3)]
    for test in tests:
        assert test["verdict"] == "passed" and test["usable"], test["text"]
        assert test["operations"] > 1000 and test["largest"] == 60000
        assert test["driver"] == found["kernel_ciphers"][names[test["algorithm"].split()[0]]]["driver"]


def check_ktls_costs(found):
    """What the kernel has is measured, less TCP, unless the machine has too much else to do."""
    rows = [way for way in found["costs"] if way["door"] == "ktls"]
    assert {way["suite"] for way in rows} == {way["suite"] for way in found["costs"]
                                              if "GCM" in way["suite"] or "CHACHA20" in way["suite"]}
    for way in rows:
        if "error" in way:
            assert "lost in what TCP costs" in way["error"] and not way["sizes"]
            continue
        assert [cost["record"] for cost in way["sizes"]] == [1024, 16384]
        for cost in way["sizes"]:
            assert cost["records"] > 0 and cost["device_operations"] == cost["records"]
            assert cost["cpu_ms_per_mb"] >= cost["tcp_ms_per_mb"] / 101 > 0


def check_engine(found):
    """It has what the device has, and is right; its suites are measured but where OpenSSL needs none for them."""
    (test,) = [test for test in found["tests"] if test["door"] == f"engine:{ENGINE}"]
    assert (test["algorithm"], test["driver"], test["verdict"]) == ("AES-CBC", "devcrypto", "passed"), test["text"]
    assert test["operations"] > 500 and test["largest"] == 135168
    rows = [way for way in found["costs"] if way["door"] == f"engine:{ENGINE}"]
    assert len(rows) == 8
    for way in rows:
        if "GCM" in way["suite"]:
            assert "the engine has no cipher for it" in way["error"]
        elif way["encrypt_then_mac"] or "error" not in way:
            assert all(cost["records"] > 0 for cost in way["sizes"]) and len(way["sizes"]) == 2
        else:
            assert "in software, together with its MAC" in way["error"]


def test_cbc_hardware(device, doctor):
    crypto = device("cbc-only")
    found = doctor()
    assert found["devcrypto"] == {"path": "/dev/crypto", "there": True}
    assert found["ktls"]["there"] and "AES-128-GCM" in found["ktls"]["tls1_2"]
    check_ktls(found)
    check_ktls_costs(found)
    check_engine(found)
    verdicts = {test["algorithm"]: test for test in found["tests"] if test["door"] == "devcrypto"}
    assert verdicts["AES-CBC"]["verdict"] == "passed" and verdicts["AES-CBC"]["operations"] > 500
    assert "AES-GCM is not there" in verdicts["AES-GCM"]["text"]
    measured = {way["suite"] for way in found["costs"] if way["engine"] == "devcrypto" and "error" not in way}
    assert all("break_even" in way for way in found["costs"] if way["engine"] == "devcrypto" and "error" not in way)
    assert measured == SUITES_BY_CBC
    for way in found["costs"]:
        for cost in way["sizes"] if way["engine"] == "devcrypto" else []:
            assert cost["device_operations"] >= cost["records"]
    assert crypto.counters()["cbc"] > verdicts["AES-CBC"]["operations"]


def test_what_is_kept_belongs_to_the_device(cusecrypto, build, tmp_path):
    """What is kept names its drivers, and is of no use without them."""
    def keep():
        done = subprocess.run([build / "tools/sluice", "doctor", "--quick", "--json", "--keep", file], stdout=subprocess.PIPE,
                              check=True, timeout=120)
        found, text = json.loads(done.stdout), file.read_text()
        kept = found["kept"]
        # Of the kernel's TLS 1.3 none: it cannot change keys here. A busy machine makes them fewer.
        ways = [way for way in found["costs"] if "error" not in way]
        assert not found["ktls"]["rekeys"] and not re.search("\nway ktls TLS_", text)
        expected = [way for way in ways if not (way["door"] == "ktls" and way["suite"].startswith("TLS_"))]
        assert text.count("\nway ") + kept["left_out"] == len(expected)
        return kept, text, "\nway devcrypto " in text or kept["left_out"] > 0

    file = tmp_path / "kept"
    with Device(cusecrypto, "cbc-only") as crypto:
        kept, text, has_device = keep()
        assert "before" not in kept and has_device
        assert "\ndevice /dev/crypto\n" in text and "\ndriver devcrypto AES-CBC " in text
        crypto.fault("wrong-length=240-255")
        kept, text, _ = keep()
        assert "before" not in kept, "the drivers are the same"
        assert "devcrypto" not in text
        crypto.fault("wrong-length=off")
        assert keep()[2]
    kept, text, _ = keep()
    assert "AES-CBC of /dev/crypto cannot be had now" in kept["before"]
    assert "devcrypto" not in text


def test_hardware_that_is_wrong(device, doctor):
    device("wrong-length=240-255")
    found = doctor()
    tests = [test for test in found["tests"] if test["door"] == "devcrypto"]
    assert len(tests) == 6
    for test in tests:
        assert not test["usable"] and test["verdict"] == "wrong bytes", test
        assert "240 bytes" in test["text"] and test["driver"] in test["text"]
    tests = [test for test in found["tests"] if test["door"] == f"engine:{ENGINE}"]
    verdicts = {test["algorithm"]: test["text"] for test in tests}
    assert "240 bytes" in verdicts["AES-CBC"] and "240 bytes" in verdicts["AES-ECB"]
    # OpenSSL's devcrypto is wrong over any device: a context that has encrypted a single block does not go on behind it.
    assert "encrypting 16 bytes" in verdicts["AES-CTR"] and "random numbers" in verdicts["AES-CTR"]
    for test in tests:
        assert not test["usable"] and test["verdict"] == "wrong bytes", test
        assert "by the engine devcrypto" in test["text"]
    assert {way["door"] for way in found["costs"]} == {"off", "ktls"}, "what is wrong is not measured"
