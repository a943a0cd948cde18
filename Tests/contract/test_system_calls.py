"""How many system calls a check costs: stable, where times are not, so this is what is gated. With
strace at work the server is the slower side, so that its bursts are as full as they get: one read,
one write and a share of an epoll_wait for each. What is done for every call by mistake (a wake, a
lock that is waited for, a write of its own) shows at once."""

import json
import re
import shutil
import signal
import subprocess
import time

import pytest

from tally_server import BINARY, TallyServer

CALLS = 20_000
LIMITS = {  # (connections, streams): system calls a call
    (8, 32): 0.15,
    (64, 1): 2.5,
}


@pytest.fixture(scope="module")
def one_loop(tmp_path_factory, certificates):
    if not shutil.which("strace"):
        pytest.fail("strace is missing: scripts/setup installs it")
    server = TallyServer(tmp_path_factory.mktemp("system_calls"), certificates)
    command = server.command
    server.command = lambda: command() + ["--event-loops", "1"]
    try:
        server.start()
        load(server, 8, 32, "--prepare")
        yield server
    finally:
        server.kill()


def load(server, connections, streams, *options):
    command = [BINARY, "bench", "load", "--server", f"https://127.0.0.1:{server.port}",
               "--ca", server.ca_file, "--key-file", server.key_file, "--customers", "1000",
               "--connections", connections, "--streams", streams, "--calls", CALLS, "--json",
               *options]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["calls"]


def counted(server, report, body):
    """What `body` returns, and the server's system calls meanwhile, by name."""
    strace = subprocess.Popen(
        ["strace", "-f", "-c", "-U", "calls,name", "-o", report, "-p", str(server.process.pid)],
        stderr=subprocess.PIPE, text=True)
    try:
        attached = strace.stderr.readline()
        assert "attached" in attached, attached
        result = body()
    finally:
        strace.send_signal(signal.SIGINT)
        strace.communicate(timeout=30)
    lines = re.findall(r"^\s*(\d+)\s+(\w+)$", report.read_text(), re.M)
    return result, {name: int(calls) for calls, name in lines if name != "total"}


@pytest.mark.parametrize("connections, streams", LIMITS)
def test_system_calls_of_a_check(one_loop, tmp_path, connections, streams):
    calls, names = counted(
        one_loop, tmp_path / "report", lambda: load(one_loop, connections, streams))
    a_call = sum(names.values()) / calls
    listed = ", ".join(f"{name} {count / calls:.3f}" for name, count in
                       sorted(names.items(), key=lambda item: -item[1])[:6])
    print(f"{connections} x {streams}: {a_call:.3f} system calls a check ({listed})")
    # Fewer than a read for a full burst: then strace has not seen the server at all.
    assert names.get("read", 0) + names.get("recvmsg", 0) >= calls / streams / 2
    assert a_call <= LIMITS[connections, streams]
