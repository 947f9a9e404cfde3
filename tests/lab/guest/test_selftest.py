# SPDX-License-Identifier: MIT
"""The tests of a device, over a real /dev/crypto: what hangs in the kernel is told of and left alone."""

import re
import subprocess

import pytest

ALGORITHMS = ["AES-CBC", "AES-ECB", "AES-CTR", "AES-GCM", "AES-CBC with HMAC-SHA1", "AES-CBC with HMAC-SHA256"]


@pytest.fixture
def selftest(build):
    """selftest(algorithm, *options): kind, whether a process is left, operations, sentence."""

    def run(algorithm, *options):
        done = subprocess.run([build / "tests/lab/selftest", algorithm, *options], capture_output=True, text=True, timeout=200, check=False)
        assert not done.stderr
        kind, left, operations, sentence = done.stdout.splitlines()
        assert done.returncode == (kind not in ("passed", "refused above a size") and "never ask for" not in sentence)
        return kind, left, int(operations), sentence

    return run


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_right_device(device, selftest, algorithm):
    crypto = device()
    kind, left, operations, sentence = selftest(algorithm, "whole", "20000")
    assert (kind, left) == ("passed", "none left")
    counters = crypto.wait_for("open_now", 0)
    # Three tags are wrong and refused: right, but not carried out.
    refused = 3 if algorithm == "AES-GCM" else 0
    assert counters["crypt"] + counters["authcrypt"] == operations - refused > 3000
    assert counters["errors"] == refused
    assert f" {operations} requests " in sentence


@pytest.mark.emulated
def test_crypto_device(device, selftest):
    """By the kernel's driver of it: its requests are no more than a page's, or they are of whole pages."""
    crypto = device(passing="afalg")
    kind, left, operations, sentence = selftest("AES-CBC", "quick", "20000")
    assert (kind, left) == ("passed", "none left"), sentence
    assert "virtio" in sentence
    assert crypto.counters()["crypt"] == operations


def test_several_processes_at_once(device, selftest):
    crypto = device()
    kind, _, operations, _ = selftest("AES-CBC", "quick", "20000", "3")
    assert kind == "passed"
    counters = crypto.counters()
    assert counters["crypt"] == operations > 453 + 2 * 4 * 64
    # One process of up to six sessions, then two of four threads with as many.
    assert 6 < counters["sessions"] <= 14 + 6 + 2 * 4 * 6


@pytest.mark.parametrize("fault, algorithm, kind, sentence", [
    ("no-gcm", "AES-GCM", "lacking", "AES-GCM is not there"),
    ("flip", "AES-CBC with HMAC-SHA1", "wrong bytes", "the smallest request that shows it: encrypting 1 byte with"),
    ("wrong-align=1-15", "AES-CTR", "wrong bytes", "encrypting 16 bytes with a key of 16 bytes, from offset 1 of a page. Sluice and its provider never"),
    ("wrong-length=240-255", "AES-CBC", "wrong bytes", "it: encrypting 240 bytes with a key of 16 bytes. Do not"),
    ("iv-not-chained", "AES-CBC", "wrong bytes", "in 2 requests by the IV that the kernel writes back"),
    ("leak-aad", "AES-GCM", "wrong bytes", "right after encrypting 1 byte with a key of 16 bytes and 0 bytes of associated data"),
    ("largest=38016", "AES-ECB", "refused above a size", "refuses requests of more than 38016 bytes"),
    ("eio", "AES-CBC", "error", "fails: Input/output error"),
    ("vanish=at:100", "AES-ECB", "gone", "ended in the middle: the device is gone"),
])
def test_fault_is_named(device, selftest, fault, algorithm, kind, sentence):
    device(fault)
    found, left, _, said = selftest(algorithm)
    assert (found, left) == (kind, "none left")
    assert sentence in said


@pytest.mark.parametrize("faults, step", [
    (["hang"], "encrypting 16 bytes with a key of 16 bytes."),
    (["hang=after:50"], "crypting [0-9]+ bytes with a key of 16 bytes."),
    (["hang=at:20", "late-write"], "crypting [0-9]+ bytes with a key of 16 bytes."),
    (["hang=after:600"], "while other sessions work at the same time."),
])
def test_hang_is_told_and_left_alone(device, selftest, faults, step):
    crypto = device(*faults)
    kind, left, _, sentence = selftest("AES-CBC")
    assert (kind, left) == ("hangs", "left")
    assert re.search(f"hangs; what did not end in time: .*{step}", sentence)
    assert "stays until the machine is restarted" in sentence
    assert crypto.counters()["hanging"] > 0
    # Nobody else is kept from it.
    crypto.fault("none")
    assert selftest("AES-ECB")[:2] == ("passed", "none left")
    crypto.release()
    assert crypto.wait_for("hung", 1)["hung"] >= 1


def test_server_that_ends_is_a_device_that_is_gone(device, build):
    """As a module that is removed: those who had it open are told so."""
    crypto = device("slow=5")
    with subprocess.Popen([build / "tests/lab/selftest", "AES-CBC"], stdout=subprocess.PIPE, text=True) as tests:
        crypto.wait_for("crypt", 30)
        crypto.process.kill()
        said, _ = tests.communicate(timeout=100)
    assert said.splitlines()[0] == "gone"


def test_no_device(selftest):
    kind, _, operations, sentence = selftest("AES-CBC")
    assert (kind, operations) == ("gone", 0)
    assert sentence == "AES-CBC cannot be tested: there is no device (No such file or directory). Load the kernel's module cryptodev and the hardware's driver."
