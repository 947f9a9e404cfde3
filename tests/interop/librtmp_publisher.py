# SPDX-License-Identifier: MIT
"""A program over librtmp: `librtmp_publisher.py URL FILE` publishes an FLV file with the librtmp.so.1 that the loader finds."""
import ctypes
import sys

WRITE = 16384


def main(url, path):
    lib = ctypes.CDLL("librtmp.so.1")
    lib.RTMP_Alloc.restype = ctypes.c_void_p
    rtmp = ctypes.c_void_p(lib.RTMP_Alloc())
    lib.RTMP_Init(rtmp)
    text = ctypes.create_string_buffer(url.encode())  # which it writes into, and points into
    if not lib.RTMP_SetupURL(rtmp, text):
        return 2
    lib.RTMP_EnableWrite(rtmp)
    if not lib.RTMP_Connect(rtmp, None) or not lib.RTMP_ConnectStream(rtmp, 0):
        return 1
    with open(path, "rb") as file:
        while data := file.read(WRITE):
            if lib.RTMP_Write(rtmp, data, len(data)) <= 0:
                return 1
    lib.RTMP_Close(rtmp)
    lib.RTMP_Free(rtmp)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
