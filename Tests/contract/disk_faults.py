"""A disk that is recorded, fails its syncs, or fills up."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("disk_recorder.c")


def recorder(folder):
    """The library to preload; what it does is told in disk_recorder.c."""
    library = folder / "disk_recorder.so"
    compiler = shutil.which("clang") or shutil.which("cc")
    subprocess.run(
        [compiler, "-O2", "-Wall", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


class SmallDisk:
    """A file system in memory with a size of its own; needs root."""

    def __init__(self, folder, mib):
        self.folder, self.filler = folder, folder / "filler"
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", folder], check=True)

    def fill(self):
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while file.write(bytes(65536)):
                pass

    def make_room(self):
        self.filler.unlink()


@contextlib.contextmanager
def small_disk(folder, mib):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = SmallDisk(folder, mib)
    try:
        yield disk
    finally:
        subprocess.run(["umount", folder], check=True)
