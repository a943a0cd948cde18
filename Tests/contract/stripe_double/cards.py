"""The test cards that Stripe documents, by number and by `pm_card_…`.

`attach` is what saving it to a customer (or its set-up) meets, `charge` what a charge meets: None
or (code, decline_code, message). `ask` is when the bank wants to see the holder: "never", "always"
(also for a saved method), "unsaved" (unless it was set up for off-session use), "on_session" (only
when the holder is there). `after` is what befalls a charge that went well.
"""

from dataclasses import dataclass

DECLINED = "Your card was declined."


def declined(decline_code, message=DECLINED, code="card_declined"):
    return code, decline_code, message


GENERIC = declined("generic_decline")
NO_FUNDS = declined("insufficient_funds", "Your card has insufficient funds.")
LOST = declined("lost_card")
STOLEN = declined("stolen_card")
EXPIRED = declined("expired_card", "Your card has expired.", "expired_card")
BAD_CVC = declined("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc")
PROCESSING = declined("processing_error", "An error occurred while processing your card. Try again "
                      "in a little bit.", "processing_error")
BAD_NUMBER = declined("incorrect_number", "Your card number is incorrect.", "incorrect_number")
TOO_MANY = declined("card_velocity_exceeded")
FRAUD = declined("fraudulent")


@dataclass(frozen=True)
class Card:
    number: str
    brand: str = "visa"
    attach: tuple | None = None
    charge: tuple | None = None
    ask: str = "never"
    after: str | None = None
    country: str = "US"
    funding: str = "credit"

    @property
    def last4(self):
        return self.number[-4:]


def same(number, refusal):
    """Refused at once: neither saved nor charged."""
    return Card(number, attach=refusal, charge=refusal)


NAMED = {
    "visa": Card("4242424242424242"),
    "visa_debit": Card("4000056655665556", funding="debit"),
    "mastercard": Card("5555555555554444", "mastercard"),
    "amex": Card("378282246310005", "amex"),
    "de": Card("4000002760000016", country="DE"),
    "gb": Card("4000008260000000", country="GB"),
    "jp": Card("4000003920000003", country="JP"),
    "chargeCustomerFail": Card("4000000000000341", charge=GENERIC),
    "chargeDeclined": same("4000000000000002", GENERIC),
    "visa_chargeDeclined": same("4000000000000002", GENERIC),
    "chargeDeclinedInsufficientFunds": same("4000000000009995", NO_FUNDS),
    "visa_chargeDeclinedInsufficientFunds": same("4000000000009995", NO_FUNDS),
    "visa_chargeDeclinedLostCard": same("4000000000009987", LOST),
    "visa_chargeDeclinedStolenCard": same("4000000000009979", STOLEN),
    "chargeDeclinedExpiredCard": same("4000000000000069", EXPIRED),
    "chargeDeclinedIncorrectCvc": same("4000000000000127", BAD_CVC),
    "chargeDeclinedProcessingError": same("4000000000000119", PROCESSING),
    "visa_chargeDeclinedVelocityLimitExceeded": same("4000000000006975", TOO_MANY),
    "chargeDeclinedFraudulent": same("4100000000000019", FRAUD),
    "radarBlock": same("4100000000000019", FRAUD),
    "authenticationRequired": Card("4000002760003184", ask="always", country="DE"),
    "authenticationRequiredOnSetup": Card("4000002500003155", ask="unsaved", country="FR"),
    "authenticationRequiredSetupForOffSession": Card(
        "4000003800000446", ask="on_session", country="FR"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", ask="always", charge=NO_FUNDS, country="GB"),
    "threeDSecure2Required": Card("4000000000003220", ask="always"),
    "threeDSecureRequired": Card("4000000000003220", ask="always"),
    "threeDSecureOptional": Card("4000000000003055"),
    "threeDSecureRequiredChargeDeclined": Card("4000008400001629", ask="always", charge=GENERIC),
    "createDispute": Card("4000000000000259", after="dispute"),
    "createDisputeInquiry": Card("4000000000001976", after="inquiry"),
    "refundFail": Card("4000000000005126", after="refund_fails"),
    "pendingRefund": Card("4000000000007726", after="refund_pending"),
}

BY_NUMBER = {card.number: card for card in NAMED.values()}
BY_NUMBER["4000000000000101"] = same("4000000000000101", BAD_CVC)


def by_token(token):
    """Of `pm_card_visa` or `tok_visa`; None when it is no test card's."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix):
            return NAMED.get(token.removeprefix(prefix))
    return None


def luhn(number):
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0
