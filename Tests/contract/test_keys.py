"""Keys of every kind: by gRPC, by JSON, by the command line; revoked, rotated, expired, restored."""

import json
import subprocess
import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from tally.v1 import catalog_service_pb2 as catalog_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import entitlement_service_pb2 as check_pb
from tally.v1 import key_service_pb2 as keys_pb
from tally.v1 import usage_service_pb2 as usage_pb

from json_client import JSONClient
from sdk import Sdk, refused
from tally_client import Refused, TallyClient, refusal
from tally_server import BINARY, ROOT
from test_tls import wait_for
from test_walkthrough import attach, new_customer


def tally_key(server, *words):
    return subprocess.run([BINARY, "key", *words, "--data", server.data, "--json"],
                          capture_output=True, text=True, timeout=30, cwd=ROOT)


def create(client, **fields):
    return client.call("CreateKey", keys_pb.CreateKeyRequest(**fields))


def listed(client, key_id, **fields):
    reply = client.call("ListKeys", keys_pb.ListKeysRequest(**fields))
    return next((key for key in reply.keys if key.key_id == key_id), None)


def told(client, method, request):
    """OK, or why not."""
    try:
        client.call(method, request)
        return "OK"
    except grpc.RpcError as error:
        return Refused(error).reason


def checking(customer_id):
    return check_pb.CheckRequest(customer_id=customer_id, feature_id="test_messages")


def test_a_revoked_key_is_refused_on_its_open_connection(server, client):
    customer_id = new_customer(client)
    made = create(client, name="web", scopes=["entitlement:read"])
    assert made.secret.startswith("tally_sk_sandbox_") and made.key.name == "web"
    assert list(made.key.scopes) == ["entitlement:read"]
    with TallyClient(server, made.secret) as own, JSONClient(server, made.secret) as http:
        body = {"customer_id": customer_id, "feature_id": "test_messages"}
        assert told(own, "Check", checking(customer_id)) == "OK"
        assert http.post("balances.check", body).status == 200
        client.call("RevokeKey", keys_pb.RevokeKeyRequest(key_id=made.key.key_id))
        assert told(own, "Check", checking(customer_id)) == "KEY_UNKNOWN"
        assert http.post("balances.check", body).brief == "401 invalid_secret_key"
    assert listed(client, made.key.key_id).state == keys_pb.KEY_STATE_REVOKED
    again = refusal(client.call, "RevokeKey", keys_pb.RevokeKeyRequest(key_id=made.key.key_id))
    assert (again.code.name, again.reason) == ("NOT_FOUND", "KEY_NOT_FOUND")


def test_a_key_that_expires_is_refused_then_on_its_open_connection(server, client):
    customer_id = new_customer(client)
    made = create(client, name="short", validity=Duration(seconds=2))
    with TallyClient(server, made.secret) as own:
        assert told(own, "Check", checking(customer_id)) == "OK"
        end = made.key.expire_time.seconds + made.key.expire_time.nanos / 1e9
        time.sleep(max(0, end - time.time()))
        wait_for(lambda: told(own, "Check", checking(customer_id)) == "KEY_UNKNOWN")
        assert time.time() - end < 4
    assert listed(client, made.key.key_id).state == keys_pb.KEY_STATE_EXPIRED


def test_rotation_overlaps(server, client):
    old = create(client, name="meter", scopes=["usage:write"])
    rotated = client.call("RotateKey", keys_pb.RotateKeyRequest(
        key_id=old.key.key_id, overlap=Duration(seconds=2)))
    assert rotated.key.replaces_key_id == old.key.key_id == rotated.old_key.key_id
    assert list(rotated.key.scopes) == ["usage:write"] and rotated.key.name == "meter"
    again = refusal(client.call, "RotateKey", keys_pb.RotateKeyRequest(key_id=old.key.key_id))
    assert (again.code.name, again.reason) == ("FAILED_PRECONDITION", "KEY_ALREADY_ROTATED")
    customer_id = new_customer(client)
    attach(client, customer_id, "test_unlimited")
    usage = usage_pb.TrackRequest(customer_id=customer_id, feature_id="test_messages", value=1)
    with TallyClient(server, old.secret) as before, TallyClient(server, rotated.secret) as after:
        assert told(before, "Track", usage) == told(after, "Track", usage) == "OK"
        wait_for(lambda: told(before, "Track", usage) == "KEY_UNKNOWN")
        assert told(after, "Track", usage) == "OK"


def test_no_key_makes_one_that_may_do_more(server, client):
    poor = create(client, name="poor", scopes=["keys:write", "usage:write"])
    with TallyClient(server, poor.secret) as own:
        for fields, outcome in [
                ({"scopes": ["usage:write"]}, "OK"), ({}, "OK"),
                ({"scopes": ["*"]}, "SCOPE_MISSING"),
                ({"scopes": ["catalog:write"]}, "SCOPE_MISSING"),
                ({"kind": keys_pb.KEY_KIND_PUBLISHABLE}, "SCOPE_MISSING")]:
            assert told(own, "CreateKey", keys_pb.CreateKeyRequest(**fields)) == outcome, fields
        assert list(create(own).key.scopes) == ["usage:write", "keys:write"]
        rich = create(client, name="rich", scopes=["*"])
        said = refusal(own.call, "RotateKey", keys_pb.RotateKeyRequest(key_id=rich.key.key_id))
        assert said.reason == "SCOPE_MISSING"
        assert listed(client, rich.key.key_id).state == keys_pb.KEY_STATE_ACTIVE


@pytest.mark.parametrize("fields, paths", [
    ({"scopes": ["usage:wrote"]}, ["scopes[0]"]), ({"name": "x" * 121}, ["name"]),
    ({"kind": 99}, ["kind"]), ({"kind": keys_pb.KEY_KIND_REFRESH}, ["kind"]),
    ({"kind": keys_pb.KEY_KIND_CUSTOMER}, ["customer_id"]), ({"customer_id": "acme"}, ["customer_id"]),
    ({"kind": keys_pb.KEY_KIND_PUBLISHABLE, "scopes": ["*"]}, ["scopes"]),
    ({"validity": Duration(seconds=0)}, ["validity"]),
    ({"validity": Duration(seconds=-1)}, ["validity"]),
    ({"validity": Duration(seconds=3651 * 86400)}, ["validity"]),
])
def test_a_bad_request_makes_no_key(client, fields, paths):
    before = len(client.call("ListKeys", keys_pb.ListKeysRequest()).keys)
    said = refusal(create_of(client), fields)
    assert said.code.name == "INVALID_ARGUMENT" and said.fields == paths, said
    assert len(client.call("ListKeys", keys_pb.ListKeysRequest()).keys) == before


def create_of(client):
    return lambda fields: create(client, **fields)


def test_a_publishable_key_may_ask_three_things(server, client):
    customer_id = new_customer(client)
    made = create(client, name="page", kind=keys_pb.KEY_KIND_PUBLISHABLE)
    assert made.secret.startswith("tally_pk_sandbox_")
    deducting = checking(customer_id)
    deducting.deduct = True
    with TallyClient(server, made.secret) as own:
        for method, request, outcome in [
                ("Check", checking(customer_id), "OK"),
                ("GetCustomer", customers_pb.GetCustomerRequest(customer_id=customer_id), "OK"),
                ("GetCatalog", catalog_pb.GetCatalogRequest(), "OK"),
                ("Check", deducting, "SCOPE_MISSING"),
                ("ListCustomers", customers_pb.ListCustomersRequest(), "KEY_PUBLISHABLE"),
                ("ExplainCheck", check_pb.ExplainCheckRequest(
                    customer_id=customer_id, feature_id="test_messages"), "KEY_PUBLISHABLE"),
                ("ListKeys", keys_pb.ListKeysRequest(), "SCOPE_MISSING")]:
            assert told(own, method, request) == outcome, method
    with JSONClient(server, made.secret) as http:
        assert http.post("customers.get", {"customer_id": customer_id}).brief == \
            "401 endpoint_not_public"


def test_a_customers_key_sees_nobody_else(server, client):
    own_id, other_id = new_customer(client), new_customer(client)
    for customer_id in (own_id, other_id):
        attach(client, customer_id, "test_unlimited")
    minted = client.call("MintCustomerKey", keys_pb.MintCustomerKeyRequest(
        customer_id=own_id, name="kiosk"))
    assert minted.access_token.startswith("tally_ck_sandbox_")
    assert minted.refresh_token.startswith("tally_rk_sandbox_")
    assert 3590 < minted.expire_time.seconds - time.time() < 3610
    assert 86390 < minted.refresh_expire_time.seconds - time.time() < 86410
    with TallyClient(server, minted.access_token) as own:
        def usage(customer_id):
            return usage_pb.TrackRequest(customer_id=customer_id, feature_id="test_messages", value=1)

        for method, request, outcome in [
                ("Check", checking(own_id), "OK"), ("Check", checking(other_id), "KEY_OF_CUSTOMER"),
                ("Track", usage(own_id), "OK"), ("Track", usage(other_id), "KEY_OF_CUSTOMER"),
                ("Track", usage(""), "KEY_OF_CUSTOMER"),
                ("GetCustomer", customers_pb.GetCustomerRequest(customer_id=own_id), "OK"),
                ("GetCustomer", customers_pb.GetCustomerRequest(customer_id=other_id),
                 "KEY_OF_CUSTOMER"),
                ("GetCatalog", catalog_pb.GetCatalogRequest(), "OK"),
                ("ListCustomers", customers_pb.ListCustomersRequest(), "KEY_OF_CUSTOMER"),
                ("ListEvents", usage_pb.ListEventsRequest(), "KEY_OF_CUSTOMER"),
                ("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
                    customer_id=own_id), "SCOPE_MISSING"),
                ("ListKeys", keys_pb.ListKeysRequest(), "SCOPE_MISSING")]:
            assert told(own, method, request) == outcome, method
        # The id twice: the last one would count, and so it does here.
        twice = checking(own_id).SerializeToString() + checking(other_id).SerializeToString()
        path = "/tally.v1.EntitlementService/Check"
        assert refusal(own.call_bytes, path, twice).reason == "KEY_OF_CUSTOMER"
        # Streams.
        stream = own.channel.stream_stream("/tally.v1.UsageService/StreamTrack")
        with pytest.raises(grpc.RpcError) as caught:
            next(stream(iter([])))
        assert caught.value.code().name == "PERMISSION_DENIED"
    with TallyClient(server, minted.refresh_token) as own:
        assert told(own, "Check", checking(own_id)) == "KEY_IS_REFRESH_TOKEN"
        following = own.call("RefreshCustomerKey", keys_pb.RefreshCustomerKeyRequest())
        assert refusal(own.call, "RefreshCustomerKey", keys_pb.RefreshCustomerKeyRequest()).reason \
            == "KEY_UNKNOWN"
    shown = client.call("ListKeys", keys_pb.ListKeysRequest(customer_id=own_id)).keys
    assert len(shown) == 3 and {key.customer_id for key in shown} == {own_id}
    assert any(key.HasField("last_use_time") for key in shown)
    assert listed(client, minted.key_id) is None, "people made none of them"
    revoked = client.call("RevokeCustomerKeys", keys_pb.RevokeCustomerKeysRequest(customer_id=own_id))
    assert revoked.revoked == 3
    with TallyClient(server, following.access_token) as own:
        assert told(own, "Check", checking(own_id)) == "KEY_UNKNOWN"


def test_a_deleted_customers_keys_end_with_it_and_who_comes_after_has_none(server, client):
    customer_id = new_customer(client)
    minted = client.call("MintCustomerKey", keys_pb.MintCustomerKeyRequest(
        customer_id=customer_id, indefinite=True))
    with TallyClient(server, minted.access_token) as own:
        assert told(own, "Check", checking(customer_id)) == "OK"
        client.call("DeleteCustomer", customers_pb.DeleteCustomerRequest(customer_id=customer_id))
        assert told(own, "Check", checking(customer_id)) == "KEY_UNKNOWN"
        client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
            customer_id=customer_id))
        assert told(own, "Check", checking(customer_id)) == "KEY_UNKNOWN"


def test_the_sdk_mints_refreshes_and_revokes(own_server, own_client):
    customer_id = new_customer(own_client)
    sdk = Sdk(own_server)
    minted = sdk.call("keys.mint", customer_id=customer_id)
    assert minted.expires_at > time.time() * 1000 and minted.refresh_expires_at
    theirs = Sdk(own_server, minted.access_token)
    assert theirs.call("customers.get", customer_id=customer_id).id == customer_id
    assert refused(theirs.call, "customers.get", customer_id="other")[0] == "403 insufficient_scopes"
    assert refused(theirs.call, "customers.list")[0] == "403 insufficient_scopes"
    renewing = Sdk(own_server, minted.refresh_token)
    renewed = renewing.call("keys.refresh", request={})
    assert renewed.access_token != minted.access_token
    assert refused(renewing.call, "keys.refresh", request={})[0] == "401 invalid_secret_key"
    endless = sdk.call("keys.mint", customer_id=customer_id, indefinite=True)
    assert endless.expires_at is None and endless.refresh_token is None
    assert sdk.call("keys.revoke", customer_id=customer_id).revoked is True
    for key in (minted.access_token, renewed.access_token, endless.access_token):
        assert refused(Sdk(own_server, key).call, "customers.get",
                       customer_id=customer_id)[0] == "401 invalid_secret_key"


def test_keys_survive_a_crash_and_a_restore_and_are_nowhere_in_clear(
        own_server, own_client, tmp_path):
    server, client = own_server, own_client
    customer_id = new_customer(client)
    minted = client.call("MintCustomerKey", keys_pb.MintCustomerKeyRequest(customer_id=customer_id))
    made = create(client, name="kept")
    gone = create(client, name="gone")
    client.call("RevokeKey", keys_pb.RevokeKeyRequest(key_id=gone.key.key_id))
    copy = tmp_path / "copy"
    subprocess.run([BINARY, "backup", copy, "--data", server.data], check=True, cwd=ROOT,
                   capture_output=True, timeout=60)
    secrets = [minted.access_token, minted.refresh_token, made.secret, gone.secret, server.key]
    server.kill()
    for folder in (server.data, copy):
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(secret.encode() in content for secret in secrets), path
    restored = tmp_path / "restored"
    subprocess.run([BINARY, "restore", copy, "--data", restored], check=True, cwd=ROOT,
                   capture_output=True, timeout=60)
    for folder in (server.data, restored):
        server.data = folder
        server.start()
        for key, outcome in [(minted.access_token, "OK"), (made.secret, "OK"),
                             (gone.secret, "KEY_UNKNOWN")]:
            with TallyClient(server, key) as own:
                assert told(own, "Check", checking(customer_id)) == outcome
        assert not any(secret in server.log.read_text() for secret in secrets)
        server.kill()


def test_the_command_line_works_beside_a_server(own_server, own_client):
    server, client = own_server, own_client
    customer_id = new_customer(client)
    made = json.loads(tally_key(server, "create", "--name", "shop", "--scope", "entitlement:read",
                                "--expires-in", "1h").stdout)
    assert made["expires"] > time.time() * 1000

    def outcome(key):
        with TallyClient(server, key) as own:
            return told(own, "Check", checking(customer_id))

    wait_for(lambda: outcome(made["key"]) == "OK")
    rotated = json.loads(tally_key(server, "rotate", made["id"], "--overlap", "0").stdout)
    wait_for(lambda: outcome(rotated["key"]) == "OK" and outcome(made["key"]) == "KEY_UNKNOWN")
    page = json.loads(tally_key(server, "create", "--publishable").stdout)
    only = json.loads(tally_key(server, "create", "--customer", customer_id).stdout)
    wait_for(lambda: outcome(page["key"]) == outcome(only["key"]) == "OK")
    shown = {key["id"]: key for key in json.loads(tally_key(server, "list").stdout)}
    assert shown[rotated["id"]]["replaces"] == made["id"]
    assert shown[made["id"]]["state"] == "revoked"
    assert shown[page["id"]]["kind"] == "publishable"
    assert shown[only["id"]]["customer"] == customer_id
    minted = client.call("MintCustomerKey", keys_pb.MintCustomerKeyRequest(customer_id=customer_id))
    theirs = json.loads(tally_key(server, "list", "--customer", customer_id).stdout)
    assert {minted.key_id, only["id"]} <= {key["id"] for key in theirs}
    assert tally_key(server, "revoke", minted.key_id).returncode == 0
    wait_for(lambda: outcome(minted.access_token) == "KEY_UNKNOWN")
    for words, code in [
            (["revoke", minted.key_id], 2), (["rotate", "key_x"], 2), (["rotate", made["id"]], 2),
            (["create", "--publishable", "--scope", "*"], 64), (["create", "--expires-in", "5"], 64),
            (["create", "--expires-in", "99999d"], 64), (["rotate", page["id"], "--overlap", "31d"], 64),
            (["create", "--scope", "all"], 64)]:
        assert tally_key(server, *words).returncode == code, words
