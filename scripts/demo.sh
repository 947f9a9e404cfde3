#!/bin/sh
# SPDX-License-Identifier: MIT
# Shows Sluice at work, on loopback and without any preparation: installs what building takes, builds, starts
# `sluice serve` with a throw-away CA and certificate, pushes the sample clip to it over RTMPS in real time, plays it
# back at the same time, and compares what was stored and what was played with what was sent.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# shellcheck disable=SC2086 # a list
install_packages $build_packages

say 'building'
[ -f build/demo/build.ninja ] || meson setup build/demo -Dbuildtype=release -Dtests=false >/dev/null
ninja -C build/demo
sluice=$PWD/build/demo/tools/sluice
clip=$PWD/examples/clip.flv

dir=$(mktemp -d)
serve=
pull=
finish() {
	for pid in $pull $serve; do kill "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

say 'a throw-away CA, and a certificate for localhost'
cat >"$dir/openssl.cnf" <<'END'
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = CA:false
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
END
ec='-pkeyopt ec_paramgen_curve:prime256v1'
# shellcheck disable=SC2086 # two words
openssl req -x509 -config "$dir/openssl.cnf" -extensions ca -newkey ec $ec -nodes -days 2 -subj '/CN=Sluice demo CA' \
	-keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
# shellcheck disable=SC2086 # two words
openssl req -config "$dir/openssl.cnf" -newkey ec $ec -nodes -subj '/CN=localhost' -keyout "$dir/server.key" \
	-out "$dir/server.csr" 2>/dev/null
openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
	-extfile "$dir/openssl.cnf" -extensions leaf -out "$dir/server.pem" 2>/dev/null

say 'sluice serve: RTMPS on loopback, recording'
mkdir "$dir/store"
"$sluice" serve --listen rtmps://127.0.0.1:0 --cert "$dir/server.pem" --key "$dir/server.key" "$dir/store" \
	>"$dir/serve.log" 2>&1 &
serve=$!
tries=100
while ! grep -q 'listening on' "$dir/serve.log" && [ $tries -gt 0 ]; do
	tries=$((tries - 1))
	sleep 0.05
done
port=$(sed -n 's/.*listening on rtmps:.*:\([0-9]*\).*/\1/p' "$dir/serve.log")
[ -n "$port" ] || {
	cat "$dir/serve.log"
	exit 1
}
echo "rtmps://localhost:$port"

say 'sluice pull waits for the stream; sluice push sends the clip in real time'
("$sluice" pull --quiet --wait --ca-file "$dir/ca.pem" "rtmps://localhost:$port/live/demo" - |
	/usr/bin/python3 scripts/arrivals.py "$dir/played.flv" "$dir/times.json") &
pull=$!
SLUICE_KEY=demo "$sluice" push --json --ca-file "$dir/ca.pem" "$clip" "rtmps://localhost:$port/live" >"$dir/push.json"
wait "$pull"
pull=
kill -TERM "$serve"
wait "$serve" || true
serve=

/usr/bin/python3 scripts/demo_table.py "$dir" "$clip" "$("$sluice" --version | head -n 1), localhost:$port"
