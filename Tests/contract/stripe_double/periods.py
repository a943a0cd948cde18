"""Billing periods, counted from their anchor: a 31st comes back after a short month."""

import calendar
import datetime

DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}


def after(anchor, interval, count):
    """The moment so many intervals after the anchor."""
    if interval in DAYS:
        return anchor + 86400 * DAYS[interval] * count
    at = datetime.datetime.fromtimestamp(anchor, datetime.timezone.utc)
    year, month = divmod(at.year * 12 + at.month - 1 + MONTHS[interval] * count, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


def around(anchor, recurring, moment):
    """The period, as (start, end), that has the moment in it. None before the anchor."""
    interval, step = recurring["interval"], recurring["interval_count"]
    number = 0
    while after(anchor, interval, step * (number + 1)) <= moment:
        number += 1
    return after(anchor, interval, step * number), after(anchor, interval, step * (number + 1))


def following(anchor, recurring, start):
    """The end of the period that starts at `start`."""
    return around(anchor, recurring, start)[1]
