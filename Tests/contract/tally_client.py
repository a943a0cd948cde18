"""A client out of nothing but stock grpcio and the stubs it generates from proto/."""

import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from tally.v1 import (attach_service_pb2_grpc, catalog_service_pb2_grpc, customer_service_pb2_grpc,
                      entitlement_service_pb2_grpc, import_service_pb2_grpc,
                      key_service_pb2_grpc, reward_service_pb2_grpc,
                      sandbox_service_pb2_grpc, system_service_pb2_grpc, test_clock_service_pb2_grpc,
                      usage_service_pb2_grpc, webhook_service_pb2_grpc)

DEADLINE = 10  # seconds a call may take


class TallyClient:
    def __init__(self, server, key=None, port=None, certificate=None, options=()):
        """`certificate`: files of the client's own and its key."""
        own, own_key = (path.read_bytes() for path in certificate) if certificate else (None, None)
        credentials = grpc.ssl_channel_credentials(server.ca_file.read_bytes(), own_key, own)
        if key is not None:
            credentials = grpc.composite_channel_credentials(
                credentials, grpc.access_token_call_credentials(key))
        self.channel = grpc.secure_channel(f"localhost:{port or server.port}", credentials, options=[
            ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500),
            *options])
        self.stubs = [stub(self.channel) for stub in (
            attach_service_pb2_grpc.AttachServiceStub, catalog_service_pb2_grpc.CatalogServiceStub,
            customer_service_pb2_grpc.CustomerServiceStub,
            entitlement_service_pb2_grpc.EntitlementServiceStub,
            import_service_pb2_grpc.ImportServiceStub,
            key_service_pb2_grpc.KeyServiceStub,
            sandbox_service_pb2_grpc.SandboxServiceStub,
            reward_service_pb2_grpc.RewardServiceStub,
            system_service_pb2_grpc.SystemServiceStub,
            test_clock_service_pb2_grpc.TestClockServiceStub,
            usage_service_pb2_grpc.UsageServiceStub,
            webhook_service_pb2_grpc.WebhookServiceStub)]

    def call(self, method, request):
        """Calls the method of this name; the names are unique among the services."""
        stub = next(stub for stub in self.stubs if hasattr(stub, method))
        return getattr(stub, method)(request, timeout=DEADLINE, wait_for_ready=True)

    def track_later(self, customer_id, value=1, feature_id="test_messages", request_id=None):
        """The call as a future, so that many are under way."""
        from tally.v1 import usage_service_pb2 as usage_pb
        stub = next(stub for stub in self.stubs if hasattr(stub, "Track"))
        return stub.Track.future(usage_pb.TrackRequest(
            customer_id=customer_id, feature_id=feature_id, value=value,
            request_id=request_id or new_id("r")), timeout=DEADLINE, wait_for_ready=True)

    def call_bytes(self, path, message):
        """Any bytes to any path, past the stubs; the reply's bytes."""
        return self.channel.unary_unary(path)(message, timeout=DEADLINE, wait_for_ready=True)

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def new_id(prefix):
    return f"{prefix}-{uuid.uuid4()}"


class Refused:
    """What a refused call said: status, ErrorInfo reason, fields of its BadRequest."""

    def __init__(self, error):
        self.code, self.message = error.code(), error.details()
        self.reason, self.fields = None, []
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                self.reason = info.reason
            elif detail.Unpack(bad):
                self.fields = [violation.field for violation in bad.field_violations]

    def __repr__(self):
        return f"{self.code.name} {self.reason} {self.fields}: {self.message}"


def refusal(call, *arguments):
    try:
        reply = call(*arguments)
    except grpc.RpcError as error:
        return Refused(error)
    raise AssertionError(f"answered where it should refuse: {reply!r}")
