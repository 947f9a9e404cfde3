# SPDX-License-Identifier: MIT
"""sluice doctor on a machine without crypto hardware: what it lists, and that what it measures is there."""

import fcntl
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import termios
import xml.etree.ElementTree

import pytest

import support


@pytest.fixture
def doctor(sluice):
    sluice.need("doctor")

    def doctor(*options):
        if "--list" not in options and "--keep" not in options:
            options += ("--no-keep",)
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
    assert {test["door"] for test in found["tests"]} == ({"ktls"} if found["ktls"]["there"] else set())
    assert 0 <= found["unevenness"] <= 1
    software = [way for way in found["costs"] if way["door"] == "off"]
    assert {way["door"] for way in found["costs"]} <= {"off", "ktls"}
    assert {way["engine"] for way in software} == {"software"}
    ways = [(way["suite"], way["encrypt_then_mac"]) for way in software]
    assert len(ways) == len(set(ways)) == 10
    for way in software:
        assert "error" not in way
        assert [cost["record"] for cost in way["sizes"]] == [1024, 16384]
        for cost in way["sizes"]:
            assert cost["records"] > 0 and cost["mb_per_s"] > 0 and cost["device_operations"] == 0
            assert 0 < cost["median_us"] <= cost["p99_us"]
        if way["engine"] == "software":
            assert "break_even" not in way
        else:
            assert way["break_even"] is None or 1024 <= way["break_even"] <= 16384
        large = way["sizes"][-1]["cpu_ms_per_mb"]
        assert [stream["mbit_per_s"] for stream in way["streams"]] == [2, 6, 25]
        for stream in way["streams"]:
            assert stream["cpu_percent"] == pytest.approx(large * stream["mbit_per_s"] / 8 / 1000 * 100)


@pytest.fixture
def engine(sluice):
    """The engine of the unit tests, which has AES-128-CBC; its settings make it wrong."""
    path = pathlib.Path(sluice.path).parent.parent / "tests/unit/slu_module.so"
    if not path.exists():
        pytest.skip("this build has no engines")
    return path


def test_an_engine_is_tested_and_measured(doctor, engine):
    found = json.loads(doctor("--quick", "--json", "--engine", engine))
    door = f"engine:{engine}"
    (test,) = [test for test in found["tests"] if test["door"] == door]
    assert (test["algorithm"], test["driver"], test["verdict"]) == ("AES-CBC", "slu_module", "passed")
    assert test["usable"] and test["operations"] > 900 and test["largest"] == 135168
    rows = {(way["suite"], way["encrypt_then_mac"]): way for way in found["costs"] if way["door"] == door}
    served = rows.pop(("ECDHE-ECDSA-AES128-SHA", True))
    assert [cost["record"] for cost in served["sizes"]] == [1024, 16384] and "error" not in served
    assert all(cost["records"] > 0 for cost in served["sizes"])
    others = [way for (suite, _), way in rows.items() if "AES128-SHA" not in suite]
    assert len(rows) == 7 and len(others) == 5
    for way in others:
        assert way["error"] == "the engine has no cipher for it" and not way["sizes"]
    for way in rows.values():
        assert "error" not in way or way in others or "in software, together with its MAC" in way["error"]


def test_an_engine_that_is_wrong_is_not_measured(doctor, engine):
    for settings, said in (("WRONG=240", "encrypting 240 bytes"), ("BROKEN=1", "does not start")):
        found = json.loads(doctor("--quick", "--json", "--engine", f"{engine},{settings}"))
        (test,) = [test for test in found["tests"] if test["door"].startswith("engine:")]
        assert said in test["text"] and not test["usable"]
        assert not [way for way in found["costs"] if way["door"].startswith("engine:")]


def test_engines_are_listed(doctor, engine):
    found = json.loads(doctor("--list", "--json"))
    assert found["openssl_options"]["engines"] and found["engines"]["there"]
    assert "dynamic" in found["engines"]["listed"]
    folder = pathlib.Path(found["openssl_options"]["engines_folder"])
    assert found["engines"]["modules"] == sorted(path.stem for path in folder.glob("*.so"))


def test_engines_within_reason(sluice, engine):
    sluice.need("doctor")
    result = sluice.run("doctor", "--list", *["--engine", engine] * 5)
    assert result.code == support.USAGE and "--engine can be given 4 times at most" in result.err


def test_a_report_that_cannot_be_written(sluice):
    sluice.need("doctor")
    with open("/dev/full", "wb") as full:
        result = sluice.run("doctor", "--list", stdout=full)
    assert result.code == support.OUTPUT and b"cannot be written" in result.err.encode()


def test_keeps_what_it_measured(sluice, tmp_path):
    sluice.need("doctor")
    file = tmp_path / "kept"
    options = ("doctor", "--quick", "--device", "/nonexistent/crypto", "--keep", file)
    result = sluice.run(*options, timeout=60)
    assert result.code == support.OK and result.err == ""
    assert result.out.decode().splitlines()[-1] == f'Kept in {file}, by which "auto" chooses with --tls-measured {file}.'
    text = file.read_text()
    lines = text.splitlines()
    assert lines[0] == "sluice-measured 1" and "quick 1" in lines and "sizes 1024 16384" in lines
    assert file.stat().st_mode & 0o7777 == 0o644
    file.write_text(text.replace("kernel ", "kernel other-"))
    found = json.loads(sluice.run(*options, "--json", timeout=60).out)
    assert found["kept"]["file"] == str(file)
    assert found["kept"]["before"].startswith("it was made with the kernel other-")
    text = file.read_text()
    assert "kernel other-" not in text
    # Which a busy machine makes fewer.
    assert text.count("\nway off ") + found["kept"]["left_out"] == len(found["costs"])


def test_what_cannot_be_kept(sluice, tmp_path):
    """The report comes all the same."""
    sluice.need("doctor")
    options = ("doctor", "--quick", "--json", "--device", "/nonexistent/crypto")
    result = sluice.run(*options, "--keep", tmp_path / "no" / "folder", timeout=60)
    assert result.code == support.OUTPUT
    support.one_sentence(result, "is not kept", "No such file")
    found = json.loads(result.out)
    assert len(found["costs"]) == 10 and "No such file" in found["kept"]["error"]
    for option, other in ("--keep", "--list"), ("--keep", "--no-keep"), ("--plot", "--list"):
        result = sluice.run("doctor", option, tmp_path / "file", other)
        assert result.code == support.USAGE
        support.one_sentence(result, option, other)
    assert not list(tmp_path.iterdir())


def test_without_proc(sluice):
    """What is not known is not told as missing."""
    sluice.need("doctor")
    if sluice.sanitized or sluice.emulated:
        pytest.skip("needs /proc, whatever it does")
    hide = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" "$@"')
    if subprocess.run([*hide, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        pytest.skip("this user may not hide /proc")
    result = sluice.run("doctor", "--list", prefix=hide)
    assert result.code == support.OK and result.err == ""
    text = result.out.decode()
    assert "not told: there is no /proc/cpuinfo" in text and "not told: there is no /proc/crypto" in text
    assert "of them" not in text and "none" not in text


def test_without_the_memory_for_threads(sluice):
    """The sentence has the reason, also where stderr is no terminal."""
    sluice.need("doctor")
    if sluice.sanitized or sluice.emulated:
        pytest.skip("needs more memory than the limit, whatever it does")
    limited = ("sh", "-c", 'ulimit -v 2000000; ulimit -s 4000000; exec "$0" "$@"')
    result = sluice.run("doctor", "--quick", "--no-keep", "--device", "/nonexistent/crypto", prefix=limited)
    if result.code == support.OK:
        pytest.skip("here a thread's stack does not go by the limit of stacks")
    assert result.code == support.OTHER
    support.one_sentence(result, "nothing can be measured: Resource temporarily unavailable;")


def on_terminal(sluice, columns, until=None):
    """What the doctor shows on a terminal as wide as that, and its status; it is interrupted when that is there."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    command = [sluice.path, "doctor", "--quick", "--no-keep", "--device", "/nonexistent/crypto"]
    seen = b""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=follower) as doctor:
        os.close(follower)
        try:
            while data := os.read(leader, 4096):
                seen += data
                if until and until in seen:
                    doctor.send_signal(signal.SIGINT)
                    until = None
        except OSError:
            pass
        status = doctor.wait(60)
    os.close(leader)
    return seen.decode(), status


def test_the_bar_fits_into_the_terminal(sluice):
    """One that goes on in the next line would stay there."""
    sluice.need("doctor")
    seen, status = on_terminal(sluice, 50)
    assert status == 0 and seen.endswith("\r\x1b[K")
    lines = seen.replace("\x1b[K", "").split("\r")
    assert max(map(len, lines)) == 49, lines


def test_nothing_of_the_bar_is_left_when_interrupted(sluice):
    sluice.need("doctor")
    if sluice.emulated:
        pytest.skip("the emulator has the signal")
    seen, status = on_terminal(sluice, 80, until=b" %")
    assert status == -signal.SIGINT
    assert "100 %" not in seen and seen.endswith("\x1b[K\r\x1b[K")


def test_plots(sluice, tmp_path):
    """The letters of the terminal's plot are those of the table; the picture is XML, with a curve for each way."""
    sluice.need("doctor")
    options = ("doctor", "--quick", "--no-keep", "--device", "/nonexistent/crypto")
    picture = tmp_path / "costs.svg"
    result = sluice.run(*options, "--plot", picture, timeout=60)
    assert result.code == support.OK and result.err == ""
    table, _, plot = result.out.decode().partition("CPU, ms per MB, against record size")
    letters = [line[0] for line in table.splitlines() if re.match(r"[a-zA-Z] (ECDHE|TLS)", line)]
    assert letters[:10] == list("abcdefghij")
    rows = [line[9:] for line in plot.splitlines() if re.match(r" {3}.{5}[|+]", line)]
    assert len(rows) == 21
    found = json.loads(sluice.run(*options, "--json", "--plot", picture, timeout=60).out)
    root = xml.etree.ElementTree.parse(picture).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert len(root.findall(f"{space}path")) == len(found["costs"])
    labels = [text.text for text in root.findall(f"{space}text")]
    assert found["kernel"] in labels and "16384" in labels
    assert {f"{way['suite']}, software" for way in found["costs"] if not way["encrypt_then_mac"]} <= set(labels)
    result = sluice.run(*options, "--json", "--plot", tmp_path / "no" / "folder.svg", timeout=60)
    assert result.code == support.OUTPUT and json.loads(result.out)["costs"]
    support.one_sentence(result, "folder.svg", "No such file")
