# SPDX-License-Identifier: MIT
"""A /dev/crypto in user space, for tests: it counts, and fails on demand."""

import pathlib
import socket
import subprocess
import tempfile
import time


class Device:
    """cusecrypto at /dev/NAME, as a context. Faults as `cusecrypto --list-faults` tells of them."""

    def __init__(self, program, *faults, name="crypto", passing=None):
        self.path = pathlib.Path("/dev", name)
        self.socket = pathlib.Path(tempfile.mkdtemp(prefix="device."), "control")
        options = [option for fault in faults for option in ("--fault", fault)]
        if passing:
            options += ["--pass", passing]
        self.process = subprocess.Popen(
            [program, "--name", name, "--control", self.socket, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        ready = self.process.stdout.readline()
        assert ready == "ready\n", f"cusecrypto did not start: {self.process.wait(10)}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Its clients' operations that hang end with it."""
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()
        self.socket.unlink(missing_ok=True)
        self.socket.parent.rmdir()

    def ask(self, line):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(30)
            control.connect(str(self.socket))
            control.sendall(line.encode() + b"\n")
            answer = control.makefile().read()
        assert not answer.startswith("error: "), answer
        return answer

    def fault(self, spec):
        """From the next operation on: "hang=after:3", "hang=off", "none"."""
        self.ask("fault " + spec)

    def release(self):
        """Ends what hangs."""
        self.ask("release")

    def wait_for(self, counter, n):
        """The counters, when this one has come to n."""
        for _ in range(1000):
            counters = self.counters()
            if counters[counter] >= n:
                return counters
            time.sleep(0.01)
        raise AssertionError(f"{counter} never came to {n}: {counters}")

    def counters(self):
        return {name: int(value) for name, value in (line.split("=") for line in self.ask("counters").splitlines())}
