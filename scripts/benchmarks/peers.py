"""Other servers doing the same, as far as they are at hand; their rows under our names."""

import json
import re
import subprocess
import sys

from benchmarks.machine import fail

NAMES = ["swift", "swift-tuned", "cpp", "go", "rust-h2", "python", "nghttpd", "nghttpd-get", "h2o",
         "redis", "postgres", "fsync"]
SYNC = re.compile(r"(\d+) bytes (in place|append): (\d+)/s .* p50 (\d+) us +p99 (\d+) us")


def bench_peers(chosen, options):
    script, work = options.peers / "run_all.sh", options.work / "peers"
    if not script.exists():
        fail(f"there are no peers in {options.peers}")
    work.mkdir(parents=True, exist_ok=True)
    files = {"results": grpc_row, "redis": redis_row, "postgres": postgres_row}
    for peer in chosen:
        for file in files:
            (work / f"{file}.jsonl").unlink(missing_ok=True)
        run = subprocess.Popen([script, work, peer], stdout=subprocess.PIPE, text=True)
        for line in run.stdout:
            print(line, end="", file=sys.stderr)
            if peer == "fsync" and (found := SYNC.match(line)):
                yield sync_row(*found.groups())
        if code := run.wait():
            # One that can't be built here doesn't keep the others from being measured.
            print(f"bench: peer {peer} ended with exit code {code}", file=sys.stderr)
            yield {"name": f"peer-{peer}", "failed": 1, "exit_code": code}
        for file, row in files.items():
            path = work / f"{file}.jsonl"
            for line in path.read_text().splitlines() if path.exists() else []:
                yield row(json.loads(line))


def peer_row(name, found, **more):
    return {
        "name": f"peer-{name}".replace(" ", "-"), "connections": found["c"],
        "streams": found.get("m") or found.get("pipeline") or 1,
        "calls_per_second": round(found["rps"]),
        "server_cpu_us_per_call": round(found["server_us"], 2), "p99_ms": None, "ok": found["n"],
        "failed": 0, "rss_mib": found.get("rss_mb") and round(found["rss_mb"], 1),
        "other_cores": round(found["other_busy"], 2)} | more


def grpc_row(found):
    method = found["path"].rpartition("/")[2].lower()
    return peer_row(f"{found['name']}-{method}", found, ok=found["ok"],
                    failed=found["n"] - found["ok"])


def redis_row(found):
    """`mode` is appendfsync, or no without a log; "any" draws the customer."""
    job = found["job"].replace(".lua", "").lower()
    return peer_row(f"redis-{found['mode']}-{job}", found,
                    p99_ms=round(found["p99_us"] / 1e3, 3))


def postgres_row(found):
    return peer_row(f"postgres-commit-{found['synchronous_commit']}-{found['job']}", found)


def sync_row(size, how, rate, median, tail):
    return {"name": f"peer-fsync-{how.replace(' ', '-')}-{size}", "syncs_per_second": int(rate),
            "p50_ms": int(median) / 1e3, "p99_ms": int(tail) / 1e3, "failed": 0}
