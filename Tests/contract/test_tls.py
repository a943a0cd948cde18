"""Connections as TLS makes them: sessions, certificates that change, and clients that abuse it."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb

from authority import Authority
from tally_client import DEADLINE, TallyClient
from tally_server import TallyServer
from test_walkthrough import attach, new_customer

SOURCE = Path(__file__).with_name("tls_abuse.c")
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def shake(server, port=None, version=None, protocols=("http/1.1",), session=None, client=None,
          context=None):
    """A connection on which one page was asked for, which also brings the session's ticket."""
    if context is None:
        context = ssl.create_default_context(cafile=server.ca_file)
        context.set_alpn_protocols(list(protocols))
        if version:
            context.minimum_version = context.maximum_version = version
        if client:
            context.load_cert_chain(*client)
    connection = context.wrap_socket(
        socket.create_connection(("127.0.0.1", port or server.port), timeout=5),
        server_hostname="localhost", session=session)
    ask(connection)
    return connection


def ask(connection):
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    heard = b""
    while not heard.endswith(b"\r\n\r\nok\n"):
        more = connection.recv(4096)
        assert more, heard
        heard += more


def serial(server):
    with shake(server) as connection:
        return connection.getpeercert()["serialNumber"]


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it didn't come to that"
        time.sleep(0.1)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_a_session_is_taken_up_again(server, version):
    first = shake(server, version=version)
    assert not first.session_reused
    with shake(server, session=first.session, context=first.context) as second:
        assert second.session_reused and second.version() == version.name.replace("v1_", "v1.")


@pytest.mark.parametrize("protocols, spoken", [
    (["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1")])
def test_protocols(server, protocols, spoken):
    with server.connect(protocols) as connection:
        assert connection.selected_alpn_protocol() == spoken


def test_without_a_protocol_it_is_http_1(server):
    context = ssl.create_default_context(cafile=server.ca_file)
    with shake(server, context=context) as connection:
        assert connection.selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLError):
        server.connect(["spdy/3"])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_are_refused(server, version):
    context = ssl.create_default_context(cafile=server.ca_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with pytest.raises(ssl.SSLError):
        shake(server, context=context)


# A certificate that changes.


class Renewed(TallyServer):
    """Its certificate files are its own, to be changed."""

    def __init__(self, folder):
        super().__init__(folder, folder)
        self.folder = folder
        self.authority = Authority(folder, "ca")
        self.count = 0
        self.renew()

    def renew(self):
        self.count += 1
        certificate, key = self.authority.issue(
            f"server-{self.count}", "DNS:localhost,IP:127.0.0.1", "serverAuth")
        # As tools do it: one after the other.
        shutil.copy(certificate, self.certificates / "server.pem")
        shutil.copy(key, self.certificates / "server.key")

    def says(self, text):
        return len(re.findall(text, self.log.read_text()))


@pytest.fixture
def renewed(tmp_path):
    server = Renewed(tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.mark.parametrize("hang_up", [False, True], ids=["by itself", "on SIGHUP"])
def test_a_new_certificate_is_taken_without_dropping_calls(renewed, hang_up):
    before = serial(renewed)
    open_one = shake(renewed)
    with_ticket = shake(renewed)
    client = TallyClient(renewed, renewed.key)
    watch = client.stubs[3].WatchCustomer(
        check_pb.WatchCustomerRequest(customer_id="acme"), timeout=3 * DEADLINE)
    assert next(watch).customer.customer_id == "acme"

    renewed.renew()
    if hang_up:
        renewed.process.send_signal(signal.SIGHUP)
    wait_for(lambda: serial(renewed) != before)

    # What was open goes on, and so does the stream.
    ask(open_one)
    client.call("GetCustomer", customers_pb.GetCustomerRequest(customer_id="acme"))
    assert watch.is_active()
    watch.cancel()
    client.close()
    # Tickets are apart from certificates.
    with shake(renewed, session=with_ticket.session, context=with_ticket.context) as again:
        assert again.session_reused
    assert not renewed.says("refused")


@pytest.mark.parametrize("spoil", ["key", "certificate", "pair", "expired"])
def test_a_bad_new_certificate_is_refused_and_the_old_one_goes_on(renewed, spoil):
    before = serial(renewed)
    certificate, key = renewed.certificates / "server.pem", renewed.certificates / "server.key"
    if spoil == "expired":
        bad, bad_key = renewed.authority.issue(
            "bad", "DNS:localhost", "serverAuth", seconds=-1)
        shutil.copy(bad, certificate)
        shutil.copy(bad_key, key)
    elif spoil == "pair":
        shutil.copy(renewed.authority.issue("bad", "DNS:localhost", "serverAuth")[1], key)
    else:
        {"key": key, "certificate": certificate}[spoil].write_text("nonsense")
    wait_for(lambda: renewed.says("error .*the new certificate files were refused") == 1)
    assert serial(renewed) == before
    # Said once, not once a second; and mended as soon as the files are.
    time.sleep(2.2)
    assert renewed.says("the new certificate files were refused") == 1
    renewed.renew()
    wait_for(lambda: serial(renewed) != before)


# Abuse.


@pytest.fixture(scope="module")
def abuser(tmp_path_factory):
    program = tmp_path_factory.mktemp("abuse") / "tls_abuse"
    compiler = shutil.which("clang") or shutil.which("cc")
    subprocess.run([compiler, "-O2", "-o", program, SOURCE, "-lssl", "-lcrypto"], check=True)
    return program


class Bystander:
    """Checks without a pause, on a connection of its own, while the block runs."""

    def __init__(self, client, customer_id):
        self.client, self.slowest, self.count, self.failure = client, 0, 0, None
        self.request = check_pb.CheckRequest(customer_id=customer_id, feature_id="test_messages")
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            while not self.stop.is_set():
                began = time.monotonic()
                self.client.call("Check", self.request)
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.count += 1
        except Exception as error:
            self.failure = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


@pytest.mark.parametrize("mode, most", [
    ("update", 10_000), ("request", 10_000), ("splinters", 20_000), ("renegotiate", 0)])
def test_an_abuser_is_cut_off_and_nobody_else_notices(server, client, abuser, mode, most):
    """`most`: what fits into the sockets' buffers before the end arrives."""
    customer_id = new_customer(client)
    attach(client, customer_id, "test_free")
    with Bystander(client, customer_id) as bystander:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            done = subprocess.run([abuser, str(server.port), mode], capture_output=True,
                                  text=True, timeout=30)
            assert done.returncode == 0, (done.stdout, done.stderr)
            assert int(done.stdout) <= most
    assert bystander.failure is None
    # Without a limit one such flood keeps a loop busy for as long as it lasts.
    assert bystander.count > 100 and bystander.slowest < 0.5, vars(bystander)
