# SPDX-License-Identifier: MIT
"""sluice doctor on a machine without crypto hardware: what it lists, and that what it measures is there."""

import json
import os

import pytest

import support


@pytest.fixture
def doctor(sluice):
    sluice.need("doctor")

    def doctor(*options):
        result = sluice.run("doctor", *options, timeout=60)
        assert result.code == support.OK and result.err == ""
        return result.out

    return doctor


def test_lists_what_there_is(doctor):
    found = json.loads(doctor("--list", "--json", "--device", "/nonexistent/crypto"))
    uname = os.uname()
    assert found["kernel"] == f"{uname.sysname} {uname.release} {uname.machine}"
    assert found["cpu"]["count"] == os.cpu_count()
    assert found["openssl"].startswith("OpenSSL ")
    assert found["devcrypto"] == {"path": "/nonexistent/crypto", "there": False, "error": "No such file or directory"}
    assert "costs" not in found and "tests" not in found
    for path, advice in (("/nonexistent/crypto", "load the module cryptodev"), ("/dev/null", "is no crypto device"),
                         ("/dev", "is no crypto device")):
        line = next(line for line in doctor("--list", "--device", path).decode().splitlines() if line.split()[0] == path)
        assert advice in line and line.count("cannot be used") == 1


def test_measures_every_suite_in_software(doctor):
    found = json.loads(doctor("--quick", "--json", "--device", "/nonexistent/crypto"))
    assert {test["door"] for test in found.get("tests", [])} == ({"ktls"} if found["ktls"]["there"] else set())
    assert 0 <= found["unevenness"] <= 1
    assert {way["engine"] for way in found["costs"]} == {"software"}
    ways = [(way["suite"], way["encrypt_then_mac"]) for way in found["costs"]]
    assert len(ways) == len(set(ways)) == 10
    for way in found["costs"]:
        assert "error" not in way
        assert [cost["record"] for cost in way["sizes"]] == [1024, 16384]
        for cost in way["sizes"]:
            assert cost["records"] > 0 and cost["mb_per_s"] > 0 and cost["device_operations"] == 0
            assert 0 < cost["median_us"] <= cost["p99_us"]


def test_a_report_that_cannot_be_written(sluice):
    sluice.need("doctor")
    with open("/dev/full", "wb") as full:
        result = sluice.run("doctor", "--list", stdout=full)
    assert result.code == support.OUTPUT and b"cannot be written" in result.err.encode()
