"""Connections that idle, and connections that come and go."""

import json
import subprocess
import time

from benchmarks.machine import LOAD_CORE, fail, on_cores
from benchmarks.server import Server, Usage

SETTLE = 2  # seconds after which the server has let go of what it meant to


def line(client):
    text = client.stdout.readline()
    if not text:
        fail(f"the connections' client ended with exit code {client.wait()}")
    return json.loads(text)


def hold(server, count, calls):
    """Opens connections and closes them; how that went, and the memory while they were open."""
    client = subprocess.Popen(
        on_cores([LOAD_CORE], server.client(
            "idle", "--connections", count, "--calls", calls, "--customers", 1000)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    opened = line(client)
    time.sleep(SETTLE)
    during = server.rss_mib()
    client.stdin.close()
    opened["still_open"] = line(client)["still_open"]
    client.wait()
    time.sleep(SETTLE)
    return opened, during


def bench_idle(_, options):
    """A fresh server each time: memory that was used once isn't given back to the system. So they
    are opened twice: what the first ones left behind shows in the memory the second ones need."""
    count = options.connections
    for name, calls in [("idle", 0), ("idle-after-a-call", 1)]:
        with Server(options, settings={"MAX_CONNECTIONS": count + 100}) as server:
            server.prepare(1000)
            time.sleep(SETTLE)
            before, usage = server.rss_mib(), Usage(server)
            opened, during = hold(server, count, calls)
            closed = server.rss_mib()
            again, during_again = hold(server, count, calls)
            yield {
                "name": name, "connections": opened["ok"], "still_open": opened["still_open"],
                "kib_each": round((during - before) * 1024 / max(1, opened["ok"]), 1),
                "rss_mib_before": before, "rss_mib_open": during, "rss_mib_closed": closed,
                "rss_mib_open_again": during_again, "seconds_to_open": opened["seconds"],
                "failed": sum(count - held["still_open"] for held in (opened, again)),
                "failures": opened["failures"] | again["failures"],
                "other_cores": usage.row()["other_cores"]}


def bench_churn(name, options):
    """The memory is looked at every ten seconds; the first of these looks sees the server with
    all its buffers made."""
    rate, seconds = options.churn_rate, options.churn_seconds
    with Server(options) as server:
        server.prepare(1000)
        before, usage = server.rss_mib(), Usage(server)
        client = subprocess.Popen(
            on_cores([LOAD_CORE], server.client(
                "churn", "--rate", rate, "--seconds", seconds, "--customers", 1000)),
            stdout=subprocess.PIPE, text=True)
        looks, step = [], min(10, seconds / 6)
        while client.poll() is None:
            try:
                client.wait(step)
            except subprocess.TimeoutExpired:
                looks.append(server.rss_mib())
        result, used = line(client), usage.row()
        time.sleep(SETTLE)
        after = server.rss_mib()
        yield {
            "name": name, "rate": rate, "connections_per_second": result["connections_per_second"],
            "ok": result["ok"], "failed": result["failed"], "failures": result["failures"],
            "server_cpu_us_per_connection": round(
                used["cpu"] * 1e6 / max(1, result["connections"]), 1),
            "p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"],
            "client_cpu_seconds": result["client_cpu_seconds"], "rss_mib_before": before,
            "rss_mib_looks": looks, "rss_mib_after": after,
            "rss_mib_grown": round(after - looks[0], 1) if looks else None,
            "other_cores": used["other_cores"]}
