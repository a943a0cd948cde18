"""The release server as a child process, and the loads that call it."""

import json
import os
import re
import resource
import select
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.machine import (
    LOAD_CORE, SERVER_CORE, TICKS, busy_seconds, fail, on_cores)

ROOT = Path(__file__).resolve().parents[2]


def cpu_seconds(process):
    """User and system time of all its threads, the ended ones too."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Usage:
    """CPU time from its making on: the server's, and what neither it nor our children used."""

    def __init__(self, server):
        self.server, self.start = server, time.monotonic()
        self.before = self.now()

    def now(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (cpu_seconds(self.server.process), children.ru_utime + children.ru_stime,
                busy_seconds())

    def row(self):
        server, children, busy = (b - a for a, b in zip(self.before, self.now()))
        other = (busy - server - children) / (time.monotonic() - self.start)
        return {"cpu": server, "other_cores": round(max(0, other), 2)}


class Server:
    """Over a fresh data folder, which goes with the `with` block. It can be stopped and started
    again in between."""

    made = 0

    def __init__(self, options, *, tally=None, event_loops=1, cores=(SERVER_CORE,),
                 log_level="warning", settings=None):
        Server.made += 1
        self.tally = tally or options.tally
        self.folder = options.work / f"run-{os.getpid()}-{Server.made}"
        self.event_loops, self.cores, self.log_level = event_loops, cores, log_level
        self.environment = os.environ | {
            f"TALLY_{name}": str(value) for name, value in (settings or {}).items()}
        self.process = None

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.certificates = self.folder / "certificates"
        subprocess.run([ROOT / "scripts/dev-certs", self.certificates], check=True,
                       stdout=subprocess.DEVNULL)
        self.key_file = self.folder / "key"
        self.authority = self.certificates / "ca.pem"
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Gives the seconds until it serves."""
        command = [
            self.tally, "serve", "--dev", "--event-loops", self.event_loops,
            "--data", self.folder / "data", "--listen", "127.0.0.1:0",
            "--tls-cert", self.certificates / "server.pem",
            "--tls-key", self.certificates / "server.key", "--dev-key-file", self.key_file,
            "--log-level", self.log_level]
        self.errors = open(self.folder / "server.log", "w+")
        began = time.monotonic()
        self.process = subprocess.Popen(
            on_cores(self.cores, command), stdout=subprocess.PIPE, stderr=self.errors,
            env=self.environment)
        self.address = self.wait_until_ready()
        return time.monotonic() - began

    def wait_until_ready(self):
        end, seen = time.monotonic() + 300, ""
        while time.monotonic() < end and self.process.poll() is None:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                seen += os.read(self.process.stdout.fileno(), 65536).decode()
            ready = re.search(r"^ready (\S+)\n", seen, re.MULTILINE)
            if ready:
                return ready[1]
        fail(f"the server did not start:\n{seen}{self.log()}")

    def log(self):
        """What it has said since it was started."""
        return (self.folder / "server.log").read_text()

    def stop(self, kill=False):
        if self.process is None:
            return
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        self.process = None

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_seconds(self):
        return cpu_seconds(self.process)

    def rss_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024, 1)

    def client(self, *arguments):
        """The command line of a bench client of this server."""
        name, *rest = arguments
        return [self.tally, "bench", name, "--json", "--server", self.address,
                "--ca", self.authority, "--key-file", self.key_file, *rest]

    def load(self, *arguments, cores=(LOAD_CORE,)):
        """One run of `tally bench load`, with the server's CPU time added."""
        usage = Usage(self)
        done = subprocess.run(on_cores(cores, self.client("load", *arguments)),
                              stdout=subprocess.PIPE, text=True)
        if done.returncode not in (0, 1) or not done.stdout:
            fail(f"the load ended with exit code {done.returncode}")
        return json.loads(done.stdout) | usage.row()

    def prepare(self, customers, features=1):
        """Makes the customers; gives the seconds that it took."""
        began = time.monotonic()
        if self.load("--prepare", "--calls", 1000, "--customers", customers,
                     "--features", features)["failed"]:
            fail("the customers are there, but their checks do not succeed")
        seconds = time.monotonic() - began
        self.settle()
        return seconds

    def settle(self, limit=120):
        """Waits for what follows customers being made, a snapshot for one, to be over."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            before = self.cpu_seconds()
            time.sleep(1.5)
            if self.cpu_seconds() - before < 0.03:
                return
        fail(f"the server is still busy {limit} s after the customers were made")
