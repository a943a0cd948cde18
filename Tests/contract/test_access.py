"""Who may do what where: listeners and their faces, client certificates, scopes of keys."""

import http.client
import json
import ssl
import subprocess
import time

import grpc
import pytest
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import usage_service_pb2 as usage_pb

import pricing
from authority import Authority
from tally_client import Refused, TallyClient, new_id, refusal
from tally_server import BINARY, ROOT, TallyServer
from test_tls import Renewed, ask, shake, wait_for
from test_walkthrough import attach

READER = "spiffe://example.com/reader"


class Listeners(Renewed):
    """Four of them, and two principals."""

    def __init__(self, folder):
        super().__init__(folder)
        self.clients = Authority(folder, "clients")
        self.settings = folder / "settings.json"
        self.settings.write_text(json.dumps({"tally": self.content()}))

    def content(self):
        def listener(faces, certificates):
            more = {"client-ca": str(self.clients.pem)} if certificates != "none" else {}
            return {"address": "127.0.0.1:0", "faces": faces,
                    "client-certificates": certificates, **more}
        return {
            "tls-certificate": str(self.certificates / "server.pem"),
            "tls-key": str(self.certificates / "server.key"),
            "listeners": ["open", "strict", "web", "calls"],
            "listener": {
                "open": listener(["grpc", "json"], "optional"),
                "strict": listener(["grpc", "json", "web"], "required"),
                "web": listener(["web"], "none"),
                "calls": listener(["grpc"], "none"),
            },
            "principals": ["reader", "meter"],
            "principal": {
                "reader": {"san": f"URI:{READER}", "environment": "sandbox",
                           "scopes": ["entitlement:read", "customers:read"]},
                "meter": {"san": "DNS:Meter.example.com", "environment": "sandbox",
                          "scopes": ["usage:write"]},
            },
        }

    def command(self):
        return [str(BINARY), "serve", "--dev", "--dev-key-file", str(self.key_file),
                "--data", str(self.data), "--settings", str(self.settings)]

    def port_of(self, name):
        if name == "open":
            return self.port
        [line] = [line for line in self.log.read_text().splitlines()
                  if line.startswith(f"also {name} ")]
        return int(line.rpartition(":")[2])

    def client(self, listener, certificate=None, key=None):
        return TallyClient(self, key, self.port_of(listener), certificate)


@pytest.fixture(scope="module")
def listeners(tmp_path_factory):
    server = Listeners(tmp_path_factory.mktemp("listeners"))
    try:
        server.start()
        client = server.client("calls", key=server.key)
        pricing.publish(client)
        attach(client, "acme", "test_free")
        client.close()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def certificates_of(listeners):
    """By what is right or wrong about them."""
    stranger = Authority(listeners.folder, "stranger")
    return {
        "reader": listeners.clients.issue("reader", f"URI:{READER}"),
        "meter": listeners.clients.issue("meter", "DNS:a.example.com,DNS:meter.example.COM"),
        "unknown": listeners.clients.issue("unknown", "DNS:other.example.com"),
        "expired": listeners.clients.issue("expired", f"URI:{READER}", seconds=-1),
        "stranger": stranger.issue("forged", f"URI:{READER}"),
        "server's": listeners.clients.issue("misused", f"URI:{READER}", "serverAuth"),
    }


def checking(**more):
    return "Check", check_pb.CheckRequest(customer_id="acme", feature_id="test_messages", **more)


def tracking():
    return "Track", usage_pb.TrackRequest(
        customer_id="acme", feature_id="test_messages", value=1, request_id=new_id("r"))


def getting():
    return "GetCustomer", customers_pb.GetCustomerRequest(customer_id="acme")


def outcome(client, call):
    """OK, or the reason of the refusal."""
    try:
        client.call(*call)
        return "OK"
    except grpc.RpcError as error:
        return Refused(error).reason
    finally:
        client.close()


def post(server, listener, route, body, key=None, certificate=None):
    context = ssl.create_default_context(cafile=server.ca_file)
    if certificate:
        context.load_cert_chain(*certificate)
    connection = http.client.HTTPSConnection(
        "localhost", server.port_of(listener), context=context, timeout=5)
    try:
        connection.request("POST", route, json.dumps(body),
                           {"authorization": f"Bearer {key}"} if key else {})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


# Faces.


def test_a_listener_answers_only_for_its_faces(listeners):
    key = listeners.key
    body = {"customer_id": "acme", "feature_id": "test_messages"}
    assert outcome(listeners.client("calls", key=key), checking()) == "OK"
    assert post(listeners, "calls", "/v1/balances.check", body, key)[0] == 404
    assert post(listeners, "calls", "/checkout/x", {})[1].startswith("there is no page")
    assert post(listeners, "web", "/v1/balances.check", body, key)[0] == 404
    assert "page is closed" in post(listeners, "web", "/checkout/x", {})[1]
    assert post(listeners, "open", "/v1/balances.check", body, key)[0] == 200
    assert post(listeners, "open", "/checkout/x", {})[1].startswith("there is no page")
    client = listeners.client("web", key=key)
    said = refusal(client.call, *checking())
    client.close()
    assert said.code == grpc.StatusCode.UNIMPLEMENTED, said


# Certificates.


@pytest.mark.parametrize("listener", ["open", "strict"])
@pytest.mark.parametrize("who, call, expected", [
    ("reader", checking(), "OK"),
    ("reader", getting(), "OK"),
    ("reader", tracking(), "SCOPE_MISSING"),
    ("reader", checking(deduct=True, request_id="r1"), "SCOPE_MISSING"),
    ("meter", tracking(), "OK"),
    ("meter", checking(), "SCOPE_MISSING"),
    ("unknown", checking(), "CERTIFICATE_UNKNOWN"),
])
def test_a_certificate_says_who_calls(listeners, certificates_of, listener, who, call, expected):
    assert outcome(listeners.client(listener, certificates_of[who]), call) == expected


@pytest.mark.parametrize("listener", ["open", "strict"])
@pytest.mark.parametrize("who", ["expired", "stranger", "server's"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_bad_certificate_fails_the_handshake(listeners, certificates_of, listener, who, version):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(listeners, listeners.port_of(listener), version, client=certificates_of[who])


def test_a_certificate_is_required_where_it_is(listeners):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(listeners, listeners.port_of("strict"))
    shake(listeners, listeners.port_of("open")).close()
    assert outcome(listeners.client("open"), checking()) == "KEY_MISSING"
    assert outcome(listeners.client("open", key=listeners.key), checking()) == "OK"


def test_a_key_decides_alone(listeners, certificates_of):
    reader = certificates_of["reader"]
    assert outcome(listeners.client("strict", reader, listeners.key), tracking()) == "OK"
    assert outcome(listeners.client("strict", reader, "nonsense"), checking()) == "KEY_UNKNOWN"
    unknown = certificates_of["unknown"]
    assert outcome(listeners.client("strict", unknown, listeners.key), tracking()) == "OK"


def test_a_certificate_counts_for_the_json_face_too(listeners, certificates_of):
    body = {"customer_id": "acme", "feature_id": "test_messages"}
    for who, route, status in [
            ("reader", "balances.check", 200), ("reader", "balances.track", 403),
            ("meter", "balances.track", 200), ("unknown", "balances.check", 401),
            (None, "balances.check", 401)]:
        certificate = certificates_of.get(who)
        said = post(listeners, "open", f"/v1/{route}", body, certificate=certificate)
        assert said[0] == status, (who, said)
    said = post(listeners, "open", "/v1/balances.check", {**body, "send_event": True},
                certificate=certificates_of["reader"])
    assert said[0] == 403 and "insufficient_scopes" in said[1] and "usage:write" in said[1]


# Sessions don't lead past what is asked of a certificate.


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_belongs_to_its_listener(listeners, certificates_of, version):
    reader = certificates_of["reader"]
    first = shake(listeners, listeners.port_of("strict"), version, client=reader)
    with shake(listeners, listeners.port_of("strict"), session=first.session,
               context=first.context) as again:
        assert again.session_reused
    plain = shake(listeners, listeners.port_of("open"), version)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(listeners, listeners.port_of("strict"), session=plain.session, context=plain.context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_ends_with_its_certificate(listeners, version):
    brief = listeners.clients.issue(f"brief-{version.name}", f"URI:{READER}", seconds=4)
    strict = listeners.port_of("strict")
    first = shake(listeners, strict, version, client=brief)
    with shake(listeners, strict, session=first.session, context=first.context) as second:
        assert second.session_reused
    time.sleep(5)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(listeners, strict, session=first.session, context=first.context)


def test_other_authorities_end_the_sessions_of_the_old(tmp_path):
    server = Listeners(tmp_path)
    try:
        server.start()
        strict = server.port_of("strict")
        first = shake(server, strict, client=server.clients.issue("reader", f"URI:{READER}"))
        new = Authority(tmp_path, "others")
        accepted = new.issue("new-reader", f"URI:{READER}")
        server.clients.pem.write_bytes(new.pem.read_bytes())

        def is_taken():
            try:
                shake(server, strict, client=accepted).close()
                return True
            except (ssl.SSLError, ConnectionError):
                return False

        wait_for(is_taken)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shake(server, strict, session=first.session, context=first.context)
        # The connection itself goes on.
        ask(first)
    finally:
        server.kill()


# Scopes of keys.


def keys(server, *words):
    return subprocess.run([BINARY, "keys", *words, "--data", server.data, "--json"],
                          capture_output=True, text=True, timeout=30, cwd=ROOT)


def test_a_key_may_do_what_its_scopes_say(listeners):
    made = keys(listeners, "create", "--scope", "usage:write", "--scope", "catalog:read")
    key = json.loads(made.stdout)["key"]
    calls = {
        "Track": (tracking(), "OK"),
        "GetCatalog": (("GetCatalog", catalog_pb.GetCatalogRequest()), "OK"),
        "PublishCatalog": (
            ("PublishCatalog", catalog_pb.PublishCatalogRequest(catalog=pricing.catalog())),
            "SCOPE_MISSING"),
        "Check": (checking(), "SCOPE_MISSING"),
        "GetCustomer": (getting(), "SCOPE_MISSING"),
        "GetOrCreateCustomer": (
            ("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(customer_id="acme")),
            "SCOPE_MISSING"),
    }
    wait_for(lambda: outcome(listeners.client("calls", key=key), tracking()) == "OK")
    for call, expected in calls.values():
        assert outcome(listeners.client("calls", key=key), call) == expected, call[0]
    client = listeners.client("calls", key=key)
    said = refusal(client.call, *getting())
    client.close()
    assert said.code == grpc.StatusCode.PERMISSION_DENIED and "customers:read" in said.message
    status, text = post(listeners, "open", "/v1/customers.get", {"customer_id": "acme"}, key)
    assert status == 403 and json.loads(text)["code"] == "insufficient_scopes"
    listed = json.loads(keys(listeners, "list").stdout)
    assert ["usage:write", "catalog:read"] in [key["scopes"] for key in listed]
    assert ["*"] in [key["scopes"] for key in listed]


def test_an_unknown_scope_is_no_key(listeners):
    refused = keys(listeners, "create", "--scope", "usage:wrote")
    assert refused.returncode == 64 and "usage:wrote" in refused.stderr + refused.stdout


# Settings.


@pytest.mark.parametrize("change, words", [
    ({"listener.web.client-certificate": "required"}, "listener.web.client-certificate"),
    ({"listener.web.faces": ["web", "jsn"]}, 'listener.web.faces can be grpc, json, web'),
    ({"listener.web.faces": []}, "listener.web.faces is empty"),
    ({"listener.web.client-certificates": "always"}, "listener.web.client-certificates can be"),
    ({"listener.web.client-certificates": "required"}, "listener.web.client-ca is needed"),
    ({"listener.web.address": "127.0.0.1"}, "listener.web.address must be host:port"),
    ({"listeners": ["open", "open"]}, "listeners has a name twice"),
    ({"principal.meter.scopes": ["all"]}, 'principal.meter.scopes: there is no scope "all"'),
    ({"principal.meter.san": "meter.example.com"}, "principal.meter.san must be DNS:name"),
    ({"principal.meter.san": f"URI:{READER}"}, "principals: two have the san"),
    ({"principal.meter.environment": "production"}, "principal.meter.environment can be"),
])
def test_bad_settings_are_named(listeners, tmp_path, change, words):
    content = listeners.content()
    for key, value in change.items():
        *path, last = key.split(".")
        section = content
        for part in path:
            section = section[part]
        section[last] = value
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"tally": content}))
    done = subprocess.run([BINARY, "serve", "--settings", file, "--data", tmp_path / "data"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 64 and words in done.stderr, done


def test_settings_are_printed_as_a_file_has_them(listeners, tmp_path):
    def printed(file):
        done = subprocess.run([BINARY, "settings", "--settings", file, "--json"],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = printed(listeners.settings)
    assert json.loads(first)["tally"]["listener"]["strict"]["client-certificates"] == "required"
    again = tmp_path / "again.json"
    again.write_text(first)
    assert printed(again) == first


def test_the_example_for_production_is_good(tmp_path):
    """All but its certificates, which this machine doesn't have."""
    done = subprocess.run([BINARY, "serve", "--settings", ROOT / "examples" / "production.json",
                           "--data", tmp_path / "data"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "certificate /etc/tally/internal.pem" in done.stderr, done
