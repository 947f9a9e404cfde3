# SPDX-License-Identifier: MIT
# Completion of rtmpsrv for bash.
_rtmpsrv()
{
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	-c | --cert | -k | --key) return ;; # files, which bash knows
	esac
	COMPREPLY=($(compgen -W '--help --device --sport --cert --key --run-rtmpdump --debug' -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rtmpsrv rtmpsrv
