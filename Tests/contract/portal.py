"""The customer's own pages, as a browser without any script asks for them."""

from tally.v1 import attach_service_pb2 as attach_pb

import checkout
from tally_client import new_id

SHOP = "https://shop.example.com/account?tab=billing"


def open_portal(client, customer_id, return_url=SHOP):
    reply = client.call("OpenCustomerPortal", attach_pb.OpenCustomerPortalRequest(
        customer_id=customer_id, return_url=return_url))
    assert reply.url.startswith("https://localhost:")
    return reply.url


def setup(client, customer_id, request_id=None, **more):
    return client.call("SetupPayment", attach_pb.SetupPaymentRequest(
        customer_id=customer_id, request_id=request_id or new_id("r"), **more))


def post(url, ca_file, form=None):
    return checkout.fetch(checkout.browser(ca_file), url, form or {})
