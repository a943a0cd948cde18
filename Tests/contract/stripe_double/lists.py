"""Pages, searches and expansions."""

import copy
import re

from .errors import invalid, missing, unchecked

# By kind: the places of other objects' ids, and what is there only when asked for.
EXPANDABLE = {
    "customer": {"invoice_settings.default_payment_method": "payment_method"},
    "payment_method": {"customer": "customer"},
    "payment_intent": {"customer": "customer", "payment_method": "payment_method",
                       "latest_charge": "charge"},
    "setup_intent": {"customer": "customer", "payment_method": "payment_method"},
    "charge": {"customer": "customer", "payment_intent": "payment_intent"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "invoice": {"customer": "customer", "default_payment_method": "payment_method",
                "discounts": "discount",
                "parent.subscription_details.subscription": "subscription"},
    "invoice_payment": {"invoice": "invoice", "payment.payment_intent": "payment_intent"},
    "invoiceitem": {"customer": "customer", "invoice": "invoice"},
    "line_item": {"pricing.price_details.price": "price"},
    "checkout.session": {"customer": "customer", "invoice": "invoice",
                         "payment_intent": "payment_intent", "setup_intent": "setup_intent",
                         "subscription": "subscription"},
    "subscription": {"customer": "customer", "default_payment_method": "payment_method",
                     "latest_invoice": "invoice", "pending_setup_intent": "setup_intent",
                     "discounts": "discount"},
    "discount": {"source.coupon": "coupon", "customer": "customer"},
    "price": {"product": "product"},
    "product": {"default_price": "price"},
}

# By kind: what is made on the way out, only when asked for. Filled by the objects' own files.
INCLUDABLE = {}


def includable(kind, name):
    """Registers a function of (world, object) for a place that only an expansion shows."""
    def register(function):
        INCLUDABLE.setdefault(kind, {})[name] = function
        return function
    return register


def expanded(world, answer, paths):
    answer = copy.deepcopy(answer)
    for path in paths or ():
        steps = path.split(".")
        if len(steps) > 4 + (steps[0] == "data"):
            raise unchecked(f"You cannot expand more than 4 levels of a property: {path}", "expand")
        _expand(world, answer, steps, path)
    return answer


def _expand(world, place, steps, path):
    """`steps` from an object, or a list of them."""
    if isinstance(place, dict) and place.get("object") in ("list", "search_result"):
        if steps[:1] == ["data"]:
            steps = steps[1:]
        for row in place["data"] if steps else []:
            _expand(world, row, steps, path)
        return
    if place is None or not steps:
        return
    kind = place.get("object") if isinstance(place.get("object"), str) else None
    for length in range(len(steps), 0, -1):
        name = ".".join(steps[:length])
        if name in INCLUDABLE.get(kind, ()):
            if place.get(name) is None:
                place[name] = copy.deepcopy(INCLUDABLE[kind][name](world, place))
            return _expand(world, place[name], steps[length:], path)
        if name in EXPANDABLE.get(kind, ()):
            holder = place
            for step in steps[:length - 1]:
                holder = (holder or {}).get(step)
            if not holder or holder.get(steps[length - 1]) is None:
                return None
            value, wanted = holder[steps[length - 1]], EXPANDABLE[kind][name]
            values = [shown(world, wanted, one) if isinstance(one, str) else one
                      for one in (value if isinstance(value, list) else [value])]
            holder[steps[length - 1]] = values if isinstance(value, list) else values[0]
            for one in values:
                _expand(world, one, steps[length:], path)
            return None
    # Not an id: an object that stands in its place anyway, as `lines` and `items` do.
    if isinstance(place.get(steps[0]), (dict, list)) and len(steps) > 1:
        inner = place[steps[0]]
        for row in inner if isinstance(inner, list) else [inner]:
            _expand(world, row, steps[1:], path)
        return None
    raise unchecked(f"This property cannot be expanded ({path}).", "expand")


def shown(world, kind, identifier):
    row = world[kind].rows.get(identifier)
    if kind == "coupon" and row is None:
        row = world.secrets.get(identifier, {}).get("deleted")
    return copy.deepcopy(row) if row else {"id": identifier, "object": kind, "deleted": True}


def span_of(given):
    """`created` as it is given: one moment, or bounds."""
    if given is None:
        return lambda moment: True
    if isinstance(given, int):
        return lambda moment: moment == given
    return lambda moment: (
        moment is not None and moment > given.get("gt", moment - 1)
        and moment >= given.get("gte", moment) and moment < given.get("lt", moment + 1)
        and moment <= given.get("lte", moment))


def page(rows, params, url, kind="object"):
    """The newest first. A cursor is the id of an object of the list."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise unchecked("This value must be between 1 and 100 (inclusive)." if limit < 1 else
                        "This value must be less than or equal to 100 (it currently is "
                        f"'{limit}').", "limit", "parameter_invalid_integer")
    rows = list(rows)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid("You cannot parameterize both ending_before and starting_after.",
                      "ending_before")
    if after or before:
        ids = [row["id"] for row in rows]
        cursor, name = (after, "starting_after") if after else (before, "ending_before")
        if cursor not in ids:
            raise missing(kind, cursor, name)
        at = ids.index(cursor)
        rows = rows[at + 1:] if after else rows[:at]
    picked = rows[-limit:] if before else rows[:limit]
    return {"object": "list", "data": picked, "has_more": len(rows) > len(picked), "url": url}


def newest_first(rows):
    return list(reversed(list(rows)))


QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
CLAUSE = re.compile(
    rf"""\s*(?P<no>-?)(metadata\[(?P<key>{QUOTED})\]|(?P<field>[a-z_.]+))\s*
        (?P<how>:|~|>=|<=|>|<)\s*((?P<value>{QUOTED})|(?P<bare>[\w.-]+))\s*""", re.X)


def unquoted(text):
    return None if text is None else re.sub(r"\\(.)", r"\1", text[1:-1])


def search(world, kind, params, url, fields):
    """The query language, as far as exact matches, metadata and spans of time go. It finds by what
    was there `search_delay_seconds` ago, as Stripe's does up to a minute late; what it answers is
    the object as it is."""
    matches = _query(params["query"], fields)
    rows = [row for row in newest_first(world[kind])
            if (known := world.as_searched(row)) is not None and matches(known)]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise unchecked("This value must be between 1 and 100 (inclusive).", "limit")
    start = params.get("page", "0")
    if not start.isdigit():
        raise invalid(f"Invalid page: {start}", "page")
    start = int(start)
    picked = rows[start:start + limit]
    more = len(rows) > start + len(picked)
    return {"object": "search_result", "data": picked, "has_more": more,
            "next_page": str(start + len(picked)) if more else None, "url": url}


def _query(text, fields):
    clauses, at, joint = [], 0, None
    while at < len(text):
        found = CLAUSE.match(text, at)
        if not found:
            raise invalid(f"Invalid search query: '{text}'.", "query")
        clauses.append(_clause(found, fields))
        at = found.end()
        word = re.compile(r"(AND|OR)\b", re.I).match(text, at)
        if at < len(text) and not word:
            raise invalid(f"Invalid search query: '{text}'.", "query")
        if word:
            if joint not in (None, word[1].upper()):
                raise invalid("You cannot combine AND and OR in one query.", "query")
            joint, at = word[1].upper(), word.end()
    if not clauses:
        raise invalid("The query is empty.", "query")
    how = any if joint == "OR" else all
    return lambda row: how(clause(row) for clause in clauses)


def _clause(found, fields):
    key, name, how = unquoted(found["key"]), found["field"], found["how"]
    wanted = found["bare"] if found["value"] is None else unquoted(found["value"])
    if key is None and name not in fields:
        raise invalid(f"Field '{name}' is an unsupported search field for this resource.", "query")

    if how in ("<", ">", "<=", ">=") and not wanted.lstrip("-").isdigit():
        raise invalid(f"'{wanted}' is no number to compare with.", "query")

    def holds(row):
        value = row["metadata"].get(key) if key is not None else row.get(name)
        if value is None:
            return False
        if how in ("<", ">", "<=", ">="):
            if not isinstance(value, int):
                return False
            return {"<": value < int(wanted), ">": value > int(wanted),
                    "<=": value <= int(wanted), ">=": value >= int(wanted)}[how]
        if how == "~":
            return wanted.lower() in str(value).lower()
        return str(value).lower() == wanted.lower() if key is None else value == wanted
    return (lambda row: not holds(row)) if found["no"] else holds
