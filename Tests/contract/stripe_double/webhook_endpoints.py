"""Where events are sent, and the events themselves."""

from .calls import call
from .errors import invalid
from .forms import (EVERYWHERE, PAGES, array, boolean, choice, clearable, merged, metadata,
                    required, span, text)
from .lists import newest_first, page, span_of
from .world import API_VERSION

# What Stripe tells and the double never does: it may be asked for.
UNTOLD = """account.updated charge.captured charge.expired charge.pending
    customer.discount.updated customer.subscription.paused customer.subscription.resumed
    customer.subscription.trial_will_end customer.tax_id.created customer.tax_id.deleted
    customer.tax_id.updated invoice.finalization_failed invoice.overdue invoice.upcoming
    invoice.will_be_due mandate.updated payment_intent.amount_capturable_updated
    payment_intent.partially_funded payout.failed payout.paid
    price.deleted product.deleted radar.early_fraud_warning.created review.closed
    review.opened""".split()
# What the double tells.
EVENTS = """charge.dispute.closed charge.dispute.created charge.dispute.funds_reinstated
    charge.dispute.funds_withdrawn charge.dispute.updated charge.failed charge.refund.updated
    charge.refunded charge.succeeded charge.updated checkout.session.async_payment_failed
    checkout.session.async_payment_succeeded checkout.session.completed
    checkout.session.expired coupon.created coupon.deleted customer.created customer.deleted
    customer.discount.created customer.discount.deleted customer.subscription.created
    customer.subscription.deleted customer.subscription.updated customer.updated invoice.created
    invoice.deleted invoice.finalized invoice.marked_uncollectible invoice.paid
    invoice.payment_action_required invoice.payment_failed invoice.payment_succeeded invoice.sent
    invoice.updated invoice.voided invoice_payment.paid invoiceitem.created invoiceitem.deleted
    payment_intent.canceled payment_intent.created payment_intent.payment_failed
    payment_intent.processing payment_intent.requires_action payment_intent.succeeded
    payment_method.attached
    payment_method.automatically_updated payment_method.detached payment_method.updated
    price.created price.updated product.created product.updated refund.created refund.failed
    refund.updated setup_intent.canceled setup_intent.created setup_intent.requires_action
    setup_intent.setup_failed setup_intent.succeeded tax_rate.created tax_rate.updated""".split()
NAMES = array(choice("*", *EVENTS, *UNTOLD), 500)


def secrets_of(world, endpoint):
    """The secrets to sign with: during a roll the old one too, until it expires."""
    secrets = world.secret(endpoint["id"])["secrets"]
    return [secret for secret, until in secrets if until is None or until > world.now()]


def roll(world, endpoint, keep_seconds):
    """A new secret; the old ones still sign for so long."""
    held = world.secret(endpoint["id"])
    until = world.now() + keep_seconds
    held["secrets"] = [(world.new_id("whsec", 32), None)] + [
        (secret, until if old is None else min(old, until)) for secret, old in held["secrets"]]
    return held["secrets"][0][0]


def right_url(url):
    if not url.startswith(("http://", "https://")) or "://" == url[-3:]:
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url",
                      "url_invalid")
    return url


def right_events(names):
    if not names:
        raise invalid("enabled_events must not be empty.", "enabled_events",
                      "parameter_invalid_empty")
    return names


@call("POST", "/v1/webhook_endpoints", url=required(text), enabled_events=required(NAMES),
      description=clearable(text), metadata=clearable(metadata), api_version=choice(API_VERSION),
      connect=boolean, **EVERYWHERE)
def create(world, params):
    if len(world["webhook_endpoint"].rows) >= 16:
        raise invalid("You have reached the maximum of 16 test webhook endpoints.")
    endpoint = {
        "id": world.new_id("we"), "object": "webhook_endpoint",
        "api_version": params.get("api_version"), "application": None, "created": world.now(),
        "description": params.get("description"),
        "enabled_events": right_events(params["enabled_events"]), "livemode": world.live,
        "metadata": merged({}, params.get("metadata", {})), "status": "enabled",
        "url": right_url(params["url"])}
    world["webhook_endpoint"].add(endpoint)
    secret = world.new_id("whsec", 32)
    world.secrets[endpoint["id"]] = {"secrets": [(secret, None)]}
    # Shown this once.
    return {**endpoint, "secret": secret}


@call("GET", "/v1/webhook_endpoints/:id", **EVERYWHERE)
def retrieve(world, params, id):
    return world["webhook_endpoint"].get(id)


@call("POST", "/v1/webhook_endpoints/:id", url=text, enabled_events=NAMES, disabled=boolean,
      description=clearable(text), metadata=clearable(metadata), **EVERYWHERE)
def update(world, params, id):
    endpoint = world["webhook_endpoint"].get(id)
    with world.changing(endpoint):
        if "url" in params:
            endpoint["url"] = right_url(params["url"])
        if "enabled_events" in params:
            endpoint["enabled_events"] = right_events(params["enabled_events"])
        if "disabled" in params:
            endpoint["status"] = "disabled" if params["disabled"] else "enabled"
        endpoint["description"] = params.get("description", endpoint["description"])
        if "metadata" in params:
            endpoint["metadata"] = merged(endpoint["metadata"], params["metadata"])
    return endpoint


@call("DELETE", "/v1/webhook_endpoints/:id")
def delete(world, params, id):
    world["webhook_endpoint"].get(id)
    world["webhook_endpoint"].remove(id)
    return {"id": id, "object": "webhook_endpoint", "deleted": True}


@call("GET", "/v1/webhook_endpoints", **PAGES, **EVERYWHERE)
def listing(world, params):
    return page(newest_first(world["webhook_endpoint"]), params, "/v1/webhook_endpoints",
                "webhook_endpoint")


def wants(endpoint, event):
    return endpoint["status"] == "enabled" and bool(
        {"*", event["type"]} & {*endpoint["enabled_events"]})


@call("GET", "/v1/events/:id", **EVERYWHERE)
def retrieve_event(world, params, id):
    return world["event"].get(id)


MONTH = 30 * 86400


@call("GET", "/v1/events", type=text, types=array(text, 20), created=span,
      delivery_success=boolean, **PAGES, **EVERYWHERE)
def list_events(world, params):
    within, since = span_of(params.get("created")), world.now() - MONTH
    if "type" in params and "types" in params:
        raise invalid("You cannot pass both `type` and `types`.", "types")

    def named(row):
        wanted = params.get("types") or [params.get("type") or "*"]
        return any(one == row["type"] or (one.endswith("*") and row["type"].startswith(one[:-1]))
                   for one in wanted)

    def delivered(row):
        return params.get("delivery_success") in (None, row["pending_webhooks"] == 0)
    return page((row for row in newest_first(world["event"]) if row["created"] >= since
                 and within(row["created"]) and named(row) and delivered(row)),
                params, "/v1/events", "event")
