"""Holds requests to Stripe, and what the double answers, against the types that Stripe's own Python
library carries, which are generated from Stripe's OpenAPI description.

`faults_of_request(method, path, query, body)` and `faults_of_answer(object)` give what is wrong, as
lines; `faults_of_log(entries)` does so for a log of the double. From the command line:

    python stripe_types.py POST /v1/refunds < bodies      one form-encoded body a line

A request may not have a field that its call doesn't know, nor lack a required one, nor have a value
outside an enumeration or of the wrong kind. An answer may not lack what its type always has, nor
have what its type doesn't know, nor a value of the wrong kind.
"""

import ast
import functools
import importlib
import re
import sys
import typing
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qsl

import stripe
import typing_extensions
from stripe._object_classes import get_object_class
from stripe._stripe_object import StripeObject, UntypedStripeObject

LIBRARY = Path(stripe.__file__).parent
LITERALS = (typing.Literal, typing_extensions.Literal)
# What the library's parameter types have beside the fields: they never travel in a body.
OPTIONS = {"stripe_version", "api_key", "idempotency_key", "stripe_account", "stripe_context",
           "max_network_retries", "content_type", "headers"}


class Call(typing.NamedTuple):
    method: str
    pattern: re.Pattern
    path: str
    params: str | None
    module: str


@functools.cache
def calls():
    """Every call of the library's services, as (method, path, parameters)."""
    found = []
    for file in [*LIBRARY.glob("_*_service.py"), *LIBRARY.glob("checkout/_*_service.py"),
                 *LIBRARY.glob("tax/_*_service.py")]:
        source = file.read_text()
        imports = re.findall(r"^    from (stripe\.params\S*) import \(?\s*(\w+)", source, re.M)
        modules = {name: module for module, name in imports}
        for text in re.split(r"\n    (?=def |async def )", source)[1:]:
            if text.startswith("def ") and (one := _call(text, modules)):
                found.append(one)
    return found


def _call(text, modules):
    verb = re.search(r"""self\._request\(\s*"(\w+)",\s*"(/v1/[^"]*)\"""", text)
    if not verb:
        return None
    params = re.search(r'params: (?:Optional\[)?"(\w+)"', text)
    name = params and params[1]
    pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", verb[2]) + "$")
    return Call(verb[1].upper(), pattern, verb[2], name, modules.get(name, "stripe.params"))


def call_of(method, path):
    """The one that fits; a name in the path before an id."""
    fitting = [one for one in calls() if one.method == method and one.pattern.match(path)]
    return min(fitting, key=lambda one: one.path.count("{"), default=None)


def tree(body):
    """Nested dictionaries of a form-encoded body; a list has the keys "0", "1", …"""
    result = {}
    for name, value in parse_qsl(body, keep_blank_values=True, strict_parsing=True):
        path, place = re.findall(r"[^\[\]]+", name), result
        if name.endswith("[]"):
            held = result
            for key in path:
                held = held.setdefault(key, {})
            held[str(len(held))] = value
            continue
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    return result


def resolved(kind, names):
    if isinstance(kind, typing.ForwardRef):
        kind = kind.__forward_arg__
    if isinstance(kind, str):
        kind = eval(kind, {**vars(typing), **names})  # the library's own annotations
    return kind


def alternatives(kind):
    """Of a union, those that aren't None. The library writes an enumeration as Literal or str: what
    it doesn't list is a new value that it would take; here it is a fault."""
    parts = [part for part in typing.get_args(kind) if part is not type(None)]
    closed = any(typing.get_origin(part) in LITERALS and any(typing.get_args(part))
                 for part in parts)
    return [part for part in parts if not (closed and part is str)]


def is_union(kind):
    return typing.get_origin(kind) is typing.Union or type(kind).__name__ == "UnionType"


# Requests.

def faults_of_request(method, path, query="", body=""):
    call = call_of(method, path)
    if call is None:
        return [f"{method} {path}: the library knows no such call"]
    try:
        given = tree("&".join(filter(None, (query, body))))
    except ValueError as error:
        return [f"{method} {path}: {error}"]
    return [f"{method} {call.path}: {fault}" for fault in faults_of_params(call, given)]


def faults_of_params(call, given):
    if call.params is None:
        return [f"{name}: unknown" for name in given]
    names = vars(importlib.import_module(call.module))
    if call.params not in names:
        names = vars(importlib.import_module(f"stripe.params.{call.params}"))
    wrong = [f"{name}: a client's option, not a field" for name in OPTIONS & set(given)]
    return wrong + check(given, names[call.params], names, call.params)


def check(value, kind, names, at):
    """What is wrong with a value of a form (text, or a dictionary)."""
    kind = resolved(kind, names)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing_extensions.NotRequired, typing_extensions.Required):
        return check(value, arguments[0], names, at)
    if is_union(kind):
        parts = [resolved(part, names) for part in alternatives(kind)]
        # An object of the library's own is for its callers, not for the wire.
        parts = [part for part in parts if typing.get_origin(part) is not UntypedStripeObject]
        if isinstance(value, dict):  # what is wrong within it says more than that it is no text
            parts = [part for part in parts if typing.get_origin(part) not in LITERALS] or parts
        return min((check(value, part, names, at) for part in parts), key=len)
    if origin in LITERALS:
        return [] if value in arguments else [f"{at}: {value!r} is none of {list(arguments)}"]
    if origin is list:
        return check_list(value, arguments[0], names, at)
    if origin is dict:
        flat = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
        return [] if flat else [f"{at}: not a flat map"]
    if typing_extensions.is_typeddict(kind):
        return check_fields(value, kind, names, at)
    return check_scalar(value, kind, at)


def check_list(value, kind, names, at):
    if not isinstance(value, dict):
        return [f"{at}: not a list"]
    faults = [f"{at}[{key}]: an index is expected" for key in value if not key.isdigit()]
    return faults + [fault for key, one in value.items()
                     for fault in check(one, kind, names, f"{at}[{key}]")]


def check_fields(value, kind, names, at):
    if not isinstance(value, dict):
        return [f"{at}: not an object"]
    own = kind.__annotations__
    faults = [f"{at}.{name}: unknown" for name in value if name not in own]
    for name, one in value.items():
        if name in own:
            faults += check(one, own[name], names, f"{at}.{name}")
    for name, needed in own.items():
        optional = "NotRequired" in str(needed) or name not in kind.__required_keys__
        if not optional and name not in value:
            faults.append(f"{at}.{name}: required")
    return faults


SCALARS = {int: (r"-?\d+", "an integer"), bool: (r"true|false", "a boolean"),
           float: (r"-?\d+(\.\d+)?", "a number"), Decimal: (r"-?\d+(\.\d+)?", "a number")}


def check_scalar(value, kind, at):
    if isinstance(value, dict):
        return [f"{at}: a scalar is expected"]
    pattern, what = SCALARS.get(kind, (r"(?s).*", "text"))
    return [] if re.fullmatch(pattern, value) else [f"{at}: {value!r} is not {what}"]


# Answers.

@functools.cache
def names_of(module):
    """What a module's annotations may name: also what it imports for type checkers only."""
    names = dict(vars(sys.modules[module]))
    for node in ast.walk(ast.parse(Path(sys.modules[module].__file__).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stripe."):
            for one in node.names:
                if (one.asname or one.name) not in names:
                    names[one.asname or one.name] = getattr(
                        importlib.import_module(node.module), one.name)
    return names


def faults_of_answer(value, at=None):
    """Of an object with an `object`; of a list, those of its rows."""
    kind = value.get("object")
    at = at or kind
    if value.get("deleted") is True:
        return [] if {"id", "object"} <= value.keys() else [f"{at}: no id or object"]
    if kind in ("list", "search_result"):
        lacking = {"data", "has_more", "url"} - value.keys()
        return [f"{at}.{name}: required" for name in sorted(lacking)] + [
            fault for number, row in enumerate(value["data"])
            for fault in faults_of_answer(row, f"{at}[{number}]:{row.get('object')}")]
    found = get_object_class("V1", kind)
    if found is StripeObject:
        return [f"{at}: the library knows no object {kind!r}"]
    return answer_fields(value, found, at)


@functools.cache
def fields_of(kind):
    """Of an object's type: (name, annotation, whether it may be missing or null) each."""
    inner = {**names_of(kind.__module__), **vars(kind)}
    own = {name: resolved(annotation, inner) for name, annotation in kind.__annotations__.items()}
    return inner, {name: (annotation, type(None) in typing.get_args(annotation))
                   for name, annotation in own.items()
                   if typing.get_origin(annotation) is not typing.ClassVar}


def answer_fields(value, kind, at):
    inner, own = fields_of(kind)
    decimals = getattr(kind, "_field_encodings", {})
    faults = [f"{at}.{name}: unknown" for name in value if name not in own]
    for name, (annotation, optional) in own.items():
        if name not in value:
            faults += [] if optional else [f"{at}.{name}: required"]
        elif value[name] is None:
            faults += [] if optional else [f"{at}.{name}: null"]
        elif name in decimals:
            faults += check_scalar(value[name], Decimal, f"{at}.{name}")
        else:
            faults += answer_value(value[name], annotation, inner, f"{at}.{name}")
    return faults


def answer_value(value, kind, names, at):
    kind = resolved(kind, names)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_union(kind):
        return min((answer_value(value, part, names, at) for part in alternatives(kind)), key=len)
    if origin in LITERALS:
        return [] if value in arguments else [f"{at}: {value!r} is none of {list(arguments)}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: not a list"]
        return [fault for number, one in enumerate(value)
                for fault in answer_value(one, arguments[0], names, f"{at}[{number}]")]
    kind = origin or kind
    if kind is UntypedStripeObject:
        return [] if isinstance(value, dict) else [f"{at}: not an object"]
    if isinstance(kind, type) and issubclass(kind, StripeObject):
        if not isinstance(value, dict):
            return [f"{at}: not an object"]
        whole = isinstance(value.get("object"), str)  # an event's `data` has an object there
        return faults_of_answer(value, at) if whole else answer_fields(value, kind, at)
    return answer_scalar(value, kind, at)


def answer_scalar(value, kind, at):
    if kind is typing.Any:
        return []
    fitting = {int: int, str: str, bool: bool, float: (int, float), Decimal: str}[kind]
    wrong = not isinstance(value, fitting) or (isinstance(value, bool) and kind is not bool)
    return [f"{at}: {value!r} is not {kind.__name__}"] if wrong else []


# Logs of the double.

def faults_of_log(entries, answers=True):
    """Of every request that reached the double, and every object that it answered."""
    faults = []
    for entry in entries:
        faults += faults_of_request(entry["method"], entry["path"], entry["query"], entry["body"])
        if answers and entry["status"] == 200:
            faults += [f"{entry['method']} {entry['path']} answers {fault}"
                       for fault in faults_of_answer(entry["answer"])]
    return faults


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    bodies = [line.strip() for line in sys.stdin if line.strip()]
    wrong = 0
    for body in bodies:
        faults = faults_of_request(sys.argv[1], sys.argv[2], body=body)
        wrong += bool(faults)
        for fault in faults:
            print(" ", fault)
    print(f"{len(bodies) - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong or not bodies else 0)


if __name__ == "__main__":
    main()
