# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC1091 # the settings that lab.sh wrote
# Process 1 of the guest once its root is up: run.sh STDOUT STDERR REPORT. Loads the modules, runs the program, and
# reports its exit status.
. /run/lab/settings
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb TMPDIR=/run
export SLUICE_LAB="$backend"

# The virtio ports appear some time after their driver. A pattern is not expanded behind a redirection.
# shellcheck disable=SC2086,SC2116
{
	tries=50
	while ! { [ -c $1 ] && [ -c $2 ] && [ -c $3 ]; } && [ $tries -gt 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	stdout=$(echo $1) stderr=$(echo $2) report=$(echo $3)
}

for module in $modules; do
	case $module in
	*/*) insmod "$module" ;;
	*) [ -d "/sys/module/$module" ] || modprobe -q "$module" ;; # it may be built in
	esac || echo "lab: this kernel has no module $module" >"$stderr"
done
ip link set lo up
. /run/lab/command
cd "$folder" || poweroff -f
echo "ready $(cat /proc/uptime)" >"$report"
# Through pipes: some of these devices are terminals, where programs behave in another way.
mkfifo /run/lab/stdout /run/lab/stderr
cat /run/lab/stdout >"$stdout" &
stdout_copier=$!
cat /run/lab/stderr >"$stderr" &
stderr_copier=$!
/usr/bin/env "$@" </dev/null >/run/lab/stdout 2>/run/lab/stderr # env: else busybox's own commands would come first
status=$?
# They end with the last writer, unless the program left something running.
tries=20
copying() {
	kill -0 "$stdout_copier" || kill -0 "$stderr_copier"
} 2>/dev/null
while copying && [ $tries -gt 0 ]; do
	sleep 0.05
	tries=$((tries - 1))
done
echo "status $status" >"$report"
[ -z "$verbose" ] || dmesg >/dev/console
sync
exec poweroff -f
