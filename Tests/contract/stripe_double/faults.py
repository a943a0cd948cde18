"""What goes wrong on purpose, a bounded number of times.

A fault: {"do": "answer" | "cut" | "slow", "count": 1, "skip": 0, "method": "POST", "path": regex,
          "acts": true, "status": 500, "code": …, "message": …, "should_retry": true,
          "saves": true, "milliseconds": 100}
`answer`: refused with `status`; with `acts` only after the call was executed. `saves` (with a 500)
makes the refusal what the idempotency key replays. `cut`: the connection ends without an answer,
before the call or, with `acts`, after it. `slow`: the answer comes so much later, the call being
executed before the wait (`acts`) or after it.
"""

import re

LONGEST = 60_000
FIELDS = {"do": str, "count": int, "skip": int, "method": str, "path": str, "acts": bool,
          "status": int, "code": str, "message": str, "type": str, "should_retry": bool,
          "saves": bool, "milliseconds": int}
MESSAGES = {
    409: ("invalid_request_error", "lock_timeout", "This object cannot be accessed right now "
          "because another API request or Stripe process is currently accessing it."),
    429: ("invalid_request_error", "rate_limit", "Request rate limit exceeded. You may retry."),
    500: ("api_error", None, "Sorry! There was an error while talking to our servers."),
    502: ("api_error", None, "Bad gateway."), 503: ("api_error", None, "Service unavailable."),
    504: ("api_error", None, "Gateway time-out.")}


class Fault:
    def __init__(self, given):
        for name, value in given.items():
            if name not in FIELDS:
                raise ValueError(f"{name} is no field of a fault: {', '.join(FIELDS)}")
            if type(value) is not FIELDS[name]:
                raise ValueError(f"{name} must be {FIELDS[name].__name__}")
        self.do = given.get("do", "answer")
        if self.do not in ("answer", "cut", "slow"):
            raise ValueError("do must be answer, cut or slow")
        self.left, self.skip = given.get("count", 1), given.get("skip", 0)
        if not 0 < self.left <= 1000:
            raise ValueError("count must be 1 to 1000")
        self.method, self.path = given.get("method"), re.compile(given.get("path", ""))
        self.acts, self.saves = given.get("acts", False), given.get("saves", False)
        self.status, self.milliseconds = given.get("status", 500), given.get("milliseconds", 0)
        if not 0 <= self.milliseconds <= LONGEST:
            raise ValueError(f"milliseconds must be 0 to {LONGEST}")
        self.should_retry, self.given = given.get("should_retry"), given

    def body(self):
        kind, code, message = MESSAGES.get(self.status, ("api_error", None, "Refused on purpose."))
        error = {"type": self.given.get("type", kind),
                 "message": self.given.get("message", message)}
        code = self.given.get("code", code)
        return {"error": {**error, "code": code} if code else error}

    def headers(self):
        if self.should_retry is None:
            return {}
        return {"Stripe-Should-Retry": "true" if self.should_retry else "false"}


class Faults:
    def __init__(self):
        self.waiting = []

    def add(self, given):
        self.waiting.append(Fault(given))

    def clear(self):
        self.waiting = []

    def take(self, method, path):
        """The first that fits this call; the others wait for the next."""
        for fault in self.waiting:
            if (fault.method in (None, method)) and fault.path.search(path):
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.left -= 1
                if fault.left == 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def shown(self):
        return [{**fault.given, "left": fault.left, "skip": fault.skip} for fault in self.waiting]
