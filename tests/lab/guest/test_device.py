# SPDX-License-Identifier: MIT
"""The /dev/crypto in user space is what the model in the same process is, and what the kernel's module would be."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def interrupts():
    """How often the crypto device has called."""
    name = next(pathlib.Path("/sys/bus/virtio/drivers/virtio_crypto").glob("virtio*")).name
    lines = pathlib.Path("/proc/interrupts").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if name + "-" in line)


@pytest.mark.parametrize("test", ["cbc", "device", "faults"])
def test_models_own_tests(build, cusecrypto, test):
    """Each with a device of its own: published vectors, errors, counters, and every fault."""
    environment = dict(os.environ, SLU_LAB_CUSE=str(cusecrypto))
    done = subprocess.run([build / "tests/lab" / f"test_lab_{test}"], env=environment, timeout=100, check=False)
    assert done.returncode == 0


@pytest.mark.emulated
def test_models_cbc_by_the_crypto_device(build, cusecrypto):
    before = interrupts()
    environment = dict(os.environ, SLU_LAB_CUSE=str(cusecrypto), SLU_LAB_PASS="afalg")
    done = subprocess.run([build / "tests/lab/test_lab_cbc"], env=environment, timeout=100, check=False)
    assert done.returncode == 0
    assert interrupts() - before > 100


@pytest.mark.emulated
def test_32_bit_program(device, tmp_path):
    # The C library's headers for 32 bits need not be installed: the kernel's have the numbers.
    (tmp_path / "sys").mkdir()
    (tmp_path / "sys/ioctl.h").write_text("#include <asm-generic/ioctl.h>\n")
    program = tmp_path / "narrow"
    options = ["-m32", "-O1", "-std=gnu11", "-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector"]
    subprocess.run(["cc", *options, "-I", tmp_path, "-I", ROOT, "-o", program, HERE / "narrow.c"], check=True, timeout=100)
    one = device()
    assert subprocess.run([program], timeout=30, check=False).returncode == 0
    counters = one.counters()
    assert counters["cbc"] == 1
    assert counters["authcrypt"] == 0
    assert counters["errors"] == 1


# Opens the device, begins a session of ECB, and encrypts a block: 0 when it could, else errno.
CLIENT = """
import ctypes, fcntl, os, struct, sys
key = (ctypes.c_char * 16)()
block = (ctypes.c_char * 16)()
try:
    fd = os.open("/dev/crypto", os.O_RDWR)
    session = fcntl.ioctl(fd, 0xc0306366, struct.pack("@IIIPIPI4x", 23, 0, 16, ctypes.addressof(key), 0, 0, 0))
    op = struct.pack("@IHHIPPPP", struct.unpack("@IIIPIPI4x", session)[6], 0, 0, 16, ctypes.addressof(block), ctypes.addressof(block), 0, 0)
    fcntl.ioctl(fd, 0xc0306368, op)
except OSError as error:
    sys.exit(error.errno)
"""


def client():
    return subprocess.Popen([sys.executable, "-c", CLIENT])


def test_hang_stops_nobody_else_and_no_signal_ends_it(device):
    one = device("hang")
    stuck = [client() for _ in range(20)]
    one.wait_for("hanging", 20)
    stuck[0].kill()
    one.fault("hang=off")
    assert client().wait(30) == 0
    assert all(process.poll() is None for process in stuck)
    one.release()
    assert stuck[0].wait(30) == -9
    assert [process.wait(30) for process in stuck[1:]] == [5] * 19


def test_server_that_ends_frees_what_hangs(device):
    one = device("hang")
    stuck = client()
    one.wait_for("hanging", 1)
    one.process.kill()
    assert stuck.wait(30) != 0


def test_forked_child_shares_the_open_file(device):
    one = device()
    forking = CLIENT.replace("    fcntl.ioctl(fd, 0xc0306368, op)", "    os.fork() or sys.exit(fcntl.ioctl(fd, 0xc0306368, op) and 0)\n    os.wait()")
    assert subprocess.run([sys.executable, "-c", forking], timeout=30, check=False).returncode == 0
    counters = one.counters()
    assert (counters["opens"], counters["sessions"], counters["ecb"]) == (1, 1, 1)
