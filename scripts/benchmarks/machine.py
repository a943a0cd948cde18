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
