"""What the contract tests share. They know Tally from outside only: the binary, proto/, TLS."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from grpc_tools import protoc

from tally_server import BINARY, ROOT, TallyServer

STUBS = Path(tempfile.mkdtemp(prefix="tally-stubs-"))


def generate_stubs():
    """As any user would, from proto/ alone."""
    well_known = Path(protoc.__file__).parent / "_proto"
    names = sorted(str(path) for path in (ROOT / "proto" / "tally" / "v1").glob("*.proto"))
    code = protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{well_known}",
                        f"--python_out={STUBS}", f"--grpc_python_out={STUBS}", *names])
    assert code == 0, "protoc refused proto/"
    sys.path.insert(0, str(STUBS))


generate_stubs()


def pytest_unconfigure():
    shutil.rmtree(STUBS, ignore_errors=True)


def pytest_sessionstart():
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: swift build -c release --product tally", 1)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "scripts" / "dev-certs", folder], check=True)
    return folder


def running(folder, certificates):
    server = TallyServer(folder, certificates)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory, certificates):
    """One server for all tests that don't hurt it."""
    yield from running(tmp_path_factory.mktemp("server"), certificates)


@pytest.fixture
def own_server(tmp_path, certificates):
    """A server for one test, over a fresh folder."""
    yield from running(tmp_path, certificates)


def connected(server):
    from tally_client import TallyClient
    import pricing
    client = TallyClient(server, server.key)
    try:
        pricing.publish(client)
        yield client
    finally:
        client.close()


@pytest.fixture(scope="session")
def client(server):
    """With the sandbox key, and pricing.py published."""
    yield from connected(server)


@pytest.fixture
def own_client(own_server):
    yield from connected(own_server)
