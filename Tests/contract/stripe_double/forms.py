"""Form-encoded bodies with brackets, and what each call accepts.

A call's parameters are a dictionary of name to kind; a kind turns text (or a tree) into a value or
refuses it. What a call doesn't name is refused with `parameter_unknown`, also what Stripe itself
knows and the double doesn't serve: nothing is ignored.
"""

import re
from urllib.parse import parse_qsl

from .errors import unchecked

PIECES = re.compile(r"\[([^\[\]]*)\]")


def tree(encoded):
    """`a[b][0][c]=1&d[]=2` as nested dictionaries; a list has the keys "0", "1", …"""
    result = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        head, _, rest = name.partition("[")
        path = [head, *PIECES.findall("[" + rest if rest else "")]
        place = result
        for key in path[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise unchecked(f"Invalid parameter: {name}", name)
        last = path[-1] if path[-1] or len(path) == 1 else str(len(place))
        place[last] = value
    return result


def text(value, at):
    if isinstance(value, dict):
        raise unchecked("Invalid string", at)
    if value == "":
        raise unchecked(f"You passed an empty string for '{at}'. We assume empty values are an "
                        f"attempt to unset a parameter; however '{at}' cannot be unset. You should "
                        f"remove '{at}' from your request or supply a non-empty value.", at,
                        "parameter_invalid_empty")
    if len(value) > 5000:
        raise unchecked("Invalid string: must be at most 5000 characters", at)
    return value


def integer(value, at):
    if isinstance(value, dict) or not re.fullmatch(r"-?\d{1,18}", value):
        raise unchecked(f"Invalid integer: {value}", at, "parameter_invalid_integer")
    return int(value)


def boolean(value, at):
    if value not in ("true", "false"):
        raise unchecked(f"Invalid boolean: {value}", at)
    return value == "true"


def decimal(value, at):
    if not re.fullmatch(r"-?\d{1,18}(\.\d{1,12})?", text(value, at)):
        raise unchecked(f"Invalid decimal: {value}", at)
    return value


def currency(value, at):
    if not re.fullmatch(r"[a-z]{3}", text(value, at).lower()):
        raise unchecked(f"Invalid currency: {value}.", at)
    return value.lower()


def choice(*names):
    def check(value, at):
        if value not in names:
            listed = ", ".join(names[:-1]) + f", or {names[-1]}" if len(names) > 1 else names[0]
            raise unchecked(f"Invalid {at}: must be one of {listed}", at)
        return value
    check.names = names
    return check


def array(of, most=100):
    def check(value, at):
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise unchecked("Invalid array", at)
        if len(value) > most:
            raise unchecked(f"Array {at} exceeded maximum {most} allowed elements.", at)
        return [of(value[key], f"{at}[{key}]") for key in sorted(value, key=int)]
    check.of = of
    return check


def fields(**spec):
    def check(value, at):
        if not isinstance(value, dict):
            raise unchecked("Invalid object", at)
        return checked(value, spec, at)
    check.spec = spec
    return check


def clearable(kind):
    """The empty string takes it away."""
    def check(value, at):
        return None if value == "" else kind(value, at)
    check.kind = kind
    return check


def required(kind):
    def check(value, at):
        return kind(value, at)
    check.required, check.kind = True, kind
    return check


def either(*kinds):
    def check(value, at):
        for kind in kinds[:-1]:
            try:
                return kind(value, at)
            except Exception:
                continue
        return kinds[-1](value, at)
    check.kinds = kinds
    return check


def metadata(value, at):
    """An empty value is to take its key away; `merged` does."""
    if not isinstance(value, dict):
        raise unchecked("Invalid object", at)
    for key, one in value.items():
        if isinstance(one, dict):
            raise unchecked("Metadata values must be strings", f"{at}[{key}]")
        if len(key) > 40:
            raise unchecked(f"Metadata keys can be up to 40 characters: {key}", at)
        if len(one) > 500:
            raise unchecked(f"Metadata values must have up to 500 characters, but you passed in a "
                            f"value that is {len(one)} characters", f"{at}[{key}]")
    return value



def merged(old, given):
    """Stripe's rule: named keys are set, an empty value takes its key away, the rest stays."""
    if given is None:
        return {}
    together = {key: value for key, value in {**old, **given}.items() if value != ""}
    if len(together) > 50:
        raise unchecked("Metadata can have up to 50 keys", "metadata")
    return together


span = either(fields(gt=integer, gte=integer, lt=integer, lte=integer), integer)

EVERYWHERE = {"expand": array(text)}
PAGES = {"limit": integer, "starting_after": text, "ending_before": text}


def checked(given, spec, at=""):
    """The values of a call, or the refusal that names the parameter."""
    result = {}
    for name, value in given.items():
        path = f"{at}[{name}]" if at else name
        if name not in spec:
            raise unchecked(f"Received unknown parameter: {path}", path, "parameter_unknown")
        result[name] = spec[name](value, path)
    for name, kind in spec.items():
        if getattr(kind, "required", False) and name not in given:
            path = f"{at}[{name}]" if at else name
            raise unchecked(f"Missing required param: {path}.", path, "parameter_missing")
    return result
