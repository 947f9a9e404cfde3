#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the synthetic clips with FFmpeg (and libx264). Encoders differ from version to version, so the sample is kept
# in the repository; this is how it was made (ffmpeg 5.1.9, Debian 12).
#
#   scripts/make-clip.sh sample [FILE]   10 s, 640x360p25 H.264 (key frame every 2 s) + AAC, 500 kB
#   scripts/make-clip.sh bench [FILE]    20 s, 1280x720p30 H.264 at 4 Mb/s CBR + AAC, 10.5 MB: for measuring
set -eu

cd "$(dirname "$0")/.."
case ${1-} in
sample)
	out=${2-examples/clip.flv}
	size=640x360 rate=25 seconds=10 bits=330k audio=64k preset=slow gop=50
	;;
bench)
	out=${2-build-bench/bench.flv}
	size=1280x720 rate=30 seconds=20 bits=4000k audio=128k preset=veryfast gop=60
	;;
*)
	sed -n 's/^# \{0,1\}//; 3,7p' "$0" >&2
	exit 2
	;;
esac

mkdir -p "$(dirname "$out")"
ffmpeg -v error -y -bitexact \
	-f lavfi -i "testsrc2=size=$size:rate=$rate:duration=$seconds" \
	-f lavfi -i "sine=frequency=440:beep_factor=4:sample_rate=44100:duration=$seconds" \
	-c:v libx264 -preset "$preset" -profile:v main -pix_fmt yuv420p -threads 1 \
	-b:v "$bits" -minrate "$bits" -maxrate "$bits" -bufsize "$bits" -x264-params nal-hrd=cbr:force-cfr=1 \
	-g "$gop" -keyint_min "$gop" -sc_threshold 0 \
	-c:a aac -b:a "$audio" -ac 2 -flags +bitexact \
	-f flv "$out"
printf '%s: ' "$out"
python3 tests/flvcmp.py --count "$out"
