"""Durable writes beside the disk's own speed and Redis, and how soon a server is back."""

import json
import re
import shutil
import subprocess
import sys

from benchmarks.loads import half_load, saturated, shape
from benchmarks.machine import LOAD_CORE, SERVER_CORE, fail
from benchmarks.peers import redis_row
from benchmarks.server import Server

MILLION = 1_000_000
SHAPES = [(8, 128), (8, 32), (64, 1)]


def bench_track(name, options):
    """All in one run: the machine and the disk are the same for all of it."""
    customers = options.customers or MILLION
    with Server(options) as server:
        seconds = server.prepare(customers)
        own = {}
        for connections, streams in SHAPES:
            load = ("track", connections, streams)
            row = saturated(
                f"{name}-{connections}x{streams}", load, server, options, customers)
            own[connections, streams] = row["calls_per_second"]
            yield row | {"customers": customers, "seconds_to_prepare": round(seconds, 1)}
        yield from half_load(
            f"{name}-half-load", ("track", *SHAPES[0]), server, options, customers)
    for row in redis_always(options):
        yield row
        ours = own.get((row["connections"], row["streams"]))
        if ours:
            yield {"name": f"{row['name']}-ratio", "of": name, "to": row["name"],
                   "connections": row["connections"], "streams": row["streams"],
                   "calls_per_second": round(ours / max(1, row["calls_per_second"]), 2)}


def redis_always(options):
    """The same deduction as a script in Lua, over TLS, synced before it is answered."""
    if not (options.peers / "redis_peer.py").exists() or not shutil.which("redis-server"):
        print("bench: no Redis to compare with: it takes redis-server and the peers",
              file=sys.stderr)
        return
    work = options.work / "peers"
    work.mkdir(parents=True, exist_ok=True)
    results = work / "redis-always.jsonl"
    results.unlink(missing_ok=True)
    subprocess.run([options.peers / "certs.sh", work / "certs"], check=True)
    subprocess.run(
        [sys.executable, options.peers / "redis_peer.py", "--modes", "always", "--certs",
         work / "certs", "--data", work / "data", "--lock", work / "cpu.lock", "--seconds",
         str(options.seconds), "--out", results], check=True, stdout=sys.stderr)
    for line in results.read_text().splitlines():
        yield redis_row(json.loads(line))


def bench_restart(name, options):
    """Customers; an orderly stop and a start, after which a snapshot may hold them; a tail of
    records of other calls; then starts on one core and on two, each after a kill, which leaves the
    tail to be replayed."""
    customers = options.customers or MILLION
    tail = options.tail or customers
    with Server(options, log_level="info") as server:
        seconds = server.prepare(customers)
        server.stop()
        server.start()
        made = server.load("--calls", tail, *shape(("track", 8, 128), customers))
        if made["failed"]:
            fail(f"the tail could not be written: {made['statuses']}")
        for cores in [(SERVER_CORE,), (SERVER_CORE, LOAD_CORE)]:
            server.cores, server.event_loops = cores, len(cores)
            starts = []
            for _ in range(options.runs):
                server.stop(kill=True)
                starts.append(restart(server))
            starts.sort(key=lambda start: start["seconds_to_ready"])
            plural = "s" if len(cores) > 1 else ""
            yield {"name": f"{name}-{len(cores)}-core{plural}", "customers": customers,
                   "tail": tail, **starts[len(starts) // 2],
                   "seconds_to_ready_runs": [start["seconds_to_ready"] for start in starts],
                   "seconds_to_prepare": round(seconds, 1)}


def restart(server):
    seconds = server.start()
    cpu, log = server.cpu_seconds(), server.log()
    opened = next((line for line in log.splitlines() if "environment sandbox is open" in line), "")
    found = {key: re.search(rf"\b{key}=([\d.e-]+)", opened) for key in ("records", "took")}
    if None in found.values():
        fail(f"the server did not say what it replayed:\n{log}")
    records, took = int(found["records"][1]), float(found["took"][1])
    return {"seconds_to_ready": round(seconds, 2), "records": records,
            "seconds_to_replay": round(took, 3),
            "records_per_second": round(records / max(took, 1e-6)),
            "server_cpu_seconds": cpu, "rss_mib": server.rss_mib()}
