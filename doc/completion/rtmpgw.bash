# SPDX-License-Identifier: MIT
# Completion of rtmpgw for bash.
complete -o default -W '--help --url --rtmp --host --port --protocol --socks --app --tcUrl --pageUrl --swfUrl --flashVer
	--auth --conn --playpath --live --subscribe --start --stop --buffer --timeout --token --jtv --swfhash --swfsize
	--swfVfy --swfAge --device --sport --quiet --verbose --debug' rtmpgw
