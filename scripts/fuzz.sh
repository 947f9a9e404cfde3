#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs each fuzz target for a while from its corpus: fuzz.sh BUILD-FOLDER SECONDS [JUNIT-FILE]
# FUZZ_SEED (1) makes a run repeatable: a change is tested with the same inputs as the last one. 0 takes other ones.
# What crashed is left in BUILD-FOLDER/crashes/. The failures of the targets are in the report, so the exit status
# only says whether there were targets to run.
set -u
cd "$(dirname "$0")/.."
build=$1
seconds=$2
report=${3:-/dev/null}
mkdir -p "$build/crashes"
targets=0
echo '<testsuites><testsuite name="fuzz">' >"$report"
for target in "$build"/tests/fuzz/fuzz_*; do
	[ -x "$target" ] && [ -f "$target" ] || continue
	targets=$((targets + 1))
	name=${target##*/fuzz_}
	found=$(mktemp -d) # new inputs go here; the corpus in the tree stays as it is
	if "$target" -max_total_time="$seconds" -seed="${FUZZ_SEED:-1}" -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=64 -print_final_stats=1 \
		-artifact_prefix="$build/crashes/$name-" "$found" "tests/fuzz/corpus/$name" >"$build/$name.log" 2>&1; then
		printf '%s: %s inputs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")"
		printf '<testcase classname="fuzz" name="%s"/>\n' "$name" >>"$report"
	else
		tail -n 40 "$build/$name.log"
		printf '<testcase classname="fuzz" name="%s"><failure message="see %s"/></testcase>\n' "$name" \
			"$build/$name.log" >>"$report"
	fi
	rm -rf "$found"
done
echo '</testsuite></testsuites>' >>"$report"
[ "$targets" -gt 0 ]
