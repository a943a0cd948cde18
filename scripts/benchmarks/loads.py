"""Calls as fast as they are answered, in pairs to compare, and at half of that rate."""

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import urllib.request
from contextlib import contextmanager

from benchmarks.machine import (
    LOAD_CORE, SERVER_CORE, fail, ideal_milliseconds, on_cores, quantile, sync_milliseconds)
from benchmarks.server import Server, Usage

LOADS = {  # name: (method, connections, streams)
    "check": ("check", 8, 32),
    "check-64x1": ("check", 64, 1),
    "track": ("track", 8, 128),
    "deduct": ("deduct", 8, 128),
}


def shape(load, customers):
    method, connections, streams = load
    return ["--method", method, "--connections", connections, "--streams", streams,
            "--customers", customers]


def summary(name, connections, streams, runs, rss_mib):
    """Of runs with calls, cpu, calls_per_second, p99_ms, ok and failed."""
    for run in runs:
        run["cpu_us"] = round(run["cpu"] * 1e6 / max(1, run["calls"]), 2)
    median = sorted(runs, key=lambda run: run["cpu_us"])[len(runs) // 2]
    row = {
        "name": name, "connections": connections, "streams": streams,
        "calls_per_second": round(median["calls_per_second"]),
        "server_cpu_us_per_call": median["cpu_us"], "p99_ms": median["p99_ms"],
        "ok": sum(run["ok"] for run in runs), "failed": sum(run["failed"] for run in runs),
        "rss_mib": rss_mib, "other_cores": median["other_cores"]}
    if "client_cpu_us_per_call" in median:
        row["client_cpu_us_per_call"] = median["client_cpu_us_per_call"]
    row["server_cpu_us_per_call_runs"] = [run["cpu_us"] for run in runs]
    return row


def saturated(name, load, server, options, customers):
    """Some runs over customers that are there; after one that warms up."""
    server.load("--seconds", 0.5, *shape(load, customers))
    runs = [server.load("--seconds", options.seconds, "--seed", 1 + run, *shape(load, customers))
            for run in range(options.runs)]
    return summary(name, *load[1:], runs, server.rss_mib())


def bench_load(name, options):
    customers = options.customers or 100_000
    if options.against:
        with Server(options) as ours, Server(options, tally=options.against) as other:
            yield from pairs(
                name, LOADS[name], [(f"{name}@this", ours), (f"{name}@against", other)], options)
        return
    with Server(options) as server:
        server.prepare(customers)
        yield saturated(name, LOADS[name], server, options, customers)


def pairs(name, load, servers, options, cores=(LOAD_CORE,)):
    """Two servers take turns, so that both see the same machine, which drifts. One idles
    meanwhile. The order changes from pair to pair: A B, B A, A B."""
    customers = options.customers or 100_000
    runs = {label: [] for label, _ in servers}
    for label, server in servers:
        server.prepare(customers)
        server.load("--seconds", 0.5, *shape(load, customers), cores=cores)
    for turn in range(options.runs):
        for label, server in servers if turn % 2 == 0 else reversed(servers):
            runs[label].append(server.load(
                "--seconds", options.seconds, "--seed", 1 + turn, *shape(load, customers),
                cores=cores))
    rows = [summary(label, *load[1:], runs[label], server.rss_mib())
            for label, server in servers]
    yield from rows
    first, second = (row["server_cpu_us_per_call"] for row in rows)
    yield {"name": f"{name}-ratio", "of": rows[1]["name"], "to": rows[0]["name"],
           "server_cpu": round(second / first, 3), "pairs": options.runs}


def bench_loops(_, options):
    """On one core: what a second loop costs by itself. On both: what two loops that really run at
    the same time cost each other; then the load shares both cores too, in both cases."""
    for name, cores, load_cores in [
            ("loops-one-core", (SERVER_CORE,), (LOAD_CORE,)),
            ("loops-both-cores", (SERVER_CORE, LOAD_CORE), (SERVER_CORE, LOAD_CORE))]:
        with (Server(options, event_loops=1, cores=cores) as one,
              Server(options, event_loops=2, cores=cores) as two):
            yield from pairs(
                name, LOADS["check"], [(f"{name}-1", one), (f"{name}-2", two)], options,
                load_cores)


def half_load(name, load, server, options, customers):
    """At half of the rate that was just reached; then once more with --beside's command. The disk's
    own sync is measured right before and after, on the same file system."""
    rate = saturated(name, load, server, options, customers)["calls_per_second"] // 2
    yield paced(name, load, server, options, customers, rate)
    if options.beside:
        with beside(options.beside, server):
            row = paced(f"{name}-beside", load, server, options, customers, rate)
        # The command is no part of the server, but it belongs here.
        del row["other_cores"]
        yield row | {"beside": options.beside}


def by_latency(row, runs):
    """The row, with what is told of latencies: those of the run with the median p99."""
    median = sorted(runs, key=lambda run: run["p99_ms"])[len(runs) // 2]
    told = ("p50_ms", "p99_ms", "p999_ms", "max_ms", "other_cores")
    return row | {key: median[key] for key in told if key in median} | {
        "calls_per_second": round(median["calls_per_second"]),
        "p99_ms_runs": [run["p99_ms"] for run in runs]}


def paced(name, load, server, options, customers, rate):
    writes = load[0] != "check"
    syncs = sync_milliseconds(server.folder, options.seconds) if writes else []
    runs = [server.load("--seconds", options.seconds, "--rate", rate, "--seed", 1 + run,
                        *shape(load, customers))
            for run in range(options.runs)]
    row = by_latency(summary(name, *load[1:], runs, server.rss_mib()), runs) | {"rate": rate}
    if writes:
        syncs += sync_milliseconds(server.folder, options.seconds)
        own = quantile(syncs, 0.99)
        row |= {"sync_p50_ms": round(quantile(syncs, 0.5), 3), "sync_p99_ms": round(own, 3),
                "p99_limit_ms": round(2 * own + 0.5, 3)}
        ideal = [quantile(ideal_milliseconds(server.folder, options.seconds, rate), 0.99)
                 for _ in range(options.runs)]
        row |= {"ideal_p99_ms": round(quantile(ideal, 0.5), 3),
                "ideal_p99_ms_runs": [round(p99, 3) for p99 in ideal]}
    return row


@contextmanager
def beside(command, server):
    """Runs a command again and again; it finds the server by TALLY_SERVER and so on, as `tally`
    does, and by TALLY_PID."""
    environment = os.environ | {
        "TALLY_SERVER": server.address, "TALLY_CA": str(server.authority),
        "TALLY_KEY_FILE": str(server.key_file), "TALLY_PID": str(server.process.pid)}
    loop = subprocess.Popen(
        on_cores([LOAD_CORE], ["sh", "-c", f"while {command}; do :; done"]), env=environment,
        stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
        if loop.poll() is not None:
            fail(f"the command beside failed: {command}")
    finally:
        if loop.poll() is None:
            os.killpg(loop.pid, signal.SIGTERM)
        loop.wait()


def bench_half_load(_, options):
    customers = options.customers or 100_000
    for name in ("check", "track"):
        with Server(options) as server:
            server.prepare(customers)
            yield from half_load(f"{name}-half-load", LOADS[name], server, options, customers)


def header_fields(*headers):
    return [word for header in headers for word in ("-H", header)]


def key_header(server):
    return f"authorization: Bearer {server.key_file.read_text().strip()}"


def h2load(server, connections, streams, *arguments):
    """One run against any server that has a `process`."""
    command = ["h2load", "-c", connections, "-m", streams, "-t", "1", *arguments]
    usage = Usage(server)
    done = subprocess.run(on_cores([LOAD_CORE], command), stdout=subprocess.PIPE, text=True)
    used = usage.row()
    rate = re.search(r"([\d.]+) req/s", done.stdout)
    counts = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded",
                       done.stdout)
    if done.returncode or not rate or not counts:
        fail(f"h2load ended with exit code {done.returncode}\n{done.stdout}")
    calls, good = int(counts[1]), int(counts[2])
    return {"calls": calls, "calls_per_second": float(rate[1]), "p99_ms": None, "ok": good,
            "failed": calls - good} | used


def h2load_run(server, body, seconds, path, headers):
    return h2load(server, 8, 32, "-D", seconds, "-d", body,
                  *header_fields(*headers, key_header(server)), server.address + path)


def check_body(server):
    """A file with the message of one check, framed."""
    customer, feature = b"bench-0000000", b"messages"
    message = (bytes([0x0A, len(customer)]) + customer
               + bytes([0x12, len(feature)]) + feature)
    body = server.folder / "body"
    body.write_bytes(bytes([0]) + len(message).to_bytes(4, "big") + message)
    return body


def bench_h2load(name, options):
    """A request of one customer, by hand: h2load sends the same bytes each time. It sees HTTP
    statuses only, so `prepare` makes sure first that the answer is yes."""
    if not shutil.which("h2load"):
        fail("h2load is not installed; scripts/setup installs it")
    with Server(options) as server:
        server.prepare(options.customers or 100_000)
        body = check_body(server)
        runs = [h2load_run(server, body, max(1, round(options.seconds)),
                           "/tally.v1.EntitlementService/Check",
                           ["content-type: application/grpc", "te: trailers"])
                for _ in range(options.runs)]
        yield summary(name, 8, 32, runs, server.rss_mib())


def bench_json(name, options):
    """The same question to the JSON API, as its official client asks it; that the answer is yes is
    seen beforehand."""
    if not shutil.which("h2load"):
        fail("h2load is not installed; scripts/setup installs it")
    with Server(options) as server:
        server.prepare(options.customers or 100_000)
        body = server.folder / "body"
        body.write_text('{"customer_id":"bench-0000000","feature_id":"messages"}')
        path = "/v1/balances.check"
        headers = ["content-type: application/json", "accept: application/json",
                   "x-api-version: 2.3.0", "user-agent: speakeasy-sdk/python 1.0.2 autumn-sdk"]
        request = urllib.request.Request(
            server.address + path, body.read_bytes(),
            dict(header.split(": ", 1) for header in headers)
            | dict([key_header(server).split(": ", 1)]))
        context = ssl.create_default_context(cafile=server.authority)
        with urllib.request.urlopen(request, context=context) as reply:
            if json.load(reply)["allowed"] is not True:
                fail("the check is not allowed")
        runs = [h2load_run(server, body, max(1, round(options.seconds)), path, headers)
                for _ in range(options.runs)]
        yield summary(name, 8, 32, runs, server.rss_mib())
