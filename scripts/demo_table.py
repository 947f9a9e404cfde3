#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The table at the end of scripts/demo.sh, out of what its parts left in a folder."""
import json
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import flvcmp  # noqa: E402


def summary(path):
    return json.loads(path.read_text(encoding="utf-8").splitlines()[-1])


def verdict(sent, got):
    found = flvcmp.compare(str(sent), str(got))
    return ("identical", True) if not found else ("DIFFERENT: " + found, False)


def main():
    folder, clip, server = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    push = summary(folder / "push.json")
    times = json.loads((folder / "times.json").read_text(encoding="ascii"))
    late = sorted(arrived - push["origin_unix_ms"] - stamp for stamp, arrived in times)
    stored, stored_same = verdict(clip, next(folder.glob("store/**/*.flv")))
    played, played_same = verdict(clip, folder / "played.flv")
    rows = [
        ("server", server),
        ("TLS", "%s %s" % (push["tls_version"], push["tls_suite"])),
        ("messages", "%d in %.1f s" % (push["messages"], push["media_ms"] / 1000)),
        ("TLS records", push["tls_records"]),
        ("write calls", push["writes"]),
        ("bytes on the wire", "%d, %.4f of the payload's %d" % (
            push["wire_bytes_out"], push["wire_bytes_out"] / push["payload_bytes"], push["payload_bytes"])),
        ("CPU of the push", "%.0f ms, %.2f %% of a core, %.0f ms per MB of payload" % (
            push["cpu_ms"], 100 * push["cpu_ms"] / push["elapsed_ms"], push["cpu_ms"] / (push["payload_bytes"] / 1e6))),
        ("added latency", "median %.1f ms, 99 %% within %.1f ms (from a frame's due time to the player's output)" % (
            statistics.median(late), late[int(len(late) * 0.99)])),
        ("stored", stored),
        ("played", played),
    ]
    print()
    for name, value in rows:
        print("  %-18s %s" % (name, value))
    return 0 if stored_same and played_same else 1


if __name__ == "__main__":
    sys.exit(main())
