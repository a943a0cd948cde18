"""The states that a power cut could leave on disk, out of a record of disk_recorder.c.

A cut may come before any operation. What was written is safe once its file was synced, a name once
its folder was; of the rest a model says what became of it:

    kill    all of it is there: the process died, the machine did not
    lost    none of it is there, names included
    nodata  the names are there, the bytes are not
    torn    all is there, but the last unsynced write of each file is cut in half
    zeros   all is there, but unsynced bytes read as zeros
"""

import hashlib
import os
from typing import NamedTuple

MODELS = ("kill", "lost", "nodata", "torn", "zeros")
PAGE = 4096


class Operation(NamedTuple):
    name: str
    path: str
    target: str
    offset: int
    bytes: bytes
    nanoseconds: int


def read_record(path):
    operations = []
    with open(path, "rb") as file:
        while line := file.readline():
            name, path, target, offset, length, time = line.decode().rstrip("\n").split("\t")
            content = file.read(int(length))
            assert file.read(1) == b"\n", "the record is cut off"
            operations.append(Operation(name, path, target, int(offset), content, int(time)))
    return operations


class Content:
    """A file's bytes: the pages that aren't all zeros."""

    def __init__(self):
        self.size, self.pages = 0, {}

    def write(self, offset, data):
        self.size = max(self.size, offset + len(data))
        at = 0
        while at < len(data):
            number, start = divmod(offset + at, PAGE)
            piece = data[at:at + PAGE - start]
            old = self.pages.get(number, bytes(PAGE))
            new = old[:start] + piece + old[start + len(piece):]
            if any(new):
                self.pages[number] = new
            else:
                self.pages.pop(number, None)
            at += len(piece)

    def truncate(self, size):
        if size < self.size:
            kept = self.pages.pop(size // PAGE, b"")[:size % PAGE]
            self.pages = {n: page for n, page in self.pages.items() if n < size // PAGE}
            self.size = size
            self.write(size - len(kept), kept)
        self.size = size

    def copy(self):
        copy = Content()
        copy.size, copy.pages = self.size, dict(self.pages)
        return copy

    def save(self, path):
        with open(path, "wb") as file:
            file.truncate(self.size)
            for number, page in self.pages.items():
                file.seek(number * PAGE)
                file.write(page[:max(0, self.size - number * PAGE)])


def folder_of(path):
    return os.path.dirname(path) or "."


class Machine:
    """Files, names and what of them is safe, one operation after the other."""

    def __init__(self):
        self.names, self.safe_names = {}, {}  # path: number of a file, or "folder"
        self.content, self.safe_content = {}, {}  # number: Content
        self.changes = []  # of names, not safe yet
        self.unsynced = {}  # number: operations on the file's bytes, not safe yet

    def apply(self, operation):
        name, path = operation.name, operation.path
        number = self.names.get(path)
        if name in ("create", "rename", "unlink", "mkdir"):
            if name == "create":
                number = len(self.content)
                self.content[number], self.safe_content[number] = Content(), Content()
                self.unsynced[number] = []
            change = (name, path, operation.target, number)
            self.changes.append(change)
            rename(self.names, change)
        elif name == "sync":
            self.sync(path, number)
        elif number is not None:
            change_bytes(self.content[number], operation)
            self.unsynced[number].append(operation)

    def sync(self, path, number):
        if path == "." or number == "folder":
            for change in self.changes:
                if folder_of(change[1]) == path:
                    rename(self.safe_names, change)
            self.changes = [c for c in self.changes if folder_of(c[1]) != path]
        elif number is not None:
            for operation in self.unsynced[number]:
                change_bytes(self.safe_content[number], operation)
            self.unsynced[number] = []

    def state(self, model):
        """{path: Content, or "folder"} as the model has it."""
        names = self.safe_names if model == "lost" else self.names
        return {path: "folder" if number == "folder" else self.bytes(number, model)
                for path, number in names.items() if is_reachable(path, names)}

    def bytes(self, number, model):
        if model == "kill" or not self.unsynced[number]:
            return self.content[number]
        content = self.safe_content[number].copy()
        if model in ("lost", "nodata"):
            return content
        last = len(self.unsynced[number]) - 1
        for index, operation in enumerate(self.unsynced[number]):
            data = operation.bytes
            if model == "zeros":
                data = bytes(len(data))
            elif index == last:
                data = data[:len(data) // 2]
            change_bytes(content, operation._replace(bytes=data))
        return content


def is_reachable(path, names):
    folder = folder_of(path)
    return folder == "." or (names.get(folder) == "folder" and is_reachable(folder, names))


def rename(names, change):
    name, path, target, number = change
    if name == "create":
        names[path] = number
    elif name == "mkdir":
        names[path] = "folder"
    elif name == "unlink":
        names.pop(path, None)
    elif (moved := names.pop(path, number)) is not None:
        names[target] = moved


def change_bytes(content, operation):
    if operation.name == "truncate":
        content.truncate(operation.offset)
    else:
        content.write(operation.offset, operation.bytes)


def digest(state):
    total = hashlib.sha256()
    for path, content in sorted(state.items()):
        total.update(path.encode() + b"\0")
        if content != "folder":
            total.update(b"%d" % content.size)
            for number, page in sorted(content.pages.items()):
                total.update(b"%d" % number + page)
    return total.digest()


class State(NamedTuple):
    operation: int  # the first that didn't happen
    nanoseconds: int  # its time; what was acknowledged before must be there
    models: list
    files: dict  # path: Content, or "folder"


def states(operations, every=1):
    """Each distinct state. Of several moments that left the same bytes the last one counts: most
    was acknowledged by then."""
    machine, found = Machine(), {}
    for index in range(len(operations) + 1):
        if index % every == 0 or index == len(operations):
            time = operations[index].nanoseconds if index < len(operations) else 1 << 63
            for model in MODELS:
                files = machine.state(model)
                key = digest(files)
                if key in found and found[key].operation == index:
                    found[key].models.append(model)
                else:
                    copies = {path: content if content == "folder" else content.copy()
                              for path, content in files.items()}
                    found[key] = State(index, time, [model], copies)
        if index < len(operations):
            machine.apply(operations[index])
    return sorted(found.values(), key=lambda state: state.operation)


def save(files, folder):
    os.makedirs(folder, exist_ok=True)
    for path, content in sorted(files.items()):
        place = os.path.join(folder, path)
        if content == "folder":
            os.makedirs(place, exist_ok=True)
        else:
            content.save(place)
