# SPDX-License-Identifier: MIT
"""An RTMPS push over a device that fails in mid-stream: the stream goes on, what is stored is identical, and the log says
once what happened. Each record is compared with software before it is sent."""

import pathlib
import re
import time

import pytest

from pushing import Suite

SETTINGS = {"min_size": 16384, "check_every": 1}

# How the records come to be: the suite, and what the device lacks for that.
WAYS = {
    "gcm": (Suite("TLS_AES_128_GCM_SHA256"), []),
    "key-stream": (Suite("ECDHE-RSA-AES256-GCM-SHA384"), ["ecb-only"]),
    "tls": (Suite("ECDHE-RSA-AES128-SHA256"), []),
    "cbc": (Suite("AES256-SHA", etm=True), ["cbc-only"]),
}
OFF = "turned off for this process, all goes on in software: "
EIO, ENOSPC, EINVAL, ENODEV = "Input/output error", "No space left on device", "Invalid argument", "No such device"

# A fault, what is said of it in so many lines, and whether the device goes on.
FAULTS = [
    ("wrong=after:8", [OFF + "driver lab-.* gave wrong bytes for AES-.* of [0-9]+ bytes"], False),
    ("flip", [OFF + "driver lab-.* gave wrong bytes for AES-.* of [0-9]+ bytes"], False),
    ("wrong-length=16000-17000", [OFF + "driver lab-.* gave wrong bytes for AES-.* of [0-9]+ bytes"], False),
    ("eio=at:8", ["driver lab-.* failed on [0-9]+ bytes: " + EIO], True),
    ("eio=after:8", ["failed on [0-9]+ bytes: " + EIO, OFF + ".* failed 8 times in a row, .*" + EIO], False),
    ("enospc=after:8", ["failed on [0-9]+ bytes: " + ENOSPC, OFF + ".* failed 8 times in a row, .*" + ENOSPC], False),
    ("enospc=every:5", ["failed on [0-9]+ bytes: " + ENOSPC], True),
    ("einval=after:8", ["failed on [0-9]+ bytes: " + EINVAL, OFF + ".* failed 8 times in a row, .*" + EINVAL], False),
    ("vanish=after:8", [OFF + ".*" + ENODEV], False),
    ("slow=5", [], True),
]


def check_said(push, patterns):
    said = push.said()
    assert len(said) == len(patterns), said
    for line, pattern in zip(said, patterns):
        assert re.search(pattern, line), f"{pattern!r} is not in {line!r}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault, patterns, goes_on", FAULTS, ids=[f[0] for f in FAULTS])
def test_the_stream_goes_on(device, push, way, fault, patterns, goes_on):
    suite, lacks = WAYS[way]
    one = device(*lacks, fault)
    done = push(suite, **SETTINGS)
    counters = one.counters()
    check_said(done, patterns)
    if goes_on:
        assert counters["bytes"] > done.full_records() * 16384 * 0.7
    else:
        assert counters["crypt"] + counters["authcrypt"] + counters["errors"] < 24
    wrong = fault == "flip" or fault.startswith("wrong")
    assert 1 <= counters["faulty"] <= 2 if wrong else counters["faulty"] == 0, "the second when the first was a trial of a size"
    assert counters["open_now"] == 0


# Faults that another way of asking keeps clear of: the device serves the stream to its end, and nothing is said.
HARMLESS = [
    ("ctr16", ["ctr-only"], "key-stream"),
    ("ctr32", ["ctr-only"], "key-stream"),
    ("leak-aad", [], "gcm"),
    ("leak-session", [], "gcm"),
    ("wrong-align=1-63", [], "gcm"),
    ("wrong-align=1-63", ["ecb-only"], "key-stream"),
    ("wrong-length=1-1000", ["ecb-only"], "key-stream"),
    ("largest=65536", ["ecb-only"], "key-stream"),
    ("iv-not-chained", [], "tls"),
    ("iv-not-chained", [], "cbc"),
    ("wrong-align=1-63", [], "tls"),
    ("wrong-align=1-63", [], "cbc"),
    ("unflagged", [], "gcm"),
]


@pytest.mark.parametrize("fault, lacks, way", HARMLESS, ids=[f"{f[0]}-{f[2]}" for f in HARMLESS])
def test_what_is_kept_clear_of(device, push, fault, lacks, way):
    one = device(*lacks, fault)
    done = push(WAYS[way][0], **SETTINGS)
    counters = one.counters()
    check_said(done, [])
    assert counters["bytes"] >= (done.full_records() - 2) * 16384
    assert counters["faulty"] == 0


def test_wrong_bytes_in_long_requests_only(device, push):
    """They are found in a trial; what is shorter goes on."""
    one = device("ecb-only", "wrong-above=38016")
    done = push(WAYS["key-stream"][0], **SETTINGS)
    check_said(done, ["gave wrong bytes for AES-ECB in a trial with [0-9]+ bytes: requests stay smaller"])
    assert one.counters()["ecb_bytes"] >= (done.full_records() - 2) * 16384


@pytest.mark.parametrize("fault, patterns", [
    ("no-tls", []),
    ("no-authcrypt", ["AES-CBC with HMAC-SHA256 is not used: .* refuses the first request .*32-bit program"]),
], ids=["no-tls", "no-authcrypt"])
def test_no_mac_by_the_kernel(device, push, fault, patterns):
    """Then the CPU makes it: a request a record still."""
    one = device(fault)
    done = push(WAYS["tls"][0], **SETTINGS)
    full = done.full_records()
    check_said(done, patterns)
    assert full - 1 <= one.counters()["cbc"] <= full


def test_too_slow(device, push):
    one = device("slow=400")
    done = push(WAYS["gcm"][0], deadline_ms=100, **SETTINGS)
    check_said(done, [OFF + ".* did not end within 100 ms"])
    assert one.counters()["gcm"] <= 1


def test_no_device(push):
    done = push(WAYS["gcm"][0], **SETTINGS)
    check_said(done, [OFF + ".*/dev/crypto.*No such file or directory|No such file or directory"])


def test_two_at_once_on_a_device_that_mixes_them_up(device, begin_push):
    """An operation's result is wrong after one of another session: both streams are stored as they were sent."""
    one = device("leak-session")
    both = [begin_push(WAYS["gcm"][0], **SETTINGS) for _ in range(2)]
    for push in both:
        push.wait()
        assert len(push.said()) <= 1
    assert one.counters()["faulty"] >= 1
    assert sum(len(push.said()) for push in both) >= 1


def state(pid):
    return re.search(r"^State:\s+(\S)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"), re.M)[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("late", [[], ["late-write=530"]], ids=["hang", "late-write"])
def test_a_device_that_hangs(device, begin_push, way, late):
    """The stream goes on and is stored whole, and the program ends, as far as the kernel lets it: what is left of it is a
    zombie with one thread that no signal ends, until the kernel gives the operation up. That the device writes to its
    buffer after all harms nothing."""
    suite, lacks = WAYS[way]
    one = device(*lacks, "hang=after:8", *late)
    push = begin_push(suite, deadline_ms=500, **SETTINGS)
    pid = push.process.pid
    for _ in range(600):
        if state(pid) == "Z":
            break
        time.sleep(0.1)
    assert state(pid) == "Z", "it had an end to come to"
    assert push.process.process.poll() is None
    counters = one.wait_for("late_writes", len(late))
    assert (counters["hanging"], counters["late_writes"]) == (1, len(late))
    pathlib.Path("/sys/class/cuse/crypto/abort").write_text("1", encoding="ascii")
    push.wait()
    check_said(push, [OFF + ".* did not end within 500 ms"])
