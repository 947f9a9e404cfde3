# SPDX-License-Identifier: MIT
"""OpenSSL's own published test vectors through the provider, which is required: software never stands in for it.

Each operation has to be seen by the device's own counter, and on a device that flips one bit of each result every one
of them has to fail. What does not reach a device is in unsupported.txt, by name: a new hole fails, as does a name that
is not true any more.
"""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
UNSUPPORTED = HERE / "unsupported.txt"

# A device, and which ciphers it is for.
DEVICES = [("complete", ""), ("no-tls", "CBC"), ("ecb-only", "GCM"), ("ctr-only", "GCM")]

STITCHED = [f"AES-{bits}-CBC-HMAC-{digest}" for bits in (128, 256) for digest in ("SHA1", "SHA256")]
ELF_X86 = (3, 62)  # EM_386, EM_X86_64


@pytest.fixture(scope="session")
def vectors():
    source = subprocess.run([HERE / "openssl_source.sh"], stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    folder = pathlib.Path(source.stdout.strip()) / "test/recipes/30-test_evp_data"
    return [folder / "evpciph_aes_common.txt", folder / "evpciph_aes_stitched.txt"]


@pytest.fixture(scope="session")
def run(sluice_path, vectors):
    program = pathlib.Path(sluice_path).parent.parent / "tests/lab/run_vectors"
    if not program.exists():
        pytest.skip("this build has no provider: OpenSSL 1.1.1 knows none")

    def run(*arguments, files=vectors):
        emulator = os.environ.get("SLUICE_EMULATED", "").split()
        return subprocess.run([*emulator, program, *arguments, *files], capture_output=True, text=True, check=False, timeout=300)

    return run


@pytest.fixture(scope="session")
def openssl_lacks(sluice_path, tmp_path_factory):
    """A list of what OpenSSL itself has on x86 with AES instructions alone, where that is not what the tests run on."""
    program = pathlib.Path(sluice_path).parent.parent / "tests/lab/run_vectors"
    x86 = program.exists() and int.from_bytes(program.read_bytes()[18:20], "little") in ELF_X86
    flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    names = [] if x86 and "aes" in flags[1].split() else STITCHED
    path = tmp_path_factory.mktemp("vectors") / "openssl-lacks.txt"
    path.write_text("".join(name + "\n" for name in names))
    return path


def right(done):
    assert done.returncode == 0, "".join(line for line in done.stdout.splitlines(True) if not line.startswith("ok ")) + done.stderr
    return done.stdout


@pytest.mark.parametrize("mode, operations", [("CBC", 300), ("GCM", 700)])
def test_reader_and_runner_are_right_about_openssl_itself(run, openssl_lacks, mode, operations):
    out = right(run("--software", "--only", mode, "--unsupported", openssl_lacks))
    assert sum(int(line.split(" in software")[0].split(", ")[-1]) for line in out.splitlines() if " in software" in line) > operations


@pytest.mark.parametrize("device, only", DEVICES)
def test_vectors(run, device, only):
    right(run("--device", device, "--only", only, "--unsupported", UNSUPPORTED))


@pytest.mark.parametrize("device, only", DEVICES)
def test_vectors_fail_on_a_device_that_flips_a_bit(run, device, only):
    out = right(run("--device", device + ",flip", "--spoilt", "--only", only, "--unsupported", UNSUPPORTED))
    assert "spoilt by the device" in out


def test_a_device_that_flips_a_bit_is_noticed(run):
    done = run("--device", "complete,flip", "--unsupported", UNSUPPORTED)
    assert done.returncode == 1
    assert "not ok" in done.stdout


def test_a_hole_that_is_not_listed_is_noticed(run, tmp_path):
    (tmp_path / "empty").write_text("")
    done = run("--device", "complete", "--only", "GCM", "--unsupported", tmp_path / "empty")
    assert done.returncode == 1
    assert "not offered, and not listed" in done.stdout


def test_a_name_that_is_not_true_any_more_is_noticed(run, tmp_path):
    (tmp_path / "list").write_text(UNSUPPORTED.read_text() + "AES-128-GCM encryption\nAES-512-GCM\n")
    done = run("--device", "complete", "--only", "GCM", "--unsupported", tmp_path / "list")
    assert done.returncode == 1
    bad = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
    assert len(bad) == 2 and "AES-128-GCM encryption:" in bad[0] and "AES-512-GCM" in bad[1], bad


@pytest.mark.parametrize("what", ["Ciphertext", "Tag", "NextIV"])
def test_another_expectation_is_noticed(run, vectors, tmp_path, what):
    """The last digit of each such value is another one."""
    files = []
    for path in vectors:
        lines = path.read_text().splitlines(True)
        changed = [line.rstrip() for line in lines]
        changed = [line[:-1] + ("1" if line[-1] == "0" else "0") if line.startswith(what + " = ") else line for line in changed]
        files.append(tmp_path / path.name)
        files[-1].write_text("\n".join(changed) + "\n")
    done = run("--software", "--only", "GCM" if what == "Tag" else "CBC", files=files)
    assert done.returncode == 1
    assert "not ok" in done.stdout
