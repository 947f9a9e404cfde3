#!/bin/sh
# SPDX-License-Identifier: MIT
# FFmpeg as Debian does not build it: from Debian's own source, cut down to FLV, files and one kind of RTMP. Prints the
# folder of the programs.
#
#     tests/interop/ffmpeg.sh rtmpe      its own RTMPE and RTMPTE, which Debian's build leaves out for want of a crypto
#                                      library: ffmpeg, and ffmpeg_player, a player with buttons
#     tests/interop/ffmpeg.sh librtmp    librtmp in the stead of all that (--enable-librtmp): ffmpeg, and ffmpeg_player
#
# Of the version that is installed, or of the newest that the mirror has of this machine's release
# (scripts/debian_source.sh). Kept in $SLUICE_LAB_CACHE (~/.cache/sluice-lab); fetched and built once, in a minute or two.
# Exit status 3: the mirror has no source.
set -eu

kind=$1
here=$(realpath "$(dirname "$0")")
scripts=$(realpath "$here/../../scripts")
case $kind in
rtmpe)
	options='--enable-openssl --enable-protocol=tcp,rtmp,rtmpe,rtmpte'
	libraries='-lssl -lcrypto'
	;;
librtmp)
	options='--enable-librtmp --enable-protocol=librtmp,librtmps,librtmpt,librtmpe,librtmpte'
	libraries=-lrtmp
	;;
*)
	echo "ffmpeg.sh: unknown kind '$kind': give rtmpe or librtmp" >&2
	exit 2
	;;
esac
player=$here/ffmpeg_player.c
recipe=$({ echo "$options" && cat "$player"; } | sha256sum | cut -c 1-16)
cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}/ffmpeg-$kind
# shellcheck disable=SC1091 # of the machine
folder=$cache/$(. /etc/os-release && echo "$VERSION_CODENAME")-$recipe

# Tests that go on at once build it once.
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ -d "$folder" ]; then
	echo "$folder"
	exit
fi

# Beside its place until it is whole, so that neither a failure nor a second run leaves half of it there.
work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
"$scripts/debian_source.sh" ffmpeg "$work/files" >&2
mkdir "$work/source" "$work/build" "$work/done"
tar -x -C "$work/source" --strip-components=1 --no-same-owner -f "$work"/files/ffmpeg_*.orig.tar.?z
cd "$work/build"
# shellcheck disable=SC2086 # a list
"$work/source/configure" --disable-everything --disable-autodetect --disable-doc --disable-x86asm --disable-debug \
	--enable-version3 --disable-ffplay --disable-ffprobe --disable-avdevice --disable-swscale --disable-postproc \
	--enable-protocol=file,pipe --enable-demuxer=flv --enable-muxer=flv --enable-parser=h264,aac \
	--enable-decoder=h264,aac --enable-bsf=aac_adtstoasc $options >&2
make -j"$(nproc)" ffmpeg >&2
# shellcheck disable=SC2086 # a list
cc -O -Wall -I "$work/source" -I . "$player" -o "$work/done/ffmpeg_player" \
	libavformat/libavformat.a libavcodec/libavcodec.a libswresample/libswresample.a libavutil/libavutil.a \
	$libraries -lm -pthread >&2
cp ffmpeg "$work/done/"
rm -rf "$cache"/*/
mv -T "$work/done" "$folder"
echo "$folder"
