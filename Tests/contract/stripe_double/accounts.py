"""The account itself."""

from .calls import call
from .errors import StripeError
from .forms import EVERYWHERE


def make(world):
    identifier = world.new_id("acct", 16)
    active = dict.fromkeys(("card_payments", "transfers"), "active")
    none_due = {"alternatives": [], "current_deadline": None, "currently_due": [],
                "disabled_reason": None, "errors": [], "eventually_due": [], "past_due": [],
                "pending_verification": []}
    world["account"].add({
        "id": identifier, "object": "account", "business_profile": {
            "annual_revenue": None, "estimated_worker_count": None, "mcc": None, "name": "Double",
            "product_description": None, "support_address": None,
            "support_email": "support@example.com", "support_phone": None, "support_url": None,
            "url": "https://example.com"},
        "business_type": "company", "capabilities": active, "charges_enabled": True,
        "country": "US", "created": world.now(), "default_currency": "usd",
        "details_submitted": True, "email": "billing@example.com", "metadata": {},
        "payouts_enabled": True, "requirements": none_due,
        "settings": {"branding": dict.fromkeys(
                         ("icon", "logo", "primary_color", "secondary_color")),
                     "card_payments": {
                         "decline_on": {"avs_failure": False, "cvc_failure": False},
                         "statement_descriptor_prefix": None,
                         "statement_descriptor_prefix_kana": None,
                         "statement_descriptor_prefix_kanji": None},
                     "dashboard": {"display_name": "Double", "timezone": "Etc/UTC"},
                     "payments": {"statement_descriptor": "DOUBLE",
                                  "statement_descriptor_kana": None,
                                  "statement_descriptor_kanji": None}},
        "type": "standard"})


def own(world):
    return next(iter(world["account"]))


@call("GET", "/v1/account", **EVERYWHERE)
def retrieve_own(world, params):
    return own(world)


@call("GET", "/v1/accounts/:id", **EVERYWHERE)
def retrieve(world, params, id):
    if id not in world["account"]:
        raise StripeError(403, f"The provided key does not have access to account '{id}' (or that "
                          "account does not exist). Application access may have been revoked.",
                          code="account_invalid")
    return world["account"].get(id)
