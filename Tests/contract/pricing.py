"""The catalog of the contract tests. Ids begin with test_: the example's stay as they are."""

from tally.v1 import catalog_pb2 as pb
from tally.v1 import catalog_service_pb2 as service

MONTHLY = pb.ResetInterval(interval=pb.INTERVAL_MONTH, interval_count=1)
ONCE = pb.ResetInterval(interval=pb.INTERVAL_ONE_OFF)


def catalog():
    return pb.PricingCatalog(
        currency="usd",
        features=[
            pb.Feature(feature_id="test_messages", name="Messages", type=pb.FEATURE_TYPE_METERED),
            pb.Feature(feature_id="test_images", name="Images", type=pb.FEATURE_TYPE_METERED),
            pb.Feature(feature_id="test_seats", name="Seats", type=pb.FEATURE_TYPE_ALLOCATED),
            pb.Feature(feature_id="test_sso", name="SSO", type=pb.FEATURE_TYPE_BOOLEAN),
            pb.Feature(
                feature_id="test_credits", name="Credits", type=pb.FEATURE_TYPE_CREDIT_SYSTEM,
                credit_costs=[pb.CreditCost(feature_id="test_images", credits="2.5")]),
        ],
        plans=[
            pb.Plan(plan_id="test_free", name="Test Free", group="test", items=[
                pb.PlanItem(feature_id="test_messages", included=3, reset=MONTHLY)]),
            pb.Plan(
                plan_id="test_pro", name="Test Pro", group="test",
                price=pb.BasePrice(amount="20", interval=pb.INTERVAL_MONTH),
                items=[
                    pb.PlanItem(feature_id="test_messages", included=10, reset=MONTHLY),
                    pb.PlanItem(feature_id="test_seats", included=2),
                    pb.PlanItem(feature_id="test_credits", included=10, reset=MONTHLY),
                    pb.PlanItem(feature_id="test_sso"),
                ]),
            pb.Plan(
                plan_id="test_max", name="Test Max", group="test",
                price=pb.BasePrice(amount="99.50", interval=pb.INTERVAL_MONTH),
                items=[
                    pb.PlanItem(
                        feature_id="test_messages", included=100, reset=MONTHLY,
                        usage_price=pb.UsagePrice(amount="0.01", billing_units=1)),
                    pb.PlanItem(feature_id="test_sso"),
                ]),
            pb.Plan(plan_id="test_unlimited", name="Test Unlimited", group="test_unlimited", items=[
                pb.PlanItem(feature_id="test_messages", unlimited=True)]),
        ])


def publish(client):
    return client.call("PublishCatalog", service.PublishCatalogRequest(catalog=catalog()))
