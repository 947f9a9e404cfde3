# SPDX-License-Identifier: MIT
"""`sluice serve` as the peer of foreign software, and what it says of its clients."""
import json
import re
import time

import support


class Serving:
    """A running `sluice serve` at free ports of RTMP and RTMPS; what it reports is waited for, never slept for."""

    def __init__(self, sluice, folder, certificates, *options, certificate="good"):
        self.sluice = sluice
        self.folder = folder
        folder.mkdir()
        self.certificates = certificates
        sluice.need("serve")
        self.process = sluice.start("serve", "--json", "--listen", "rtmp://127.0.0.1:0", "--listen",
                                    "rtmps://127.0.0.1:0", "--cert", certificates / f"{certificate}.pem", "--key",
                                    certificates / f"{certificate}.key",
                                    "--publish-timeout", "600",  # a player that is built first takes minutes
                                    *options, folder)
        self.ports = {scheme: self.process.expect(rf'"{scheme}://127\.0\.0\.1:(\d+)"', 20 * sluice.patience)[1]
                      for scheme in ("rtmp", "rtmps")}

    def url(self, scheme="rtmp", stream="s", app="live"):
        return f"{scheme}://localhost:{self.ports[scheme]}/{app}/{stream}"

    def trust(self, scheme):
        """What makes sluice's own clients trust it."""
        return ["--ca-file", self.certificates / "ca.pem"] if scheme == "rtmps" else []

    def events(self, name):
        lines = self.process.text("out").splitlines(keepends=True)
        return [e for e in map(json.loads, (line for line in lines if line.endswith("\n"))) if e["event"] == name]

    def wait(self, name, count=1, timeout=20):
        """Until count events of this name were reported; all of them."""
        deadline = time.monotonic() + timeout * self.sluice.patience
        while len(found := self.events(name)) < count:
            assert time.monotonic() < deadline and self.process.process.poll() is None, (
                f"{count} times {name} never came: {self.process.text('out')}{self.process.text('err')}")
            time.sleep(0.02)
        return found

    def recorded(self, stream="s", app="live", count=1):
        """The recording, whole once that has been reported."""
        self.wait("recorded", count)
        return self.folder / app / f"{stream}.flv"

    def stop(self):
        if self.process.process.poll() is None:
            result = self.process.stop(timeout=20 * self.sluice.patience)
            assert result.code in (support.OK, support.INTERRUPTED), result
            assert not re.search("dropped\":[1-9]", result.out.decode()), "no player of these tests is slow"
