"""The same check, by h2load, of Tally and of other servers, which take turns: the machine's speed
changes from minute to minute, and only what ran in the same ones can be compared."""

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack

from benchmarks.loads import by_latency, check_body, h2load, header_fields, key_header, summary
from benchmarks.machine import SERVER_CORE, fail, on_cores, quantile
from benchmarks.server import Server

PATH = "/bench.v1.Entitlements/Check"
SHAPES = [(8, 32), (64, 1)]
# Calls a second at which latencies are looked at: nghttpd and Rust's h2 can do it four times over,
# grpc-go just so, gRPC C++ not.
PACE = 48_000
# The folder that run_all.sh builds each in, where it comes from, its program.
BUILDS = {"rust-h2": ("build-rust", "rust-h2", "target/release/peer"),
          "cpp": ("build-cpp", "cpp-grpc", "server"),
          "go": ("build-go", "go-grpc", "server")}


class Peer:
    """One of the servers beside us, on its port until the `with` block ends."""

    def __init__(self, name, command, port, fields):
        self.name, self.command = name, command
        self.request = [*fields, f"https://127.0.0.1:{port}{PATH}"]

    def __enter__(self):
        self.process = subprocess.Popen(
            on_cores([SERVER_CORE], self.command), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(1)
        if self.process.poll() is not None:
            fail(f"the peer {self.name} did not start")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def posted(body):
    return [*header_fields("content-type: application/grpc", "te: trailers"), "-d", body]


def program(options, work, name):
    """A peer's program, built if it isn't there; None: it can't be had here."""
    folder, source, path = BUILDS[name]
    if not (work / folder / path).exists():
        subprocess.run([options.peers / source / "build.sh", work / folder],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return work / folder / path if (work / folder / path).exists() else None


def peers(options):
    """Those that can be had here."""
    work = options.work / "peers"
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run([options.peers / "certs.sh", work / "certs"], check=True,
                   stdout=subprocess.DEVNULL)
    certificate, key = work / "certs/cert.pem", work / "certs/key.pem"
    body = work / "certs/body.bin"
    if shutil.which("nghttpd"):
        file = work / "www" / PATH[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(32))
        # The same request as everybody's, and the plainest there is.
        for name, port, fields in [("nghttpd", 7716, posted(body)), ("nghttpd-get", 7717, [])]:
            command = ["nghttpd", "-n", "1", "-a", "127.0.0.1", "-d", work / "www", port, key,
                       certificate]
            yield Peer(name, command, port, fields)
    for port, name in enumerate(BUILDS, 7718):
        if found := program(options, work, name):
            yield Peer(name, [found, port, certificate, key], port, posted(body))
        else:
            print(f"bench: the peer {name} can't be built here", file=sys.stderr)


def saturated(server, shape, options):
    return h2load(server, *shape, "-D", max(1, round(options.seconds)), *server.request)


def paced(server, options):
    """At PACE on 8 connections; h2load counts from the moment it sends."""
    log = options.work / "h2load.log"
    log.unlink(missing_ok=True)
    calls = int(PACE * options.seconds) // 8 * 8
    run = h2load(server, *SHAPES[0], "-n", calls, f"--rps={PACE // 8}", f"--log-file={log}",
                 *server.request)
    took = [int(line.rsplit("\t", 1)[1]) / 1e3 for line in log.read_text().splitlines()]
    log.unlink()
    return run | {"p50_ms": quantile(took, 0.5), "p99_ms": quantile(took, 0.99)}


def bench_turns(name, options):
    if not shutil.which("h2load"):
        fail("h2load is not installed; scripts/setup installs it")
    if not options.peers.exists():
        fail(f"there are no peers in {options.peers}")
    with ExitStack() as stack:
        ours = stack.enter_context(Server(options))
        ours.prepare(options.customers or 100_000)
        ours.name = "tally"
        ours.request = [*posted(check_body(ours)), *header_fields(key_header(ours)),
                        ours.address + "/tally.v1.EntitlementService/Check"]
        servers = [ours, *(stack.enter_context(peer) for peer in peers(options))]
        kinds = [*SHAPES, None]
        runs = {(server.name, kind): [] for server in servers for kind in kinds}
        for turn in range(options.runs):
            for kind in kinds:
                for server in servers if turn % 2 == 0 else reversed(servers):
                    run = saturated(server, kind, options) if kind else paced(server, options)
                    runs[server.name, kind].append(run)
        for kind in kinds:
            for server in servers:
                found = runs[server.name, kind]
                if kind:
                    yield summary(f"{name}-{server.name}", *kind, found, None)
                else:
                    row = summary(f"{name}-{server.name}-paced", *SHAPES[0], found, None)
                    yield by_latency(row, found)
