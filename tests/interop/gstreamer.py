# SPDX-License-Identifier: MIT
"""What tests of GStreamer's elements share."""


def remux(clip, *sink):
    """A pipeline that takes an FLV apart and makes another."""
    return ["-q", "filesrc", f"location={clip}", "!", "flvdemux", "name=d",
            "d.video", "!", "queue", "!", "h264parse", "!", "mux.video",
            "d.audio", "!", "queue", "!", "aacparse", "!", "mux.audio",
            "flvmux", "name=mux", "streamable=true", "!", *sink]
