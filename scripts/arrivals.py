#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Copies an FLV from standard input to a file as it comes, and notes when each audio and video tag was there.

    sluice pull URL - | arrivals.py FILE TIMES

TIMES takes a JSON list of [timestamp in ms, Unix time in ms].
"""
import json
import os
import sys
import time


def main():
    out_path, times_path = sys.argv[1:]
    pending, times, header = b"", [], False
    with open(out_path, "wb") as out:
        while data := os.read(0, 1 << 16):
            now = time.time() * 1000
            out.write(data)
            pending += data
            at = 0
            if not header and len(pending) >= 13:
                header, at = True, 13
            while header and len(pending) - at >= 15:
                end = at + 15 + int.from_bytes(pending[at + 1:at + 4], "big")
                if end > len(pending):
                    break
                if pending[at] in (8, 9):
                    stamp = int.from_bytes(pending[at + 4:at + 7], "big") | pending[at + 7] << 24
                    times.append([stamp, now])
                at = end
            pending = pending[at:]
    with open(times_path, "w", encoding="ascii") as f:
        json.dump(times, f)


if __name__ == "__main__":
    main()
