# SPDX-License-Identifier: MIT
"""What the tests have python3-librtmp do, in the system's own interpreter: python_librtmp.py VERB ARGUMENT..."""
import sys

import librtmp


def play(url, path):
    """The stream into a file, up to its end."""
    connection = librtmp.RTMP(url)
    connection.connect()
    stream = connection.create_stream()
    with open(path, "wb") as out:
        while data := stream.read(65536):
            out.write(data)
    connection.close()


def publish(url, size="4096", source=sys.stdin.buffer):
    """The source, in pieces of that many bytes."""
    connection = librtmp.RTMP(url)
    connection.connect()
    stream = connection.create_stream(writeable=True)
    pieces = 0
    while data := source.read(int(size)):
        pieces += 1
        assert stream.write(data) == len(data), f"piece {pieces} was not taken"
    stream.close()
    print(f"{pieces} pieces")


def attacked(verb, path, *urls):
    """Plays from each into path, or publishes what is there, whatever comes of it."""
    for url in urls:
        try:
            if verb == "play":
                play(url, path)
            else:
                with open(path, "rb") as data:
                    publish(url, source=data)
        except (librtmp.RTMPError, OSError, AssertionError) as e:
            print(f"{e!r:.200}")
    print(f"{len(urls)} servers")


def calls(url):
    """Below streams: packets sent and read one by one, a call to the server and one from it."""
    connection = librtmp.RTMP(url)
    connection.register_invoke_handler("sum", lambda *numbers: sum(numbers))
    result = connection.connect().result()
    print("connected", result["code"])
    print("echo", connection.remote_method("echo", block=True)("text", 7, True, None, {"name": "value"}))
    print("sum of", connection.process_packets(invoked_method="sum"))
    connection.close()


def swf(url):
    print(*librtmp.utils.hash_swf(url))


if __name__ == "__main__":
    librtmp.set_log_level(librtmp.LOG_ERROR)
    librtmp.set_log_output(sys.stderr)
    globals()[sys.argv[1]](*sys.argv[2:])
