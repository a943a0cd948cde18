"""grpcurl finds its way by reflection alone, and so does a client of the newer reflection."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2

from tally_client import DEADLINE
from test_walkthrough import attach, new_customer

GRPCURL = Path(sys.executable).parent / "grpcurl"
SERVICES = {"AttachService", "CatalogService", "CustomerService", "EntitlementService",
            "ImportService", "RewardService", "UsageService", "WebhookService"}


@pytest.fixture
def grpcurl(server):
    def run(*words, options=()):
        address = f"localhost:{server.port}"
        return subprocess.run(
            [GRPCURL, "-cacert", server.ca_file, "-H", f"authorization: Bearer {server.key}",
             *options, address, *words], capture_output=True, text=True, timeout=DEADLINE)
    return run


def test_list_and_describe(grpcurl):
    listed = grpcurl("list").stdout.split()
    assert {f"tally.v1.{name}" for name in SERVICES} <= set(listed)
    described = grpcurl("describe", "tally.v1.EntitlementService.Check").stdout
    assert "rpc Check ( .tally.v1.CheckRequest ) returns ( .tally.v1.CheckResponse )" in described
    assert "required_quantity" in grpcurl("describe", "tally.v1.CheckRequest").stdout


def test_calls(grpcurl, client):
    def call(customer):
        question = json.dumps({"customer_id": customer, "feature_id": "test_messages"})
        return grpcurl("tally.v1.EntitlementService/Check", options=["-d", question])

    customer = new_customer(client)
    attach(client, customer, "test_free")
    answered = call(customer)
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout)["reason"] == "CHECK_REASON_INCLUDED"
    refused = call("nobody")
    assert refused.returncode != 0 and "Code: NotFound" in refused.stderr


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_both_versions_of_reflection(client, version):
    """Their messages are the same on the wire; grpcio-reflection, as grpcurl, knows the older."""
    talk = client.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
    questions = [reflection_pb2.ServerReflectionRequest(list_services=""),
                 reflection_pb2.ServerReflectionRequest(
                     file_containing_symbol="tally.v1.EntitlementService"),
                 reflection_pb2.ServerReflectionRequest(file_containing_symbol="tally.v1.Nothing")]
    listed, described, nothing = talk(iter(questions), timeout=DEADLINE)
    names = {service.name for service in listed.list_services_response.service}
    assert {f"tally.v1.{name}" for name in SERVICES} <= names
    assert any(b"EntitlementService" in file for file in
               described.file_descriptor_response.file_descriptor_proto)
    assert nothing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
