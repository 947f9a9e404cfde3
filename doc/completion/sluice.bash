# SPDX-License-Identifier: MIT
# Completion of sluice(1) for bash. tests/test_docs.py holds the options against --help-all.

_sluice()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
	local common="--json --verbose --quiet --help --help-all"
	local net="--ipv4 --ipv6 --address --proxy --bind --interface --send-buffer --digest --rtmpe-type --connect-timeout --tls-timeout
		--reply-timeout --stall-timeout"
	local tls="--ca-file --ca-path --pin --server-name --cert --cert-key --insecure --tls-min --tls-max --ciphers
		--ciphersuites --groups --security-level --no-resumption --keylog --tls-offload
		--allow-weak --tls-measured"
	local push="--realtime --fast --loop --keep-timestamps --key-file --key-env --kind --chunk-size"
	local serve="--listen --cert --key --client-ca --client-cert --user --no-record --file-name --rotate-seconds --rotate-size
		--max-connections --max-per-address --max-message --max-connection-memory --max-memory --max-queue --gather
		--rtmpe-type --stats --idle-timeout
		--publish-timeout --wait-timeout --slow-timeout --takeover --keys --make-key --open --auth --users --swf-verify
		--stall-timeout --tls-min --tls-max --ciphers --ciphersuites --groups --security-level --no-resumption
		--keylog --tls-offload --allow-weak --tls-measured"
	local doctor="--quick --list --device --engine --keep --no-keep --plot --json --help --help-all"
	local probe="--full --rtmp --bitrate --allow-weak --tls-measured --targets --parallel --rate --timeout --json --no-color
		--verbose --quiet --ipv4 --ipv6 --address --bind --interface --connect-timeout --ca-file --ca-path --server-name
		--help --help-all"
	local player="--swf-url --page-url --flash-ver --swf-verify --swf-player --swf-age --secure-token"
	local pull="--live --vod --duration --wait --media-timeout --keep-timestamps --resume --subscribe --playlist
		--usher-token"

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "push pull serve probe doctor --help --version" -- "$cur"))
		return
	fi
	case $prev in
	--device | --keep | --targets | --plot | --key-file | --keys | --users | --ca-file | --client-ca | --cert | --cert-key | --key | --keylog | --tls-measured)
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	--ca-path)
		COMPREPLY=($(compgen -d -- "$cur"))
		return
		;;
	--key-env)
		COMPREPLY=($(compgen -e -- "$cur"))
		return
		;;
	--kind)
		COMPREPLY=($(compgen -W "live record append" -- "$cur"))
		return
		;;
	--proxy)
		COMPREPLY=($(compgen -W "socks4:// socks4a:// socks5:// http://" -- "$cur"))
		return
		;;
	--user)
		COMPREPLY=($(compgen -u -- "$cur"))
		return
		;;
	--client-cert)
		COMPREPLY=($(compgen -W "all publish" -- "$cur"))
		return
		;;
	--auth)
		COMPREPLY=($(compgen -W "adobe llnw" -- "$cur"))
		return
		;;
	--rtmpe-type)
		COMPREPLY=($(compgen -W "6 8 9" -- "$cur"))
		return
		;;
	--tls-min | --tls-max)
		COMPREPLY=($(compgen -W "1.0 1.1 1.2 1.3" -- "$cur"))
		return
		;;
	--tls-offload)
		COMPREPLY=($(compgen -W "auto off devcrypto ktls engine:" -- "$cur"))
		return
		;;
	--interface)
		COMPREPLY=($(compgen -W "$(command ls /sys/class/net 2>/dev/null)" -- "$cur"))
		return
		;;
	esac
	if [[ $cur != -* && $verb == probe ]]; then
		COMPREPLY=($(compgen -W "rtmps:// rtmpts://" -- "$cur"))
		return
	fi
	if [[ $cur != -* ]]; then
		COMPREPLY=($(compgen -W "rtmp:// rtmps:// rtmpe:// rtmpt:// rtmpts:// rtmpte://" -f -- "$cur"))
		return
	fi
	case $verb in
	push) COMPREPLY=($(compgen -W "$push $player $common $net $tls" -- "$cur")) ;;
	serve) COMPREPLY=($(compgen -W "$serve $common" -- "$cur")) ;;
	probe) COMPREPLY=($(compgen -W "$probe" -- "$cur")) ;;
	doctor) COMPREPLY=($(compgen -W "$doctor" -- "$cur")) ;;
	pull) COMPREPLY=($(compgen -W "$pull $player $common $net $tls" -- "$cur")) ;;
	esac
}

complete -o filenames -F _sluice sluice
