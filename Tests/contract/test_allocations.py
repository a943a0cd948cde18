"""How often a call reaches malloc after warm-up, Swift and the C libraries included: stable, where
times are not, so this is what is gated."""

import json
import mmap
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from tally_server import BINARY, TallyServer

SOURCE = Path(__file__).with_name("malloc_count.c")
CALLS = 20_000
# What a call may cost; the remainder of a burst's own allocations is spread over its calls.
LIMITS = {"check": 4.0, "track": 5.0}


@pytest.fixture(scope="module")
def counted_server(tmp_path_factory, certificates):
    folder = tmp_path_factory.mktemp("allocations")
    compiler = shutil.which("clang") or shutil.which("cc")
    library, counter = folder / "malloc_count.so", folder / "count"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    counter.write_bytes(bytes(4096))
    server = TallyServer(folder, certificates)
    environment = ["env", f"LD_PRELOAD={library}", f"MALLOC_COUNT={counter}"]
    command = server.command
    server.command = lambda: environment + command() + ["--event-loops", "1"]
    try:
        server.start()
        with counter.open("r+b") as file, mmap.mmap(file.fileno(), 4096) as memory:
            yield server, lambda: struct.unpack_from("<Q", memory)[0]
    finally:
        server.kill()


def load(server, method, *options):
    command = [BINARY, "bench", "load", "--server", f"https://127.0.0.1:{server.port}",
               "--ca", server.ca_file, "--key-file", server.key_file, "--customers", "1000",
               "--method", method, "--json", *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["calls"]


@pytest.mark.parametrize("method", LIMITS)
def test_allocations_of_a_call(counted_server, method):
    server, count = counted_server
    load(server, method, "--prepare", "--calls", str(CALLS))
    # Connections cost the same however many calls they carry: the difference is the calls'.
    before = count()
    few = load(server, method, "--calls", str(CALLS))
    between = count()
    many = load(server, method, "--calls", str(3 * CALLS))
    after = count()
    a_call = ((after - between) - (between - before)) / (many - few)
    print(f"{method}: {a_call:.2f} allocations a call")
    assert a_call <= LIMITS[method]
