"""Amounts are in the currency's minor units; some currencies have none."""

from decimal import ROUND_HALF_UP, Decimal

from .errors import invalid

ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
# Of three decimals the last must be 0; two currencies have decimals for form's sake only.
STEPS = {**dict.fromkeys(THREE_DECIMAL, 10), "isk": 100, "ugx": 100}

# What a charge must come to, where the account settles in that currency. 50 cents elsewhere.
MINIMUM = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "chf": 50, "cad": 50, "aud": 50,
           "dkk": 250, "nok": 300, "sek": 300, "czk": 1500, "huf": 17500, "pln": 200,
           "hkd": 400, "mxn": 1000, "inr": 50, "sgd": 50, "nzd": 50, "brl": 50, "thb": 1000}


def minimum(currency):
    return MINIMUM.get(currency, 50)


def right(amount, currency, param="amount"):
    """An amount that can be charged in the currency."""
    step = STEPS.get(currency, 1)
    if amount % step:
        raise invalid(f"Invalid amount: {amount}. Amounts in {currency.upper()} must be a multiple "
                      f"of {step}.", param)
    return amount


def rounded(amount):
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP))


def percent_of(amount, percent):
    return rounded(Decimal(amount) * Decimal(str(percent)) / 100)


def inclusive_part(amount, percent):
    """The tax within an amount that has it already."""
    share = Decimal(str(percent))
    return rounded(Decimal(amount) * share / (100 + share))


def spread(amount, weights):
    """The amount in parts by weight; what rounding leaves goes to the largest remainders."""
    whole = sum(weights)
    if whole == 0:
        return [0 for _ in weights]
    parts = [amount * weight // whole for weight in weights]
    rests = sorted(range(len(weights)), key=lambda at: -(amount * weights[at] % whole))
    for at in rests[:amount - sum(parts)]:
        parts[at] += 1
    return parts


def shown(amount, currency):
    if currency in ZERO_DECIMAL:
        return f"{amount} {currency.upper()}"
    digits = 3 if currency in THREE_DECIMAL else 2
    return f"{Decimal(amount).scaleb(-digits):.{digits}f} {currency.upper()}"
