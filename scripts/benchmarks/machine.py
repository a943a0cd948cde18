"""The machine: its cores, what others use of it, and how fast its disk syncs."""

import os
import resource
import sys
import time
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")
# Of a core, used by other programs: beyond it a figure is not to be trusted.
QUIET = 0.1


def fail(text, code=1):
    print(f"bench: {text}", file=sys.stderr)
    sys.exit(code)


def on_cores(cores, command):
    command = [str(part) for part in command]
    if {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        return ["taskset", "-c", ",".join(map(str, cores)), *command]
    return command


def busy_seconds():
    """Of all cores together: user, nice, system and interrupts."""
    times = Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    return sum(int(times[column]) for column in (0, 1, 2, 5, 6)) / TICKS


def others_now(seconds=2):
    """Cores in use while we do nothing."""
    before, start = busy_seconds(), time.monotonic()
    time.sleep(seconds)
    return (busy_seconds() - before) / (time.monotonic() - start)


def raise_open_files():
    """A connection is a file; servers and loads inherit the limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def sync_milliseconds(folder, seconds, size=4096):
    """What the log does, alone: blocks written in place into a file of zeros, each one synced.
    Gives how long a write and its sync take."""
    path, total = folder / "sync-probe", 32 << 20
    block, took = b"\x5a" * size, []
    with open(path, "w+b", buffering=0) as file:
        file.write(bytes(total))
        os.fsync(file)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = time.monotonic()
            os.pwrite(file.fileno(), block, len(took) * size % total)
            os.fdatasync(file)
            took.append((time.monotonic() - before) * 1e3)
    path.unlink()
    return took


def ideal_milliseconds(folder, seconds, rate, size=290):
    """How long calls at that rate would take on this disk, now, if a server needed no time of its
    own: each round writes and syncs the records, of `size` bytes, that came during the one before.
    What is left is the disk's, and the stalls of the machine. A stall of 50 ms shows in the p99 of
    5 s of calls, while it is one sync of 20,000."""
    path, total = folder / "ideal-probe", 64 << 20
    source, took, at = os.urandom(4 << 20), [], 0
    with open(path, "w+b", buffering=0) as file:
        for _ in range(total >> 20):
            file.write(bytes(1 << 20))
        os.fsync(file)
        began = last = time.monotonic()
        while last - began < seconds:
            now = time.monotonic()
            calls = int((now - began) * rate) - int((last - began) * rate)
            block = source[:max(64, calls * size)]
            at = at if at + len(block) <= total else 0
            os.pwrite(file.fileno(), block, at)
            os.fdatasync(file)
            at, done = at + len(block), time.monotonic()
            took += [(done - last - (now - last) * call / calls) * 1e3 for call in range(calls)]
            last = now
    path.unlink()
    return took
