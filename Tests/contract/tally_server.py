"""The release server as a child process, on a port and a folder of its own."""

import os
import re
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("TALLY_BINARY", ROOT / ".build" / "release" / "tally"))
PATIENCE = 30  # seconds until a start or a stop counts as failed


class TallyServer:
    """Start, kill -9 and start again over the same folder. Ends the one process it started."""

    READY = re.compile(r"^ready https://.*:(\d+)$", re.M)

    def __init__(self, folder, certificates):
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.key_file = folder / "sandbox.key"
        self.certificates = certificates
        self.port = 0  # the first start takes any; later ones take it again
        self.environment = {}  # variables beside those of the tests
        self.process = None

    @property
    def ca_file(self):
        return self.certificates / "ca.pem"

    @property
    def key(self):
        """The sandbox key that `serve --dev` makes on its first start."""
        return self.key_file.read_text().strip()

    def command(self):
        return [str(BINARY), "serve", "--dev", "--dev-key-file", str(self.key_file),
                "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}",
                "--tls-cert", str(self.certificates / "server.pem"),
                "--tls-key", str(self.certificates / "server.key")]

    def start(self):
        self.log.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env={**os.environ, **self.environment})
        end = time.monotonic() + PATIENCE
        while not (ready := self.READY.search(self.log.read_text())):
            assert self.process.poll() is None, f"the server ended:\n{self.log.read_text()}"
            assert time.monotonic() < end, f"the server isn't ready:\n{self.log.read_text()}"
            time.sleep(0.01)
        self.port = int(ready[1])

    def answers(self):
        try:
            self.connect(["h2"]).close()
            return True
        except OSError:
            return False

    def connect(self, protocols):
        """A TLS connection that has agreed on one of `protocols`."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.set_alpn_protocols(protocols)
        connection = context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), timeout=5),
            server_hostname="localhost")
        connection.settimeout(5)
        return connection

    def kill(self):
        """kill -9: nothing is flushed, nothing is said."""
        self.end(signal.SIGKILL)

    def stop(self):
        """What an operator does; gives the exit code."""
        return self.end(signal.SIGTERM)

    def end(self, how):
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process = None

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def resident_bytes(self):
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
