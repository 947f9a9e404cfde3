# SPDX-License-Identifier: MIT
"""What tests of GStreamer's elements share."""
import shutil
import subprocess

import pytest


def need(*elements):
    if not shutil.which("gst-launch-1.0"):
        pytest.skip("GStreamer is not installed (gstreamer1.0-tools)")
    for element in elements:
        if subprocess.run(["gst-inspect-1.0", element], capture_output=True, timeout=60, check=False).returncode:
            pytest.skip(f"GStreamer has no {element} (gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad)")


def remux(clip, *sink):
    """A pipeline that takes an FLV apart and makes another."""
    return ["-q", "filesrc", f"location={clip}", "!", "flvdemux", "name=d",
            "d.video", "!", "queue", "!", "h264parse", "!", "mux.video",
            "d.audio", "!", "queue", "!", "aacparse", "!", "mux.audio",
            "flvmux", "name=mux", "streamable=true", "!", *sink]
