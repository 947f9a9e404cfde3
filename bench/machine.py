# SPDX-License-Identifier: MIT
"""What the measurements have in common that run in the lab's emulated machine: whose CPU a command took, and what stands
around a publisher.

CPU is the whole machine's: all time but what its processors were idle, by the kernel's clock of that (programs,
interrupts, the kernel's threads), less what it is busy with when nothing runs. What a process took of it is known apart, to
be taken off. All are in nanoseconds: /proc/stat counts in hundredths of a second.
"""
import os
import pathlib
import re
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

SERVER_CONF = """openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
%s
"""


def busy_seconds():
    """Of all CPUs, since some time in the past."""
    text = pathlib.Path("/proc/timer_list").read_text(encoding="ascii")
    idle = sum(int(n) for n in re.findall(r"\.(?:idle|iowait)_sleeptime *: (\d+) nsecs", text))
    return time.monotonic() * os.cpu_count() - idle / 1e9


def process_seconds(pid):
    """By the process's CPU clock, whose number clock_getcpuclockid(3) makes so."""
    return time.clock_gettime(~pid << 3 | 2)


def idle_share(seconds):
    """How busy a CPU is when nothing runs."""
    before, start = busy_seconds(), time.monotonic()
    time.sleep(seconds)
    return (busy_seconds() - before) / (time.monotonic() - start)


def measured(argv, env, idle, watched, stderr=None):
    """Runs argv to its end: what it printed, and whose CPU it took, in seconds: "busy" is the whole machine's,
    "publisher" its own, and one for each name of watched, which has the pids."""
    before = {name: process_seconds(pid) for name, pid in watched.items()}
    busy, start = busy_seconds(), time.monotonic()
    child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=env,
                             stderr=stderr)
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError("exit %d: %s" % (child.returncode, " ".join(map(str, argv))))
    took = time.monotonic() - start
    cost = {name: process_seconds(pid) - before[name] for name, pid in watched.items()}
    return {**cost, "text": text, "busy": busy_seconds() - busy - idle * took, "publisher": usage.ru_utime + usage.ru_stime}


def openssl_environment(path, text):
    """The environment of a program with this OpenSSL configuration, which is written to path."""
    path.write_text(text, encoding="ascii")
    return {**os.environ, "OPENSSL_CONF": str(path)}


def make_certificate(folder):
    """key.pem and cert.pem, for localhost, with an elliptic curve."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, stderr=subprocess.DEVNULL)


class Sink:
    """bench/sink, running."""

    def __init__(self, build, *args, env=None):
        self.process = subprocess.Popen([build / "bench/sink", *args], stdout=subprocess.PIPE, text=True, env=env)
        self.pid = self.process.pid
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


def middle(values):
    """"median (min to max)"."""
    return "%.1f (%.1f to %.1f)" % (statistics.median(values), min(values), max(values))


def verdict(ratio):
    return "WINS" if ratio < 1 else "LOSES"
