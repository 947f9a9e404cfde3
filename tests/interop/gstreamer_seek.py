# SPDX-License-Identifier: MIT
"""GStreamer's rtmpsrc into a file, as a player with a slider drives it: gstreamer_seek.py URL FILE MS SIZE seeks to MS, and
ends when there are SIZE bytes from there, or at the end."""
import os
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

WAIT = 20


def main(url, path, ms, size):
    Gst.init(None)
    # The sink is rewound by the seek, and so has what comes after it.
    pipeline = Gst.parse_launch(f'rtmpsrc name=source location="{url}" ! filesink location="{path}"')
    pipeline.set_state(Gst.State.PAUSED)
    assert pipeline.get_state(WAIT * Gst.SECOND)[0] == Gst.StateChangeReturn.SUCCESS, "it does not play"
    source = pipeline.get_by_name("source")
    assert source.seek_simple(Gst.Format.TIME, Gst.SeekFlags.FLUSH, int(ms) * Gst.MSECOND), "it does not seek"
    pipeline.set_state(Gst.State.PLAYING)
    bus, until, message = pipeline.get_bus(), time.monotonic() + WAIT, None
    while not message and os.path.getsize(path) < int(size) and time.monotonic() < until:
        message = bus.timed_pop_filtered(Gst.SECOND // 50, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    os._exit(0)  # Debian's librtmp, which has connected again by then, crashes where it is closed while it reads


if __name__ == "__main__":
    main(*sys.argv[1:])
