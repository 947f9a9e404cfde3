#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Adds up JUnit files: names what failed, lists what was skipped and why, and ends with one line of totals.

On Debian 12 a skip that tests/skips-debian12.txt does not name fails the run: a peer that went missing
must not turn a test off in silence.
"""
import argparse
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parent.parent


def cases(path):
    """Yields (id, outcome, reason) for each test case of a JUnit file."""
    for suite in ET.parse(path).getroot().iter("testsuite"):
        for case in suite.findall("testcase"):
            name = "%s: %s.%s" % (path.stem, case.get("classname") or suite.get("name"), case.get("name"))
            for kind, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
                found = case.find(kind)
                if found is not None:
                    yield name, outcome, (found.get("message") or found.text or "").strip()
                    break
            else:
                yield name, "passed", ""
    yield from failed_at_the_end(path)


def failed_at_the_end(path):
    """Programs of Meson's that failed though each of their tests passed: a crash at exit, a leak. Its JUnit file does not
    tell of them; the log that does lies beside it."""
    log = path.with_suffix(".json")
    if not log.exists():
        return
    told = set()
    for suite in ET.parse(path).getroot().iter("testsuite"):
        for case in suite.findall("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                told |= {suite.get("name"), case.get("name")}
    for line in log.read_text(encoding="utf-8").splitlines():
        test = json.loads(line)
        if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not any(name.endswith(test["name"]) for name in told):
            yield "%s: %s" % (path.stem, test["name"]), "failed", "exit status %s" % test["returncode"]


def debian_release():
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.M))
    return fields.get("VERSION_ID") if fields.get("ID") == "debian" else None


def allowed_skips():
    lines = (ROOT / "tests" / "skips-debian12.txt").read_text(encoding="utf-8").splitlines()
    return [re.compile(line) for line in lines if line.strip() and not line.startswith("#")]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broken", type=int, default=0, help="steps that failed without a report")
    parser.add_argument("--note", default="", help="a line to print before the totals")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()

    counts = {"passed": 0, "failed": args.broken, "skipped": 0}
    strict = debian_release() == "12"
    allowed = allowed_skips()
    for path in args.files:
        for name, outcome, reason in cases(path):
            if outcome != "passed":
                print("%-7s %s%s" % (outcome, name, " (%s)" % reason.splitlines()[0] if reason else ""))
            if outcome == "skipped" and strict and not any(pattern.search(name) for pattern in allowed):
                print("        this skip is not in tests/skips-debian12.txt, so it counts as a failure")
                outcome = "failed"
            counts[outcome] += 1
    if args.broken:
        print("%d step(s) failed: see FAILED above" % args.broken)
    if args.note:
        print(args.note)
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
