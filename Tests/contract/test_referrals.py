"""Who brings whom, and trials that there are once for a fingerprint, over one log and over four, with
the process killed in between."""

import concurrent.futures
import json
import subprocess
import time

import grpc
import pytest
from tally.v1 import attach_service_pb2 as attach_pb
from tally.v1 import catalog_pb2 as catalog_pb
from tally.v1 import catalog_service_pb2 as catalog_service_pb
from tally.v1 import customer_service_pb2 as customers_pb
from tally.v1 import reward_service_pb2 as service_pb
from tally.v1 import rewards_pb2 as rewards_pb

from conftest import connected
from tally_client import Refused, new_id
from tally_server import BINARY, ROOT, TallyServer
from test_buying import MONTH
from test_walkthrough import attach, get, new_customer

GIVEN = rewards_pb.REFERRAL_REWARD_GIVEN


@pytest.fixture(params=[1, 4])
def shop(request, tmp_path, certificates):
    server = TallyServer(tmp_path, certificates)
    server.environment = {"TALLY_PARTITIONS": str(request.param)}
    try:
        server.start()
        clients = connected(server)
        client = next(clients)
        publish(client)
        yield server, client
        clients.close()
    finally:
        server.kill()


def publish(client):
    trial = catalog_pb.FreeTrial(
        duration_length=14, duration_type=catalog_pb.TRIAL_UNIT_DAY, card_not_required=True,
        unique_fingerprint=True)
    catalog = catalog_pb.PricingCatalog(
        currency="usd",
        plans=[catalog_pb.Plan(
            plan_id="tried", name="Tried", group="tried", free_trial=trial,
            price=catalog_pb.BasePrice(amount="20", interval=MONTH))],
        plan_gifts=[rewards_pb.PlanGift(plan_gift_id="gift", name="Gift", plan_id="test_pro")],
        referral_programmes=[rewards_pb.ReferralProgramme(
            programme_id="friends", reward_id="gift", max_redemptions=7,
            redeem_on=rewards_pb.REFERRAL_MOMENT_CUSTOMER_CREATION,
            received_by=rewards_pb.REFERRAL_RECEIVER_ALL)])
    client.call("PublishCatalog", catalog_service_pb.PublishCatalogRequest(catalog=catalog))


def code_of(client, customer_id):
    reply = client.call("CreateReferralCode", service_pb.CreateReferralCodeRequest(
        customer_id=customer_id, programme_id="friends", request_id=new_id("r")))
    return reply.referral_code.code


def redeem(client, customer_id, code, request_id=None):
    return client.call("RedeemReferralCode", service_pb.RedeemReferralCodeRequest(
        customer_id=customer_id, code=code, request_id=request_id or new_id("r"))).referral


def redeemed(*arguments):
    """None, or why it wasn't."""
    try:
        redeem(*arguments)
    except grpc.RpcError as error:
        return Refused(error)


def given(client, customer_id, count):
    """Rewards that a customer has, as soon as there are so many."""
    end = time.monotonic() + 15
    while True:
        referrals = get(client, customer_id).referrals
        got = [one for one in referrals if one.reward == GIVEN]
        if len(got) >= count or time.monotonic() > end:
            return len(got)
        time.sleep(0.05)


def test_at_most_so_many_at_once(shop):
    _, client = shop
    referrer = new_customer(client)
    code = code_of(client, referrer)
    assert code_of(client, referrer) == code
    customers = [new_customer(client) for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(
            lambda customer: redeemed(client, customer, code), customers))
    reasons = [outcome.reason for outcome in outcomes if outcome]
    assert reasons == ["REFERRAL_CODE_USED_UP"] * 13
    assert given(client, referrer, 7) == 7
    assert sum(given(client, one, 0) for one in customers) == 7


def test_killed_between_it_is_given_once(shop):
    server, client = shop
    referrer = new_customer(client)
    code = code_of(client, referrer)
    customers = [new_customer(client) for _ in range(6)]
    for customer in customers:
        request_id = new_id("r")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(redeemed, client, customer, code, request_id)
            time.sleep(0.002 * customers.index(customer))
            server.kill()
            asked.exception()
        server.start()
        redeem(client, customer, code, request_id)
        assert given(client, customer, 1) == 1
    assert given(client, referrer, 6) == 6
    time.sleep(0.3)
    assert given(client, referrer, 6) == 6
    gifts = [one for one in get(client, referrer).subscriptions if one.plan_id == "test_pro"]
    assert len(gifts) == 6


def known(client, fingerprint):
    customer_id = new_id("customer")
    reply = client.call("GetOrCreateCustomer", customers_pb.GetOrCreateCustomerRequest(
        customer_id=customer_id, fingerprint=fingerprint))
    assert reply.customer.has_fingerprint
    return customer_id


def test_a_fingerprint_has_one_trial(shop):
    server, client = shop
    customers = [known(client, "laptop") for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda one: attach(client, one, "tried"), customers))
    active = [one for one in replies if one.outcome == attach_pb.ATTACH_OUTCOME_ACTIVE]
    assert len(active) == 1
    server.kill()
    server.start()
    late = known(client, "laptop")
    preview = client.call("PreviewAttach", attach_pb.PreviewAttachRequest(
        attach=attach_pb.AttachRequest(customer_id=late, plan_id="tried"))).preview
    assert preview.invoice.total.minor_units == 2000
    assert attach(client, late, "tried").invoice.total.minor_units == 2000
    first = customers[replies.index(active[0])]
    client.call("EraseCustomer", customers_pb.EraseCustomerRequest(
        customer_id=first, request_id=new_id("r")))
    assert not get(client, first).has_fingerprint
    assert attach(client, known(client, "laptop"), "tried").invoice.total.minor_units == 2000
    assert attach(client, known(client, "phone"), "tried").outcome \
        == attach_pb.ATTACH_OUTCOME_ACTIVE


def test_the_command_line(shop):
    server, client = shop

    def run(*words):
        done = subprocess.run(
            [BINARY, *words, "--server", f"https://127.0.0.1:{server.port}",
             "--ca", server.ca_file, "--key-file", server.key_file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, cwd=ROOT)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("customer", "create", "acme", "--fingerprint", "laptop")
    run("customer", "update", "acme", "--fingerprint", "phone")
    run("customer", "create", "initech")
    code = run("referral", "code", "acme", "friends").strip()
    assert "initech by acme" in run("referral", "redeem", "initech", code)
    assert given(client, "acme", 1) == 1
    assert f"{code} of friends" in run("referral", "list", "acme")
    listed = json.loads(run("referral", "list", "initech", "--json"))
    assert listed["customer"]["referrals"][0]["reward"] == "given"
