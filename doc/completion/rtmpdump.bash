# SPDX-License-Identifier: MIT
# Completion of rtmpdump for bash.
_rtmpdump()
{
	local word=${COMP_WORDS[COMP_CWORD]}

	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-o | --flv) return ;; # files, which bash knows
	-l | --protocol) COMPREPLY=($(compgen -W '0 1 2 3 4 5' -- "$word")) && return ;;
	esac
	COMPREPLY=($(compgen -W '--help --url --rtmp --host --port --protocol --socks --app --tcUrl --pageUrl --swfUrl --flashVer
		--auth --conn --playpath --playlist --live --subscribe --realtime --resume --skip --start --stop --buffer --timeout
		--token --jtv --swfhash --swfsize --swfVfy --swfAge --flv --hashes --quiet --verbose --debug' -- "$word"))
}
complete -o default -F _rtmpdump rtmpdump
