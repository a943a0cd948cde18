"""The `Stripe-Signature` header, and a table of good and bad ones for other programs to agree with.

`python -m stripe_double.signatures --seed N --count 1000` prints a line of JSON for each case:

    {"body": base64, "header": text or null, "secrets": [text, ...], "now": seconds,
     "tolerance": seconds, "valid": boolean, "kind": what was done to it}

`valid` is what `accepted` says; test_stripe_faults holds it against Stripe's own library.
"""

import argparse
import base64
import hashlib
import hmac
import json
import random
import string

TOLERANCE = 300


def signature(secret, at, body):
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def header(secrets, at, body):
    """One v1 for each active secret; the v0 of test mode is for nobody."""
    parts = [f"t={at}"] + [f"v1={signature(secret, at, body)}" for secret in secrets]
    return ",".join([*parts, f"v0={hashlib.sha256(body).hexdigest()}"])


def accepted(secrets, given, body, now, tolerance=TOLERANCE):
    """Whether a receiver with these secrets takes it, by the letter of Stripe's library: the first
    time counts, and of a name that counts there is no piece without a value. Too old is refused;
    what is dated in the future isn't."""
    pairs = [piece.split("=", 2) for piece in (given or "").split(",")]
    known = [pair for pair in pairs if pair[0] in ("t", "v1")]
    times = [pair[1] for pair in known if pair[0] == "t" and len(pair) > 1]
    signed = [pair[1] for pair in known if pair[0] == "v1" and len(pair) > 1]
    if len(times) + len(signed) < len(known) or not times or not times[0].isdigit() or not signed:
        return False
    at = int(times[0])
    fits = any(hmac.compare_digest(signature(secret, at, body).encode(), one.encode())
               for secret in secrets for one in signed)
    return fits and at >= now - tolerance


def _secret(dice):
    return "whsec_" + "".join(dice.choices(string.ascii_letters + string.digits, k=32))


def _body(dice):
    text = "".join(dice.choices(string.printable + "äß€漢😀", k=dice.randrange(0, 400)))
    event = {"id": f"evt_{dice.randrange(1 << 40)}", "object": "event", "text": text}
    return json.dumps(event, ensure_ascii=dice.random() < 0.5,
                      indent=dice.choice((None, 2))).encode()


def _cases(dice):
    """(kind, header, secrets that the receiver has, body, now) of each way to be right or wrong."""
    secret, other, body = _secret(dice), _secret(dice), _body(dice)
    now = dice.randrange(1_600_000_000, 2_000_000_000)
    at = now - dice.randrange(0, TOLERANCE + 1)
    good = f"t={at},v1={signature(secret, at, body)}"
    late = now - TOLERANCE - dice.randrange(1, 1_000_000)
    hexed = signature(secret, at, body)
    bad = hexed[:-1] + ("0" if hexed[-1] != "0" else "1")
    cut = dice.randrange(len(body))
    yield "good", good, [secret], body, now
    yield "good_with_v0", header([secret], at, body), [secret], body, now
    yield "oldest_that_is_taken", header([secret], now - TOLERANCE, body), [secret], body, now
    yield "in_the_future", header([secret], now + 3600, body), [secret], body, now
    yield "rolled", header([other, secret], at, body), [secret], body, now
    yield "receiver_has_several", good, [other, secret], body, now
    yield "one_of_several_v1_wrong", f"{good},v1={bad}", [secret], body, now
    yield "wrong_before_right", f"t={at},v1={bad},v1={hexed}", [secret], body, now
    yield "wrong_secret", good, [other], body, now
    yield "stale", header([secret], late, body), [secret], body, now
    yield "body_cut", good, [secret], body[:cut], now
    yield "body_longer", good, [secret], body + b" ", now
    yield "signature_cut", good[:-dice.randrange(1, 64)], [secret], body, now
    yield "signature_longer", good + "0", [secret], body, now
    yield "signature_changed", f"t={at},v1={bad}", [secret], body, now
    yield "other_time", f"t={at + 1},v1={hexed}", [secret], body, now
    yield "no_time", f"v1={hexed}", [secret], body, now
    yield "no_signature", f"t={at}", [secret], body, now
    yield "only_v0", f"t={at},v0={hexed}", [secret], body, now
    yield "time_is_no_number", f"t=now,v1={hexed}", [secret], body, now
    yield "second_time", f"t={at},t={late},v1={hexed}", [secret], body, now
    yield "second_time_is_right", f"t={late},t={at},v1={hexed}", [secret], body, now
    yield "a_space", f"t={at}, v1={hexed}", [secret], body, now
    yield "nothing_signed", f"t={at},v1={hexed},v1", [secret], body, now
    yield "unknown_pieces", f"x,y=1,{good},z=", [secret], body, now
    yield "upper_case", f"t={at},v1={hexed.upper()}", [secret], body, now
    yield "empty", "", [secret], body, now
    yield "none", None, [secret], body, now
    yield "nonsense", "".join(dice.choices("tv01=,; \t{}", k=20)), [secret], body, now


def table(seed, count):
    """As many lines, the good and the bad mixed."""
    dice, lines = random.Random(seed), []
    while len(lines) < count:
        for kind, given, secrets, body, now in _cases(dice):
            try:
                body.decode()
            except UnicodeDecodeError:
                body = body.decode(errors="ignore").encode()
            lines.append({
                "body": base64.b64encode(body).decode(), "header": given, "secrets": secrets,
                "now": now, "tolerance": TOLERANCE, "kind": kind,
                "valid": accepted(secrets, given, body, now)})
    return lines[:count]


class Case:
    """A line of the table, for whoever checks it."""

    def __init__(self, line):
        self.line, self.body = line, base64.b64decode(line["body"])

    def by_library(self):
        """Whether Stripe's library takes it with any of the secrets, at that time."""
        from unittest import mock

        import stripe
        for secret in self.line["secrets"]:
            try:
                with mock.patch("time.time", lambda: self.line["now"]):
                    stripe.WebhookSignature.verify_header(
                        self.body, self.line["header"], secret, self.line["tolerance"])
                return True
            except stripe.SignatureVerificationError:
                continue
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    for line in table(given.seed, given.count):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
