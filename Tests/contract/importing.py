"""An account of Stripe's with a thousand subscriptions of all kinds, and what each of them costs:
computed here from what it was made of, by nothing that the double or Tally computes with."""

import calendar
import datetime
import random
from dataclasses import dataclass, field
from fractions import Fraction

DAY = 86400
CURRENCIES = ("usd", "eur", "jpy")
SCALE = {"usd": 1, "eur": 1, "jpy": 1}


def later(moment, interval, count):
    """So many intervals after a moment, a day that a month doesn't have being its last."""
    if interval in ("day", "week"):
        return moment + count * DAY * (7 if interval == "week" else 1)
    at = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    months = at.month - 1 + count * (12 if interval == "year" else 1)
    year, month = at.year + months // 12, months % 12 + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    return int(at.replace(year=year, month=month, day=day).timestamp())


def half_up(amount):
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


@dataclass
class Price:
    """What a line costs, as somebody reads Stripe's documentation."""
    name: str
    interval: str = "month"
    every: int = 1
    unit: dict = field(default_factory=dict)      # currency: minor units, as text
    tiers: list = None                            # (up to, unit, flat), the same in each currency
    volume: bool = False
    pack: int = 1
    metered: bool = False
    ids: dict = field(default_factory=dict)

    def costs(self, currency, quantity):
        if self.metered:
            return 0
        packs = -(-quantity // self.pack)
        if not self.tiers:
            return half_up(Fraction(self.unit[currency]) * packs)
        total, below = Fraction(0), 0
        for top, unit, flat in self.tiers:
            if self.volume:
                if top is None or packs <= top:
                    return half_up(Fraction(unit) * packs + Fraction(flat))
                continue
            within = max(0, (packs if top is None else min(packs, top)) - below)
            total += Fraction(unit) * within + (Fraction(flat) if within else 0)
            below = top if top is not None else below
        return half_up(total)

    def make(self, stripe, product):
        for currency in CURRENCIES:
            given = {"product": product, "currency": currency, "recurring": {
                "interval": self.interval, "interval_count": self.every,
                **({"usage_type": "metered"} if self.metered else {})}}
            if self.tiers:
                given |= {"billing_scheme": "tiered",
                          "tiers_mode": "volume" if self.volume else "graduated",
                          "tiers": [{"up_to": top or "inf", "unit_amount_decimal": unit,
                                     **({"flat_amount": int(flat)} if flat != "0" else {})}
                                    for top, unit, flat in self.tiers]}
            else:
                given["unit_amount_decimal"] = self.unit[currency]
            if self.pack > 1:
                given["transform_quantity"] = {"divide_by": self.pack, "round": "up"}
            self.ids[currency] = stripe.prices.create(given).id


def amounts(usd, eur, jpy):
    return {"usd": usd, "eur": eur, "jpy": jpy}


def prices():
    """Those that come over, by name."""
    return {price.name: price for price in (
        Price("Solo", unit=amounts("2000", "1900", "2900")),
        Price("Solo year", "year", unit=amounts("20000", "19000", "29000")),
        Price("Squad", unit=amounts("8000", "7600", "11600")),
        Price("Squad quarter", "month", 3, unit=amounts("22800", "21600", "33000")),
        Price("Weekly digest", "week", unit=amounts("500", "480", "700")),
        Price("Desks", unit=amounts("700", "650", "900")),
        Price("Fine desks", unit=amounts("12.5", "11.5", "90.5")),
        Price("Calls", tiers=[(100, "5", "0"), (1000, "2.5", "0"), (None, "1", "0")]),
        Price("Store", tiers=[(10, "100", "2000"), (50, "90", "0"), (None, "80", "500")],
              volume=True),
        Price("Boxes", unit=amounts("1000", "950", "1500"), pack=10),
        Price("Meter", tiers=[(1000, "0", "0"), (None, "1", "0")], metered=True),
    )}


BASES = ("Solo", "Solo year", "Squad", "Squad quarter", "Weekly digest")
UNITS = ("Desks", "Fine desks", "Calls", "Store", "Boxes")


@dataclass
class Coupon:
    id: str
    percent: str = None
    off: int = None
    currency: str = None
    duration: str = "forever"
    months: int = None

    def make(self, stripe):
        given = {"id": self.id, "duration": self.duration}
        if self.percent:
            given["percent_off"] = self.percent
        else:
            given |= {"amount_off": self.off, "currency": self.currency}
        if self.months:
            given["duration_in_months"] = self.months
        stripe.coupons.create(given)


COUPONS = [Coupon("TENTH", percent="10"), Coupon("HALF", percent="50", duration="once"),
           Coupon("FIFTH", percent="20", duration="repeating", months=1),
           Coupon("LONG", percent="12.5", duration="repeating", months=6),
           Coupon("ALL", percent="100", duration="once"),
           Coupon("FIVE-USD", off=500, currency="usd"), Coupon("FIVE-EUR", off=500, currency="eur"),
           Coupon("YEN", off=100, currency="jpy", duration="once")]


@dataclass
class Held:
    """A subscription, and what of it is charged when."""
    customer: str
    currency: str
    items: list            # (price, quantity)
    start: int
    trial_end: int = None
    coupons: list = field(default_factory=list)
    since: int = 0         # when it got them
    canceled: bool = False
    past_due: bool = False
    net_days: int = None
    id: str = None

    @property
    def anchor(self):
        return self.trial_end or self.start

    def ends(self, now, until):
        """The moments at which a period begins, after now."""
        price, number = self.items[0][0], 0
        while (moment := later(self.anchor, price.interval, price.every * number)) <= until:
            if moment > now:
                yield moment
            number += 1

    def charge(self, moment, used):
        """Of the invoice of that moment; `used` has the coupons that are spent."""
        left = [price.costs(self.currency, quantity) for price, quantity in self.items]
        for coupon in self.coupons:
            if coupon.id in used:
                continue
            if coupon.duration == "repeating" \
                    and moment >= later(self.since, "month", coupon.months):
                continue
            if coupon.percent:
                left = [rest - half_up(Fraction(rest) * Fraction(coupon.percent) / 100)
                        for rest in left]
            else:
                left = [max(sum(left) - coupon.off, 0)]
            if coupon.duration == "once":
                used.add(coupon.id)
        return sum(left)

    def charges(self, now, until):
        """(moment, amount) of each renewal that Stripe alone would have made."""
        used, all_ = set(), []
        for moment in self.ends(now, until):
            if self.canceled:
                return all_
            all_.append((moment, self.charge(moment, used)))
        return all_

    def seed(self):
        given = {"customer": self.customer, "start": self.start, "items": [
            {"price": price.ids[self.currency], "quantity": quantity}
            for price, quantity in self.items]}
        if self.trial_end:
            given["trial_end"] = self.trial_end
        if self.coupons:
            given["discounts"] = [{"coupon": coupon.id} for coupon in self.coupons]
        if self.canceled:
            given["cancel_at_period_end"] = True
        if self.past_due:
            given["status"] = "past_due"
        if self.net_days:
            given |= {"collection_method": "send_invoice", "days_until_due": self.net_days}
        return given


def draw(dice, all_prices, customer, now, index):
    """Any subscription whose period ends within a month. Every tenth has two plans in one."""
    currency = dice.choices(CURRENCIES, (6, 3, 1))[0]
    base = all_prices[dice.choices(BASES, (8, 4, 4, 2, 2))[0]]
    items = [(base, 1)]
    if dice.random() < 0.35:
        unit = all_prices[dice.choice(UNITS)]
        items = [(unit, dice.randint(20, 400))]
        if base.interval == "month" and base.every == 1 and dice.random() < 0.4:
            items.insert(0, (base, 1))
    elif base.interval == "month" and base.every == 1 and dice.random() < 0.1:
        items.append((all_prices["Meter"], 1))
    price = items[0][0]
    ends = now + dice.randint(2 * DAY, (6 if price.interval == "week" else 29) * DAY)
    start = later(ends, price.interval, -price.every * dice.randint(1, 3))
    held = Held(customer, currency, items, start, since=now)
    kind = dice.random()
    if kind < 0.08:
        held.trial_end = ends
        held.start = now - dice.randint(1, 5) * DAY
    elif kind < 0.16:
        held.canceled = True
    elif kind < 0.20:
        held.past_due = True
    elif kind < 0.24:
        held.net_days = 30 if price.interval == "week" else dice.choice((7, 30))
    if dice.random() < 0.3:
        fitting = [one for one in COUPONS if one.currency in (None, currency)
                   and (one.percent or len(items) == 1)]
        held.coupons = [one for one in dice.sample(fitting, 1) if not ties(held, one)]
        if 0 < held.charge(now, set()) < 60:  # too little to be charged, there and here
            held.coupons = []
    return held


def ties(held, coupon):
    """It takes half a cent off: Stripe rounds what it takes, Tally what is left. Such subscriptions
    are left alone, and here there are none of them."""
    return coupon.percent and any(
        (Fraction(price.costs(held.currency, quantity)) * Fraction(coupon.percent) / 100) % 1
        == Fraction(1, 2) for price, quantity in held.items)


def account(bench, count, seed):
    """Makes all of it at the double: (prices, subscriptions)."""
    dice = random.Random(seed)
    stripe, now = bench.stripe, bench.control("/clock", "GET")["now"]
    all_prices = prices()
    for price in all_prices.values():
        price.make(stripe, stripe.products.create({"name": price.name}).id)
    for coupon in COUPONS:
        coupon.make(stripe)
    held = []
    for index in range(count):
        customer = bench.customer(name=f"Customer {index}", email=f"c{index}@example.com")
        held.append(draw(dice, all_prices, customer.id, now, index))
    ids = bench.control("/subscriptions", many=[one.seed() for one in held])["ids"]
    for one, identifier in zip(held, ids):
        one.id = identifier
    return all_prices, held
