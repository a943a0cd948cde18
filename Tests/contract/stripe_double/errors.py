"""Stripe's refusals, with the status, type and code that its documentation gives each."""

import copy


class StripeError(Exception):
    """`kept`: what was changed on the way stays, as with a declined charge. All else is undone."""

    def __init__(self, status, message, code=None, param=None, kind="invalid_request_error",
                 kept=False, executed=True, headers=None, **more):
        super().__init__(message)
        self.status, self.kept, self.executed = status, kept, executed
        self.headers = headers or {}
        self.error = {"type": kind, "message": message}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param
        self.error.update(more)

    def body(self, log_url):
        """As it is now: the intent that it may hold goes on changing."""
        return {"error": copy.deepcopy({**self.error, "request_log_url": log_url})}


def invalid(message, param=None, code=None, **more):
    return StripeError(400, message, code=code, param=param, **more)


def unchecked(message, param=None, code=None):
    """Refused before anything was executed: no idempotency key remembers it."""
    return StripeError(400, message, code=code, param=param, executed=False)


# The parameters that are in a path; elsewhere an unknown id is a wrong parameter.
IN_PATHS = ("id", "intent", "session")


def missing(kind, identifier, param="id", status=None):
    return StripeError(status or (404 if param in IN_PATHS else 400),
                       f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def card_error(code, message, decline_code=None, **more):
    if decline_code:
        more["decline_code"] = decline_code
    return StripeError(402, message, code=code, kind="card_error", kept=True, **more)


def conflict(key):
    return StripeError(
        409, "There is currently another in-progress request using this Idempotent Key (that "
        "probably means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later.", code="idempotency_key_in_use", executed=False)


def other_body(key):
    return StripeError(
        400, "Keys for idempotent requests can only be used with the same parameters they were "
        f"first used with. Try using a key other than '{key}' if you meant to execute a different "
        "request.", kind="idempotency_error", executed=False)
