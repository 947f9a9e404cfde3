#!/bin/sh
# SPDX-License-Identifier: MIT
# Records the answers of foreign servers again: record.sh TEST_HELLO_GOLDEN [NAME...]. What a server's program is missing
# for is left out, by name. CADDY may name a caddy that is not installed.
set -eu
golden=$(realpath "$1")
shift
wanted=" $* "
here=$(dirname "$(realpath "$0")")
export SLU_TEST_VECTORS="${here%/hellos}"
folder=$(mktemp -d)
cd "$folder"
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT

# record NAME SERVER...: its input stays open, and PORT in its arguments is one that is free.
record() {
	name=$1
	shift
	PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	export PORT
	for argument; do
		shift
		set -- "$@" "$(printf %s "$argument" | sed "s/PORT/$PORT/")"
	done
	[ "$wanted" = "  " ] || case $wanted in *" $name "*) ;; *) return 0 ;; esac
	command -v "$1" >/dev/null || {
		echo "$name: $1 is missing"
		return 0
	}
	mkfifo "in.$name"
	"$@" <"in.$name" >"log.$name" 2>&1 &
	server=$!
	exec 3>"in.$name"
	for _ in $(seq 100); do
		[ -z "$(ss -Hltn "sport = :$PORT")" ] || break
		sleep 0.1
	done
	if "$golden" record "$name" "$PORT"; then
		echo "$name: $(wc -c <"$here/$name") bytes"
	else
		echo "$name: failed"
		cat "log.$name"
	fi
	exec 3>&-
	kill "$server" 2>/dev/null || :
	wait "$server" 2>/dev/null || :
	server=
}

openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -subj /CN=live.example -days 3650 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem -subj /CN=live.example/O=EC \
	-days 3650 2>/dev/null
openssl pkcs12 -export -inkey rsa.key -in rsa.pem -out rsa.p12 -name server -passout pass:secret
openssl pkcs12 -export -inkey ec.key -in ec.pem -out ec.p12 -name ec -passout pass:secret
rsa='-cert rsa.pem -key rsa.key'
ec='-cert ec.pem -key ec.key'
old='-cipher ALL:@SECLEVEL=0'

# shellcheck disable=SC2086 # lists of options
{
	s_server="openssl s_server -accept 127.0.0.1:PORT -naccept 1"
	record openssl_tls13 $s_server $rsa -groups P-384
	record openssl_tls12_ecdsa $s_server $ec -tls1_2 -alpn http/1.1 -groups X25519
	record openssl_tls10_dhe $s_server $rsa -tls1 -cipher DHE-RSA-AES128-SHA:@SECLEVEL=0
	record openssl_tls12_dhe $s_server $rsa -tls1_2 -cipher DHE-RSA-AES128-SHA256
	record openssl_tls12_client_certificate $s_server $rsa -tls1_2 -Verify 1 -CAfile rsa.pem -cipher AES128-SHA
	record openssl_tls12_anonymous $s_server -nocert -tls1_2 -cipher AECDH-AES128-SHA:@SECLEVEL=0
	record openssl_tls12_psk $s_server -nocert -tls1_2 -cipher ECDHE-PSK-AES128-CBC-SHA256 -psk 00112233 -psk_hint hint
	record openssl_refuses $s_server $rsa -tls1_2
	record openssl_downgrades $s_server $rsa $old
	record openssl_other_name $s_server $rsa -tls1_2 -servername other.example -servername_fatal -cert2 rsa.pem -key2 rsa.key
	record openssl_warns $s_server $rsa -tls1_2 -servername other.example -cert2 rsa.pem -key2 rsa.key

	gnutls="gnutls-serv -p PORT --echo"
	record gnutls_tls13 $gnutls --x509certfile rsa.pem --x509keyfile rsa.key --priority NORMAL
	record gnutls_tls12 $gnutls --x509certfile ec.pem --x509keyfile ec.key --priority NORMAL:-VERS-TLS1.3 --alpn h2
	record gnutls_tls12_dhe $gnutls --x509certfile rsa.pem --x509keyfile rsa.key \
		--priority NORMAL:-VERS-TLS1.3:-KX-ALL:+DHE-RSA -r
	record gnutls_tls11 $gnutls --x509certfile rsa.pem --x509keyfile rsa.key \
		--priority NORMAL:-VERS-ALL:+VERS-TLS1.1

	if command -v selfserv >/dev/null; then
		mkdir nss
		certutil -N -d nss --empty-password
		pk12util -i rsa.p12 -d nss -W secret -K '' >/dev/null
		pk12util -i ec.p12 -d nss -W secret -K '' >/dev/null
		certutil -M -n server -t CTu,Cu,Cu -d nss
	fi
	nss="selfserv -d nss -p PORT -n server -D"
	record nss_tls13 $nss -V tls1.3:tls1.3 -e ec
	record nss_tls12 $nss -V tls1.2:tls1.2 -u -G -rr -e ec
	record nss_tls12_stapled $nss -V tls1.2:tls1.2 -T good -A server
	record nss_tls10 $nss -V tls1.0:tls1.0
	record nss_ssl3 $nss -V ssl3:ssl3

	cat >Caddyfile <<-EOF
		{
			admin off
			auto_https off
			default_bind 127.0.0.1
			storage file_system $folder/caddy
		}
		https://live.example:{\$PORT} {
			tls $folder/rsa.pem $folder/rsa.key {
				protocols tls1.2 tls1.3
			}
			respond "ok"
		}
	EOF
	export HOME="$folder"
	record go_tls13 "${CADDY:-caddy}" run --adapter caddyfile --config Caddyfile
	record go_tls12 "${CADDY:-caddy}" run --adapter caddyfile --config Caddyfile
	record go_refuses "${CADDY:-caddy}" run --adapter caddyfile --config Caddyfile

	record botan_tls12 botan tls_server rsa.pem rsa.key --port=PORT
	record botan_protocol botan tls_server rsa.pem rsa.key --port=PORT
	record botan_refuses botan tls_server rsa.pem rsa.key --port=PORT

	cat >Server.java <<-'EOF'
		import java.io.FileInputStream;
		import java.security.KeyStore;
		import javax.net.ssl.*;

		class Server {
			public static void main(String[] a) throws Exception {
				KeyStore keys = KeyStore.getInstance("PKCS12");
				keys.load(new FileInputStream("rsa.p12"), "secret".toCharArray());
				KeyManagerFactory managers = KeyManagerFactory.getInstance("SunX509");
				managers.init(keys, "secret".toCharArray());
				SSLContext context = SSLContext.getInstance("TLS");
				context.init(managers.getKeyManagers(), null, null);
				SSLServerSocket server = (SSLServerSocket)context.getServerSocketFactory()
					.createServerSocket(Integer.parseInt(a[0]));
				server.setNeedClientAuth(a.length > 1);
				((SSLSocket)server.accept()).startHandshake();
			}
		}
	EOF
	record java_tls13 java Server.java PORT
	record java_tls12 java Server.java PORT need
}
