"""That a call costs what it touches: one customer's calls, beside those of one who has much else."""

import json
import subprocess

from benchmarks.loads import LOADS, summary
from benchmarks.machine import LOAD_CORE, fail, on_cores
from benchmarks.server import Server

EVENTS, BUCKETS, ENTITIES = 1_000_000, 50, 10_000
GRANTED = 1_000_000_000_000


def catalog():
    """Customers begin with messages, and each of their seats with tokens of its own."""
    def item(feature, **more):
        return {"feature_id": feature, "included": GRANTED, "reset": {"interval": "month"}} | more
    features = ["messages", "tokens", *(f"other_{number}" for number in range(BUCKETS))]
    return {
        "currency": "usd",
        "features": [
            *({"feature_id": feature, "name": feature, "type": "metered"} for feature in features),
            {"feature_id": "seats", "name": "Seats", "type": "allocated"}],
        "plans": [{
            "plan_id": "bench", "name": "Load test", "auto_enable": True,
            "items": [
                item("messages"), item("tokens", entity_feature_id="seats"),
                {"feature_id": "seats", "included": GRANTED}]}]}


def customer(number):
    return f"bench-{number:07}"


class Desk:
    """The command line, at one server."""

    def __init__(self, server):
        self.server = server
        self.flags = ["--server", server.address, "--ca", server.authority,
                      "--key-file", server.key_file]

    def run(self, *words):
        done = subprocess.run(
            on_cores([LOAD_CORE], [self.server.tally, *words, *self.flags]),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            fail(f"tally {words[0]} {words[1]} ended with {done.returncode}\n{done.stderr}")

    def lay_out(self):
        """Customer 0 is fresh, 1 has many events, 2 many balances, 3 many entities, 4 has one."""
        file = self.server.folder / "catalog.json"
        file.write_text(json.dumps(catalog()))
        self.run("catalog", "apply", file)
        for number in range(5):
            self.run("customer", "create", customer(number))
        for number in range(BUCKETS):
            self.run("balances", "create", customer(2), f"other_{number}", 1000)
        seats = [f"seat-{number}" for number in range(ENTITIES)]
        for start in range(0, ENTITIES, 1000):
            self.run("entities", "create", customer(3), "seats", *seats[start:start + 1000])
        self.run("entities", "create", customer(4), "seats", seats[ENTITIES // 2])
        events = self.server.load(
            "--method", "track", "--streams", 128, "--first", 1, "--customers", 1,
            "--calls", EVENTS)
        if events["failed"]:
            fail("the events could not be tracked")
        self.server.settle()


SEAT = ["--feature", "tokens", "--entity", f"seat-{ENTITIES // 2}"]
CASES = [  # name, the customer with much else, the one beside it, what more their calls say
    ("events", 1, 0, []),
    ("balances", 2, 0, []),
    ("entities", 3, 0, []),
    ("entity", 3, 4, SEAT),
]


def bench_cost(_, options):
    with Server(options) as server:
        Desk(server).lay_out()
        for name, laden, fresh, more in CASES:
            for load in ("check", "track"):
                yield from pair(f"cost-{name}-{load}", load, server, laden, fresh, more, options)
    with Server(options) as server:
        customers = options.customers or 100_000
        server.prepare(customers, features=20)
        method, connections, streams = LOADS["check"]
        runs = [run(server, "check", ["--customers", customers, "--seed", 1 + turn], options)
                for turn in range(options.runs)]
        yield summary("cost-20-features", connections, streams, runs, server.rss_mib())


def run(server, load, whom, options):
    method, connections, streams = LOADS[load]
    return server.load("--seconds", options.seconds, "--method", method,
                       "--connections", connections, "--streams", streams, *whom)


def pair(name, load, server, laden, fresh, more, options):
    runs = {laden: [], fresh: []}
    for turn in range(options.runs):
        order = [laden, fresh] if turn % 2 == 0 else [fresh, laden]
        for number in order:
            runs[number].append(run(
                server, load, ["--first", number, "--customers", 1, *more], options))
    _, connections, streams = LOADS[load]
    rows = [summary(f"{name}{label}", connections, streams, runs[number], server.rss_mib())
            for number, label in ((laden, ""), (fresh, "@fresh"))]
    yield from rows
    much, little = (row["server_cpu_us_per_call"] for row in rows)
    yield {"name": f"{name}-ratio", "server_cpu": round(much / little, 3), "limit": 1.3}
