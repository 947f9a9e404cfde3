# SPDX-License-Identifier: MIT
"""nginx with its RTMP module, as Debian packages it: RTMP, and RTMPS through nginx's own TLS."""
import contextlib
import pathlib
import socket
import subprocess
import time

MODULES = pathlib.Path("/usr/lib/nginx/modules")

CONFIG = """
{load_stream}
load_module {modules}/ngx_rtmp_module.so;
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{ worker_connections 128; }}
rtmp {{
    access_log {dir}/access.log;
    server {{
        listen 127.0.0.1:{rtmp};
        chunk_size {chunk_size};
        max_message 16M;
        application live {{
            live on;
            idle_streams on;
            sync 0;
            record all;
            record_path {dir}/recorded;
            record_max_size 100M;
            {extra}
        }}
        application vod {{ play {dir}/vod; }}
        application closed {{ live on; deny publish all; deny play all; }}
    }}
}}
stream {{
    server {{
        listen 127.0.0.1:{rtmps} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        ssl_protocols {protocols};
        {tls}
        proxy_pass 127.0.0.1:{rtmp};
    }}
}}
"""


def free_port():
    """nginx cannot tell which port it was given, so it has to be asked for one that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def available():
    return pathlib.Path("/usr/sbin/nginx").exists() and (MODULES / "ngx_rtmp_module.so").exists()


class Nginx:
    def __init__(self, folder, cert, key, chunk_size=4096, protocols="TLSv1.2 TLSv1.3", extra="", tls=""):
        self.dir = pathlib.Path(folder)
        for name in ("recorded", "vod"):
            (self.dir / name).mkdir(parents=True)
        for path in [self.dir, *self.dir.parents[:2], self.dir / "recorded", self.dir / "vod"]:
            path.chmod(0o777)  # started as root, its workers are www-data
        self.rtmp, self.rtmps = free_port(), free_port()
        stream = MODULES / "ngx_stream_module.so"
        (self.dir / "nginx.conf").write_text(CONFIG.format(
            modules=MODULES, dir=self.dir, rtmp=self.rtmp, rtmps=self.rtmps, cert=cert, key=key, chunk_size=chunk_size,
            protocols=protocols, extra=extra, tls=tls, load_stream="load_module %s;" % stream if stream.exists() else ""))
        self.child = subprocess.Popen(["/usr/sbin/nginx", "-p", self.dir, "-c", self.dir / "nginx.conf"],
                                      stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.child.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.rtmps), 1):
                return
            time.sleep(0.02)
        self.stop()
        raise RuntimeError("nginx did not start: %s%s" % (self.child.stderr.read().decode(), self.log()))

    def said(self, text):
        """Waits until the log has it."""
        deadline = time.monotonic() + 20
        while text not in self.log():
            if time.monotonic() > deadline:
                raise RuntimeError("nginx never said %r: %s" % (text, self.log()))
            time.sleep(0.02)

    def log(self):
        path = self.dir / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def recorded(self, stream):
        """The recording, once nginx has closed it: its last bytes are written when the publisher has gone."""
        path = self.dir / "recorded" / (stream + ".flv")
        deadline, size = time.monotonic() + 10, -1
        while time.monotonic() < deadline:
            now = path.stat().st_size if path.exists() else -1
            if now >= 0 and now == size and str(path) not in self.open_files():
                return path
            size = now
            time.sleep(0.1)
        raise RuntimeError("nginx recorded no %s: %s" % (path, self.log()))

    def open_files(self):
        folder = pathlib.Path("/proc/%d/fd" % self.child.pid)
        names = []
        for fd in folder.iterdir():
            with contextlib.suppress(OSError):
                names.append(str(fd.readlink()))
        return names

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
