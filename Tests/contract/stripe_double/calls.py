"""The calls that the double serves: method and path to a function and its parameters."""

import re

CALLS = []


class Call:
    def __init__(self, method, path, params, function):
        self.method, self.path, self.params, self.function = method, path, params, function
        self.pattern = re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", path) + "$")


def call(method, path, **params):
    """`function(world, params, **ids of the path)` answers an object; `params` are its kinds."""
    def register(function):
        CALLS.append(Call(method, path, params, function))
        return function
    return register


def find(method, path):
    """The call and its ids, or whether the path at least is known for another method."""
    fitting = [(one, found.groupdict()) for one in CALLS if (found := one.pattern.match(path))]
    own = [pair for pair in fitting if pair[0].method == method]
    # `/search` before `/:id`.
    one, ids = min(own, key=lambda pair: len(pair[1]), default=(None, {}))
    return one, ids, bool(fitting)
