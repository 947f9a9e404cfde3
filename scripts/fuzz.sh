#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs each fuzz target for a while from its corpus, as many at once as there are processors:
# fuzz.sh BUILD-FOLDER SECONDS [JUNIT-FILE]
# FUZZ_SEED (1) makes a run repeatable: a change is tested with the same inputs as the last one. 0 takes other ones.
# What crashed is left in BUILD-FOLDER/crashes/. The failures of the targets are in the report, so the exit status
# only says whether there were targets to run.
set -u
cd "$(dirname "$0")/.."
build=$1
seconds=$2
report=${3:-/dev/null}

# fuzz NAME: leaves NAME.log, and NAME.xml for the report.
fuzz() {
	rm -f "$build/$1.xml"
	found=$(mktemp -d) # new inputs go here; the corpus in the tree stays as it is
	more=
	[ "$1" != serve ] || more=-entropic=0 # it has so many features that weighing them takes most of the time
	# shellcheck disable=SC2086 # none, or one
	if "$build/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -seed="${FUZZ_SEED:-1}" -timeout=10 -rss_limit_mb=512 \
		-malloc_limit_mb=64 -print_final_stats=1 -artifact_prefix="$build/crashes/$1-" $more \
		"$found" "tests/fuzz/corpus/$1" >"$build/$1.log" 2>&1; then
		printf '%s: %s inputs\n' "$1" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$1.log")"
		printf '<testcase classname="fuzz" name="%s"/>\n' "$1" >"$build/$1.xml"
	else
		tail -n 40 "$build/$1.log"
		printf '<testcase classname="fuzz" name="%s"><failure message="see %s"/></testcase>\n' "$1" \
			"$build/$1.log" >"$build/$1.xml"
	fi
	rm -rf "$found"
}

mkdir -p "$build/crashes"
names=''
running=0
for target in "$build"/tests/fuzz/fuzz_*; do
	[ -x "$target" ] && [ -f "$target" ] || continue
	name=${target##*/fuzz_}
	names="$names $name"
	fuzz "$name" &
	running=$((running + 1))
	[ $((running % $(nproc))) -ne 0 ] || wait # they all take the same time
done
wait
{
	echo '<testsuites><testsuite name="fuzz">'
	for name in $names; do
		cat "$build/$name.xml" || printf '<testcase classname="fuzz" name="%s"><failure message="no result"/></testcase>\n' "$name"
	done
	echo '</testsuite></testsuites>'
} >"$report"
[ -n "$names" ]
