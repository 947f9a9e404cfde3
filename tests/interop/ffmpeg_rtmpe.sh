#!/bin/sh
# SPDX-License-Identifier: MIT
# FFmpeg with its own RTMPE and RTMPTE, which Debian's build leaves out for want of a crypto library: from Debian's own
# source, cut down to FLV, files and those. Prints the program.
#
#     tests/interop/ffmpeg_rtmpe.sh
#
# Of the version that is installed, or of the newest that the mirror has of this machine's release
# (scripts/debian_source.sh). Kept in $SLUICE_LAB_CACHE (~/.cache/sluice-lab); fetched and built once, in some minutes.
# Exit status 3: the mirror has no source.
set -eu

scripts=$(realpath "$(dirname "$0")/../../scripts")
cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}
# shellcheck disable=SC1091 # of the machine
folder=$cache/ffmpeg-rtmpte/$(. /etc/os-release && echo "$VERSION_CODENAME")

if [ -x "$folder/ffmpeg" ]; then
	echo "$folder/ffmpeg"
	exit
fi

# Beside its place until it is whole, so that neither a failure nor a second run leaves half of it there.
mkdir -p "$cache/ffmpeg-rtmpte"
work=$(mktemp -d "$cache/ffmpeg-rtmpte/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
"$scripts/debian_source.sh" ffmpeg "$work/files" >&2
mkdir "$work/source" "$work/build"
tar -x -C "$work/source" --strip-components=1 --no-same-owner -f "$work"/files/ffmpeg_*.orig.tar.?z
cd "$work/build"
"$work/source/configure" --disable-everything --disable-autodetect --disable-doc --disable-x86asm --disable-debug \
	--enable-openssl --enable-version3 --disable-ffplay --disable-ffprobe --enable-protocol=file,tcp,rtmp,rtmpe,rtmpte \
	--enable-demuxer=flv --enable-muxer=flv --enable-parser=h264,aac --enable-decoder=h264,aac --enable-bsf=aac_adtstoasc >&2
make -j"$(nproc)" ffmpeg >&2
mkdir "$work/done"
cp ffmpeg "$work/done/"
rm -rf "$folder"
mv -T "$work/done" "$folder"
echo "$folder/ffmpeg"
